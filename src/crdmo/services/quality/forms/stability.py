"""Forms of the stability coordinator: protocol, lots laid in, pulls, excursions, evaluation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from crdmo.common.materials.models import Lot, Substance
from crdmo.common.materials.quantities import UNITS
from crdmo.foundation.datasets.tables.numbers import number_text
from crdmo.foundation.refusals import Invalid
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm

from ..models import Condition, Criterion, Protocol, Specification

GUIDELINES: Any = Protocol._meta.get_field("guideline").choices


class ProtocolForm(StepForm):
    """Head of a protocol; its conditions are the grid below."""

    title = steps.text_field("Title", "Kind of study and pack, as it is cited.")
    substance = forms.ModelChoiceField(Substance.objects.none(), label="Product or substance")
    specification = forms.ModelChoiceField(
        Specification.objects.none(),
        label="Specification",
        help_text="Approved, usually that of the shelf life. Its limits decide the evaluation.",
    )
    pack = steps.text_field("Pack", "Container and closure, e.g. Alu/Alu blister, 10 tablets.")
    guideline = forms.ChoiceField(choices=GUIDELINES, label="Guideline")

    def __init__(self, *args: Any, program: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = {"program": program, "is_void": False}
        self.fields["substance"].queryset = Substance.objects.filter(**here).order_by("code")  # type: ignore[attr-defined]
        self.fields["specification"].queryset = (  # type: ignore[attr-defined]
            Specification.objects.filter(state="approved", **here).order_by("code", "-number")
        )


class LayInForm(StepForm):
    """A lot to lay in."""

    lot = forms.ModelChoiceField(Lot.objects.none(), label="Lot")
    started_on = steps.date_field("Start of storage", "Day 0 of the pull calendar.")
    units = forms.IntegerField(min_value=1, label="Units laid in", widget=forms.NumberInput(attrs={"class": "short"}))

    def __init__(self, *args: Any, protocol: Protocol, needed: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Lot.objects.filter(substance_id=protocol.substance_id, program=protocol.program, is_void=False)
        self.fields["lot"].queryset = rows.exclude(studies__protocol=protocol).order_by("code")  # type: ignore[attr-defined]
        self.fields["units"].help_text = f"All pulls of all conditions together take {needed} units."


class PullForm(StepForm):
    """What is drawn, or why nothing is."""

    on = steps.date_field("Pulled on", "")
    amount = steps.text_field("Amount", "A decimal number with a point.", classes="short")
    unit = forms.ChoiceField(choices=[(u, u) for u in UNITS], label="Unit", initial="{tablet}")
    note = steps.text_field("Note", "Needed where the pull lies outside its window.", required=False, long=True)


class MissForm(StepForm):
    """Why a pull is missed."""

    note = steps.text_field(
        "Why it was missed", "It stays in the calendar; the evaluation goes on without this point.", long=True
    )


def temperatures(text: str) -> list[float]:
    """Return temperatures from a pasted column.

    Raises:
        ValidationError: names the first cell that is no number.
    """
    cells = [cell for cell in text.replace(";", "\n").split() if cell]
    try:
        return [float(number_text(cell)) for cell in cells]
    except Invalid as refused:
        raise forms.ValidationError(refused.sentence()) from refused


class ExcursionForm(StepForm):
    """When a chamber left its condition, what it read meanwhile, and what that means."""

    condition = forms.ModelChoiceField(Condition.objects.none(), label="Condition")
    started = forms.DateTimeField(
        label="From (UTC)", widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "medium"})
    )
    ended = forms.DateTimeField(
        label="Until (UTC)", widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "medium"})
    )
    celsius = steps.text_field(
        "Readings of the chamber, °C",
        "At equal intervals over the whole excursion, one a line; paste the logger's column.",
        long=True,
    )
    assessment = steps.text_field("Assessment", "What it means for the samples, and why.", long=True)

    def __init__(self, *args: Any, protocol: Protocol, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition"].queryset = protocol.conditions.filter(is_void=False)  # type: ignore[attr-defined]

    def clean_celsius(self) -> list[float]:
        """Return the temperatures."""
        return temperatures(self.cleaned_data["celsius"])

    def clean_started(self) -> dt.datetime:
        """Return the start in UTC."""
        return _utc(self.cleaned_data["started"])

    def clean_ended(self) -> dt.datetime:
        """Return the end in UTC."""
        return _utc(self.cleaned_data["ended"])


def _utc(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


CHANGE = [
    ("not studied", "Not studied, no extrapolation"),
    ("none", "None"),
    ("within 3 months", "Within 3 months"),
    ("between 3 and 6 months", "Between 3 and 6 months"),
    ("yes", "Yes"),
]


class EvaluationForm(StepForm):
    """What is evaluated, and the answers that the extrapolation tree asks for. Limits come from the specification."""

    condition = forms.ModelChoiceField(
        Condition.objects.none(), label="Condition", help_text="The long-term condition of the label storage."
    )
    criterion = forms.ModelChoiceField(Criterion.objects.none(), label="Attribute")
    sides = forms.TypedChoiceField(
        choices=[("0", "As the limits say"), ("1", "One-sided 95 %"), ("2", "Two-sided 95 %")],
        coerce=int,
        label="Bound on the mean",
        help_text="Two limits give a two-sided bound, one limit a one-sided one; another choice is recorded.",
    )
    mean_square = forms.ChoiceField(
        choices=[("pooled", "Pooled over the batches"), ("individual", "Each batch its own")],
        label="Mean square where slopes differ",
    )
    transformation = forms.ChoiceField(
        choices=[("none", "None"), ("log", "Logarithm"), ("sqrt", "Square root"), ("square", "Square")],
        label="Transformation",
        help_text="Chosen before the data are seen.",
    )
    storage = forms.ChoiceField(
        choices=[(s, s.capitalize()) for s in ("room temperature", "refrigerated", "freezer")], label="Label storage"
    )
    accelerated = forms.ChoiceField(choices=CHANGE, label="Significant change at the accelerated condition")
    intermediate = forms.ChoiceField(
        choices=[("not studied", "Not studied"), ("none", "None"), ("yes", "Yes")],
        label="Significant change at the intermediate condition",
        help_text="Asked where the accelerated condition failed.",
    )
    little_change = forms.BooleanField(
        required=False, label="Long-term and accelerated data show little or no change and variability"
    )
    supporting_data = forms.BooleanField(required=False, initial=True, label="Supporting data are at hand")
    rationale = steps.text_field("Rationale", "Why these choices; it is signed with the shelf life.", long=True)

    def __init__(self, *args: Any, protocol: Protocol, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = protocol.specification.criteria.filter(is_void=False, acceptance="limit").order_by("position")
        self.fields["condition"].queryset = protocol.conditions.filter(is_void=False).order_by("-kind")  # type: ignore[attr-defined]
        self.fields["criterion"].queryset = lines  # type: ignore[attr-defined]
