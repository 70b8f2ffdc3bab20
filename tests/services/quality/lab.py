"""A small laboratory that tests play with: one program, everybody who has a part, two methods, one specification.

Everything is done by the verbs that pages call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Sample, Substance
from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from crdmo.services.quality.models import (
    Certificate,
    Instrument,
    Investigation,
    Method,
    Reagent,
    Result,
    Specification,
    Test,
    Worksheet,
)
from crdmo.services.quality.workflow import bench, certificates, disposition, investigations, specifications, testing
from crdmo.services.quality.workflow.testing import Entry
from tests import factories

NAMES = ("standard_area", "standard_weight", "sample_area", "sample_weight")
CONTROL = "Tailing factor"


@cache
def known_password() -> str:
    """Return the hash of the password that everybody has."""
    return make_password(factories.PASSWORD)


def areas(assay: str) -> tuple[str, ...]:
    """Return readings that give an assay: equal weights, standard 1000 at 99.8 %."""
    return ("1000.0", "50.0", f"{1000 * float(assay) / 99.8:.3f}", "50.0")


@dataclass
class Lab:
    """The people, the bench, the product."""

    program: Program
    keeper: Person
    analyst: Person
    colleague: Person
    reviewer: Person
    supervisor: Person
    qa: Person
    qp: Person
    sponsor: Person
    today: dt.date
    assay: Method
    water: Method
    hplc: Instrument
    standard: Reagent
    product: Substance
    specification: Specification

    def sign(self, person: Person) -> Credentials:
        """Return what a person gives to sign."""
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def lot(self, code: str = "L-1") -> Lot:
        """Register a lot."""
        return stock.register_lot(
            self.keeper,
            self.product,
            code=code,
            amount="1000",
            unit="{tablet}",
            made_on=self.today,
            expires_on=self.today + dt.timedelta(days=700),
        )

    def sample(self, lot: Lot, purpose: str = Sample.Purpose.RELEASE) -> Sample:
        """Take a sample and receive it."""
        made = stock.register_sample(
            self.keeper, lot, purpose=purpose, amount="20", unit="{tablet}", taken_on=self.today
        )
        return stock.receive_sample(self.keeper, made, location="Refrigerator 3")

    def tests(self, lot: Lot) -> tuple[Test, Test]:
        """Take a sample, assign its tests; return assay and water."""
        made = testing.assign_tests(self.supervisor, self.sample(lot), specification=self.specification)
        return made[0], made[1]

    def run(self, method: Method | None = None, who: Person | None = None) -> Worksheet:
        """Open a worksheet that is ready for results."""
        chosen, person = method or self.assay, who or self.analyst
        if chosen == self.water:
            return testing.open_worksheet(person, self.program, method=chosen)
        sheet = testing.open_worksheet(
            person, self.program, method=chosen, instrument=self.hplc, reagents=[self.standard]
        )
        testing.record_controls(person, sheet, values={CONTROL: "1.2"})
        return sheet

    def units_method(self, code: str, units: int) -> Method:
        """Put a method in force that reads so many units, each by itself; both analysts are qualified for it."""
        house = self.qa.organization
        assert house is not None
        drafted = bench.draft_method(
            self.supervisor, house, code=code, title=code, technique="HPLC", reporting="each", replicates=units
        )
        made = bench.approve_method(self.qa, drafted, credentials=self.sign(self.qa))
        for person in (self.analyst, self.colleague):
            bench.qualify_analyst(
                self.supervisor,
                person,
                method=made,
                starts=self.today - dt.timedelta(days=30),
                ends=self.today + dt.timedelta(days=300),
            )
        return made

    def enter(self, test: Test, value: str | Sequence[str], who: Person | None = None) -> list[Result]:
        """Enter one test: an assay as its result, or readings of water."""
        test.refresh_from_db()
        if test.criterion.method_id == self.water.id:
            return testing.enter_results(who or self.analyst, self.run(self.water, who), [Entry(test, tuple(value))])
        return testing.enter_results(who or self.analyst, self.run(who=who), [Entry(test, areas(str(value)), NAMES)])

    def verify(self, test: Test, who: Person | None = None) -> list[Result]:
        """Verify what waits on a test."""
        person = who or self.reviewer
        waiting = list(Result.objects.filter(test=test, state="entered").select_related("test"))
        return testing.verify_results(person, waiting, credentials=self.sign(person))

    def tested(self, lot: Lot, assay: str = "99.6") -> Test:
        """Test a lot: water always meets, the assay is as given; both are verified. Return the assay's test."""
        first, second = self.tests(lot)
        for test, value in ((first, assay), (second, ("2.31", "2.35"))):
            self.enter(test, value)
            self.verify(test)
            test.refresh_from_db()
        return first

    def out_of_specification(self, lot: Lot, assay: str = "93.1") -> Investigation:
        """Test a lot whose assay is out of specification and return the investigation that it opened."""
        return Investigation.objects.get(test=self.tested(lot, assay))

    def certificate(self, lot: Lot, reason: str = "") -> Certificate:
        """Draft and sign a certificate."""
        drafted = certificates.draft_certificate(self.supervisor, lot, reissue_reason=reason)
        return certificates.sign_certificate(self.qa, drafted, credentials=self.sign(self.qa))

    def review(self, lot: Lot) -> None:
        """Review the trail of a lot."""
        disposition.review_trail(
            self.qa, lot, conclusion="Every exception is explained.", credentials=self.sign(self.qa)
        )

    def release(self, lot: Lot) -> None:
        """Release a lot."""
        lot.refresh_from_db()
        disposition.release_lot(self.qp, lot, credentials=self.sign(self.qp))

    def check(self, found: Investigation, *, cause: bool = False) -> None:
        """Go through the laboratory checklist."""
        answers = dict.fromkeys(investigations.CHECKLIST, "yes")
        investigations.check_laboratory(
            self.supervisor, found, answers=answers, text="Looked through.", assignable_cause=cause
        )

    def plan(self, found: Investigation, replicates: int = 2) -> None:
        """Propose a retest plan and have it approved."""
        plan = investigations.propose_retest(
            self.supervisor, found, replicates=replicates, rationale="As the SOP sets out."
        )
        investigations.approve_retest(self.qa, plan, credentials=self.sign(self.qa))

    def retest(self, test: Test, assay: str) -> None:
        """Do one retest by a second analyst and have it verified."""
        self.enter(test, assay, self.colleague)
        self.verify(test)

    def conclude(self, found: Investigation, outcome: str) -> None:
        """Conclude an investigation by signature."""
        found.refresh_from_db()
        investigations.conclude(
            self.qa, found, outcome=outcome, text="Concluded on the evidence.", credentials=self.sign(self.qa)
        )


