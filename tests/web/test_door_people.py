"""The pages of people: what each desk is shown, and that a form loses nothing when its step is refused."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client

from crdmo.foundation.accounts import workflow
from crdmo.foundation.accounts.models import AccessReview, Login, Membership, Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = dt.datetime.now(dt.UTC).date()


def enter(person: Person) -> Client:
    client = Client()
    client.force_login(person.login, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def boss() -> Client:
    return enter(factories.person(Role.ADMINISTRATOR, user_id="boss"))


def text(answer) -> str:
    return answer.content.decode()


def test_an_administrator_enters_a_person_and_sees_the_password_once(boss: Client) -> None:
    sent = {"organization": factories.partner().code, "user_id": "cara", "printed_name": "Cara C"}
    answer = boss.post("/people/new/", sent)
    shown = re.search(r'<code id="given">([\w-]+)</code>', text(answer))
    assert shown and Login.objects.get(user_id="cara").check_password(shown.group(1))
    assert shown.group(1) not in text(boss.get("/people/cara/"))


def test_a_refused_form_keeps_what_was_typed_and_says_why(boss: Client) -> None:
    factories.person(Role.ANALYST, user_id="cara")
    sent = {"organization": factories.partner().code, "user_id": "cara", "printed_name": "Another Cara"}
    answer = boss.post("/people/new/", sent)
    assert answer.status_code == 409
    for words in ("given before", 'value="Another Cara"', "There is a problem"):
        assert words in text(answer)


def test_what_a_field_cannot_take_is_said_at_the_field(boss: Client) -> None:
    sent = {"organization": factories.partner().code, "user_id": "1 x", "printed_name": "X"}
    answer = boss.post("/people/new/", sent)
    assert answer.status_code == 422 and "small letters, digits" in text(answer)


def test_a_role_is_granted_and_ended_on_the_page(boss: Client) -> None:
    person, program = factories.person(user_id="cara"), factories.program()
    sent = {"role": "analyst", "program": program.code, "starts": str(TODAY)}
    assert boss.post("/people/cara/role/", sent)["Location"] == "/people/cara/"
    membership = Membership.objects.get(person=person)
    assert membership.program == program
    url = f"/people/cara/roles/{membership.pk}/end/"
    assert boss.post(url, {"reason": ""}).status_code == 422
    assert boss.post(url, {"reason": "moved to another unit"}).status_code == 302
    membership.refresh_from_db()
    assert membership.is_void


def test_a_role_that_excludes_one_held_is_refused_on_the_page(boss: Client) -> None:
    factories.person(Role.ANALYST, user_id="cara")
    answer = boss.post("/people/cara/role/", {"role": "qa", "starts": str(TODAY)})
    assert answer.status_code == 409 and "may not be held by one person" in text(answer)


def test_the_page_offers_steps_that_make_sense_and_are_permitted() -> None:
    person = factories.person(Role.ANALYST, user_id="cara", verified=False)
    offered = text(enter(factories.person(Role.QA)).get("/people/cara/"))
    assert "/people/cara/identity/" in offered and "/people/cara/reset/" not in offered
    assert "/people/cara/reactivate/" not in offered
    workflow.verify_identity(SYSTEM, person, reason="seen")
    assert "/people/cara/identity/" not in text(enter(factories.person(Role.QA)).get("/people/cara/"))


def test_an_analyst_does_not_see_the_list_of_people() -> None:
    assert enter(factories.person(Role.ANALYST)).get("/people/").status_code == 403


def test_a_person_out_of_reach_is_not_there() -> None:
    factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"), user_id="theirs")
    client = enter(factories.person(Role.SPONSOR_QA))
    for url in ("/people/theirs/", "/people/theirs/identity/", "/people/nobody/"):
        assert client.get(url).status_code == 404


def test_the_list_is_narrowed_by_what_is_looked_for(boss: Client) -> None:
    factories.person(Role.ANALYST, user_id="cara", printed_name="Cara C", verified=False)
    factories.person(Role.ANALYST, user_id="dora", printed_name="Dora D")
    assert "Dora D" not in text(boss.get("/people/?words=car"))
    shown = text(boss.get("/people/?only=unverified"))
    assert "Cara C" in shown and "Dora D" not in shown


def test_the_list_costs_the_same_queries_for_many_people(boss: Client, django_assert_max_num_queries) -> None:
    for _ in range(30):
        factories.person(Role.ANALYST)
    boss.get("/people/")
    # On PostgreSQL the scope of the person is set as well.
    with django_assert_max_num_queries(15 if connection.vendor == "sqlite" else 21):
        boss.get("/people/")


@pytest.mark.clause("21 CFR 11.300(b)")
def test_access_is_reviewed_on_the_page() -> None:
    person = factories.person(Role.ANALYST, user_id="cara")
    client = enter(factories.person(Role.QA))
    assert client.post("/people/cara/review/", {"outcome": "keep"}).status_code == 302
    assert AccessReview.objects.get().person == person
    assert "Access is right" in text(client.get("/people/cara/"))


def test_training_that_is_missing_is_acknowledged_by_who_has_read() -> None:
    qa, person = factories.person(Role.QA), factories.person(Role.SUPERVISOR)
    workflow.set_training_requirement(
        qa, factories.partner(), role=Role.SUPERVISOR, subject="SOP-012", version="2", from_date=TODAY
    )
    client = enter(person)
    assert "I have read and understood SOP-012" in text(client.get("/account/training/"))
    assert client.post("/account/training/", {"subject": "SOP-012", "version": "2"}).status_code == 302
    assert "Nothing is missing" in text(client.get("/account/training/"))
    assert client.post("/account/training/", {"subject": "SOP-999", "version": "1"}).status_code == 422


def test_a_role_is_lent_and_taken_back_on_the_page() -> None:
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER, user_id="cara")
    client = enter(giver)
    sent = {"person": "cara", "role": "supervisor", "starts": str(TODAY), "ends": str(TODAY + dt.timedelta(days=7))}
    assert client.post("/account/delegation/", sent).status_code == 302
    lent = taker.delegations.get()
    assert enter(taker).get(f"/account/delegation/{lent.pk}/end/").status_code == 200
    assert enter(taker).post(f"/account/delegation/{lent.pk}/end/", {"reason": "no"}).status_code == 409
    assert client.post(f"/account/delegation/{lent.pk}/end/", {"reason": "back"}).status_code == 302


def test_an_organization_and_a_program_are_entered_on_the_page(boss: Client) -> None:
    boss.post("/people/organizations/new/", {"code": "ACME", "name": "Acme", "kind": "sponsor"})
    boss.post("/people/programs/new/", {"sponsor": "ACME", "code": "ACM-1", "name": "First"})
    assert Program.objects.get(code="ACM-1").organization == Organization.objects.get(code="ACME")
    assert "ACM-1" in text(boss.get("/people/organizations/"))


def test_the_matrix_shows_every_verb(boss: Client) -> None:
    shown = text(boss.get("/people/matrix/"))
    for verb in ("accounts.grant_role", "accounts.verify_identity", "ledger.erase"):
        assert verb in shown


def test_the_inbox_is_read_line_by_line_and_at_once() -> None:
    from crdmo.foundation.accounts import notices

    person = factories.person()
    one, _ = notices.tell([person], "first"), notices.tell([person], "second")
    client = enter(person)
    client.post("/inbox/", {"notice": str(one[0].pk)})
    assert [n.text for n in notices.unread(person)] == ["second"]
    client.post("/inbox/", {"all": "1"})
    assert not notices.unread(person).exists()


def test_every_field_of_every_form_says_what_it_is_for() -> None:
    from crdmo.web.accounts import forms

    found = [f for f in vars(forms).values() if isinstance(f, type) and issubclass(f, forms.StepForm)]
    assert len(found) > 10
    fields = [(form, name, field) for form in found for name, field in form.base_fields.items()]
    silent = [f"{form.__name__}.{name}" for form, name, field in fields if not field.help_text]
    assert silent == []
