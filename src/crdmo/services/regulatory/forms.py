"""The forms of regulatory affairs. Every field says what it is for."""

from __future__ import annotations

from django import forms

from crdmo.web.accounts.forms import StepForm
from crdmo.web.step_fields import choice, day, line, text

from .models import Application, Leaf


class ApplicationForm(StepForm):
    """An application, as its agency knows it. What tells headings apart is written here once."""

    kind = choice("Application", Application.Kind.choices)
    number = line("Number", "Six digits in the US; the procedure number in the EU.", limit=40)
    agency = line("Agency", "US-FDA, EU-EMA, or the code of a national agency such as SE-MPA.", limit=20)
    applicant = line("Applicant", "As it stands on the form.")
    applicant_id = line("Applicant's identifier", "D-U-N-S number; needed in the US.", required=False, limit=40)
    product_name = line("Product", "Folders of 3.2.P are named by product, dosage form and maker.", limit=120)
    dosage_form = line("Dosage form", required=False, limit=80)
    product_maker = line("Maker of the product", required=False, limit=120)
    substance = line("Drug substance", "Folders of 3.2.S are named by substance and maker.", limit=120)
    substance_maker = line("Maker of the substance", limit=120)
    indication = line("Indication", "Names the folder of 5.3.5; needed there and at 2.7.3.", required=False)
    contact_name = line("Contact", "Whom the agency calls.", limit=120)
    contact_telephone = line("Telephone", limit=40)
    contact_email = line("Email", limit=120)


class PlanForm(StepForm):
    """The next sequence."""

    submission_type = choice("Type of submission")
    unit_type = choice("What this sequence is in it")
    activity = line("Belongs to", "Number of the first sequence of the activity; empty where this opens one.",
                    required=False, limit=4)  # fmt: skip
    description = line("Description", "Read by the agency beside the number.", limit=180)
    due_on = forms.DateField(
        label="Planned for", required=False, widget=forms.DateInput(attrs={"type": "date", "class": "short"})
    )


class HeadingForm(StepForm):
    """Who brings a heading, or why it stays empty."""

    section = choice("Heading")
    owner = choice("Owner", hint="Sees it on the desk until a document stands there.", required=False)
    due_on = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs={"type": "date", "class": "short"})
    )
    not_applicable = line("Stays empty because", "Instead of an owner.", required=False, limit=400)


class PlaceForm(StepForm):
    """A document at a heading."""

    document = choice("Document", hint="Versions in force, of the program and of the house.", required=False)
    section = choice("Heading")
    title = line("Title", "As the reviewer reads it; the document's own title if empty.", required=False, limit=200)
    operation = choice("Operation", Leaf.Operation.choices)
    modifies = choice("Changes", hint="The leaf that is replaced, appended to or deleted.", required=False)
    excipient = line("Excipient", "At 3.2.P.4 only.", required=False, limit=120)
    study = line("Study number", "At 4.2 and 5.3: the study whose folder it stands in.", required=False, limit=60)
    study_title = line("Title of the study", required=False, limit=200)
    file_tag = choice("Part of the study", hint="Needed with a study in the US.", required=False)


class GapsForm(StepForm):
    """What the lead says of empty headings."""

    gaps = text("Empty headings", "Why expected headings stay empty in this sequence.", required=False)


class SubmitForm(StepForm):
    """The dispatch."""

    submitted_on = day("Sent on")
    reference = line("Reference", "Number that the gateway gave.", limit=120)


class ReceiptForm(StepForm):
    """The receipt; from its day the clock runs."""

    received_on = day("Received by the agency on", "The clock counts from this day, not from the dispatch.")
    receipt = line("Receipt", "Number or name of the acknowledgement.", limit=120)
    procedure = choice("Start the clock of", required=False)


class ReasonForm(StepForm):
    """A reason."""

    reason = text("Reason")


class JustifyForm(StepForm):
    """Why a stale leaf is submitted all the same."""

    justification = text("Justification", "Holds for the reasons that stand now, not for later ones.")


class QuestionForm(StepForm):
    """A question of an agency."""

    text = text("Question", "As the agency wrote it.")
    received_on = day("Received")
    due_on = day("Answer due")
    owner = choice("Owner")
    about = choice("About sequence", required=False)
    section = choice("Heading", required=False)


class AnswerForm(StepForm):
    """The leaf that answers."""

    question = choice("Question")
    leaf = choice("Answered by")


class CommitmentForm(StepForm):
    """A promise to an agency."""

    text = text("What was promised")
    owner = choice("Owner")
    due_on = day("Until")
    question = choice("In answer to", required=False)


class FulfilForm(StepForm):
    """What shows that a commitment was kept."""

    commitment = choice("Commitment")
    evidence = text("Evidence", "Sequence and heading, or record.")


class StopForm(StepForm):
    """A stop of a clock."""

    clock = choice("Clock")
    on = day("Stopped on", "This day still counts.")
    why = line("Ground", "Letter or list of questions.", limit=300)


class RestartForm(StepForm):
    """The end of a stop."""

    clock = choice("Clock")
    on = day("Runs again from", "The next day that counts: that of the answers.")


class PackageForm(StepForm):
    """An eCTD of somebody else."""

    title = line("What it is", "Such as: IND 123456 of the former sponsor.")
    file = forms.FileField(
        label="Archive", help_text="A zip of one sequence or of a whole application, at most 200 MB.",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )  # fmt: skip
