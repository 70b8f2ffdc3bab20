"""21 CFR 11.300(d): attempts at unauthorised use are stopped, written down and reported at once."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.accounts import lockout, notices
from crdmo.foundation.documents import workflow
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import Credentials, CredentialsRefused
from crdmo.foundation.signing.models import Signature
from tests import factories
from tests.foundation.signing.desk import Desk, another_version, bodies, both, signed


def fail(desk: Desk, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(CredentialsRefused):
            signed(desk.reviewer, [desk.version], credentials=Credentials(desk.reviewer.user_id, "wrong"))


@pytest.mark.clause("21 CFR 11.200(a)(2)")
def test_nobody_signs_as_somebody_else_even_with_the_right_password(desk: Desk) -> None:
    with pytest.raises(CredentialsRefused, match="tried to sign as"):
        signed(desk.reviewer, [desk.version], credentials=both(desk.approver))
    assert not Signature.objects.exists()


@pytest.mark.clause("21 CFR 11.300(d)")
def test_an_attempt_to_sign_for_another_is_told_to_the_security_unit(desk: Desk) -> None:
    with pytest.raises(CredentialsRefused, match="tried to sign as"):
        signed(desk.reviewer, [desk.version], credentials=both(desk.approver))
    text = notices.unread(desk.administrator).get().text
    assert desk.approver.user_id in text and desk.reviewer.printed_name in text


@pytest.mark.clause("21 CFR 11.300(d)")
def test_an_attempt_to_sign_for_another_is_in_the_ledger(desk: Desk) -> None:
    with pytest.raises(CredentialsRefused, match="tried to sign as"):
        signed(desk.reviewer, [desk.version], credentials=both(desk.approver))
    (entry,) = bodies(record_type="signing.failed_attempt")
    assert entry["actor"] == desk.reviewer.actor_id
    assert entry["state"]["kind"] == "for-another"
    assert entry["state"]["step"] == "documents.review"
    assert entry["organization"] == str(desk.reviewer.organization_id)


@pytest.mark.clause("21 CFR 11.300(d)")
def test_a_wrong_password_is_counted_and_written_down(desk: Desk) -> None:
    fail(desk)
    (entry,) = bodies(record_type="signing.failed_attempt")
    assert (entry["state"]["kind"], entry["state"]["failures"]) == ("password", 1)
    assert lockout.failures(desk.reviewer.user_id) == 1


def test_a_wrong_password_undoes_the_whole_step(desk: Desk) -> None:
    workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))
    wrong = Credentials(desk.approver.user_id, "wrong")
    day = dt.date(2999, 1, 1)
    with pytest.raises(CredentialsRefused, match="password is wrong"):
        workflow.approve(desk.approver, desk.version, effective_from=day, credentials=wrong)
    desk.version.refresh_from_db()
    assert (desk.version.state, desk.version.effective_from) == ("in_review", None)


@pytest.mark.clause("21 CFR 11.300(d)")
def test_the_fifth_failure_locks_the_account_and_says_so(desk: Desk) -> None:
    fail(desk, 5)
    assert lockout.is_locked(desk.reviewer.user_id)
    assert len(bodies(record_type="signing.locked")) == 1
    assert "was locked" in notices.unread(desk.administrator).get().text


@pytest.mark.clause("21 CFR 11.300(d)")
def test_a_locked_account_does_not_sign_with_the_right_password(desk: Desk) -> None:
    fail(desk, 5)
    with pytest.raises(CredentialsRefused, match="locked account"):
        signed(desk.reviewer, [desk.version])
    assert not Signature.objects.exists()
    assert bodies(record_type="signing.failed_attempt")[-1]["state"]["kind"] == "locked"


def test_failed_log_ins_and_failed_signings_are_counted_together(desk: Desk) -> None:
    for _ in range(4):
        lockout.count(desk.reviewer.user_id, "log-in")
    fail(desk)
    assert lockout.is_locked(desk.reviewer.user_id)


def test_a_signature_that_succeeds_forgets_the_failures_before(desk: Desk) -> None:
    fail(desk, 4)
    signed(desk.reviewer, [desk.version])
    assert lockout.failures(desk.reviewer.user_id) == 0


def test_the_failures_of_one_person_do_not_lock_another(desk: Desk) -> None:
    fail(desk, 5)
    assert signed(desk.approver, [desk.version])


def test_a_missing_component_is_no_attempt(desk: Desk) -> None:
    with pytest.raises(Invalid, match="needs the password"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(desk.reviewer.user_id, ""))
    assert lockout.failures(desk.reviewer.user_id) == 0
    assert not Entry.objects.filter(record_type="signing.failed_attempt").exists()


def test_what_was_typed_into_the_box_for_the_user_id_is_not_repeated(desk: Desk) -> None:
    with pytest.raises(CredentialsRefused, match="not the user id of the person"):
        signed(desk.reviewer, [desk.version], credentials=Credentials("my secret pass phrase", factories.PASSWORD))
    assert all(b"my secret pass phrase" not in bytes(entry.body) for entry in Entry.objects.all())


def test_the_refusal_says_how_many_tries_are_left(desk: Desk) -> None:
    wrong = Credentials(desk.reviewer.user_id, "wrong")
    with pytest.raises(CredentialsRefused, match="Tries left before the account is locked: 4"):
        signed(desk.reviewer, [desk.version], credentials=wrong)
    fail(desk, 3)
    with pytest.raises(CredentialsRefused, match="account is locked: an administrator"):
        signed(desk.reviewer, [desk.version], credentials=wrong)


@pytest.mark.clause("21 CFR 11.300(a)")
def test_no_secret_reaches_the_ledger_or_a_printed_object(desk: Desk) -> None:
    fail(desk)
    signed(desk.reviewer, [desk.version, another_version(desk)])
    assert all(factories.PASSWORD.encode() not in bytes(entry.body) for entry in Entry.objects.all())
    assert factories.PASSWORD not in repr(both(desk.reviewer, totp="123456"))
    assert "123456" not in repr(both(desk.reviewer, totp="123456"))


def test_a_refused_verb_and_the_failed_attempt_are_both_on_record(desk: Desk) -> None:
    with pytest.raises(CredentialsRefused, match="password is wrong"):
        workflow.review(desk.reviewer, desk.version, credentials=Credentials(desk.reviewer.user_id, "wrong"))
    assert len(bodies(record_type="signing.failed_attempt")) == 1
    assert len(bodies(record_type="ledger.refusal")) == 1
