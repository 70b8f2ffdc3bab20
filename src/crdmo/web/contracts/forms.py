"""The forms of the contract's desks."""

from __future__ import annotations

from typing import Any

from django import forms

from crdmo.common.engagements.models import Agreement

from ..accounts.forms import StepForm
from ..fields import DayField, MeasuredField
from ..steps import text_field

REASON = "It stands in the record's history with your name."


class ReasonForm(StepForm):
    """Only a reason."""

    reason = text_field("Reason", REASON, long=True)


class InviteForm(StepForm):
    """Whom to invite."""

    bidder = forms.ChoiceField(label="Organization", help_text="It gets a room of its own and sees no other bidder.")


class ClarifyForm(StepForm):
    """An answer to all bidders."""

    asked = forms.ChoiceField(label="Question", required=False, help_text="What a bidder asked, without its name.")
    question = text_field("Or say what it is about", required=False)
    answer = text_field("Answer to all bidders", long=True)


class DeadlineForm(StepForm):
    """A later deadline."""

    due_at = forms.DateTimeField(
        label="New deadline, UTC", help_text="As 2026-12-01 12:00.", input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
    )


class AwardForm(StepForm):
    """Who wins, and why."""

    bidder = forms.ChoiceField(label="Award to")
    reason = text_field("Reason of the award", "Why this bidder; it is kept with the request.", long=True)


class OrderForm(StepForm):
    """Under which agreement the awarded work is ordered."""

    agreement = forms.ChoiceField(label="Under the agreement")
    starts_on = DayField(label="Starts on")


class QuestionForm(StepForm):
    """A question to the sponsor."""

    text = text_field("Question", "The answer goes to all bidders, without your name.", long=True)


class HoldForm(StepForm):
    """Which milestone is held, and why."""

    milestone = forms.ChoiceField(label="Milestone")
    reason = text_field("What is missing", REASON, long=True)


class ScopeForm(StepForm):
    """Work that no line covers."""

    text = text_field("Work outside the order", "What is asked for, by whom.", long=True)
    found_on = DayField(label="Found on")
    estimate = MeasuredField(label="Estimate", required=False, low="0", help_text="In the currency of the order.")


class DeclineForm(StepForm):
    """Which logged work is declined, and why."""

    code = forms.ChoiceField(label="Work")
    reason = text_field("Reason", REASON, long=True)


class ItemsForm(StepForm):
    """What is invoiced of all that is earned."""

    items = forms.MultipleChoiceField(
        label="Earned and not invoiced",
        widget=forms.CheckboxSelectMultiple,
        help_text="Each with the records that show it.",
    )


class ReceiptForm(StepForm):
    """A receipt for what passes through at cost."""

    line = forms.ChoiceField(label="Line at cost")
    supplier = text_field("Supplier")
    number = text_field("Number of the receipt")
    on = DayField(label="Day of the receipt")
    amount = MeasuredField(label="Amount", low="0")
    currency = text_field("Currency", classes="short")
    file = forms.FileField(label="The receipt", required=False, help_text="At most 10 MB.")


class BillingForm(StepForm):
    """How one's own organization is billed."""

    legal_name = text_field("Legal name")
    street = text_field("Street", required=False)
    postal_code = text_field("Postal code", required=False, classes="short")
    city = text_field("City", required=False)
    country = text_field("Country", "Two letters, such as CH.", classes="short")
    vat_id = text_field("VAT identifier", required=False)
    registration = text_field("Register number", required=False)
    tax_category = forms.ChoiceField(
        label="VAT that you charge",
        required=False,
        choices=[
            ("", "None: you are the buyer"), ("S", "Standard rate"), ("Z", "Zero rate"), ("E", "Exempt"),
            ("AE", "Reverse charge"), ("G", "Export"), ("O", "Outside the scope of VAT"),
        ],
    )  # fmt: skip
    tax_rate = MeasuredField(label="Rate", required=False, unit="%", low="0", high="100")
    tax_reason = text_field("Why nothing is charged", required=False)
    reason = text_field("Reason of a correction", required=False)


