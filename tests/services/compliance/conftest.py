"""Each test of the quality system has a laboratory of its own, with what is reported there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crdmo.services.compliance.models import Affected, Capa, Change, Deviation, SupplierMaterial
from crdmo.services.compliance.workflow import affected, capas, changes, deviations, suppliers
from tests.services.quality.conftest import lab
from tests.services.quality.lab import Lab


class System:
    """The quality system of a laboratory, with short ways to the states that tests begin in."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.today = lab, lab.today

    def day(self, days: int) -> dt.date:
        return self.today + dt.timedelta(days=days)

    def report(self, *records: Any, **given: Any) -> Deviation:
        now = dt.datetime.now(dt.UTC)
        values = {
            "title": "Refrigerator 3 above 8 °C",
            "facts": "The display showed 9.2 °C at 07:10; the door stood ajar.",
            "happened_at": now - dt.timedelta(hours=9),
            "found_at": now - dt.timedelta(hours=2),
            **given,
        }
        return deviations.report_deviation(self.lab.analyst, self.lab.program, records=list(records), **values)

    def classified(self, *records: Any, classification: str = "minor") -> Deviation:
        made = self.report(*records)
        return deviations.classify_deviation(
            self.lab.qa,
            made,
            classification=classification,
            why="As the SOP sets out.",
            investigator=self.lab.supervisor,
        )

    def investigate(self, found: Deviation, **given: Any) -> None:
        values = {
            "method": "five_why",
            "root_cause": "The door does not close by itself.",
            "cause": "equipment",
            "evidence": "Tried ten times; it stayed ajar twice.",
            "capa_needed": False,
            **given,
        }
        deviations.investigate(self.lab.supervisor, found, **values)

    def judge(self, found: Any, impact: str = "none") -> None:
        for one in affected.unassessed(found):
            affected.assess_impact(self.lab.supervisor, one, impact=impact, assessment="Stable for 48 h at 25 °C.")

    def approve(self, found: Deviation) -> Deviation:
        return deviations.approve_deviation(self.lab.qa, found, credentials=self.lab.sign(self.lab.qa))

    def closed(self, *records: Any, impact: str = "none") -> Deviation:
        found = self.classified(*records)
        self.investigate(found)
        self.judge(found, impact)
        return self.approve(found)

    def capa(self, *records: Any, **given: Any) -> Capa:
        values = {
            "title": "Door closers",
            "problem": "Doors stay ajar.",
            "owner": self.lab.supervisor,
            "criterion": "No alarm by an open door in 90 days.",
            "data": "Alarm log of refrigerators 1 to 4.",
            "check_on": self.day(90),
            **given,
        }
        return capas.open_capa(self.lab.supervisor, self.lab.program, records=list(records), **values)

    def planned(self, *records: Any, **given: Any) -> Capa:
        made = self.capa(*records, **given)
        capas.plan_action(
            self.lab.supervisor,
            made,
            kind="corrective",
            text="Fit a closer.",
            owner=self.lab.analyst,
            due_on=self.day(10),
        )
        return made

    def running(self, *records: Any, **given: Any) -> Capa:
        return capas.approve_capa(self.lab.qa, self.planned(*records, **given), credentials=self.lab.sign(self.lab.qa))

    def implemented(self, *records: Any, **given: Any) -> Capa:
        made = self.running(*records, **given)
        capas.complete_action(self.lab.analyst, capas.actions_of(made)[0], evidence="Work order 17, photograph.")
        made.refresh_from_db()
        return made

    def check(self, capa: Capa, effective: bool = True) -> None:
        capas.check_effectiveness(
            self.lab.reviewer,
            capa,
            effective=effective,
            evidence="No alarm in the log.",
            credentials=self.lab.sign(self.lab.reviewer),
        )

    def change(self, *records: Any, **given: Any) -> Change:
        values = {
            "title": "New column for the assay",
            "proposal": "Column of another supplier.",
            "justification": "The present one is discontinued.",
            "category": "minor",
            "regulatory": "none",
            "areas": ["quality_control", "regulatory"],
            "due_on": self.day(60),
            **given,
        }
        return changes.propose_change(self.lab.supervisor, self.lab.program, records=list(records), **values)

    def assessed(self, *records: Any, **given: Any) -> Change:
        made = self.change(*records, **given)
        for area in made.areas:
            changes.assess_change(self.lab.reviewer, made, area=area, touches=True, text="Method is verified anew.")
        changes.plan_task(
            self.lab.supervisor, made, text="Verify the method.", owner=self.lab.analyst, due_on=self.day(20)
        )
        self.judge(made)
        return made

    def approved(self, *records: Any, **given: Any) -> Change:
        made = self.assessed(*records, **given)
        return changes.approve_change(self.lab.qa, made, credentials=self.lab.sign(self.lab.qa))

    def material(self, critical: bool = False) -> SupplierMaterial:
        house = self.lab.qa.organization
        assert house is not None
        made = suppliers.register_supplier(self.lab.keeper, house, code="SUP-1", name="Columns Ltd")
        return suppliers.propose_material(self.lab.keeper, made, material="HPLC columns", critical=critical)

    def event(
        self, material: SupplierMaterial, kind: str, *, passed: bool = True, due: int = 300, ago: int = 5
    ) -> None:
        suppliers.log_supplier(
            self.lab.qa,
            material.supplier,
            kind=kind,
            on=self.day(-ago),
            due_on=self.day(due),
            passed=passed,
            note="As the report says.",
        )


@pytest.fixture
def system(lab: Lab) -> System:
    return System(lab)


__all__ = ["Affected", "System", "lab", "system"]
