"""A small plant that tests play with: people, a scale, two reactors, released stock, one effective master.

Everything is done by the verbs that pages call; only the release of the stock is done at once, it belongs to quality.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Container, Lot, Substance
from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.signing import Credentials
from crdmo.services.manufacturing.models import Batch, Equipment, MasterMaterial, MasterRecord, StepRecord
from crdmo.services.manufacturing.progress import progress
from crdmo.services.manufacturing.workflow import batches, equipment, exceptions, floor, masters, review
from tests import factories
from tests.services.quality.lab import known_password

STEPS: list[dict[str, Any]] = [
    {
        "title": "Dissolve",
        "instruction": "Charge the solvent, stir until clear.",
        "equipment_class": "Reactor",
        "is_checked": True,
        "values": [
            {"name": "Temperature", "limit": "20 – 25", "unit": "Cel"},
            {"name": "Appearance", "limit": "Clear solution"},
        ],
    },
    {
        "title": "Fill",
        "instruction": "Fill into drums.",
        "values": [{"name": "pH", "limit": "6.5 – 7.5", "unit": "[pH]"}],
    },
]
GOOD = {"Temperature": "22", "Appearance": "clear solution"}


@dataclass
class Plant:
    """The people, the equipment, the stock, the master."""

    program: Program
    keeper: Person
    operator: Person
    second: Person
    supervisor: Person
    head: Person
    qa: Person
    sponsor: Person
    today: dt.date
    scale: Equipment
    reactor: Equipment
    product: Substance
    active: Substance
    filler: Substance
    containers: dict[str, Container]
    master: MasterRecord

    def sign(self, person: Person) -> Credentials:
        """Return what a person gives to sign."""
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def lines(self, **changed: Any) -> dict[str, Any]:
        """Return a master's contents; named ones are replaced."""
        return {
            "title": "Solution 10 %",
            "size": "100",
            "unit": "kg",
            "yield_limit": "95.0 – 101.0",
            "storage": "Below 25 °C",
            "shelf_life_months": 24,
            "materials": [
                {"substance": self.active, "quantity": "10", "unit": "kg", "tolerance": "2", "is_basis": True},
                {"substance": self.filler, "quantity": "90", "unit": "kg", "tolerance": "1"},
            ],
            "steps": STEPS,
            **changed,
        }

    def draft(self, **changed: Any) -> MasterRecord:
        """Draft a master."""
        return masters.draft_master(self.supervisor, self.product, **self.lines(**changed))

    def effective(self, master: MasterRecord) -> MasterRecord:
        """Have a draft approved by production and by QA."""
        masters.approve_master(self.head, master, credentials=self.sign(self.head))
        return masters.release_master(self.qa, master, effective_from=self.today, credentials=self.sign(self.qa))

    def stock(self, substance: Substance, amount: str, *, status: str = "released", days: int = 300) -> Container:
        """Register a lot in a container."""
        lot = stock.register_lot(
            self.keeper, substance, amount=amount, unit="kg", expires_on=self.today + dt.timedelta(days=days)
        )
        container = stock.fill_container(self.keeper, lot, amount=amount, unit="kg", location="Dispensary")
        released(lot, status)
        return Container.objects.select_related("lot__substance").get(pk=container.pk)

    def batch(self, lot: str = "B-1") -> Batch:
        """Issue a batch."""
        return batches.issue_batch(self.supervisor, self.master, lot=lot)

    def material(self, name: str, master: MasterRecord | None = None) -> MasterMaterial:
        """Return a line of the master."""
        return MasterMaterial.objects.get(master=master or self.master, substance__code=name)

    def dispense(self, batch: Batch, name: str, gross: str, who: Person | None = None, **given: Any) -> Any:
        """Weigh a material."""
        person = who or self.operator
        given = {"container": self.containers[name], "scale": self.scale, "unit": "kg", **given}
        return floor.dispense(
            person, batch, self.material(name, batch.master), gross=gross, credentials=self.sign(person), **given
        )

    def check(self, waiting: Any, who: Person | None = None) -> Any:
        """Check as the second person."""
        waiting.refresh_from_db()
        person = who or self.second
        return floor.check(person, waiting, credentials=self.sign(person))

    def dispensed(self, batch: Batch, active: str = "10.0", filler: str = "90.0") -> None:
        """Dispense everything and have it checked."""
        for name, amount in (("ACT", active), ("FIL", filler)):
            self.check(self.dispense(batch, name, amount))
        batch.refresh_from_db()

    def step(
        self, batch: Batch, position: int, values: dict[str, str], who: Person | None = None, **given: Any
    ) -> StepRecord:
        """Do a step."""
        person = who or self.operator
        if position == 1:
            given.setdefault("equipment", self.reactor)
        return floor.perform_step(person, batch, position, values=values, credentials=self.sign(person), **given)

    def made(self, batch: Batch, ph: str = "7.0", temperature: str = "22") -> None:
        """Do the whole batch up to its completion."""
        self.dispensed(batch)
        self.check(self.step(batch, 1, {**GOOD, "Temperature": temperature}))
        self.step(batch, 2, {"pH": ph})
        batch.refresh_from_db()

    def complete(self, batch: Batch, output: str = "98.5", **given: str) -> Batch:
        """Complete a batch."""
        return batches.complete_batch(
            self.operator, batch, output=output, credentials=self.sign(self.operator), **given
        )

    def explain_all(self, batch: Batch) -> None:
        """Explain every open exception."""
        for one in progress(batch).open_exceptions:
            exceptions.explain_exception(self.supervisor, one, explanation="Explained on the evidence.")

    def review(self, batch: Batch, who: Person | None = None, **given: Any) -> Any:
        """Review a batch record."""
        person = who or self.qa
        return review.review_batch(
            person, batch, conclusion="Every exception is explained.", credentials=self.sign(person), **given
        )

    def vessel(self, code: str, *, clean: bool = True, kind: str = "Reactor", clean_days: int | None = 7) -> Equipment:
        """Register a vessel that is qualified and, unless said otherwise, clean."""
        assert self.qa.organization is not None
        made = equipment.register_equipment(
            self.supervisor, self.qa.organization, code=code, name=code, kind=kind, clean_days=clean_days
        )
        self.log(made, "qualification", due_on=self.today + dt.timedelta(days=300))
        if clean:
            self.log(made, "cleaning")
        made.refresh_from_db()
        return made

    def log(self, one: Equipment, kind: str, on: dt.date | None = None, **given: Any) -> Any:
        """Write in a log."""
        return equipment.log_equipment(self.operator, one, kind=kind, on=on or self.today, **given)