class DueForm(StepForm):
    """When an invoice is due."""

    due_on = DayField(label="Due on")


class PaymentForm(StepForm):
    """The payment of an invoice."""

    on = DayField(label="Paid on")
    payment = text_field("The bank's reference")


class CreditForm(StepForm):
    """Which lines are credited, and why."""

    positions = forms.MultipleChoiceField(label="Lines", widget=forms.CheckboxSelectMultiple)
    reason = text_field("Reason", REASON, long=True)


class CostForm(StepForm):
    """A cost of one's own organization."""

    line = forms.ChoiceField(label="Line of the plan")
    on = DayField(label="By the day")
    amount = MeasuredField(
        label="Cost", low="0", help_text="In the currency of the order; only your organization sees it."
    )
    note = text_field("What it is", "Such as 64 h of two analysts.")


class RiskForm(StepForm):
    """The range of what is left."""

    shape = forms.ChoiceField(
        label="Distribution", choices=[("triangular", "Triangular"), ("beta_pert", "Beta (PERT)")]
    )
    best = MeasuredField(label="At best", unit="%", low="1", high="100")
    worst = MeasuredField(label="At worst", unit="%", low="100", high="1000")
    deadline = DayField(label="Until", required=False, help_text="The planned end without one.")


def score_form(questions: list[dict[str, Any]]) -> type[StepForm]:
    """Return the form that scores one bidder: a mark for each question."""
    fields: dict[str, Any] = {"bidder": forms.ChoiceField(label="Bidder")}
    for question in questions:
        words = f"{question['text']} ({question['weight']} %)"
        fields[question["key"]] = forms.IntegerField(label=words, min_value=0, max_value=10, help_text="0 to 10.")
    fields["remark"] = text_field("Grounds", "What the marks stand on.", long=True)
    return type("ScoreForm", (StepForm,), fields)


class AgreementForm(StepForm):
    """A new agreement."""

    kind = forms.ChoiceField(label="Kind", choices=Agreement.Kind.choices)
    title = text_field("Title")
    effective_from = DayField(label="Effective from")
    ends_on = DayField(label="Ends on", required=False)
    clauses = text_field("Clauses", "One a line: title, a colon, the text.", required=False, long=True)


class MilestoneForm(StepForm):
    """A milestone of a draft order."""

    name = text_field("Milestone")
    condition = forms.ChoiceField(label="Met when")
    parameters = text_field(
        "Of which", "As the condition asks, such as lot=VT-2601; code=SPEC-26-0001.", required=False
    )
    due_on = DayField(label="Due on")
    amount = MeasuredField(label="Pays", required=False, low="0")


class PlanForm(StepForm):
    """A line of the plan of a draft order."""

    name = text_field("Line of the plan")
    starts_on = DayField(label="First day")
    ends_on = DayField(label="Last day")
    after = forms.ChoiceField(label="Follows", required=False)
    kind = forms.ChoiceField(
        label="As",
        choices=[
            ("FS", "Finish to start"),
            ("SS", "Start to start"),
            ("FF", "Finish to finish"),
            ("SF", "Start to finish"),
        ],
    )
    lag = forms.IntegerField(label="Lag, days", initial=0, min_value=-3650, max_value=3650)
    began_when = forms.ChoiceField(label="Began when", required=False)
    ended_when = forms.ChoiceField(label="Ended when", required=False)
    parameters = text_field("Of which", "As the conditions ask, such as lot=VT-2601.", required=False)
    planned_cost = MeasuredField(label="Planned cost", required=False, low="0")
    earns = forms.ChoiceField(
        label="Earned", choices=[("0/100", "All at the end"), ("50/50", "Half at the start, half at the end")]
    )
