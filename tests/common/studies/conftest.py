"""A study with two people who sign for it; its steps run as a verb of a room would run them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import ProtocolVersion, Study, Subject
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts
from crdmo.foundation.signing import Credentials, Meaning
from tests import factories


@dataclass
class Bench:
    """One program with a substance, its study's lead and a second signer."""

    program: Program
    lead: Person
    second: Person
    substance: Any
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    def do(self, step: Callable[..., Any], *args: Any, by: Person | None = None, reason: str = "", **more: Any) -> Any:
        with acts.act(by or self.lead, "studies.step", reason) as act:
            return step(act, *args, **more)

    def key(self, person: Person) -> Credentials:
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def study(self, code: str = "TOX-1", **more: Any) -> Study:
        values = {"title": "28 days, rat", "kind": "nonclinical", "lead": self.lead, "substance": self.substance}
        return self.do(steps.create_study, self.program, code=code, **{**values, **more})

    def draft(self, study: Study) -> ProtocolVersion:
        """Draft a protocol with two groups, two epochs, three time points, two activities."""
        version = self.do(steps.draft_protocol, study, text="Purpose: to see.")
        self.do(
            steps.add_arms,
            version,
            [
                {"code": "1", "name": "Control", "dose": "0", "unit": "mg/kg", "is_control": True},
                {"code": "2", "name": "Low", "dose": "10", "unit": "mg/kg", "ratio": 2},
            ],
        )
        before, treatment = self.do(
            steps.add_epochs, version, [{"code": "PRE", "name": "Acclimation"}, {"code": "TRT", "name": "Treatment"}]
        )
        visits = self.do(
            steps.add_visits,
            version,
            [
                {"code": "D-1", "name": "Day -1", "day": -1, "epoch": before},
                {"code": "D1", "name": "Day 1", "day": 1, "epoch": treatment},
                {"code": "D8", "name": "Day 8", "day": 8, "before": 1, "after": 2, "epoch": treatment},
            ],
        )
        weigh, look = self.do(
            steps.add_activities,
            version,
            [{"code": "BW", "name": "Body weight", "domain": "BW"}, {"code": "CL", "name": "Observation"}],
        )
        self.do(steps.schedule, version, {visit: [weigh, look] for visit in visits})
        return version

    def sign(self, version: ProtocolVersion) -> ProtocolVersion:
        self.do(steps.finalise_protocol, version)
        self.do(steps.sign_protocol, version, Meaning.AUTHORED, self.key(self.lead))
        after = {"after": [Meaning.AUTHORED]}
        self.do(steps.sign_protocol, version, Meaning.APPROVED, self.key(self.second), by=self.second, **after)
        return self.do(steps.put_in_force, version, [Meaning.AUTHORED, Meaning.APPROVED], by=self.second)

    def running(self, animals: int = 2, days_ago: int = 9, **more: Any) -> tuple[Study, list[Subject]]:
        """Return a study in work, its animals exposed for the first time some days ago."""
        study = self.study(**more)
        self.sign(self.draft(study))
        rows = [{"code": f"A{i}", "sex": "F" if i % 2 else "M"} for i in range(1, animals + 1)]
        subjects = self.do(steps.register_subjects, study, rows)
        first = self.today - dt.timedelta(days=days_ago)
        self.do(steps.enroll, subjects, on=first)
        self.do(steps.start_exposure, subjects, on=first)
        return study, subjects


@pytest.fixture
def bench(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    rule = authority.Rule("studies.step", "do a step of a study", (Role.PROJECT_MANAGER,))
    monkeypatch.setitem(authority.TABLE, "studies.step", rule)
    program = factories.program()
    lead, second = factories.person(Role.PROJECT_MANAGER), factories.person(Role.PROJECT_MANAGER)
    for person in (lead, second):
        factories.login(person)
    keeper = factories.person(Role.SAMPLE_MANAGER)
    substance = stock.register_substance(keeper, program, code="API-1", name="Velatide", kind="drug_substance")
    return Bench(program, lead, second, substance)
