"""A program with people who keep its stock, and people who sign its contracts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from tests import factories
from tests.common.market import Market, open_market


@dataclass
class House:
    """One program, its keeper of samples, its two signers, one product."""

    program: Program
    keeper: Person
    manager: Person
    lead: Person
    product: Substance
    today: dt.date

    def lot(self, code: str = "", amount: str = "1000", unit: str = "g", **more: Any) -> Lot:
        return stock.register_lot(self.keeper, self.product, code=code, amount=amount, unit=unit, **more)

    def sample(self, source: Any, amount: str = "10", unit: str = "g", **more: Any) -> Any:
        return stock.register_sample(
            self.keeper, source, purpose="release", amount=amount, unit=unit, taken_on=self.today, **more
        )

    def sign(self, person: Person) -> Credentials:
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")


@pytest.fixture
def house(db: None, settings: Any) -> House:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    program = factories.program()
    keeper, manager = (factories.person(role) for role in (Role.SAMPLE_MANAGER, Role.PROJECT_MANAGER))
    lead = factories.person(Role.SPONSOR_LEAD, program)
    for person in (manager, lead):
        factories.login(person)
    product = stock.register_substance(keeper, program, code="API-1", name="Velatide", kind="drug_substance")
    return House(program, keeper, manager, lead, product, dt.datetime.now(dt.UTC).date())


@pytest.fixture
def market(db: None, settings: Any) -> Market:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return open_market()
