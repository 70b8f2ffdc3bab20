"""Forms of the bench: methods, qualifications, instruments and their logbook, reagents and standards."""

from __future__ import annotations

from typing import Any

from django import forms

from crdmo.foundation.accounts.models import Person
from crdmo.science import method as methods
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.fields import MeasuredField, ReasonField

from ..models import InstrumentEvent, Method, Reagent


def calculations() -> list[tuple[str, str]]:
    """Return the registered methods that calculate one result from named readings."""
    usable = [
        m
        for m in methods.registered().values()
        if "value" in getattr(m.function.__annotations__.get("return"), "__annotations__", {})
    ]
    known = {m.name: m.title for m in usable} or {}
    known.setdefault("quality.external_standard", methods.find("quality.external_standard").title)
    return sorted(known.items(), key=lambda row: row[1])


class MethodForm(StepForm):
    """Head of a method; its suitability and controls are the grid below."""

    code = steps.text_field("Code", "Left empty, the next free one is given.", required=False, classes="short")
    title = steps.text_field("Title", "What is measured and how.")
    technique = steps.text_field("Technique", "HPLC, titration, dissolution …", classes="short")
    reporting = forms.ChoiceField(choices=Method.Reporting.choices, label="How readings become the result")
    replicates = forms.IntegerField(
        min_value=1, initial=1, label="Readings", widget=forms.NumberInput(attrs={"class": "short"})
    )
    calculation = forms.ChoiceField(
        choices=[], required=False, label="Calculation", help_text="Only where a calculation gives the result."
    )
    instrument_kind = steps.text_field(
        "Kind of instrument", "Left empty where none is used.", required=False, classes="short"
    )
    procedure = steps.text_field(
        "Procedure", "In short, or the number of the procedure in force.", required=False, long=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calculation"].choices = [("", "none"), *calculations()]  # type: ignore[attr-defined]


class QualifyForm(StepForm):
    """Who may run a method, and until when."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Analyst")
    starts = steps.date_field("From")
    ends = steps.date_field("Until")

    def __init__(self, *args: Any, organization: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(organization=organization, is_active=True, is_void=False).order_by(
            "printed_name"
        )
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class InstrumentForm(StepForm):
    """An instrument to register."""

    code = steps.text_field(
        "Code", "As on its label; left empty, the next free one is given.", required=False, classes="short"
    )
    name = steps.text_field("Name", "Maker and model.")
    kind = steps.text_field("Kind", "As methods name it: HPLC, Titrator, Balance …", classes="short")
    serial = steps.text_field("Serial number", "", required=False)
    location = steps.text_field("Place", "Room or bench.", required=False)


class LogForm(StepForm):
    """A line of the logbook."""

    kind = forms.ChoiceField(choices=InstrumentEvent.Kind.choices, label="What")
    on = steps.date_field("On")
    passed = forms.TypedChoiceField(
        choices=[("yes", "Passed"), ("no", "Failed: the instrument goes out of service")],
        coerce=lambda v: v == "yes",
        label="Outcome",
    )
    due_on = steps.date_field("Holds until", "Needed for a calibration or qualification that passed.", required=False)
    note = steps.text_field("Note", "What was done and found; certificate number.", required=False, long=True)


class ReagentForm(StepForm):
    """A lot of a reagent, solution, column or standard."""

    name = steps.text_field("Name")
    kind = forms.ChoiceField(choices=Reagent.Kind.choices, label="Kind")
    lot_number = steps.text_field("Lot number", "Of the supplier, or of the preparation.", classes="short")
    supplier = steps.text_field("Supplier", "", required=False)
    potency = MeasuredField(
        required=False, label="Potency", help_text="Of a reference standard, as certified, with all its digits."
    )
    potency_unit = steps.text_field("Unit of the potency", "", required=False, classes="short")
    expires_on = steps.date_field("Expires on")
    opened_on = steps.date_field("Opened on", "If it is open already.", required=False)
    open_days = forms.IntegerField(
        min_value=1, required=False, label="Days it may be open", widget=forms.NumberInput(attrs={"class": "short"})
    )
    prepared_from = forms.ModelChoiceField(
        Reagent.objects.none(), required=False, label="Prepared from", help_text="Only what is in date."
    )

    def __init__(self, *args: Any, organization: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Reagent.objects.filter(organization=organization, is_void=False).order_by("code")
        self.fields["prepared_from"].queryset = rows  # type: ignore[attr-defined]


class OpenForm(StepForm):
    """The day of opening."""

    on = steps.date_field("Opened on")


class PotencyForm(StepForm):
    """A corrected potency, and why."""

    potency = MeasuredField(label="Potency", help_text="As certified, with all its digits.")
    reason = ReasonField("quality.reagent")
