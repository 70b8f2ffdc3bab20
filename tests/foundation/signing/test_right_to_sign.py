"""21 CFR 11.100, 11.10(g): who has the right to sign at all, and in which role."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.refusals import NotPermitted
from crdmo.foundation.signing import Credentials, sign
from crdmo.foundation.signing.models import Signature
from tests import factories
from tests.foundation.signing.desk import Desk, both, signed


@pytest.mark.clause("21 CFR 11.100(b)")
def test_nobody_signs_before_the_identity_is_verified(desk: Desk) -> None:
    new = factories.person(Role.REVIEWER, desk.program, verified=False)
    factories.login(new)
    with pytest.raises(NotPermitted, match=r"identity of .* is not verified"):
        signed(new, [desk.version])


@pytest.mark.clause("21 CFR 11.300(c)")
def test_a_deactivated_person_does_not_sign(desk: Desk) -> None:
    with act(SYSTEM, "accounts.deactivate_person", "left") as opened:
        opened.change(Person.objects.get(pk=desk.reviewer.pk), is_active=False)
    with pytest.raises(NotPermitted, match="deactivated"):
        signed(desk.reviewer, [desk.version])


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_a_password_that_somebody_else_gave_does_not_sign(desk: Desk) -> None:
    factories.login(desk.reviewer, must_change=True)
    with pytest.raises(NotPermitted, match="set by somebody else"):
        signed(desk.reviewer, [desk.version])


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_an_administrator_who_resets_a_password_cannot_sign_as_that_person(desk: Desk) -> None:
    given = accounts.reset_password(desk.administrator, desk.reviewer, reason="forgotten")
    stolen = Credentials(desk.reviewer.user_id, given.temporary_password)
    with pytest.raises(NotPermitted, match=r"set by somebody else|not verified"):
        signed(desk.reviewer, [desk.version], credentials=stolen)
    assert not Signature.objects.exists()


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_choosing_a_password_for_a_reset_account_is_not_enough_to_sign(desk: Desk) -> None:
    accounts.reset_password(desk.administrator, desk.reviewer, reason="forgotten")
    factories.login(desk.reviewer)
    with pytest.raises(NotPermitted, match="not verified"):
        signed(desk.reviewer, [desk.version])


def test_the_system_never_signs(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="acting as themselves"), act(SYSTEM, "documents.review") as opened:
        sign(opened, [desk.version], "reviewed", both(desk.reviewer))


@pytest.mark.clause("21 CFR 11.200(a)(2)")
def test_who_acts_for_another_does_not_sign(desk: Desk) -> None:
    class OnBehalf:
        actor_id, printed_name = desk.reviewer.actor_id, desk.reviewer.printed_name

        def role_for(self, *asked: object) -> str:
            return "reviewer"

    with pytest.raises(NotPermitted, match="acting as themselves"), act(OnBehalf(), "documents.review") as opened:
        sign(opened, [desk.version], "reviewed", both(desk.reviewer))
    marked = Person.objects.get(pk=desk.reviewer.pk)
    marked.impersonated_by = desk.administrator  # type: ignore[attr-defined]
    with pytest.raises(NotPermitted, match="acting as themselves"):
        signed(marked, [desk.version])


def test_a_person_without_log_in_does_not_sign(desk: Desk) -> None:
    Login.objects.filter(person=desk.reviewer).delete()
    with pytest.raises(NotPermitted, match="has no log-in"):
        signed(desk.reviewer, [desk.version])


@pytest.mark.clause("21 CFR 11.10(g)")
def test_a_person_in_another_role_does_not_sign(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="may not approve a document"):
        signed(desk.reviewer, [desk.version], "approved", action="documents.approve")


@pytest.mark.clause("21 CFR 11.10(g)")
def test_a_role_in_one_program_does_not_sign_in_another(desk: Desk) -> None:
    other = factories.program("CRD-202", owner=factories.sponsor("OTHER"))
    stranger = factories.person(Role.REVIEWER, other)
    factories.login(stranger)
    with pytest.raises(NotPermitted, match="may not review a document"):
        signed(stranger, [desk.version])


def test_lent_authority_is_printed_with_the_signature(desk: Desk) -> None:
    today = dt.datetime.now(dt.UTC).date()
    helper = factories.person(Role.SAMPLE_MANAGER, desk.program)
    factories.login(helper)
    accounts.delegate(
        desk.reviewer, desk.reviewer, helper, role=Role.REVIEWER, starts=today, ends=today, program=desk.program
    )
    (made,) = signed(helper, [desk.version])
    assert made.role == f"reviewer (delegated by {desk.reviewer.printed_name})"


@pytest.mark.clause("21 CFR 11.100(a)")
def test_each_signature_is_of_one_person_whose_user_id_is_nobody_elses(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    assert made.signer_id == desk.reviewer.pk
    assert Person.objects.filter(user_id=made.signer.user_id).count() == 1