def released(lot: Lot, status: str = "released") -> None:
    """Give a lot a status, as the decision of quality would."""
    with act(SYSTEM, "quality.release_lot", "stock of a test") as opened:
        stock.change_status(opened, lot, status)


def make() -> Plant:
    """Set the plant up."""
    program, today = factories.program(), dt.datetime.now(dt.UTC).date()
    roles = (
        Role.SAMPLE_MANAGER,
        Role.OPERATOR,
        Role.OPERATOR,
        Role.PRODUCTION_SUPERVISOR,
        Role.PRODUCTION_HEAD,
        Role.QA,
        Role.SPONSOR_LEAD,
    )
    people = [factories.person(role, program if role == Role.SPONSOR_LEAD else None) for role in roles]
    Login.objects.filter(person__in=people).update(password=known_password(), must_change_password=False)
    keeper, operator, second, supervisor, head, qa, sponsor = people
    house = qa.organization
    assert house is not None
    far = today + dt.timedelta(days=300)
    scale = equipment.register_equipment(
        supervisor, house, code="SC-1", name="Floor scale", kind="Scale", minimum="50", minimum_unit="g"
    )
    equipment.log_equipment(supervisor, scale, kind="calibration", on=today, due_on=far)
    names = (("SOL", "Solution", "drug_product"), ("ACT", "Active", "drug_substance"), ("FIL", "Water", "excipient"))
    product, active, filler = (
        stock.register_substance(keeper, program, code=code, name=name, kind=kind) for code, name, kind in names
    )
    made = Plant(
        program, keeper, operator, second, supervisor, head, qa, sponsor, today,
        scale, scale, product, active, filler, {}, None,  # type: ignore[arg-type]
    )  # fmt: skip
    made.reactor = made.vessel("R-1")
    made.containers = {"ACT": made.stock(active, "25"), "FIL": made.stock(filler, "200")}
    made.master = made.effective(made.draft(code="MBR-1"))
    return made
