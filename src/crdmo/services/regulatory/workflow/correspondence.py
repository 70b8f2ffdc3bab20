"""Questions of an agency with their answers, and what was promised to it."""

from __future__ import annotations

import datetime as dt

from crdmo.common.codes import next_code
from crdmo.common.verbs import must_be, said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.standards import ectd

from ..models import Application, Commitment, Leaf, Question, Sequence
from ..refusing import as_invalid
from .desks import DESK, now


@verb("regulatory.receive_question", "record a question of an agency", roles=DESK)
def receive_question(
    act: Act,
    application: Application,
    *,
    text: str,
    received_on: dt.date,
    due_on: dt.date,
    owner: Person,
    about: Sequence | None = None,
    section: str = "",
) -> Question:
    """Record what an agency asks, about which sequence and heading, and until when it wants the answer."""
    said(text=text)
    if received_on > act.now.date():
        raise Invalid("it was received", errors={"received_on": "today or earlier"}, given=str(received_on))
    if due_on < received_on:
        raise Invalid(
            "an answer is due after the question", errors={"due_on": f"from {received_on}"}, given=str(due_on)
        )
    if about is not None and about.application_id != application.pk:
        raise NotFound("there is no such sequence in this application", given=str(about.pk))
    if section.strip():
        with as_invalid("section"):
            section = ectd.place_of(ectd.Region(application.region), section).section
    return act.create(
        Question, program=application.program, application=application, about=about, section=section.strip(),
        code=next_code(act, Question, "HAQ", _program(application)), text=text.strip(), received_on=received_on,
        due_on=due_on, owner=owner,
    )  # fmt: skip


def _program(application: Application) -> Program:
    assert application.program is not None
    return application.program


@verb("regulatory.answer_question", "answer a question of an agency", roles=DESK)
def answer_question(act: Act, question: Question, *, leaf: Leaf) -> Question:
    """Name the leaf that answers a question. The answer is given on the day on which its sequence is submitted."""
    must_be(now(question), "open")
    if leaf.program_id != question.program_id or leaf.sequence.application_id != question.application_id:
        raise NotFound("there is no such leaf in this application", given=str(leaf.pk))
    if leaf.is_void or leaf.operation == "delete":
        raise Invalid("a leaf that brings a document answers", errors={"leaf": "one that brings a document"})
    if question.about is not None and leaf.sequence.number < question.about.number:
        raise Invalid(
            "an answer comes after what was asked about", errors={"leaf": f"of sequence {question.about.number} or later"},
            given=leaf.sequence.number,
        )  # fmt: skip
    return act.change(question, state="answered", answer=leaf)


@verb("regulatory.make_commitment", "record a commitment to an agency", roles=DESK)
def make_commitment(
    act: Act, application: Application, *, text: str, owner: Person, due_on: dt.date, question: Question | None = None
) -> Commitment:
    """Record what was promised, by whom it is kept, and until when."""
    said(text=text)
    if due_on < act.now.date():
        raise Invalid("a commitment is kept in the future", errors={"due_on": "today or later"}, given=str(due_on))
    if question is not None and question.application_id != application.pk:
        raise NotFound("there is no such question in this application", given=str(question.pk))
    return act.create(
        Commitment, program=application.program, application=application, question=question, text=text.strip(),
        code=next_code(act, Commitment, "COM", _program(application)), owner=owner, due_on=due_on,
    )  # fmt: skip


@verb("regulatory.fulfil_commitment", "record that a commitment is fulfilled", roles=DESK)
def fulfil_commitment(act: Act, commitment: Commitment, *, evidence: str) -> Commitment:
    """Record what shows that a commitment was kept."""
    must_be(now(commitment), "open")
    said(evidence=evidence)
    return act.change(commitment, state="fulfilled", evidence=evidence.strip(), fulfilled_on=act.now.date())
