"""Quality control's part of the demo: a bench, a specification, lots with their tests, one that goes wrong, stability."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crdmo.common.materials import workflow as materials
from crdmo.common.materials.models import Lot, Sample, Substance
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.signing import Credentials

from .models import (
    Criterion,
    Instrument,
    Investigation,
    Method,
    Pull,
    Reagent,
    ShelfLife,
    Specification,
    Test,
    Worksheet,
)
from .workflow import bench, certificates, disposition, investigations, specifications, stability, testing
from .workflow.testing import Entry

Sign = Callable[[str], Credentials]


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how they sign."""

    samples: Person
    analyst: Person
    second_analyst: Person
    reviewer: Person
    supervisor: Person
    stability: Person
    qa: Person
    qp: Person
    sign: Sign


@dataclass(frozen=True)
class Bench:
    """What stands on the bench."""

    methods: Mapping[str, Method]
    instruments: Mapping[str, Instrument]
    standard: Reagent


HPLC_SUITABILITY = [
    {"name": "Tailing factor", "limit": "≤ 2.0", "kind": "suitability"},
    {"name": "RSD of five standard injections", "limit": "≤ 2.0", "unit": "%", "kind": "suitability"},
    {"name": "Check standard recovery", "limit": "98.0 – 102.0", "unit": "%", "kind": "control"},
]
HPLC_VALUES = {"Tailing factor": "1.2", "RSD of five standard injections": "0.4", "Check standard recovery": "100.1"}


def set_up_bench(staff: Staff, today: dt.date) -> Bench:
    """Write methods, approve them, qualify analysts, register and calibrate instruments, open a standard."""
    laboratory = staff.qa.organization
    assert laboratory is not None
    wanted: tuple[dict[str, object], ...] = (
        {
            "code": "M-HPLC-01",
            "title": "Assay by HPLC, external standard",
            "technique": "HPLC",
            "reporting": "calculated",
            "replicates": 4,
            "calculation": "quality.external_standard",
            "suitability": HPLC_SUITABILITY,
            "instrument_kind": "HPLC",
            "procedure": "Two injections of one preparation against the reference standard; areas and weights are recorded.",
        },
        {
            "code": "M-HPLC-02",
            "title": "Assay by HPLC, reported by the data system",
            "technique": "HPLC",
            "reporting": "single",
            "suitability": HPLC_SUITABILITY,
            "instrument_kind": "HPLC",
        },
        {
            "code": "M-IMP-01",
            "title": "Related substances by HPLC",
            "technique": "HPLC",
            "reporting": "single",
            "suitability": HPLC_SUITABILITY,
            "instrument_kind": "HPLC",
        },
        {
            "code": "M-KF-01",
            "title": "Water by Karl Fischer titration",
            "technique": "Titration",
            "reporting": "mean",
            "replicates": 2,
            "instrument_kind": "Titrator",
        },
        {
            "code": "M-DIS-01",
            "title": "Dissolution, paddle 50 rpm, 30 minutes",
            "technique": "Dissolution",
            "reporting": "each",
            "replicates": 6,
            "instrument_kind": "Dissolution bath",
        },
        {"code": "M-APP-01", "title": "Appearance", "technique": "Visual", "reporting": "single"},
    )
    methods = {}
    for line in wanted:
        drafted = bench.draft_method(staff.supervisor, laboratory, **line)
        methods[drafted.code] = bench.approve_method(staff.qa, drafted, credentials=staff.sign("qa"))
    for method in methods.values():
        for person in (staff.analyst, staff.second_analyst):
            bench.qualify_analyst(
                staff.supervisor,
                person,
                method=method,
                starts=today - dt.timedelta(days=400),
                ends=today + dt.timedelta(days=400),
            )
    return Bench(methods, _instruments(staff, today), _standard(staff, today))


