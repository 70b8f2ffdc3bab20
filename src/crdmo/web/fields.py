"""Fields of forms for what people in a laboratory type: measured values, dates, reasons.

A number is text: `99.80` stays `99.80`, `1,5` is understood as `1.5`, `1,500` is asked back. A date is typed as
`22 Nov 2026` or `2026-11-22`; `11/12/26` is asked back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from crdmo.foundation.datasets.tables.numbers import Ambiguous, number_text
from crdmo.foundation.refusals import Invalid

from .components import MONTHS, day_words

WRITTEN = re.compile(r"(\d{1,2})[ .\-]?([A-Za-z]{3,9})[ .\-]?(\d{4})\Z")
OTHER = "Other"
# Reasons by record type; "" holds for all others. None of them is chosen beforehand.
REASONS: dict[str, tuple[str, ...]] = {
    "": ("Transcription error", "New information", "Answer to a query", "Correction after review", OTHER),
    "quality.reading": (
        "Transcription error",
        "Instrument file corrected",
        "Wrong sample or position",
        "Calculation corrected",
        "Correction after review",
        OTHER,
    ),
    "quality.result": (
        "Transcription error",
        "Instrument file corrected",
        "Calculation corrected",
        "Late result",
        "Correction after review",
        OTHER,
    ),
    "materials.lot": ("Transcription error", "Recounted or weighed again", "Supplier's document corrected", OTHER),
}


def _refusal(refused: Invalid) -> forms.ValidationError:
    sentence = refused.sentence()
    return forms.ValidationError(sentence[:1].upper() + sentence[1:])


class MeasuredField(forms.CharField):
    """A measured value, kept as the decimal text that was given.

    Args:
        unit: written behind the box.
        low: the least value that is allowed, as text.
        high: the greatest value that is allowed, as text.
        places: how many decimals are allowed at most; None for any number.
    """

    def __init__(
        self, *, unit: str = "", low: str = "", high: str = "", places: int | None = None, **kwargs: Any
    ) -> None:
        self.unit, self.low, self.high, self.places = unit, low, high, places
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "short", "data-measured": ""}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        kwargs.setdefault("max_length", 40)
        if not kwargs.get("help_text"):
            kwargs["help_text"] = self.allowed()
        super().__init__(**kwargs)

    def allowed(self) -> str:
        """Return what may be given, in words."""
        ends = {
            (True, True): f"{self.low} to {self.high}",
            (True, False): f"{self.low} or more",
            (False, True): f"{self.high} or less",
        }
        said = ends.get((bool(self.low), bool(self.high)), "")
        unit = f" {self.unit}" if said and self.unit else ""
        places = "" if self.places is None else f"at most {self.places} decimals"
        return ", ".join(filter(None, (said + unit, places))).capitalize() + ("." if said or places else "")

    def clean(self, value: Any) -> str:
        """Return the number with a decimal point and its digits as given."""
        given = str(super().clean(value))
        if not given:
            return ""
        try:
            found = number_text(given)
        except Ambiguous as refused:
            said = f"Given: {given}. It can be read as {refused.allowed}. Write it with a point."
            raise forms.ValidationError(said) from refused
        except Invalid as refused:
            raise _refusal(refused) from refused
        self._check(found)
        return found

    def _check(self, found: str) -> None:
        number = Decimal(found)
        if (self.low and number < Decimal(self.low)) or (self.high and number > Decimal(self.high)):
            raise forms.ValidationError(
                f"Given: {found}. Allowed: {MeasuredField.allowed(self)} Check the unit and the decimal mark."
            )
        if self.places is not None and len(found.partition(".")[2]) > self.places:
            raise forms.ValidationError(
                f"Given: {found}. Allowed: at most {self.places} decimals. Round it as the method says."
            )


def day_of(text: str) -> dt.date:
    """Return a date from `22 Nov 2026`, `22-NOV-2026` or `2026-11-22`.

    Raises:
        Invalid: it can be read in several ways, or there is no such day.
    """
    given = text.strip()
    next_ = "Write the month as a word"
    if found := WRITTEN.match(given):
        names = [n for n, word in enumerate(MONTHS, 1) if found[2][:3].casefold() == word.casefold()]
        year, month, number = int(found[3]), (names or [0])[0], int(found[1])
    elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
        year, month, number = (int(part) for part in given.split("-"))
    else:
        raise Invalid(
            "This is no date that can be read in one way only",
            given=given,
            allowed="22 Nov 2026 or 2026-11-22",
            next=next_,
        )
    try:
        return dt.date(year, month, number)
    except ValueError as error:
        raise Invalid(
            "There is no such day", given=given, allowed="22 Nov 2026 or 2026-11-22", next="Check day and month"
        ) from error


class DayInput(forms.TextInput):
    """A date that is typed; it is written back as `22 Nov 2026`."""

    def format_value(self, value: Any) -> str | None:
        """Return the text in the box."""
        return day_words(value) if isinstance(value, dt.date) else super().format_value(value)


class DayField(forms.Field):
    """A date that can be read in one way only."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "short", "autocomplete": "off", "data-day": ""}
        kwargs.setdefault("widget", DayInput(attrs=attrs))
        kwargs["help_text"] = " ".join(filter(None, (kwargs.get("help_text", ""), "As 22 Nov 2026 or 2026-11-22.")))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> dt.date | None:
        """Return the date."""
        if value in self.empty_values or isinstance(value, dt.date):
            return value or None
        try:
            return day_of(str(value))
        except Invalid as refused:
            raise _refusal(refused) from refused


class ReasonInput(forms.MultiWidget):
    """A list of usual reasons and a text."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        choices = [("", "Choose a reason"), *((reason, reason) for reason in reasons)]
        said = {"placeholder": "What happened, in a few words", "aria-label": "What happened, in a few words"}
        super().__init__(
            [
                forms.Select(choices=choices, attrs={"class": "medium", "aria-label": "Reason"}),
                forms.TextInput(attrs=said),
            ]
        )

    def decompress(self, value: str | None) -> list[str]:
        """Return the two parts of a reason."""
        kind, _, text = (value or "").partition(": ")
        return [kind, text]


class ReasonField(forms.MultiValueField):
    """Why a record is changed: one of the usual reasons of its type, and a text, which `Other` needs."""

    def __init__(self, record_type: str = "", **kwargs: Any) -> None:
        reasons = REASONS.get(record_type, REASONS[""])
        kwargs.setdefault("label", "Reason for the change")
        kwargs.setdefault("help_text", "It stands in the record's history with your name.")
        parts = (forms.ChoiceField(choices=[(r, r) for r in reasons]), forms.CharField(required=False, max_length=400))
        super().__init__(fields=parts, widget=ReasonInput(reasons), require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> str:
        """Return the reason as one text."""
        kind, text = (*(data_list or []), "", "")[:2]
        if kind == OTHER and not text.strip():
            raise forms.ValidationError("Given: Other. Say in a few words what happened.")
        return ": ".join(filter(None, (kind, text.strip())))


def reason_from(form: Mapping[str, Any]) -> str:
    """Return the reason that `{% reason_field %}` posted.

    Raises:
        Invalid: none was chosen, or `Other` without a text.
    """
    kind, text = str(form.get("reason_kind", "")).strip(), str(form.get("reason_text", "")).strip()
    if not kind or (kind == OTHER and not text):
        missing = "Say in a few words what happened" if kind else "Choose the reason of the change"
        raise Invalid("a change needs its reason", given=kind or "nothing", errors={"reason": missing}, next=missing)
    return ": ".join(filter(None, (kind, text)))
