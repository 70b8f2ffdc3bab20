"""Fields of the small forms of steps: text, a line, a day, an instant, a choice, a box to tick."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def text(label: str, hint: str = "", *, required: bool = True, long: bool = True, limit: int = 4000) -> forms.CharField:
    """Return a field for text."""
    widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput()
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget, max_length=limit)


def line(label: str, hint: str = "", *, required: bool = True, limit: int = 160) -> forms.CharField:
    """Return a field for one line of text."""
    return text(label, hint, required=required, long=False, limit=limit)


def day(label: str, hint: str = "") -> forms.DateField:
    """Return a field for a date."""
    widget = forms.DateInput(attrs={"type": "date", "class": "short"})
    return forms.DateField(label=label, help_text=hint, widget=widget)


def moment(label: str, hint: str = "") -> forms.DateTimeField:
    """Return a field for an instant in UTC."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "class": "medium"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=f"{label} (UTC)", help_text=hint, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )


def choice(label: str, choices: Any = (), hint: str = "", *, required: bool = True) -> forms.ChoiceField:
    """Return a list to choose from; nothing is chosen beforehand."""
    rows = [("", "Choose"), *choices]
    return forms.ChoiceField(label=label, choices=rows, help_text=hint, required=required)


def yes(label: str) -> forms.BooleanField:
    """Return a box to tick."""
    return forms.BooleanField(label=label, required=False)