def _instruments(staff: Staff, today: dt.date) -> dict[str, Instrument]:
    made = {}
    laboratory = staff.qa.organization
    assert laboratory is not None
    for code, name, kind in (
        ("HPLC-07", "HPLC 7, diode array", "HPLC"),
        ("HPLC-09", "HPLC 9, overdue", "HPLC"),
        ("KF-02", "Karl Fischer titrator 2", "Titrator"),
        ("DIS-01", "Dissolution bath 1", "Dissolution bath"),
    ):
        made[code] = bench.register_instrument(
            staff.supervisor, laboratory, code=code, name=name, kind=kind, location="Laboratory 2"
        )
        overdue = code == "HPLC-09"
        on = today - dt.timedelta(days=380 if overdue else 40)
        bench.log_instrument(
            staff.supervisor,
            made[code],
            kind="qualification",
            on=on,
            due_on=on + dt.timedelta(days=1095),
            note="IQ, OQ, PQ",
        )
        bench.log_instrument(
            staff.supervisor,
            made[code],
            kind="calibration",
            on=on,
            due_on=on + dt.timedelta(days=365),
            note="All checks within limits",
        )
    return made


def _standard(staff: Staff, today: dt.date) -> Reagent:
    laboratory = staff.qa.organization
    assert laboratory is not None
    return bench.register_reagent(
        staff.analyst,
        laboratory,
        name="Velatide reference standard",
        kind="standard",
        lot_number="RS-3",
        potency="99.8",
        potency_unit="%",
        expires_on=today + dt.timedelta(days=300),
        opened_on=today - dt.timedelta(days=10),
        open_days=180,
        supplier="Northbridge",
    )


def specify(staff: Staff, product: Substance, stand: Bench, today: dt.date) -> tuple[Specification, Specification]:
    """Approve the release and the shelf-life specification of the tablet."""
    m = stand.methods
    lines = [
        {"name": "Appearance", "method": m["M-APP-01"], "limit": "White, round, biconvex tablet"},
        {"name": "Assay", "method": m["M-HPLC-01"], "limit": "95.0 – 105.0", "unit": "%"},
        {"name": "Total impurities", "method": m["M-IMP-01"], "limit": "≤ 0.50", "unit": "%"},
        {"name": "Water", "method": m["M-KF-01"], "limit": "≤ 4.0", "unit": "%"},
        {
            "name": "Dissolution at 30 min",
            "method": m["M-DIS-01"],
            "limit": "Q = 75",
            "unit": "%",
        },
    ]
    shelf = [
        {"name": "Assay", "method": m["M-HPLC-02"], "limit": "≥ 90.0", "unit": "%"},
        {"name": "Total impurities", "method": m["M-IMP-01"], "limit": "≤ 1.0", "unit": "%"},
    ]
    made = []
    for title, stage, wanted in (
        ("Velatide 20 mg tablets, release", "release", lines),
        ("Velatide 20 mg tablets, shelf life", "shelf_life", shelf),
    ):
        drafted = specifications.draft_specification(
            staff.supervisor, product, title=title, stage=stage, criteria=wanted, market="EU, US"
        )
        made.append(
            specifications.approve_specification(staff.qa, drafted, effective_from=today, credentials=staff.sign("qa"))
        )
    return made[0], made[1]


READINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Appearance": (("conforms",), ()),
    "Total impurities": (("0.12",), ()),
    "Water": (("2.31", "2.35"), ()),
}
CALCULATED = ("standard_area", "standard_weight", "sample_area", "sample_weight")


def receive(
    staff: Staff,
    lot: Lot,
    specification: Specification,
    today: dt.date,
    *,
    purpose: str = Sample.Purpose.RELEASE,
    amount: str = "100",
    criteria: Sequence[Criterion] = (),
) -> tuple[Sample, list[Test]]:
    """Take a sample of a lot, receive it, assign its tests."""
    sample = materials.register_sample(
        staff.samples,
        lot,
        purpose=purpose,
        amount=amount,
        unit=lot.unit,
        taken_on=today,
        due_on=today + dt.timedelta(days=10),
    )
    sample = materials.receive_sample(
        staff.samples, sample, location="QC refrigerator 3, shelf B", condition="intact, seals whole"
    )
    return sample, testing.assign_tests(staff.supervisor, sample, specification=specification, criteria=criteria)


