"""A sequence from plan to receipt: the path that goes well, every refusal, and no way around a gate."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest

from crdmo.common.engagements.conditions import evidence_for
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing import recompute
from crdmo.foundation.datasets import read, store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.references import add
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.services.regulatory import build
from crdmo.services.regulatory.models import Application, Leaf, Sequence
from crdmo.services.regulatory.workflow import applications, clocks, leaves, sequences
from crdmo.standards import ectd
from tests import factories, shared_data
from tests.services.regulatory.conftest import GAPS, Office

State = Sequence.State


def test_a_sequence_goes_from_plan_to_receipt_and_its_package_is_what_was_signed(office: Office) -> None:
    made = office.submitted()
    assert made.package is not None
    data = read(made.package)
    assert store.name_of(data) == made.digest
    assert build.package_of(made).digest == made.digest  # byte for byte the same at any later time
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    code = made.application.code.lower()
    assert f"{code}/0000/index.xml" in names and f"{code}/0000/m1/us/us-regional.xml" in names
    assert f"{code}/0000/m1/us/form-1571.pdf" in names
    assert (
        f"{code}/0000/m3/32-body-data/32s-drug-sub/velatide-northbridge/32s4-contr-drug-sub/32s41-spec/spec-1.pdf"
        in names
    )
    assert "dtd/ich-ectd-3-2.dtd" in made.package.note
    clock = sequences.acknowledge(
        office.publisher, made, received_on=office.today, receipt="ACK2 4711", procedure="ind"
    )
    assert clock is not None and made.state == State.ACKNOWLEDGED
    assert clock.computed.output["milestones"][0]["due"] == office.day(30).isoformat()
    assert recompute(clock.computed).came_out
    assert [m.meaning for m in signatures_of(made) if m.holds] == ["approved"]


def test_a_milestone_is_met_by_the_sealed_package_and_by_the_submission(office: Office) -> None:
    told = {"application": "APP", "number": "0000"}
    made = office.signed_off()
    told["application"] = made.application.code
    assert evidence_for("regulatory.sequence_published", office.program, told) is None
    made = sequences.publish(office.publisher, made)
    found = evidence_for("regulatory.sequence_published", office.program, told)
    assert found is not None and found.record == made.package
    assert evidence_for("regulatory.sequence_submitted", office.program, told) is None
    made = sequences.submit(office.publisher, made, submitted_on=office.today, reference="ESG 1")
    assert evidence_for("regulatory.sequence_submitted", office.program, told) is not None
    assert evidence_for("regulatory.sequence_submitted", office.program, {**told, "number": "0001"}) is None


def test_a_second_sequence_replaces_a_leaf_of_the_first(office: Office) -> None:
    first = office.published()
    application = first.application
    old = first.leaves.get(section="3.2.S.4.1")
    second = office.amendment(application)
    office.place(second, office.effective("SPEC-1"), operation="replace", modifies=old)
    office.place(second, office.effective("LETTER-2"), "1.2")
    made = office.published(second)
    view = ectd.current_view(build.published_sequences(application))
    assert view.broken == []
    assert {one.leaf.title for one in view.payload if "Specification" in one.leaf.title} == {
        "Specification SPEC-1", "Specification FORM-1571", "Specification LETTER-1", "Specification LETTER-2",
    }  # fmt: skip
    assert [str(target) for target in next(o for o in view.payload if o.history).history] == [
        f"0000/index.xml#{old.identifier}"
    ]
    assert made.number == "0001" and made.activity == "0000"


def test_an_eu_application_is_written_with_its_own_module_1(office: Office) -> None:
    application = office.application(kind="MAA", number="EMEA/H/C/000001", agency="EU-EMA", applicant_id="")
    made = office.sequence(application, submission_type="maa", unit_type="initial", description="Initial application")
    office.place(made, office.effective("LETTER"), "1.0")
    office.place(made, office.effective("TOX"), "4.2.3.2", study="NB-TX-001")
    made = office.published(made)
    found = build.published_sequences(application)["0000"]
    assert found.regional is not None and found.regional.path == "m1/eu/eu-regional.xml"
    assert found.index is not None and any(leaf.place[-1].title == "NB-TX-001" for leaf in found.index.leaves)


def test_studies_are_tagged_and_a_later_tagging_file_is_appended_to_the_first(office: Office) -> None:
    first = office.assembled()
    told = {"study": "NB-TX-001", "study_title": "13-week study", "file_tag": "pre-clinical-study-report"}
    office.place(first, office.effective("TOX-1"), "4.2.3.2", **told)
    application = office.published(first).application
    second = office.amendment(application)
    office.place(second, office.effective("TOX-2"), "4.2.3.2", **{**told, "file_tag": "protocol-or-amendment"})
    office.published(second)
    view = ectd.current_view(build.published_sequences(application))
    assert view.broken == []
    tags = [one for one in view.payload if "/stf-" in one.path]
    assert [bool(one.appended_to) for one in tags] == [False, True]


def test_what_the_agency_would_not_number_so_is_refused(office: Office) -> None:
    for change, says in (
        ({"number": "IND123"}, "application number"),
        ({"agency": "EU-EMA"}, "takes no such"),
        ({"kind": "XYZ"}, "from the list"),
        ({"applicant_id": ""}, "not said"),
        ({"substance": "—"}, "no name"),
        ({"contact_email": " "}, "not said"),
    ):
        with pytest.raises(Invalid, match=says):
            office.application(**change)
    office.application()
    with pytest.raises(Invalid, match="open already"):
        office.application()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"submission_type": "efficacy supplement"}, "approved application"),
        ({"submission_type": "guess"}, "submission type"),
        ({"unit_type": "amendment"}, "earlier activity"),
        ({"activity": "0007"}, "first sequence"),
        ({"description": " "}, "not said"),
    ],
)
def test_a_sequence_that_the_agency_would_refuse_is_not_planned(
    office: Office, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        office.sequence(**given)


def test_no_step_is_taken_out_of_its_order(office: Office) -> None:
    made = office.assembled()
    sign = {"gaps": GAPS, "credentials": office.sign(office.lead)}
    with pytest.raises(Refused, match="another state"):
        sequences.sign_off(office.lead, made, **sign)
    with pytest.raises(Refused, match="another state"):
        sequences.publish(office.publisher, made)
    with pytest.raises(Refused, match="another state"):
        sequences.submit(office.publisher, made, submitted_on=office.today, reference="x")
    with pytest.raises(Refused, match="another state"):
        sequences.acknowledge(office.publisher, made, received_on=office.today, receipt="x")
    with pytest.raises(Refused, match="no leaf"):
        sequences.validate_sequence(office.publisher, office.sequence(office.application(number="654321")))


def test_a_page_that_is_old_does_not_lead_around_the_gate(office: Office) -> None:
    made = office.validated()
    old = Sequence.objects.get(pk=made.pk)
    sequences.sign_off(office.lead, made, gaps=GAPS, credentials=office.sign(office.lead))
    with pytest.raises(Refused, match="another state"):
        office.place(old, office.effective("LATE-1"), "3.2.S.4.4")
    leaf = made.leaves.first()
    for step in (
        lambda: leaves.remove_leaf(office.publisher, leaf, reason="late"),
        lambda: leaves.renew_leaf(office.publisher, leaf),
        lambda: leaves.justify_leaf(office.publisher, leaf, justification="late"),
    ):
        with pytest.raises(Refused, match="another state"):
            step()


def test_whoever_placed_a_leaf_does_not_sign_off_and_a_publisher_never_does(office: Office) -> None:
    made = office.assembled()
    leaves.place_leaf(office.lead, made, section="3.2.S.4.4", title="Batches", version=office.effective("BATCH-1"))
    made = office.validated(made)
    with pytest.raises(NotPermitted, match="made"):
        sequences.sign_off(office.lead, made, gaps=GAPS, credentials=office.sign(office.lead))
    with pytest.raises(NotPermitted):
        sequences.sign_off(office.publisher, made, gaps=GAPS, credentials=office.sign(office.publisher))
    with pytest.raises(NotPermitted):
        sequences.validate_sequence(office.sponsor, made)
    with pytest.raises(NotPermitted):
        sequences.plan_sequence(
            office.author, made.application, submission_type="original", unit_type="original", description="Mine"
        )


def test_a_lead_who_only_validated_signs_off(office: Office) -> None:
    made = office.assembled()
    assert sequences.validate_sequence(office.lead, made).errors == 0
    made.refresh_from_db()
    signed = sequences.sign_off(office.lead, made, gaps=GAPS, credentials=office.sign(office.lead))
    assert signed.state == State.SIGNED_OFF


def test_empty_headings_are_explained_by_who_signs_off_or_planned_not_applicable(office: Office) -> None:
    made = office.validated()
    with pytest.raises(Invalid, match="headings are empty") as refused:
        sequences.sign_off(office.lead, made, credentials=office.sign(office.lead))
    assert "4.2.3" in str(refused.value)
    before = len(sequences.missing(made))
    applications.plan_heading(office.lead, made.application, section="5.3.5", not_applicable="No trial yet.")
    applications.plan_heading(office.lead, made.application, section="4.2.3", owner=office.author, due_on=office.day(9))
    assert len(sequences.missing(made)) == before - 1
    for given in ({"owner": office.author, "not_applicable": "both"}, {}, {"section": "9.9", "owner": office.author}):
        with pytest.raises(Invalid):
            applications.plan_heading(office.lead, made.application, **{"section": "4.2.3", **given})


def test_a_package_with_an_error_is_not_validated(office: Office) -> None:
    made = office.sequence()
    office.place(made, office.effective("FORM-1571", data=b"%PDF-1.7 torn"), "1.1")
    found = sequences.validate_sequence(office.publisher, made)
    assert found.errors == 1 and found.findings[0]["criterion"] == "ECTD-P01"
    made.refresh_from_db()
    assert made.state == State.ASSEMBLING


def test_a_leaf_that_is_placed_after_validation_opens_the_sequence_again(office: Office) -> None:
    made = office.validated()
    office.place(made, office.effective("BATCH-1"), "3.2.S.4.4")
    made.refresh_from_db()
    assert made.state == State.ASSEMBLING


def test_what_was_signed_off_is_reopened_with_a_reason_only(office: Office) -> None:
    made = office.signed_off()
    with pytest.raises(Invalid, match="opened again"):
        sequences.reopen_sequence(office.publisher, made)
    sequences.reopen_sequence(office.publisher, made, reason="A section came in")
    with pytest.raises(Refused, match="another state"):
        sequences.publish(office.publisher, made)


def test_an_official_file_that_came_in_after_the_validation_asks_for_another_one(office: Office, tmp_path: Any) -> None:
    made = office.signed_off()
    path = shared_data.path("regulatory/ectd/ich-ectd-3-2.dtd")
    keeper = factories.person(Role.REGULATORY_PUBLISHER)
    add(keeper, path, name=path.name, edition="3.2", kind="dtd", effective_from=dt.date(2003, 11, 21),
        licence="ICH", publisher="ICH", organization=keeper.organization)  # fmt: skip
    with pytest.raises(Refused, match="not what was validated"):
        sequences.publish(office.publisher, made)
    sequences.reopen_sequence(office.publisher, made, reason="The official DTD is here")
    made = office.published(made)
    found = build.published_sequences(made.application)["0000"]
    assert found.files.read("util/dtd/ich-ectd-3-2.dtd") == path.read_bytes()
    assert "sha256:c094aa2b" in made.validations.order_by("entry").last().official[0]


def test_sequences_are_published_in_their_order(office: Office) -> None:
    first = office.assembled()
    second = office.sequence(first.application, unit_type="amendment", activity="0000", description="Amendment")
    office.place(second, office.effective("LETTER-9"), "1.2")
    second = office.signed_off(second)
    with pytest.raises(Refused, match="not published"):
        sequences.publish(office.publisher, second)


def test_receipts_and_dispatches_lie_in_the_past_and_in_order(office: Office) -> None:
    made = office.published()
    with pytest.raises(Invalid, match="was sent"):
        sequences.submit(office.publisher, made, submitted_on=office.day(1), reference="x")
    made = sequences.submit(office.publisher, made, submitted_on=office.today, reference="x")
    for day in (office.day(-1), office.day(1)):
        with pytest.raises(Invalid, match="after it was sent"):
            sequences.acknowledge(office.publisher, made, received_on=day, receipt="x")
    with pytest.raises(Invalid, match="no such procedure"):
        sequences.acknowledge(office.publisher, made, received_on=office.today, receipt="x", procedure="maa")
    made.refresh_from_db()
    assert made.state == State.SUBMITTED


def test_a_clock_stop_moves_what_follows_and_records_its_ground(office: Office) -> None:
    made = office.submitted()
    clock = sequences.acknowledge(office.publisher, made, received_on=office.today, receipt="A", procedure="ind")
    assert clock is not None
    clock = clocks.stop_clock(office.lead, clock, on=office.day(5), why="Clinical hold letter of today")
    assert clock.computed.output["milestones"][0]["due"] == ""
    with pytest.raises(Refused, match="stands still"):
        clocks.stop_clock(office.lead, clock, on=office.day(6), why="again")
    with pytest.raises(Invalid, match="starts again"):
        clocks.restart_clock(office.lead, clock, on=office.day(5))
    clock = clocks.restart_clock(office.lead, clock, on=office.day(16))
    assert clock.computed.output["milestones"][0]["due"] == office.day(40).isoformat()
    with pytest.raises(Refused, match="is running"):
        clocks.restart_clock(office.lead, clock, on=office.day(20))
    assert clock.stops[0]["why"].startswith("Clinical hold")


def test_a_refused_publication_leaves_nothing_but_its_refusal(office: Office) -> None:
    made = office.signed_off()
    documents.withdraw(office.qa, made.leaves.first().document_version, reason="Found wrong")
    before = Entry.objects.count()
    with pytest.raises(Refused, match="stale"):
        sequences.publish(office.publisher, made)
    assert Entry.objects.count() == before + 1
    made.refresh_from_db()
    assert made.package is None and made.state == State.SIGNED_OFF


def test_two_pages_do_not_both_sign_off(office: Office) -> None:
    made = office.validated()
    with pytest.raises(Conflict):
        sequences.sign_off(
            office.lead, made, gaps=GAPS, credentials=office.sign(office.lead), seen={made.pk: made.version - 1}
        )
    assert Application.objects.count() == 1 and Leaf.objects.count() == 3
