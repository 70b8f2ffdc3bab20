"""Addresses of contracts and materials, and who may open them."""

from __future__ import annotations

from django.urls import include, path

from ..door import FORM, Page
from . import pages

urlpatterns = [
    path(
        "<slug:program>/contracts/",
        include(
            (
                [
                    path("", pages.contracts, name="home"),
                    path("<str:code>/", pages.contract, name="contract"),
                ],
                "engagements",
            )
        ),
    ),
    path("<slug:program>/materials/", include(([path("", pages.stock, name="home")], "materials"))),
]

PAGES = {
    "engagements:home": Page("view"),
    "engagements:contract": Page("view", FORM),
    "materials:home": Page("view"),
}