def run_method(
    staff: Staff, program: Program, stand: Bench, method: str, entries: Sequence[Entry], analyst: Person | None = None
) -> Worksheet:
    """Open a worksheet for a method, record its controls, enter results, close it by signature."""
    who = analyst or staff.analyst
    kind = stand.methods[method].instrument_kind
    instrument = next((i for i in stand.instruments.values() if i.kind == kind), None)
    reagents = [stand.standard] if kind == "HPLC" else []
    sheet = testing.open_worksheet(who, program, method=stand.methods[method], instrument=instrument, reagents=reagents)
    if sheet.method.suitability:
        testing.record_controls(who, sheet, values=HPLC_VALUES)
    testing.enter_results(who, sheet, entries)
    part = "analyst" if who == staff.analyst else "second_analyst"
    return testing.close_worksheet(who, sheet, credentials=staff.sign(part))


def test_lot(
    staff: Staff, program: Program, stand: Bench, tests: Iterable[Test], assay: str, units: Sequence[str]
) -> None:
    """Test every line of a sample; the reviewer verifies all of it in one series."""
    by_name = {test.criterion.name: test for test in tests}
    # Areas are chosen so that the assay comes out as wanted: standard 1000 for 50.0 mg at 99.8 %, sample 50.0 mg.
    area = f"{1000 * float(assay) / 99.8:.1f}"
    for name, test in by_name.items():
        values, names = READINGS.get(name, ((), ()))
        if name == "Assay":
            values, names = ("1000.0", "50.0", area, "50.0"), CALCULATED
        elif name.startswith("Dissolution"):
            values = tuple(units)
        run_method(staff, program, stand, test.criterion.method.code, [Entry(test, values, names)])
    verify(staff, by_name.values())


def verify(staff: Staff, tests: Iterable[Test]) -> None:
    """Verify everything that waits on these tests, in one ceremony."""
    waiting = [result for test in tests for result in test.results.filter(state="entered", is_void=False)]
    testing.verify_results(staff.reviewer, waiting, credentials=staff.sign("reviewer"))


def investigate(staff: Staff, program: Program, stand: Bench, test: Test, today: dt.date) -> Investigation:
    """Play an out-of-specification result with an assignable cause: checklist, retest plan, three retests, conclusion."""
    found = Investigation.objects.get(test=test, is_void=False)
    answers = dict.fromkeys(investigations.CHECKLIST, "yes")
    answers["Sample preparation, weights and dilutions are right"] = "no: the flask was filled above the mark"
    investigations.check_laboratory(
        staff.supervisor,
        found,
        answers=answers,
        assignable_cause=True,
        text="The retained flask of the sample preparation is filled 3 mm above the mark; the excess volume explains the low result.",
    )
    plan = investigations.propose_retest(
        staff.supervisor,
        found,
        replicates=3,
        rationale="Three preparations by a second analyst, each judged by itself, as SOP-QC-021 sets out.",
    )
    investigations.approve_retest(staff.qa, plan, credentials=staff.sign("qa"))
    for assay in ("99.4", "99.1", "99.7"):
        test.refresh_from_db()
        area = f"{1000 * float(assay) / 99.8:.1f}"
        entry = Entry(test, ("1000.0", "50.0", area, "50.0"), CALCULATED)
        run_method(staff, program, stand, "M-HPLC-01", [entry], staff.second_analyst)
        verify(staff, [test])
    found.refresh_from_db()
    return investigations.conclude(
        staff.qa,
        found,
        outcome="laboratory_error",
        credentials=staff.sign("qa"),
        text="Laboratory error confirmed on the retained flask. The original is invalid with cause and stays on the certificate.",
    )


