"""The play, act by act. Run by `crdmo demo`; every step is a verb, every signature is given by its signer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from crdmo.common.materials import workflow as materials
from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.refusals import Refused
from crdmo.services.clinical import demo as clinical
from crdmo.services.compliance import demo as compliance
from crdmo.services.discovery import demo as discovery
from crdmo.services.manufacturing import demo as manufacturing
from crdmo.services.preclinical import demo as preclinical
from crdmo.services.process import demo as process
from crdmo.services.quality import demo as quality
from crdmo.services.quality.models import Specification
from crdmo.services.quality.workflow import testing
from crdmo.services.regulatory import demo as regulatory

from . import contracts, numbers, papers, people, teams

Say = Callable[[str], None]


def play(say: Say = print) -> Program:
    """Play the whole demo into an empty installation and return its program.

    Raises:
        Refused: the installation is not empty.
    """
    if Program.objects.exists():
        raise Refused("the demo is played into an empty installation only", next="Name another folder with CRDMO_HOME")
    today = dt.datetime.now(dt.UTC).date()
    say("People of their organizations enter")
    cast = people.enter(today)
    people.train(cast, today)
    program, other = people.programs(cast)
    say("Two organizations bid, one is awarded; sponsor and partner agree, order and share the duties")
    order = contracts.order(cast, program, today)
    product = _product(cast, program)
    stand, release = _quality_control(cast, program, product, today, say)
    say("A series is registered, tested on two plates, and its candidate nominated (computed signals)")
    candidate = discovery.play(teams.chemistry(cast), program, today)
    say("Process development: profile, risk, a designed study with simulated responses, design space, control strategy")
    process.play(teams.development(cast), program, today)
    say("A fourth lot is made from its batch record and reviewed, a fifth is on the floor")
    fourth = _manufacture(cast, stand, product, candidate, today)
    say("A 28-day study in the rat goes from its protocol to the signed report (simulated numbers)")
    lot = Lot.objects.get(program=program, code="VT-API-0417")
    preclinical.play(teams.animal_house(cast), program, lot.substance, lot, today)
    say("A deviation holds the fourth lot; a CAPA, a change and suppliers are under way; the trail is reviewed")
    house = cast.organizations["NORTHBRIDGE"]
    compliance.play(teams.quality_system(cast), program, house, fourth, stand.instruments["HPLC-07"], today)
    say("A trial is randomised, run, locked, unblinded and reported; a second one is under way")
    people.enter_sites(cast, program, today)
    clinical.play(teams.trial(cast, today), program, product)
    say("A change order is executed, the status reported, an invoice issued and accepted")
    contracts.settle(cast, order, today, because=[release])
    say("An IND is published, submitted and received; an amendment is on its way")
    desk = papers.Desk(cast, program, today)
    sequence = regulatory.publish_first(teams.affairs(cast), program, papers.first(desk), papers.studies(desk), today)
    regulatory.begin_second(teams.affairs(cast), sequence, papers.stability_evaluated(desk), today)
    people.admit_inspector(cast, program, today)
    _other_sponsor(cast, other, today)
    return program


def _quality_control(
    cast: people.Cast, program: Program, product: Substance, today: dt.date, say: Say
) -> tuple[quality.Bench, Specification]:
    """Set the bench up, test three lots in their three ways, and evaluate stability."""
    staff = teams.laboratory(cast)
    say("The bench is set up and the specification approved")
    stand = quality.set_up_bench(staff, today)
    release, shelf = quality.specify(staff, product, stand, today)
    say("A lot is tested and released")
    first = _lot(cast, product, "VT-2601", today)
    _, tests = quality.receive(staff, first, release, today)
    quality.test_lot(staff, program, stand, tests, "99.6", numbers.dissolution(86.0))
    quality.release(staff, first)
    say("A lot goes out of specification, is investigated and released")
    second = _lot(cast, product, "VT-2602", today)
    _, tests = quality.receive(staff, second, release, today)
    quality.test_lot(staff, program, stand, tests, "93.1", numbers.dissolution(87.0))
    assay = next(test for test in tests if test.criterion.name == "Assay")
    quality.investigate(staff, program, stand, assay, today)
    quality.release(staff, second)
    say(f"Stability is pulled, tested and evaluated ({numbers.STABILITY_SOURCE})")
    lots = {batch: _lot(cast, product, f"VT-ST{batch}", today, amount="2000") for batch in numbers.STABILITY}
    quality.play_stability(staff, program, stand, product, shelf, lots, numbers.STABILITY, today)
    say("A third lot waits on the bench")
    third = _lot(cast, product, "VT-2603", today)
    quality.receive(staff, third, release, today)
    _refused_step(staff, program, stand)
    return stand, release


# Code, name, kind, amount received, amount in the dispensing container; kilograms.
MATERIALS = (
    ("VT-API", "Velatide drug substance", "drug_substance", "12.000", "10.000"),
    ("MCC", "Microcrystalline cellulose", "excipient", "50.00", "45.00"),
    ("MGST", "Magnesium stearate", "excipient", "2.000", "1.500"),
)


def _manufacture(
    cast: people.Cast, stand: quality.Bench, product: Substance, candidate: Substance, today: dt.date
) -> Lot:
    """Release materials through quality control, make a batch of them, begin another one; return the lot made."""
    crew, staff = teams.plant(cast), teams.laboratory(cast)
    plant = manufacturing.set_up_plant(crew, today)
    substances, stock = {}, {}
    for code, name, kind, amount, filled in MATERIALS:
        assert product.program is not None
        # The candidate that discovery nominated is the drug substance; excipients are registered here.
        substances[code] = (
            candidate
            if code == candidate.code
            else materials.register_substance(cast["s.okafor"], product.program, code=code, name=name, kind=kind)
        )
        lot = materials.register_lot(
            cast["s.okafor"],
            substances[code],
            code=f"{code}-0417",
            amount=amount,
            unit="kg",
            expires_on=today + dt.timedelta(days=500),
            maker="Supplier of the demo",
        )
        quality.release_material(staff, stand, lot, today)
        stock[code] = materials.fill_container(
            cast["s.okafor"], lot, amount=filled, unit="kg", location="Dispensary 1", code=f"{code}-D1"
        )
    master = manufacturing.write_master(crew, product, substances, today)
    made = manufacturing.make_batch(crew, plant, master, stock, "VT-2604")
    manufacturing.begin_batch(crew, plant, master, stock, "VT-2605", today)
    return made.lot


def _product(cast: people.Cast, program: Program) -> Substance:
    return materials.register_substance(
        cast["s.okafor"],
        program,
        code="VT-20",
        name="Velatide tablets",
        kind="drug_product",
        dosage_form="tablet",
        strength="20 mg",
    )


def _lot(cast: people.Cast, product: Substance, code: str, today: dt.date, amount: str = "20000") -> Lot:
    return materials.register_lot(
        cast["s.okafor"],
        product,
        code=code,
        amount=amount,
        unit="{tablet}",
        made_on=today - dt.timedelta(days=20),
        expires_on=today + dt.timedelta(days=900),
        storage="Below 30 °C",
        maker="Northbridge CRDMO, Basel",
    )


def _refused_step(staff: quality.Staff, program: Program, stand: quality.Bench) -> None:
    """Try what is not possible: a run on an instrument whose calibration is overdue. The refusal stays in the ledger."""
    try:
        testing.open_worksheet(
            staff.analyst, program, method=stand.methods["M-HPLC-02"], instrument=stand.instruments["HPLC-09"]
        )
    except Refused:
        return
    raise AssertionError("a run was opened on an instrument whose calibration is overdue")


def _other_sponsor(cast: people.Cast, program: Program, today: dt.date) -> None:
    """Register something of another sponsor, so that there is something that must not be seen."""
    capsule = materials.register_substance(
        cast["s.okafor"], program, code="LQ-7C", name="LQ-7 capsules", kind="drug_product"
    )
    materials.register_lot(
        cast["s.okafor"],
        capsule,
        code="LQ-0001",
        amount="5000",
        unit="{capsule}",
        expires_on=today + dt.timedelta(days=700),
    )
