"""A stability study that tests play with: a directly read assay, three lots, pulls tested and verified."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from crdmo.common.materials import workflow as stock
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.services.quality.models import Condition, Criterion, Method, Protocol, Pull, Specification, StudyLot
from crdmo.services.quality.workflow import bench, specifications, stability, testing
from crdmo.services.quality.workflow.testing import Entry
from tests import factories
from tests.services.quality.lab import Lab, known_password

MONTHS = ("0", "3", "6", "9", "12")
# Velagaleti (2008), p. 609: the first five times of three batches.
VALUES: Mapping[str, tuple[str, ...]] = {
    "A": ("102.4", "98.1", "99.2", "97.5", "95.0"),
    "B": ("101.1", "101.2", "99.0", "97.2", "96.4"),
    "C": ("104.1", "102.1", "99.5", "98.1", "95.7"),
}


@dataclass
class Study:
    """The study with its coordinator."""

    lab: Lab
    coordinator: Person
    method: Method
    specification: Specification
    protocol: Protocol
    condition: Condition
    assay: Criterion
    started: dt.date

    def lay_in(self, code: str, units: int = 60) -> StudyLot:
        """Lay a new lot in."""
        return stability.lay_in(
            self.coordinator, self.protocol, self.lab.lot(code), started_on=self.started, units=units
        )

    def test_pull(self, planned: Pull, value: str) -> None:
        """Draw a pull on its day, test its assay, have it verified."""
        lab = self.lab
        sample = stability.pull(self.coordinator, planned, on=planned.due_on, amount="2", unit="{tablet}")
        sample = stock.receive_sample(lab.keeper, sample, location="Rack 1")
        tests = testing.assign_tests(lab.supervisor, sample, specification=self.specification, criteria=[self.assay])
        sheet = testing.open_worksheet(lab.analyst, lab.program, method=self.method)
        testing.enter_results(lab.analyst, sheet, [Entry(tests[0], (value,))])
        lab.verify(tests[0])

    def play(self, values: Mapping[str, tuple[str, ...]] = VALUES) -> None:
        """Lay each lot in, pull and test it month by month."""
        for code, row in values.items():
            pulls = self.lay_in(code).pulls.filter(condition=self.condition).order_by("due_on")
            for planned, value in zip(pulls, row, strict=False):
                self.test_pull(planned, value)


def make(lab: Lab) -> Study:
    """Set the study up, approved, begun so long ago that every pull is due."""
    coordinator = factories.person(Role.STABILITY_COORDINATOR)
    Login.objects.filter(person=coordinator).update(password=known_password(), must_change_password=False)
    house = lab.qa.organization
    method = bench.draft_method(lab.supervisor, house, code="M-READ", title="Assay, read off", technique="HPLC")
    bench.approve_method(lab.qa, method, credentials=lab.sign(lab.qa))
    bench.qualify_analyst(
        lab.supervisor,
        lab.analyst,
        method=method,
        starts=lab.today - dt.timedelta(days=30),
        ends=lab.today + dt.timedelta(days=300),
    )
    lines = [
        {"name": "Assay", "method": method, "limit": "≥ 90.0", "unit": "%"},
        {"name": "Appearance", "method": method, "limit": "White tablet"},
    ]
    drafted = specifications.draft_specification(
        lab.supervisor, lab.product, title="Shelf life", stage="shelf_life", criteria=lines
    )
    approved = specifications.approve_specification(
        lab.qa, drafted, effective_from=lab.today, credentials=lab.sign(lab.qa)
    )
    protocol = stability.draft_protocol(
        coordinator,
        lab.product,
        title="Long-term",
        specification=approved,
        pack="Blister",
        conditions=[
            {
                "kind": "long_term",
                "temperature": "25",
                "humidity": "60",
                "chamber": "Chamber 4",
                "months": MONTHS,
                "units_per_pull": 5,
            },
            {
                "kind": "accelerated",
                "temperature": "40",
                "humidity": "75",
                "months": ["0", "6"],
                "units_per_pull": 5,
                "orientations": ["upright", "inverted"],
            },
        ],
    )
    protocol = stability.approve_protocol(lab.qa, protocol, credentials=lab.sign(lab.qa))
    started = dt.date(lab.today.year - 2, 1, 31)
    condition, assay = protocol.conditions.get(kind="long_term"), approved.criteria.get(name="Assay")
    return Study(lab, coordinator, method, approved, protocol, condition, assay, started)
