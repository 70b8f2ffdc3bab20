"""21 CFR 11.10(k): a version is drafted, reviewed, approved, in force, superseded; one is in force on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from crdmo.foundation.accounts.authority import training_gaps
from crdmo.foundation.accounts.models import Person, TrainingRequirement
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import queries, workflow
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from tests import factories
from tests.foundation.signing.desk import Desk, both

TODAY = dt.datetime.now(dt.UTC).date()
DAY = dt.timedelta(days=1)


def approve(desk: Desk, version: DocumentVersion, day: dt.date = TODAY) -> DocumentVersion:
    workflow.review(desk.reviewer, version, credentials=both(desk.reviewer))
    return workflow.approve(desk.approver, version, effective_from=day, credentials=both(desk.approver))


def effective(desk: Desk, version: DocumentVersion) -> DocumentVersion:
    return workflow.make_effective(desk.approver, approve(desk, version))


def next_version(desk: Desk) -> DocumentVersion:
    version = workflow.draft(desk.author, desk.document, text="Weigh 200 mg.", change_summary="More sample")
    return workflow.submit_for_review(desk.author, version)


def test_a_version_goes_from_draft_into_force(desk: Desk) -> None:
    version = effective(desk, desk.version)
    assert version.state == "effective"
    assert [m.meaning for m in signatures_of(version) if m.holds] == ["reviewed", "approved"]


def test_the_author_may_sign_on_submitting(desk: Desk) -> None:
    document = workflow.create_document(
        desk.author, code="SOP-9", title="Drying", kind="sop", owner=desk.author, program=desk.program
    )
    version = workflow.draft(desk.author, document, text="Dry.")
    workflow.submit_for_review(desk.author, version, credentials=both(desk.author))
    assert [m.meaning for m in signatures_of(version)] == ["authored"]


@pytest.mark.clause("21 CFR 11.10(k)")
def test_the_author_neither_reviews_nor_approves(desk: Desk) -> None:
    document = workflow.create_document(
        desk.approver, code="SOP-9", title="Drying", kind="sop", owner=desk.approver, program=desk.program
    )
    version = workflow.submit_for_review(desk.approver, workflow.draft(desk.approver, document, text="Dry."))
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        workflow.review(desk.approver, version, credentials=both(desk.approver))
    workflow.review(desk.reviewer, version, credentials=both(desk.reviewer))
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        workflow.approve(desk.approver, version, effective_from=TODAY, credentials=both(desk.approver))


@pytest.mark.clause("21 CFR 11.10(f)")
def test_nothing_is_approved_before_it_is_reviewed(desk: Desk) -> None:
    with pytest.raises(Refused, match="lacks a signature: reviewed is missing"):
        workflow.approve(desk.approver, desk.version, effective_from=TODAY, credentials=both(desk.approver))


@pytest.mark.clause("21 CFR 11.10(f)")
@pytest.mark.parametrize("step", [workflow.make_effective, workflow.submit_for_review, workflow.withdraw])
def test_a_step_out_of_sequence_is_refused(desk: Desk, step: object) -> None:
    actor = desk.author if step is workflow.submit_for_review else desk.approver
    with pytest.raises(Refused, match="is in review"):
        step(actor, desk.version, reason="try")  # type: ignore[operator]


def test_what_is_in_review_is_not_edited(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"is in review.*Draft a new version"):
        workflow.edit_draft(desk.author, desk.version, text="Weigh 1 g.", reason="typing error")


def test_a_draft_is_edited_with_a_reason(desk: Desk) -> None:
    workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer), reason="amount is missing")
    workflow.edit_draft(desk.author, desk.version, text="Weigh 150 mg.", reason="amount completed")
    assert desk.version.text == "Weigh 150 mg."


def test_a_draft_is_not_edited_without_a_reason(desk: Desk) -> None:
    workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer), reason="amount is missing")
    with pytest.raises(Invalid, match="needs a reason"):
        workflow.edit_draft(desk.author, desk.version, text="Weigh 150 mg.")


def test_only_content_is_edited(desk: Desk) -> None:
    workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer), reason="amount is missing")
    with pytest.raises(Invalid, match="only content is edited"):
        workflow.edit_draft(desk.author, desk.version, state="effective", reason="short cut")


def test_a_rejection_is_signed_with_its_reason_and_goes_back(desk: Desk) -> None:
    version = workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer), reason="amount is missing")
    assert version.state == "draft"
    assert [m.meaning for m in signatures_of(version)] == ["rejected"]


def test_a_rejection_without_reason_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="rejection has a reason"):
        workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer))


def test_a_review_over_other_words_does_not_count(desk: Desk) -> None:
    workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))
    workflow.reject(desk.reviewer, desk.version, credentials=both(desk.reviewer), reason="found one more")
    workflow.edit_draft(desk.author, desk.version, text="Weigh 5 g.", reason="as found")
    workflow.submit_for_review(desk.author, desk.version)
    with pytest.raises(Refused, match="reviewed is missing"):
        workflow.approve(desk.approver, desk.version, effective_from=TODAY, credentials=both(desk.approver))


def test_a_version_is_not_in_force_before_its_day(desk: Desk) -> None:
    version = approve(desk, desk.version, TODAY + DAY)
    with pytest.raises(Refused, match="not in force before its day"):
        workflow.make_effective(desk.approver, version)


def test_a_version_is_not_approved_backwards(desk: Desk) -> None:
    workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))
    with pytest.raises(Invalid, match="not in force before its approval"):
        workflow.approve(desk.approver, desk.version, effective_from=TODAY - DAY, credentials=both(desk.approver))


def test_a_new_version_supersedes_the_one_before(desk: Desk) -> None:
    first = effective(desk, desk.version)
    second = effective(desk, next_version(desk))
    first.refresh_from_db()
    assert (first.state, first.effective_until) == ("superseded", TODAY)
    assert queries.in_force("SOP-7", program=desk.program.id) == second
    assert not first.is_in_force(TODAY)


def test_a_version_that_replaces_another_keeps_it_in_force_until_its_day(desk: Desk) -> None:
    first = effective(desk, desk.version)
    approve(desk, next_version(desk), TODAY + DAY)
    assert queries.in_force("SOP-7", program=desk.program.id) == first


def test_one_version_is_on_its_way_at_a_time(desk: Desk) -> None:
    with pytest.raises(Refused, match="version 1 is still in review"):
        workflow.draft(desk.author, desk.document, text="again", change_summary="again")


def test_a_new_version_says_what_changed(desk: Desk) -> None:
    effective(desk, desk.version)
    with pytest.raises(Invalid, match="says what changed"):
        workflow.draft(desk.author, desk.document, text="Weigh 200 mg.")


@pytest.mark.parametrize(
    "content", [{}, {"text": "  "}, {"text": "a", "data": {"blocks": []}}, {"text": "a", "file": "x"}]
)
def test_a_version_has_one_content(desk: Desk, content: dict[str, object]) -> None:
    document = workflow.create_document(
        desk.author, code="SOP-9", title="Drying", kind="sop", owner=desk.author, program=desk.program
    )
    with pytest.raises(Invalid, match="a version has one content"):
        workflow.draft(desk.author, document, **content)  # type: ignore[arg-type]


def test_a_withdrawn_version_is_in_force_no_longer(desk: Desk) -> None:
    version = effective(desk, desk.version)
    workflow.withdraw(desk.approver, version, reason="method abandoned")
    with pytest.raises(Refused, match="no version of SOP-7 is in force"):
        queries.in_force("SOP-7", program=desk.program.id)


def test_a_version_approved_and_withdrawn_was_never_in_force(desk: Desk) -> None:
    version = approve(desk, desk.version)
    workflow.withdraw(desk.approver, version, reason="superseded by events")
    assert not any(version.is_in_force(TODAY + n * DAY) for n in range(-3, 4))


def test_a_withdrawal_has_a_reason(desk: Desk) -> None:
    version = effective(desk, desk.version)
    with pytest.raises(Invalid, match="withdrawal has a reason"):
        workflow.withdraw(desk.approver, version)


def test_only_the_version_in_force_can_be_used(desk: Desk) -> None:
    with pytest.raises(Refused, match="in review on"):
        queries.require_in_force(desk.version)
    assert queries.require_in_force(effective(desk, desk.version)) == desk.version


def test_an_unknown_document_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no such document"):
        queries.in_force("SOP-99", program=desk.program.id)


def test_a_code_is_taken_once_in_a_program(desk: Desk) -> None:
    with pytest.raises(Invalid, match="this code is taken"):
        workflow.create_document(
            desk.author, code="SOP-7", title="Other", kind="sop", owner=desk.author, program=desk.program
        )


def test_the_same_code_in_another_program_is_another_document(desk: Desk) -> None:
    other = factories.program("CRD-202", owner=factories.sponsor("OTHER"))
    made = workflow.create_document(SYSTEM, code="SOP-7", title="Other", kind="sop", owner=desk.author, program=other)
    assert queries.document("SOP-7", program=other.id) == made
    assert queries.document("SOP-7", program=desk.program.id) == desk.document


def test_a_document_of_the_laboratory_has_no_program(desk: Desk) -> None:
    made = workflow.create_document(SYSTEM, code="QM-1", title="Quality manual", kind="sop", owner=desk.approver)
    assert (made.program, made.organization) == (None, desk.approver.organization)
    assert queries.document("QM-1", organization=desk.approver.organization_id) == made
    with pytest.raises(NotFound, match="no such document"):
        queries.document("QM-1", program=desk.program.id)


@dataclass
class Trained:
    """A document of the laboratory on which its reviewers are trained, with people who work in all programs."""

    version: DocumentVersion
    reviewer: Person
    approver: Person

    def approve(self, day: dt.date) -> DocumentVersion:
        workflow.review(self.reviewer, self.version, credentials=both(self.reviewer))
        return workflow.approve(self.approver, self.version, effective_from=day, credentials=both(self.approver))


@pytest.fixture
def trained(desk: Desk) -> Trained:
    author, reviewer, approver = (factories.person(role) for role in (Role.ANALYST, Role.SUPERVISOR, Role.QA))
    for person in (reviewer, approver):
        factories.login(person)
    document = workflow.create_document(
        author, code="SOP-T", title="Checking", kind="sop", owner=author, trained_roles=[Role.REVIEWER]
    )
    version = workflow.draft(author, document, text="Check twice.")
    return Trained(workflow.submit_for_review(author, version), reviewer, approver)


def test_approval_opens_the_training_before_the_day(desk: Desk, trained: Trained) -> None:
    trained.approve(TODAY + 14 * DAY)
    row = TrainingRequirement.objects.get(subject="SOP-T")
    assert (row.role, row.subject_version, row.from_date) == ("reviewer", "1", TODAY + 14 * DAY)
    assert training_gaps(desk.reviewer, Role.REVIEWER) == []


def test_from_its_day_on_the_untrained_do_not_act(desk: Desk, trained: Trained) -> None:
    trained.approve(TODAY)
    assert training_gaps(desk.reviewer, Role.REVIEWER) == ["SOP-T version 1"]
    with pytest.raises(NotPermitted, match="is not trained for this"):
        workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))


def test_a_withdrawn_version_asks_for_no_training(desk: Desk, trained: Trained) -> None:
    version = workflow.make_effective(trained.approver, trained.approve(TODAY))
    workflow.withdraw(trained.approver, version, reason="abandoned")
    assert training_gaps(desk.reviewer, Role.REVIEWER) == []


def test_a_program_does_not_decide_on_what_people_are_trained(desk: Desk) -> None:
    with pytest.raises(Invalid, match="documents of the organization"):
        workflow.create_document(
            desk.author,
            code="SOP-9",
            title="x",
            kind="sop",
            owner=desk.author,
            program=desk.program,
            trained_roles=[Role.REVIEWER],
        )


def test_an_unknown_role_cannot_be_trained(desk: Desk) -> None:
    with pytest.raises(Invalid, match="no such role"):
        workflow.create_document(
            desk.author, code="SOP-9", title="x", kind="sop", owner=desk.author, trained_roles=["wizard"]
        )


def test_copies_are_numbered_and_reconciled(desk: Desk) -> None:
    version = effective(desk, desk.version)
    first = workflow.issue_copy(desk.author, version, holder=desk.author, place="Balance room")
    second = workflow.issue_copy(desk.author, version, holder=desk.reviewer)
    assert (first.number, second.number) == (1, 2)
    effective(desk, next_version(desk))
    assert queries.outstanding_copies(desk.document) == [first, second]
    workflow.reconcile_copy(desk.author, first, outcome="destroyed")
    assert queries.outstanding_copies(desk.document) == [second]


def test_a_lost_copy_has_a_reason_and_a_copy_is_reconciled_once(desk: Desk) -> None:
    copy = workflow.issue_copy(desk.author, effective(desk, desk.version), holder=desk.author)
    with pytest.raises(Invalid, match="a loss has a reason"):
        workflow.reconcile_copy(desk.author, copy, outcome="lost")
    workflow.reconcile_copy(desk.author, copy, outcome="returned")
    with pytest.raises(Refused, match="reconciled already"):
        workflow.reconcile_copy(desk.author, copy, outcome="destroyed")


def test_only_the_version_in_force_is_copied(desk: Desk) -> None:
    with pytest.raises(Refused, match="is in review"):
        workflow.issue_copy(desk.author, desk.version, holder=desk.author)
