"""Regulatory affairs' part of the demo: an IND with a published sequence, and a second one that replaces a leaf."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.signing import Credentials

from .models import Application, Sequence
from .workflow import applications, correspondence, leaves, sequences

# A version in force, the heading at which it stands, and its title.
Placement = tuple[DocumentVersion, str, str]


@dataclass(frozen=True)
class Study:
    """The documents of one study: its number, which part of it they are, and where they stand."""

    number: str
    file_tag: str
    documents: tuple[Placement, ...]


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how each signs."""

    publisher: Person
    lead: Person
    stability: Person
    sign: Callable[[Person], Credentials]


def open_ind(staff: Staff, program: Program) -> Application:
    """Open the application for the first study in people."""
    return applications.open_application(
        staff.publisher,
        program,
        kind="IND",
        number="145210",
        agency="US-FDA",
        applicant="Aurelia Therapeutics",
        applicant_id="079460318",
        product_name="Velatide",
        dosage_form="tablet",
        product_maker="Northbridge CRDMO",
        substance="Velatide",
        substance_maker="Northbridge CRDMO",
        indication="Type 2 diabetes",
        contact_name=staff.lead.printed_name,
        contact_telephone="+41 61 555 01 40",
        contact_email="regulatory@northbridge.example",
    )


def place(
    staff: Staff, sequence: Sequence, documents: Iterable[Placement], study: str = "", file_tag: str = ""
) -> None:
    """Place documents at their headings; those of a study with its number and the part that they are of it."""
    for version, heading, title in documents:
        leaves.place_leaf(
            staff.publisher, sequence, section=heading, title=title, version=version, study=study, file_tag=file_tag
        )


def publish_first(
    staff: Staff, program: Program, documents: Iterable[Placement], studies: Iterable[Study], today: dt.date
) -> Sequence:
    """Assemble, validate, sign off, publish and submit the first sequence; its receipt starts the 30 days."""
    made = open_ind(staff, program)
    first = sequences.plan_sequence(
        staff.publisher,
        made,
        submission_type="original",
        unit_type="original",
        description="Original IND",
        due_on=today,
    )
    place(staff, first, documents)
    for study in studies:
        place(staff, first, study.documents, study=study.number, file_tag=study.file_tag)
    sequences.validate_sequence(staff.publisher, first)
    first.refresh_from_db()
    sequences.sign_off(
        staff.lead,
        first,
        gaps="Drug substance, pharmacology and clinical sections follow in sequence 0002, as agreed at the pre-IND meeting.",
        credentials=staff.sign(staff.lead),
    )
    sequences.publish(staff.publisher, first)
    sequences.submit(staff.publisher, first, submitted_on=today, reference="ESG CI-48213")
    sequences.acknowledge(staff.publisher, first, received_on=today, receipt="ACK2 CI-48213", procedure="ind")
    return first


def begin_second(staff: Staff, first: Sequence, renewed: DocumentVersion, today: dt.date) -> Sequence:
    """Begin the amendment that answers a question: it replaces the leaf whose document has a later version."""
    application = first.application
    asked = correspondence.receive_question(
        staff.publisher,
        application,
        text="Provide the evaluation of the long-term stability data with the proposed shelf life.",
        received_on=today,
        due_on=today + dt.timedelta(days=21),
        owner=staff.stability,
        about=first,
        section="3.2.P.8.1",
    )
    second = sequences.plan_sequence(
        staff.publisher,
        application,
        submission_type="original",
        unit_type="amendment",
        activity="0000",
        description="Amendment: stability evaluation",
        due_on=today + dt.timedelta(days=14),
    )
    old = first.leaves.get(section="3.2.P.8.1", is_void=False)
    leaf = leaves.place_leaf(
        staff.publisher,
        second,
        section="3.2.P.8.1",
        title=old.title,
        version=renewed,
        operation="replace",
        modifies=old,
    )
    correspondence.answer_question(staff.publisher, asked, leaf=leaf)
    correspondence.make_commitment(
        staff.lead,
        application,
        text="Stability of the first three production lots is continued to 36 months and reported each year.",
        owner=staff.stability,
        due_on=today + dt.timedelta(days=365),
        question=asked,
    )
    applications.plan_heading(
        staff.lead,
        application,
        section="3.2.P.3",
        owner=staff.stability,
        due_on=today + dt.timedelta(days=10),
    )
    return second