def release(staff: Staff, lot: Lot) -> None:
    """Draft and sign the certificate, review the trail, release the lot."""
    drafted = certificates.draft_certificate(staff.supervisor, lot)
    certificates.sign_certificate(staff.qa, drafted, credentials=staff.sign("qa"))
    disposition.review_trail(
        staff.qa, lot, conclusion="Every exception is explained and closed.", credentials=staff.sign("qa")
    )
    lot.refresh_from_db()
    disposition.release_lot(staff.qp, lot, credentials=staff.sign("qp"))


def release_material(staff: Staff, stand: Bench, lot: Lot, today: dt.date) -> None:
    """Specify a received material by its identity, test the lot and release it."""
    assert lot.program is not None
    line = {"name": "Identity", "method": stand.methods["M-APP-01"], "limit": "Conforms to the reference spectrum"}
    drafted = specifications.draft_specification(
        staff.supervisor, lot.substance, title=f"{lot.substance.name}, release", stage="release", criteria=[line]
    )
    in_force = specifications.approve_specification(
        staff.qa, drafted, effective_from=today, credentials=staff.sign("qa")
    )
    _, tests = receive(staff, lot, in_force, today, amount="0.010")
    run_method(staff, lot.program, stand, "M-APP-01", [Entry(test, ("conforms",)) for test in tests])
    verify(staff, tests)
    release(staff, lot)


def play_stability(
    staff: Staff,
    program: Program,
    stand: Bench,
    product: Substance,
    specification: Specification,
    lots: Mapping[str, Lot],
    numbers: Mapping[str, Mapping[int, str]],
    today: dt.date,
) -> ShelfLife:
    """Lay three lots in, pull and test them through the months of the published table, evaluate and approve the shelf life."""
    months = [0, 3, 6, 9, 12, 18, 24, 36]
    drafted = stability.draft_protocol(
        staff.stability,
        product,
        title="Long-term stability, Alu/Alu blister",
        specification=specification,
        pack="Alu/Alu blister, 10 tablets",
        conditions=[
            {
                "kind": "long_term",
                "temperature": "25",
                "humidity": "60",
                "chamber": "Chamber 4",
                "months": months,
                "units_per_pull": 20,
            },
        ],
    )
    protocol = stability.approve_protocol(staff.qa, drafted, credentials=staff.sign("qa"))
    # Long enough ago for the 36-month pull to lie in the past.
    started = dt.date(today.year - 3, today.month, 1) - dt.timedelta(days=31)
    condition = protocol.conditions.get(kind="long_term")
    assay = specification.criteria.get(name="Assay")
    for batch, lot in lots.items():
        study = stability.lay_in(staff.stability, protocol, lot, started_on=started, units=300)
        _pull_and_test(
            staff,
            program,
            stand,
            study.pulls.filter(condition=condition).order_by("due_on"),
            numbers[batch],
            specification,
            assay,
        )
    found = stability.evaluate_stability(
        staff.stability,
        protocol,
        condition=condition,
        criterion=assay,
        accelerated="none",
        little_change=False,
        rationale="Accelerated data of the development lots show no significant change within 6 months.",
    )
    return stability.approve_shelf_life(staff.qa, found, credentials=staff.sign("qa"))


def _pull_and_test(
    staff: Staff,
    program: Program,
    stand: Bench,
    pulls: Iterable[Pull],
    numbers: Mapping[int, str],
    specification: Specification,
    assay: Criterion,
) -> None:
    entries = []
    for planned in list(pulls):
        value = numbers.get(int(float(planned.month)))
        if value is None:
            stability.miss_pull(staff.stability, planned, note="Not in the published table")
            continue
        sample = stability.pull(staff.stability, planned, on=planned.due_on, amount="20", unit="{tablet}")
        sample = materials.receive_sample(staff.samples, sample, location="QC stability rack", condition="intact")
        tests = testing.assign_tests(staff.supervisor, sample, specification=specification, criteria=[assay])
        entries.append(Entry(tests[0], (value,)))
    run_method(staff, program, stand, "M-HPLC-02", entries)
    verify(staff, [entry.test for entry in entries])
