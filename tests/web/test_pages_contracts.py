"""Contracts and stock as pages: both parties sign, every figure opens to its record, stock adds up."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.engagements import workflow
from crdmo.common.engagements.models import Agreement
from crdmo.foundation.accounts.roles import Role
from tests import factories
from tests.services.quality.conftest import lab  # noqa: F401 — a fixture
from tests.web.house import Browser


@pytest.fixture
def manager(lab):  # noqa: F811
    person = factories.person(Role.PROJECT_MANAGER)
    factories.login(person)
    return person


@pytest.fixture
def drafted(lab, manager) -> Agreement:  # noqa: F811
    return workflow.draft_agreement(manager, lab.program, kind="msa", title="Master services", effective_from=lab.today)


def ordered(lab, manager, drafted):  # noqa: F811
    for person in (manager, lab.sponsor):
        drafted = workflow.sign_agreement(person, drafted, credentials=lab.sign(person))
    lines = [{"service": "quality", "description": "Release", "unit": "lot", "quantity": "3", "unit_price": "1200"}]
    met = {
        "name": "Certificate",
        "condition": "quality.certificate_signed",
        "parameters": {"lot": "L-1"},
        "due_on": lab.today - dt.timedelta(days=1),
        "amount": "400",
    }
    return workflow.draft_work_order(
        manager, drafted, title="Release", currency="EUR", starts_on=lab.today, lines=lines, milestones=[met]
    )


def signing(person) -> dict[str, str]:
    return {"step": "sign", "signing_user_id": person.user_id, "signing_password": factories.PASSWORD}


@pytest.mark.clause("21 CFR 11.200(a)")
def test_a_party_signs_on_the_page_and_a_wrong_password_does_not(lab, drafted) -> None:  # noqa: F811
    browser, path = Browser(lab.sponsor), f"/CRD-101/contracts/{drafted.code}/"
    assert browser.post(path, {**signing(lab.sponsor), "signing_password": "wrong"}).status_code == 403
    assert browser.post(path, signing(lab.sponsor)).status_code == 302
    assert lab.sponsor.printed_name in browser.text(path)


def test_an_order_shows_what_is_earned_by_which_record(lab, manager, drafted) -> None:  # noqa: F811
    order = ordered(lab, manager, drafted)
    browser, path = Browser(lab.sponsor), f"/CRD-101/contracts/{order.code}/?format=json"
    found = browser.get(path).json()
    assert (found["value"], found["earned"]) == ("3\u202f600.00 EUR", "0.00 EUR")
    lot = lab.lot("L-1")
    lab.tested(lot)
    lab.certificate(lot)
    found = browser.get(path).json()
    assert found["earned"] == "400.00 EUR" and found["milestones"][0]["met"] and found["milestones"][0]["entry"]
    assert "Release" in browser.text(path.split("?", maxsplit=1)[0])


def test_a_contract_of_another_program_is_not_there(lab, drafted) -> None:  # noqa: F811
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    stranger = factories.person(Role.SPONSOR_LEAD, other, organization=factories.sponsor("OTHER"))
    factories.login(stranger)
    browser = Browser(stranger)
    assert browser.get(f"/CRD-101/contracts/{drafted.code}/").status_code == 404
    assert browser.get(f"/OTHER-1/contracts/{drafted.code}/").status_code == 404


def test_stock_shows_what_is_left(lab) -> None:  # noqa: F811
    lab.sample(lab.lot("L-1"))
    text = Browser(lab.sponsor).text("/CRD-101/materials/")
    assert "L-1" in text and "980" in text
