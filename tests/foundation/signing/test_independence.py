"""A second person's signature is that of a second person."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import workflow
from crdmo.foundation.documents.models import Document
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import NotPermitted
from crdmo.foundation.signing import independent, sign
from tests import factories
from tests.foundation.signing.desk import Desk, another_version, both, signed

EDIT = "documents.edit"


@pytest.mark.clause("21 CFR 211.194(a)(8)")
@pytest.mark.parametrize("meaning", ["reviewed", "approved", "verified", "witnessed"])
def test_the_author_does_not_sign_as_the_second_person(desk: Desk, meaning: str) -> None:
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        signed(desk.author, [desk.version], meaning, action=EDIT)


@pytest.mark.parametrize("meaning", ["authored", "performed", "acknowledged"])
def test_the_author_signs_the_own_part(desk: Desk, meaning: str) -> None:
    assert signed(desk.author, [desk.version], meaning, action=EDIT)


def test_who_corrected_the_data_is_an_author_too(desk: Desk) -> None:
    with act(desk.reviewer, EDIT, "typing error") as opened:
        opened.change(desk.version, text="Weigh 100 mg of sample.")
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        signed(desk.reviewer, [desk.version])


def test_who_only_moved_a_step_on_is_no_author(desk: Desk) -> None:
    with act(desk.reviewer, EDIT) as opened:
        opened.change(desk.version, state="draft")
    assert independent(desk.version, desk.reviewer)
    assert signed(desk.reviewer, [desk.version])


def test_who_signed_as_performer_does_not_review(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version], "performed", action=EDIT)
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        signed(desk.reviewer, [desk.version])


def test_what_the_system_made_anybody_reviews(desk: Desk) -> None:
    document = workflow.create_document(
        SYSTEM, code="COA-1", title="Certificate", kind="certificate", owner=desk.author, program=desk.program
    )
    version = workflow.draft(SYSTEM, document, text="made by a job")
    assert signed(desk.reviewer, [version])


def test_the_results_in_a_report_count_as_well(desk: Desk) -> None:
    report = workflow.draft(
        SYSTEM,
        workflow.create_document(
            SYSTEM, code="REP-1", title="Report", kind="report", owner=desk.author, program=desk.program
        ),
        text="made from results",
    )
    analyst = factories.person(Role.SUPERVISOR, desk.program)
    factories.login(analyst)
    with act(analyst, EDIT, "own measurement") as opened:
        opened.change(desk.version, text="99.80 %")
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        signed(analyst, [report], independent_of=[desk.version])
    assert signed(desk.reviewer, [report], independent_of=[desk.version])


def test_independence_is_asked_of_each_record_of_a_series(desk: Desk) -> None:
    other = another_version(desk)
    with act(desk.reviewer, EDIT, "typing error") as opened:
        opened.change(other, text="Dry at 110 °C.")
    with pytest.raises(NotPermitted, match="made SOP-8 version 1"):
        signed(desk.reviewer, [desk.version, other])


def test_a_review_written_in_the_act_is_signed_by_its_reviewer(desk: Desk) -> None:
    with act(desk.reviewer, EDIT) as opened:
        review = opened.create(
            Document, program=desk.program, code="REV-1", title="Review", kind="report", owner=desk.reviewer
        )
        made = sign(
            opened, [review], "reviewed", both(desk.reviewer), independent_of=[desk.version], is_the_review=True
        )
    assert made[0].target_id == review.id


def test_the_author_does_not_write_the_review_of_the_own_work(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="made SOP-7 version 1"), act(desk.author, EDIT) as opened:
        review = opened.create(
            Document, program=desk.program, code="REV-1", title="Review", kind="report", owner=desk.author
        )
        sign(opened, [review], "reviewed", both(desk.author), independent_of=[desk.version], is_the_review=True)


def test_a_record_made_before_is_no_review_whatever_the_step_says(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        signed(desk.author, [desk.version], "reviewed", action=EDIT, is_the_review=True)
