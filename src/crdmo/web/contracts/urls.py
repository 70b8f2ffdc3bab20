"""Addresses of contracts and materials, and who may open them."""

from __future__ import annotations

from django.urls import include, path

from ..door import FORM, Page
from . import bidding, changes, duties, invoices, pages, plans, requests, scoreboard, stock

urlpatterns = [
    path("requests/", include(([
        path("", requests.request_list, name="requests"),
        path("new/", requests.request_new, name="request_new"),
        path("<str:code>/", requests.request_one, name="request"),
    ], "tenders"))),
    path("<slug:program>/contracts/", include(([
        path("", pages.contracts, name="home"),
        path("bid/", bidding.bid, name="bid"),
        path("duties/", duties.duties, name="duties"),
        path("duties/<str:day>.pdf", duties.transfer, name="transfer"),
        path("scoreboard/", scoreboard.board, name="scoreboard"),
        path("changes/<str:code>/", changes.change, name="change"),
        path("invoices/<str:code>/", invoices.invoice, name="invoice"),
        path("invoices/<str:code>.<str:kind>", invoices.invoice_file, name="invoice_file"),
        path("<str:code>/", pages.contract, name="contract"),
        path("<str:code>/plan/", plans.plan, name="plan"),
        path("<str:code>/change/", changes.change_new, name="change_new"),
    ], "engagements"))),
    path("<slug:program>/materials/", include(([path("", stock.stock, name="home")], "materials"))),
]  # fmt: skip

PAGES = {
    "tenders:requests": Page(("engagements.draft_request", "engagements.submit_bid")),
    "tenders:request_new": Page("engagements.draft_request", FORM),
    "tenders:request": Page("engagements.draft_request", FORM),
    "engagements:home": Page("view", FORM),
    "engagements:bid": Page("view", FORM),
    "engagements:duties": Page("view", FORM),
    "engagements:transfer": Page("view"),
    "engagements:scoreboard": Page("view", FORM),
    "engagements:change": Page("view", FORM),
    "engagements:change_new": Page("engagements.draft_change_order", FORM),
    "engagements:contract": Page("view", FORM),
    "engagements:invoice": Page("view", FORM),
    "engagements:invoice_file": Page("view"),
    "engagements:plan": Page("view", FORM),
    "materials:home": Page("view"),
}
NAV = {
    "engagements": [
        ("engagements:home", "Orders and invoices"),
        ("engagements:duties", "Responsibilities"),
        ("engagements:scoreboard", "Scoreboard"),
        ("tenders:requests", "Requests"),
    ]
}
