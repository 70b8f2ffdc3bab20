"""The forms of discovery. Every field says what it is for."""

from __future__ import annotations

from django import forms

from crdmo.web.accounts.forms import StepForm
from crdmo.web.step_fields import choice, day, line, text, yes

from .models import ProfileLine


class BringForm(StepForm):
    """Structures from a file, or pasted."""

    file = forms.FileField(
        label="File",
        required=False,
        help_text="SD file (V2000 or V3000), CSV with the columns smiles and name, or SMILES.",
    )
    pasted = text("Or paste SMILES", "One a line, with a name after it; stereo groups as |&1:3| or |o1:3|.", required=False,
                  limit=200_000)  # fmt: skip
    racemic = yes("Wedges of a V2000 file without its chiral flag are racemates")


class AssayForm(StepForm):
    """An assay."""

    code = line("Code", "Such as DPP4-ENZ.", limit=30)
    title = line("Title")
    target = line("Target", limit=120)
    readout = line("Readout", "What is measured, when.", limit=120)
    negative = line("Negative control", "No inhibition: solvent alone.", limit=120)
    positive = line("Positive control", "Full inhibition.", limit=120)
    wells = choice("Plate", [("96", "96 wells"), ("384", "384 wells"), ("1536", "1536 wells")])
    z_prime = line("Least Z'", "Of every plate of a run that is accepted.", limit=6)
    signal_unit = line("Unit of the signal", required=False, limit=20)


class RunForm(StepForm):
    """A run."""

    performed_on = day("Performed on")


class PlateForm(StepForm):
    """A plate from a file."""

    code = line("Plate", "Its barcode.", limit=40)
    file = forms.FileField(
        label="File",
        help_text="Long form: well, role, lot, dose, unit, signal. Or what the reader wrote: a grid, BMG MARS, Allotrope JSON, a list.",
    )
    layout = forms.FileField(
        label="Layout", required=False, help_text="With a reader's file: well, role, lot, dose, unit for each well."
    )


class ReviewForm(StepForm):
    """A decision on a curve."""

    decision = choice("Decision", [("approve", "Approve"), ("reject", "Reject")])
    comment = line("Comment", "Needed for a rejection.", required=False, limit=400)


class ConclusionForm(StepForm):
    """A conclusion on a run."""

    conclusion = text("Conclusion", "Why the run counts, or why it does not.")


class ReasonForm(StepForm):
    """A reason."""

    reason = line("Reason")


class ProfileForm(StepForm):
    """A line of the target profile."""

    kind = choice("What", ProfileLine.Kind.choices)
    limit = line("Limit", "A number.", limit=12)
    assay = choice("Assay", hint="For a potency.", required=False)


class ProposeForm(StepForm):
    """The proposal of a candidate."""

    form = choice("Form", hint="The salt form or solvate that is made.")
    code = line("Code of the substance", "Such as VT-API; lots of every later stage bear it.", limit=30)
    name = line("Name of the substance")
    statement = text("Why this compound")
    deviations = text(
        "Lines of the profile that are not met", "Each with its reason; empty where all are met.", required=False
    )
