"""21 CFR 11.200(a)(1): all components at first, one in the same continuous session, all again outside it."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts import passwords
from crdmo.foundation.accounts.models import Login
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.foundation.signing import Credentials, end_session, end_sessions_of, needs, sign
from crdmo.foundation.signing.models import Signature, SigningSession
from tests import factories
from tests.foundation.signing.desk import Desk, another_version, both, later, log_in, log_out, one, signed


@pytest.fixture
def session(desk: Desk) -> str:
    """A log-in in which the reviewer has signed once."""
    key = log_in()
    signed(desk.reviewer, [desk.version], credentials=both(desk.reviewer, key))
    return key


@pytest.mark.clause("21 CFR 11.200(a)(1)(i)")
def test_the_first_signing_is_given_with_user_id_and_password(desk: Desk) -> None:
    made = signed(desk.reviewer, [desk.version], credentials=both(desk.reviewer, log_in()))
    assert [s.components for s in made] == ["id+password"]


@pytest.mark.clause("21 CFR 11.200(a)(1)(i)")
def test_the_first_signing_without_user_id_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [desk.version], credentials=one(log_in()))
    assert not Signature.objects.exists()


@pytest.mark.clause("21 CFR 11.200(a)(1)(i)")
def test_the_first_signing_without_password_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="needs the password"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(desk.reviewer.user_id, "", log_in()))


@pytest.mark.clause("21 CFR 11.200(a)(1)(i)")
def test_the_next_signing_in_the_session_needs_the_password_only(desk: Desk, session: str) -> None:
    assert signed(desk.reviewer, [another_version(desk)], credentials=one(session))[0].components == "password"


@pytest.mark.clause("21 CFR 11.200(a)(1)(i)")
def test_the_next_signing_is_not_given_by_the_session_alone(desk: Desk, session: str) -> None:
    with pytest.raises(Invalid, match="needs the password"):
        signed(desk.reviewer, [another_version(desk)], credentials=Credentials(desk.reviewer.user_id, "", session))


@pytest.mark.clause("21 CFR 11.200(a)(1)(ii)")
def test_after_the_window_all_components_are_asked_again(desk: Desk, session: str) -> None:
    later(session, 16)
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(session))


def test_within_the_window_each_signing_keeps_the_session_open(desk: Desk, session: str) -> None:
    later(session, 14)
    signed(desk.reviewer, [another_version(desk)], credentials=one(session))
    later(session, 14)
    again = signed(desk.reviewer, [another_version(desk, "SOP-9")], credentials=one(session))
    assert again[0].components == "password"


def test_the_window_is_a_setting(desk: Desk, session: str, settings: pytest.FixtureRequest) -> None:
    settings.SIGNING_MINUTES = 5
    later(session, 6)
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(session))


@pytest.mark.clause("21 CFR 11.200(a)(1)(ii)")
def test_log_out_ends_the_continuous_session(desk: Desk, session: str) -> None:
    log_out(session)
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(session))


@pytest.mark.clause("21 CFR 11.200(a)(1)(ii)")
def test_time_out_ends_the_continuous_session(desk: Desk, session: str) -> None:
    end_session(session)
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(session))


def test_all_sessions_of_a_person_can_be_ended(desk: Desk, session: str) -> None:
    end_sessions_of(desk.reviewer)
    assert needs(desk.reviewer, session).user_id


def test_another_log_in_of_the_same_person_starts_anew(desk: Desk, session: str) -> None:
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(log_in()))


def test_the_session_of_somebody_else_is_worth_nothing(desk: Desk, session: str) -> None:
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.approver, [another_version(desk)], credentials=one(session))


def test_a_new_password_ends_the_session(desk: Desk, session: str) -> None:
    passwords.choose(Login.objects.get(person=desk.reviewer), "another sentence of words")
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(
            desk.reviewer, [another_version(desk)], credentials=Credentials("", "another sentence of words", session)
        )


def test_without_a_session_each_signing_needs_both(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version], credentials=both(desk.reviewer))
    with pytest.raises(Invalid, match="needs user id and password"):
        signed(desk.reviewer, [another_version(desk)], credentials=one(""))


def test_the_user_id_may_be_typed_in_any_letter_case(desk: Desk) -> None:
    credentials = Credentials(desk.reviewer.user_id.upper(), factories.PASSWORD)
    assert signed(desk.reviewer, [desk.version], credentials=credentials)


def test_a_step_that_is_undone_opens_no_session(desk: Desk) -> None:
    key = log_in()

    def review_and_fail() -> None:
        with act(desk.reviewer, "documents.review") as opened:
            sign(opened, [desk.version], "reviewed", both(desk.reviewer, key))
            raise Refused("the step fails after signing")

    with pytest.raises(Refused, match="fails after signing"):
        review_and_fail()
    assert not SigningSession.objects.exists()
    assert not Signature.objects.exists()


def test_the_dialog_learns_what_to_ask_for(desk: Desk, session: str) -> None:
    assert not needs(desk.reviewer, session).user_id
    assert needs(desk.reviewer, log_in()).user_id
    later(session, 16)
    assert needs(desk.reviewer, session).user_id


def test_an_api_token_never_signs(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="API token never signs"):
        signed(desk.reviewer, [desk.version], credentials=both(desk.reviewer, by_token=True))
