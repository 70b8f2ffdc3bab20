"""The forms of the quality system. Every field says what it is for."""

from __future__ import annotations

from django import forms

from crdmo.web.accounts.forms import StepForm

from .models import (
    Affected,
    Area,
    CapaAction,
    Cause,
    Change,
    Deviation,
    DeviationInvestigation,
    PeriodicReview,
    SupplierEvent,
)
from .pages.steps import RECORDS, choice, day, line, moment, text, yes


class ReportForm(StepForm):
    """A deviation, as whoever saw it reports it."""

    title = line("What happened, in one line")
    facts = text("Facts", "What was seen, where, on what, how much. No guess at the cause yet.")
    happened_at = moment("Happened", "As near as it is known.")
    found_at = moment("Found")
    immediate_action = text("What was done at once", required=False)
    records = line("Touches", RECORDS, required=False, limit=1000)


class ClassifyForm(StepForm):
    """How bad it is, and who looks into it."""

    classification = choice("Class", Deviation.Classification.choices)
    why = text("Reason of the class")
    investigator = choice("Investigator")


class InvestigateForm(StepForm):
    """The root cause, and how it was found."""

    method = choice("Method", DeviationInvestigation.Method.choices)
    root_cause = text("Root cause")
    cause = choice("Kind of cause", Cause.choices, "Recurrence is looked for by it.")
    evidence = text("Evidence", "What shows that it is this cause.")
    capa_needed = yes("A CAPA follows")
    capa_reason = text("Why no CAPA follows", "Needed of a major or critical deviation without one.", required=False)


class LinkForm(StepForm):
    """Further records that are touched."""

    records = line("Records", RECORDS, limit=1000)


class ImpactForm(StepForm):
    """What it means for one lot."""

    lot = choice("Lot")
    impact = choice("Impact", Affected.Impact.choices[1:])
    assessment = text("Why", "On which data.")


class ReasonForm(StepForm):
    """Why."""

    reason = text("Reason")


class RecurrenceForm(StepForm):
    """Which CAPA was to prevent it."""

    capa = choice("CAPA")


class CapaForm(StepForm):
    """A CAPA, with how its effect will be judged."""

    title = line("Title")
    problem = text("Problem", "What is to be corrected, what is to be prevented.")
    owner = choice("Owner")
    criterion = text(
        "It is effective if", "A criterion that can be missed, such as: no alarm by an open door in 90 days."
    )
    judged_on = text("Judged on", "Which records or data will show it.")
    check_on = day("Checked from", "The first day on which the effect can be judged.")
    records = line("Touches", RECORDS, required=False, limit=1000)


class ActionForm(StepForm):
    """An action."""

    kind = choice("Kind", CapaAction.Kind.choices)
    text = text("Action")
    owner = choice("Owner")
    due_on = day("Due")


class EvidenceForm(StepForm):
    """What shows that it is done."""

    number = choice("Which")
    evidence = text("Evidence", "The record, report or document that shows it.")


class ExtensionForm(StepForm):
    """A later day."""

    number = choice("Which")
    due_on = day("Later day")
    why = text("Reason")


class DecideForm(StepForm):
    """Yes or no to a later day."""

    extension = choice("Request")
    answer = choice("Answer", [("grant", "Give the later day"), ("refuse", "Keep the day")])


class EffectForm(StepForm):
    """Whether it works."""

    answer = choice("The criterion is", [("met", "met: effective"), ("missed", "missed: not effective")])
    evidence = text("Evidence")


class ChangeForm(StepForm):
    """A change to be controlled."""

    title = line("Title")
    proposal = text("Proposal", "What is now, what will be.")
    justification = text("Justification")
    category = choice("Category", Change.Category.choices)
    regulatory = choice("Regulatory", Change.Regulatory.choices)
    areas = forms.MultipleChoiceField(
        label="To be assessed by", choices=Area.choices, widget=forms.CheckboxSelectMultiple
    )
    due_on = day("Due")
    records = line("Touches", RECORDS, required=False, limit=1000)


class AssessForm(StepForm):
    """What one area says."""

    area = choice("For")
    touches = choice("The change", [("yes", "touches this area"), ("no", "does not touch this area")])
    text = text("Assessment", "What follows, what has to be done there.")


class TaskForm(StepForm):
    """A task of the implementation."""

    text = text("Task")
    owner = choice("Owner")
    due_on = day("Due")


class SupplierForm(StepForm):
    """A supplier."""

    code = line("Code", "Short and unique in the house.", limit=30)
    name = line("Name")
    country = line("Country", required=False, limit=60)


class MaterialForm(StepForm):
    """A material from the supplier."""

    material = line("Material", limit=120)
    critical = yes("Critical: approved on an audit only")


class EventForm(StepForm):
    """What was looked at."""

    kind = choice("Kind", SupplierEvent.Kind.choices)
    on = day("On")
    due_on = day("Next due")
    outcome = choice("Outcome", [("passed", "Passed"), ("failed", "Failed")])
    note = text("Note", "What was found.", required=False)


class QualifyForm(StepForm):
    """Approval for a material."""

    material = choice("Material")
    requalify_on = day("Requalify by", "Not after the audit or questionnaire that it stands on is due again.")
    condition = text("Condition", "Left empty, the approval is without condition.", required=False)


class BlockForm(StepForm):
    """A block."""

    material = choice("Material")
    reason = text("Reason")


class ScopeForm(StepForm):
    """Which trail is reviewed."""

    scope = choice("Scope", PeriodicReview.Scope.choices)


class TrainedForm(StepForm):
    """A training that took place."""

    person = choice("Person")
    subject = choice("On")
    on = day("Day")
    how = choice("How", [("assessed", "Assessed"), ("read", "Read and understood")])


class FileForm(StepForm):
    """A table that is brought."""

    file = forms.FileField(label="Table", help_text="CSV, XLSX, JSON or Parquet. One bad row refuses all of it.")
