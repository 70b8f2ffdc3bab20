"""People: entered once, identified by somebody else, deactivated and never deleted."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from crdmo.foundation.accounts import notices, workflow
from crdmo.foundation.accounts.models import Login, Membership, Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[Entry]:
    return list(Entry.objects.filter(action=action).order_by("seq"))


def test_a_new_installation_has_its_organization_and_administrators() -> None:
    lab, new = workflow.bootstrap(code="LAB", name="Lab", administrators=[("ann", "Ann A"), ("ben", "Ben B")])
    assert lab.kind == Organization.Kind.PARTNER
    assert [n.person.user_id for n in new] == ["ann", "ben"]
    assert all(n.person.identity_verified for n in new)
    assert Login.objects.get(user_id="ann").check_password(new[0].temporary_password)


def test_an_installation_is_set_up_once() -> None:
    factories.partner()
    with pytest.raises(Refused, match="was set up before"):
        workflow.bootstrap(code="LAB", name="Lab", administrators=[("ann", "Ann A")])


def test_a_person_gets_a_temporary_password_that_must_be_changed() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    new = workflow.create_person(admin, factories.partner(), user_id="Cara", printed_name="Cara C", email="c@x.test")
    login = Login.objects.get(person=new.person)
    assert login.user_id == "cara" and login.must_change_password
    assert login.check_password(new.temporary_password)
    assert login.password_set_by == admin
    assert acts.personal(new.person, "email") == "c@x.test"


def test_the_ledger_holds_no_password() -> None:
    new = workflow.create_person(SYSTEM, factories.partner(), user_id="cara", printed_name="Cara C")
    hashed = Login.objects.get(person=new.person).password
    for entry in Entry.objects.all():
        assert new.temporary_password.encode() not in bytes(entry.body)
        assert hashed.encode() not in bytes(entry.body)


@pytest.mark.clause("21 CFR 11.300(a)")
@pytest.mark.parametrize("again", ["cara", "CARA", " Cara "])
def test_a_user_id_is_unique_in_any_spelling(again: str) -> None:
    workflow.create_person(SYSTEM, factories.partner(), user_id="cara", printed_name="Cara C")
    with pytest.raises(Refused, match="given before"):
        workflow.create_person(SYSTEM, factories.sponsor(), user_id=again, printed_name="Somebody Else")


@pytest.mark.clause("21 CFR 11.100(a)")
def test_a_user_id_is_never_given_again_after_deactivation() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    gone = factories.person(Role.ANALYST, user_id="cara")
    workflow.deactivate_person(admin, gone, reason="left the company")
    with pytest.raises(Refused, match=r"given before.*reactivate the old entry"):
        workflow.create_person(admin, factories.partner(), user_id="cara", printed_name="Another Cara")


@pytest.mark.clause("21 CFR 11.100(a)")
def test_a_person_cannot_be_deleted() -> None:
    gone = factories.person(Role.ANALYST)
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        Person.objects.filter(pk=gone.pk)._raw_delete("default")


@pytest.mark.parametrize("user_id", ["a", "1ann", "ann b", "änn", "a" * 41, ""])
def test_a_user_id_that_is_written_differently_is_refused(user_id: str) -> None:
    with pytest.raises(Invalid, match="written differently"):
        workflow.create_person(SYSTEM, factories.partner(), user_id=user_id, printed_name="Ann")


def test_only_an_administrator_enters_people() -> None:
    with pytest.raises(NotPermitted, match="may not enter a person"):
        workflow.create_person(factories.person(Role.QA), factories.partner(), user_id="cara", printed_name="Cara")
    assert not Person.objects.filter(user_id="cara").exists()


def test_a_refused_step_leaves_its_refusal_in_the_ledger() -> None:
    qa = factories.person(Role.QA)
    with pytest.raises(NotPermitted, match="may not enter a person"):
        workflow.create_person(qa, factories.partner(), user_id="cara", printed_name="Cara")
    last = Entry.objects.order_by("-seq")[0]
    assert last.record_type == "ledger.refusal" and last.actor == qa.actor_id


def test_the_partners_administrator_enters_people_of_a_sponsor() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    new = workflow.create_person(admin, factories.sponsor(), user_id="sam", printed_name="Sam S")
    assert new.person.organization == factories.sponsor()


def test_a_sponsors_administrator_enters_the_own_people_only() -> None:
    admin = factories.person(Role.ADMINISTRATOR, organization=factories.sponsor())
    workflow.create_person(admin, factories.sponsor(), user_id="sam", printed_name="Sam S")
    for foreign in (factories.partner(), factories.sponsor("OTHER")):
        with pytest.raises(NotPermitted, match="may not enter a person"):
            workflow.create_person(admin, foreign, user_id="eve", printed_name="Eve E")


def test_a_sponsors_administrator_enters_no_organization() -> None:
    admin = factories.person(Role.ADMINISTRATOR, organization=factories.sponsor())
    with pytest.raises(NotPermitted, match="may not enter an organization"):
        workflow.create_organization(admin, code="NEW", name="New", kind="sponsor")


def test_a_program_opens_its_own_chain() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    made = workflow.create_program(admin, factories.sponsor(), factories.partner(), code="CRD-7", name="Seven")
    entry = Entry.objects.get(record_id=made.pk)
    assert entry.stream == str(made.pk) and entry.stream_seq == 1


@pytest.mark.parametrize("code", ["crd-1", "CRD 1", "C", "CRD/1", "-CRD"])
def test_a_program_code_that_cannot_stand_in_an_address_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="stands in every address"):
        workflow.create_program(SYSTEM, factories.sponsor(), factories.partner(), code=code, name="x")
    assert not Program.objects.exists()


def test_a_program_is_opened_with_a_partner() -> None:
    with pytest.raises(Refused, match="is no partner"):
        workflow.create_program(SYSTEM, factories.sponsor(), factories.sponsor("OTHER"), code="CRD-1", name="x")


@pytest.mark.clause("21 CFR 11.100(b)")
def test_an_identity_is_confirmed_with_the_reason_how() -> None:
    qa, new = factories.person(Role.QA), factories.person(Role.ANALYST, verified=False)
    with pytest.raises(Invalid, match="needs a reason"):
        workflow.verify_identity(qa, new)
    assert workflow.verify_identity(qa, new, reason="passport seen on site").identity_verified
    assert entries("accounts.verify_identity")[-1].actor == qa.actor_id


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_who_gave_the_password_does_not_confirm_the_identity() -> None:
    admin, other = factories.person(Role.ADMINISTRATOR), factories.person(Role.ADMINISTRATOR)
    new = workflow.create_person(admin, factories.partner(), user_id="cara", printed_name="Cara C").person
    with pytest.raises(Refused, match="does not confirm the identity as well"):
        workflow.verify_identity(admin, new, reason="seen")
    assert workflow.verify_identity(other, new, reason="passport seen").identity_verified


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_a_reset_withdraws_the_confirmed_identity_until_another_confirms_it() -> None:
    admin, qa = factories.person(Role.ADMINISTRATOR), factories.person(Role.QA)
    person = factories.person(Role.ANALYST)
    given = workflow.reset_password(admin, person, reason="forgotten")
    person.refresh_from_db()
    login = Login.objects.get(person=person)
    assert login.must_change_password and login.check_password(given.temporary_password)
    assert not person.identity_verified
    with pytest.raises(Refused, match="does not confirm"):
        workflow.verify_identity(admin, person, reason="known to me")
    assert workflow.verify_identity(qa, person, reason="met in person").identity_verified


def test_a_reset_is_told_to_the_person_and_to_the_other_administrators() -> None:
    admin, other = factories.person(Role.ADMINISTRATOR), factories.person(Role.ADMINISTRATOR)
    person = factories.person(Role.ANALYST)
    workflow.reset_password(admin, person, reason="forgotten")
    assert [n.text for n in notices.unread(person)] == [f"Your password was reset by {admin.printed_name}."]
    assert "waits to be confirmed" in notices.unread(other)[0].text
    assert not notices.unread(admin).exists()


def test_nobody_resets_the_own_password() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="change it instead"):
        workflow.reset_password(admin, admin, reason="forgotten")


def test_deactivation_ends_log_in_roles_and_the_right_to_sign() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST, factories.program())
    workflow.deactivate_person(admin, person, reason="left")
    login = Login.objects.get(person=person)
    assert not login.is_active and not login.person.identity_verified
    assert Membership.objects.get(person=person).ends is not None


def test_nobody_deactivates_oneself() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="deactivates the own account"):
        workflow.deactivate_person(admin, admin, reason="x")


def test_deactivation_needs_a_reason() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST)
    with pytest.raises(Invalid, match="needs a reason"):
        workflow.deactivate_person(admin, person)
    person.refresh_from_db()
    assert person.is_active


def test_who_comes_back_gets_a_new_password_and_no_roles() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST)
    workflow.deactivate_person(admin, person, reason="left")
    person.refresh_from_db()
    back = workflow.reactivate_person(admin, person, reason="returned from leave")
    login = Login.objects.get(person=person)
    assert login.is_active and login.must_change_password and login.check_password(back.temporary_password)
    from crdmo.foundation.accounts.authority import roles_of

    assert roles_of(login.person, None, login.person.organization_id) == {}


def test_a_corrected_name_leaves_the_old_one_in_the_ledger() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST, printed_name="Ann Old")
    workflow.change_person(admin, person, printed_name="Ann New", reason="married")
    bodies = [bytes(e.body) for e in Entry.objects.filter(record_id=person.pk).order_by("version")]
    assert b"Ann Old" in bodies[0] and b"Ann New" in bodies[1] and b"married" in bodies[1]
