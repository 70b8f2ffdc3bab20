"""The tabs above the pages of people: those that the person may open."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from .. import door

register = template.Library()

PEOPLE = (
    ("accounts:people", "People"),
    ("accounts:organizations", "Organizations and programs"),
    ("accounts:requirements", "Training requirements"),
    ("accounts:matrix", "Who may do what"),
)


@register.inclusion_tag("web/accounts/_tabs.html", takes_context=True)
def people_tabs(context: dict[str, Any], here: str) -> dict[str, Any]:
    """Draw the tabs; `here` is the address name of the page that is open."""
    roles = getattr(context["request"], "roles", {})
    shown = [(name, label) for name, label in PEOPLE if door.opens(name, roles)]
    return {"tabs": [{"url": reverse(name), "label": label, "here": name == here} for name, label in shown]}