def make() -> Lab:
    """Set the laboratory up."""
    program, today = factories.program(), dt.datetime.now(dt.UTC).date()
    roles = (
        Role.SAMPLE_MANAGER,
        Role.ANALYST,
        Role.ANALYST,
        Role.REVIEWER,
        Role.SUPERVISOR,
        Role.QA,
        Role.QUALIFIED_PERSON,
        Role.SPONSOR_LEAD,
    )
    # The laboratory's people work for all its programs, the sponsor's for this one.
    people = [factories.person(role, program if role == Role.SPONSOR_LEAD else None) for role in roles]
    Login.objects.filter(person__in=people).update(password=known_password(), must_change_password=False)
    keeper, analyst, colleague, reviewer, supervisor, qa, qp, sponsor = people
    signed = Credentials(qa.user_id, factories.PASSWORD, f"log-in of {qa.user_id}")
    house = qa.organization
    assert house is not None
    far = today + dt.timedelta(days=300)
    assay = bench.draft_method(
        supervisor,
        house,
        code="M-ASSAY",
        title="Assay by HPLC",
        technique="HPLC",
        reporting="calculated",
        replicates=4,
        calculation="quality.external_standard",
        instrument_kind="HPLC",
        suitability=[{"name": CONTROL, "limit": "≤ 2.0"}],
    )
    water = bench.draft_method(
        supervisor,
        house,
        code="M-WATER",
        title="Water by Karl Fischer",
        technique="Titration",
        reporting="mean",
        replicates=2,
    )
    for method in (assay, water):
        bench.approve_method(qa, method, credentials=signed)
        for person in (analyst, colleague):
            bench.qualify_analyst(supervisor, person, method=method, starts=today - dt.timedelta(days=30), ends=far)
    hplc = bench.register_instrument(supervisor, house, code="HPLC-1", name="HPLC 1", kind="HPLC")
    bench.log_instrument(supervisor, hplc, kind="calibration", on=today - dt.timedelta(days=5), due_on=far)
    standard = bench.register_reagent(
        analyst,
        house,
        code="RS-1",
        name="Reference standard",
        kind="standard",
        lot_number="3",
        potency="99.8",
        potency_unit="%",
        expires_on=far,
    )
    product = stock.register_substance(
        keeper, program, code="VT-20", name="Velatide tablets", kind="drug_product", strength="20 mg"
    )
    lines = [
        {"name": "Assay", "method": assay, "limit": "95.0 – 105.0", "unit": "%"},
        {"name": "Water", "method": water, "limit": "≤ 4.0", "unit": "%"},
    ]
    drafted = specifications.draft_specification(
        supervisor, product, title="Velatide tablets, release", stage="release", criteria=lines
    )
    specification = specifications.approve_specification(qa, drafted, effective_from=today, credentials=signed)
    return Lab(
        program,
        keeper,
        analyst,
        colleague,
        reviewer,
        supervisor,
        qa,
        qp,
        sponsor,
        today,
        assay,
        water,
        hplc,
        standard,
        product,
        specification,
    )
