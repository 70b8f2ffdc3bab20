"""Questions, commitments, and packages of others."""

from __future__ import annotations

import pytest

from crdmo.common.work import waiting
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.services.regulatory.models import Package
from crdmo.services.regulatory.workflow import applications, correspondence, packages
from crdmo.standards import ectd
from tests.services.regulatory.conftest import Office
from tests.standards.ectd import golden


def test_a_question_is_answered_by_a_leaf_of_its_application(office: Office) -> None:
    first = office.published()
    asked = correspondence.receive_question(
        office.publisher, first.application, text="Justify the limit of impurity B.", received_on=office.today,
        due_on=office.day(10), owner=office.publisher, about=first, section="3.2.S.4.1",
    )  # fmt: skip
    assert "Questions" in {item.group for item in waiting(office.publisher, [office.program], room="regulatory")}
    second = office.amendment(first.application)
    leaf = office.place(second, office.effective("ANSWER-1"), "1.11.1")
    other = office.place(office.sequence(office.application(number="654321")), office.effective("X-1"))
    with pytest.raises(NotFound, match="no such leaf"):
        correspondence.answer_question(office.publisher, asked, leaf=other)
    correspondence.answer_question(office.publisher, asked, leaf=leaf)
    assert asked.state == "answered" and asked.answer == leaf
    with pytest.raises(Refused, match="another state"):
        correspondence.answer_question(office.publisher, asked, leaf=leaf)


def test_a_question_that_cannot_be_is_refused(office: Office) -> None:
    application = office.application()
    told = {"text": "Why?", "received_on": office.today, "due_on": office.day(5), "owner": office.lead}
    for change, says in (
        ({"text": " "}, "not said"),
        ({"received_on": office.day(1)}, "was received"),
        ({"due_on": office.day(-1)}, "after the question"),
        ({"section": "9.9"}, "no such section"),
    ):
        with pytest.raises(Invalid, match=says):
            correspondence.receive_question(office.publisher, application, **{**told, **change})
    foreign = office.sequence(office.application(number="654321"))
    with pytest.raises(NotFound):
        correspondence.receive_question(office.publisher, application, about=foreign, **told)


def test_a_commitment_is_kept_with_evidence(office: Office) -> None:
    application = office.application()
    with pytest.raises(Invalid, match="in the future"):
        correspondence.make_commitment(
            office.lead, application, text="Stability of 24 months", owner=office.author, due_on=office.day(-1)
        )
    made = correspondence.make_commitment(
        office.lead, application, text="Stability of 24 months", owner=office.author, due_on=office.day(90)
    )
    with pytest.raises(Invalid, match="not said"):
        correspondence.fulfil_commitment(office.lead, made, evidence="")
    correspondence.fulfil_commitment(office.lead, made, evidence="Sequence 0004, 3.2.P.8.3")
    assert made.state == "fulfilled"
    with pytest.raises(Refused):
        correspondence.fulfil_commitment(office.lead, made, evidence="again")


def test_who_is_to_bring_a_document_sees_it_on_the_desk(office: Office) -> None:
    application = office.application()
    applications.plan_heading(office.lead, application, section="3.2.S.4.4", owner=office.author, due_on=office.day(9))
    found = waiting(office.author, [office.program], room="regulatory")
    assert [(item.group, item.due) for item in found] == [("Documents to bring", office.day(9))]
    office.place(office.sequence(application), office.effective("BATCH-1"), "3.2.S.4.4")
    assert waiting(office.author, [office.program], room="regulatory") == []


def test_a_package_of_somebody_else_is_sealed_with_what_was_found(office: Office) -> None:
    data = ectd.to_zip(golden.application(), "")
    made = packages.import_package(office.publisher, office.program, title="IND 000001", file_name="x.zip", data=data)
    assert made.sequences == ["0000", "0001"] and made.leaves == 13
    assert made.errors == 0 and made.warnings == len(made.findings)
    assert made.dataset.size == len(data)


@pytest.mark.parametrize(
    "data",
    [b"no zip", ectd.to_zip({"readme.txt": b"x"}, ""), ectd.to_zip({"../0000/index.xml": b"x"}, "")],
    ids=["torn", "no sequence", "traversal"],
)
def test_a_hostile_or_foreign_archive_leaves_nothing(office: Office, data: bytes) -> None:
    with pytest.raises(Invalid):
        packages.import_package(office.publisher, office.program, title="x", file_name="x.zip", data=data)
    assert Package.objects.count() == 0 and Dataset.objects.count() == 0
