"""The part of preclinical studies in the demo: one 28-day rat study from its protocol to the final report, and one begun.

All numbers are simulated from a fixed seed, dose-dependent and plausible: a one-compartment oral profile for plasma, a
growth curve that the high dose bends, a liver that grows with the dose. No animal was ever dosed.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crdmo.common.materials.models import Lot, Substance
from crdmo.common.studies.days import date_of
from crdmo.common.studies.models import Arm, Finding, ProtocolVersion, Study, Subject, Visit
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import Credentials

from .models import Analysis, Effect
from .workflow import analyses, animals, conclusions, inspections, protocols, records, reports, studies

SEED = 20261124
CODE = "TOX-101-28D"
SAMPLES = (
    ("Pre-dose", "PT0H"),
    ("0.5 h", "PT30M"),
    ("1 h", "PT1H"),
    ("2 h", "PT2H"),
    ("4 h", "PT4H"),
    ("8 h", "PT8H"),
    ("24 h", "PT24H"),
)
WEIGHED = (-1, 1, 8, 15, 22, 28)
DOSES = {"1": 0.0, "2": 10.0, "3": 30.0, "4": 100.0}
# Share of the usual weight gain that is left, and what the liver weighs against the control, by group.
GAIN = {"1": 1.0, "2": 1.0, "3": 0.96, "4": 0.55}
LIVER = {"1": 1.0, "2": 1.01, "3": 1.06, "4": 1.22}
TEXT = """Purpose: to characterise the toxicity of Velatide in the rat after 28 days of daily oral dosing, with
toxicokinetics, in support of a first dose in humans (ICH M3(R2)).

Method: after OECD Test Guideline 407. Animals are assigned by weight within each sex. Body weights and organ weights are
compared with the control by Dunnett's test, sexes apart, two-sided, at 5 %. Exposure is computed by non-compartmental
analysis of nominal times, linear up and logarithmic down."""


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how they sign."""

    director: Person
    technician: Person
    qa: Person
    management: Person
    sign: Callable[[Person], Credentials]


def play(staff: Staff, program: Program, article: Substance, lot: Lot, today: dt.date) -> Study:
    """Play the study to its final report, and begin a second one; return the first."""
    rng = random.Random(SEED)  # noqa: S311 — not for secrets
    first_day = today - dt.timedelta(days=30)
    study = studies.open_study(
        staff.management,
        program,
        code=CODE,
        title="Velatide: 28-day oral toxicity study in the rat with toxicokinetics",
        lead=staff.director,
        species="RAT",
        strain="SPRAGUE-DAWLEY",
        design="REPEAT DOSE TOXICITY",
        substance=article,
        lot=lot,
        starts_on=first_day - dt.timedelta(days=7),
        ends_on=today + dt.timedelta(days=14),
    )
    version = protocols.draft_protocol(staff.director, study, text=TEXT, **_design())
    _in_force(staff, version)
    _inspect(staff, study, "protocol", today, "Protocol against 21 CFR 58.120, with its signatures.")
    _receive(staff, study, rng, first_day)
    _in_life(staff, study, rng, first_day)
    finding = ("minor", "The scale log of day 8 lacks the initials of the second check.")
    seen = _inspect(staff, study, "in_life", today, "Weighing, dosing and bleeding on day 8 and day 28.", finding)
    one = seen.findings.get()
    inspections.answer_inspection(
        staff.director, one, answer="Initials were added as a dated late entry; the balance prints its log from now on."
    )
    inspections.close_inspection(staff.qa, seen)
    _amend(staff, study)
    _necropsy(staff, study, rng, first_day)
    _correct(staff, study)
    study = studies.complete_study(staff.director, study)
    _conclude(staff, study)
    _inspect(staff, study, "report", today, "Draft report against the data, the tables and the protocol.")
    reports.sign_qa_statement(staff.qa, study, credentials=staff.sign(staff.qa))
    report = reports.finalise_report(
        staff.director,
        study,
        compliance="This study was conducted in compliance with 21 CFR Part 58. The data are simulated for the demo.",
        credentials=staff.sign(staff.director),
    )
    report = reports.review_report(staff.qa, report, credentials=staff.sign(staff.qa))
    reports.approve_report(staff.management, report, credentials=staff.sign(staff.management))
    _second(staff, program, article, today)
    study.refresh_from_db()
    return study


def _design() -> dict[str, Any]:
    items = [
        {"code": "VELATIDE", "name": "Velatide", "unit": "ng/mL", "specimen": "PLASMA", "time_point": name, "elapsed": at,
         "lower_limit": "1.00"}
        for name, at in SAMPLES
    ]  # fmt: skip
    return {
        "arms": [
            {"code": code, "name": name, "dose": f"{DOSES[code]:g}", "unit": "mg/kg", "is_control": code == "1", "planned": 5,
             "treatment": "Vehicle" if code == "1" else "Velatide"}
            for code, name in zip(DOSES, ("Control", "Low dose", "Mid dose", "High dose"), strict=True)
        ],
        "epochs": [{"code": "PRE", "name": "Acclimation"}, {"code": "TRT", "name": "Treatment"}, {"code": "NEC", "name": "Necropsy"}],
        "activities": [
            {"code": "BW", "name": "Body weight", "domain": "BW", "items": [{"code": "BW", "name": "Body Weight", "unit": "g"}]},
            {"code": "CL", "name": "Clinical observation", "domain": "CL", "items": [{"code": "CLINOBS", "name": "Clinical Observations"}]},
            {"code": "PC", "name": "Plasma samples", "domain": "PC", "items": items},
            {"code": "OM", "name": "Organ weights", "domain": "OM", "items": [
                {"code": "WEIGHT", "name": "Weight", "unit": "g", "specimen": organ} for organ in ("LIVER", "KIDNEY", "BRAIN")
            ]},
        ],
        "visits": [
            *(
                {"code": f"D{day}", "name": f"Day {day}", "day": day, "epoch": "PRE" if day < 0 else "TRT",
                 "before": 0 if day < 8 else 1, "after": 0 if day < 8 else 1,
                 "activities": ["BW", *(["PC"] if day in (1, 28) else []), *(["CL"] if day in (8, 28) else [])]}
                for day in WEIGHED
            ),
            {"code": "D29", "name": "Day 29", "day": 29, "epoch": "NEC", "activities": ["OM"]},
        ],
    }  # fmt: skip


def _in_force(staff: Staff, version: ProtocolVersion) -> None:
    protocols.offer_protocol(staff.director, version)
    protocols.review_protocol(staff.qa, version, credentials=staff.sign(staff.qa))
    protocols.sign_protocol(staff.director, version, credentials=staff.sign(staff.director))
    protocols.approve_protocol(staff.management, version, credentials=staff.sign(staff.management))


def _inspect(staff: Staff, study: Study, phase: str, on: dt.date, scope: str, *found: tuple[str, str]) -> Any:
    made = inspections.record_inspection(
        staff.qa,
        study,
        phase=phase,
        on=on,
        scope=scope,
        findings=[{"grade": grade, "text": text} for grade, text in found],
        credentials=staff.sign(staff.qa),
    )
    return inspections.report_inspection(staff.qa, made)


def _receive(staff: Staff, study: Study, rng: random.Random, first: dt.date) -> None:
    """Receive 22 animals of each sex, two of them spare; weigh, assign and dose them."""
    rows = [
        {"code": f"{number}{sex}{i:02d}", "sex": sex, "cage": f"{sex}{(i + 1) // 2:02d}", "born_on": first - dt.timedelta(days=49)}
        for number, sex in (("1", "M"), ("2", "F"))
        for i in range(1, 23)
    ]  # fmt: skip
    came = animals.receive_animals(staff.technician, study, rows, on=first - dt.timedelta(days=7))
    before = {one.code: one for one in in_force(study, Visit)}["D-1"]
    day = first - dt.timedelta(days=1)
    records.record_findings(
        staff.technician,
        study,
        [_weight(one, rng.gauss(248 if one.sex == "M" else 186, 9), before, day) for one in came],
    )
    animals.assign_animals(staff.director, study, seed=SEED)
    placed = arms_of(came)
    spare = [one.code for one in came if one.id not in placed]
    animals.end_animals(
        staff.technician, study, codes=spare, state="withdrawn", ending="REMOVED FROM STUDY BEFORE DOSING", on=day
    )
    animals.start_dosing(staff.technician, study, on=first)


def _weight(one: Subject, value: float, visit: Visit, on: dt.date) -> dict[str, Any]:
    return {
        "subject": one, "visit": visit, "domain": "BW", "code": "BW", "name": "Body Weight", "value": f"{value:.1f}",
        "unit": "g", "starts": on.isoformat(),
    }  # fmt: skip


def _in_life(staff: Staff, study: Study, rng: random.Random, first: dt.date) -> None:
    """Weigh through 28 days, bleed on days 1 and 28, look at the animals, record what each was given."""
    people = list(study.subjects.filter(state="enrolled", is_void=False).order_by("code"))
    placed, days = arms_of(people), {one.day: one for one in in_force(study, Visit)}
    start = {one.subject_id: float(one.number) for one in Finding.objects.filter(study=study, domain="BW")}
    rows = []
    for one in people:
        gain = (6.4 if one.sex == "M" else 3.1) * GAIN[placed[one.id].code] * rng.gauss(1, 0.06)
        for day in WEIGHED[1:]:
            grown = gain * 28 * (1 - math.exp(-(day) / 24)) / (1 - math.exp(-28 / 24))
            rows.append(_weight(one, start[one.id] + grown + rng.gauss(0, 1.6), days[day], date_of(day, first)))
    records.record_findings(staff.technician, study, rows)
    records.record_doses(
        staff.technician,
        study,
        [
            {"subject": one, "starts": first.isoformat(), "ends": date_of(28, first).isoformat(), "route": "ORAL GAVAGE",
             "form": "SUSPENSION", "frequency": "QD"}
            for one in people
        ],
    )  # fmt: skip
    records.record_findings(staff.technician, study, _plasma(people, placed, days, rng, first))
    signs = []
    for one in people:
        for day in (8, 28):
            seen = "SALIVATION" if placed[one.id].code == "4" and rng.random() < 0.5 else "NORMAL"
            signs.append(
                {"subject": one, "visit": days[day], "domain": "CL", "code": "CLINOBS", "name": "Clinical Observations",
                 "category": "CLINICAL SIGNS", "value": seen, "starts": date_of(day, first).isoformat(),
                 "severity": "" if seen == "NORMAL" else "MILD"}
            )  # fmt: skip
    records.record_findings(staff.technician, study, signs)


def _plasma(
    people: Sequence[Subject], placed: dict[Any, Arm], days: dict[int, Visit], rng: random.Random, first: dt.date
) -> list[dict[str, Any]]:
    """Return plasma concentrations by a one-compartment model with first-order uptake; on day 28 at steady state."""
    rows = []
    for one in people:
        dose = DOSES[placed[one.id].code]
        uptake, loss = (
            1.5 * rng.lognormvariate(0, 0.15),
            (0.25 if one.sex == "M" else 0.21) * rng.lognormvariate(0, 0.1),
        )
        scale = dose / 5 * 1000 * uptake / (uptake - loss) * rng.lognormvariate(0, 0.12)
        for day in (1, 28):
            rest = 1 if day == 1 else 1 / (1 - math.exp(-loss * 24))
            for name, elapsed in SAMPLES:
                at = {"PT30M": 0.5}.get(elapsed) or float(elapsed[2:-1])
                level = scale * (rest * math.exp(-loss * at) - math.exp(-uptake * at)) if at or day == 28 else 0.0
                level *= rng.lognormvariate(0, 0.05)
                text = f"{level:.3g}" if level < 1000 else f"{level:.0f}"
                rows.append(
                    {"subject": one, "visit": days[day], "domain": "PC", "code": "VELATIDE", "name": "Velatide",
                     "category": "ANALYTE", "specimen": "PLASMA", "unit": "ng/mL", "lower_limit": "1.00", "time_point": name,
                     "elapsed": elapsed, "value": text if level >= 1 else "BLQ", "starts": date_of(day, first).isoformat()}
                )  # fmt: skip
    return rows


def _amend(staff: Staff, study: Study) -> None:
    """Add the histology of the liver to the necropsy, since salivation and lower weights were seen."""
    version = protocols.amend_protocol(
        staff.director,
        study,
        activities=[
            {"code": "MI", "name": "Histology of the liver", "domain": "MI",
             "items": [{"code": "MIEXAM", "name": "Microscopic Examination", "specimen": "LIVER"}]}
        ],
        visits=[{"code": "D29H", "name": "Day 29, histology", "day": 29, "after": 1, "epoch": "NEC", "activities": ["MI"]}],
        reason="Weight gain is lower at the high dose: the liver is examined in all groups.",
    )  # fmt: skip
    _in_force(staff, version)


def _necropsy(staff: Staff, study: Study, rng: random.Random, first: dt.date) -> None:
    people = list(study.subjects.filter(state="enrolled", is_void=False).order_by("code"))
    placed, days = arms_of(people), {one.code: one for one in in_force(study, Visit)}
    on = date_of(29, first)
    rows = []
    for one in people:
        group, male = placed[one.id].code, one.sex == "M"
        usual = {"LIVER": (11.8 if male else 7.4) * LIVER[group], "KIDNEY": 2.5 if male else 1.7, "BRAIN": 1.95}
        rows += [
            {"subject": one, "visit": days["D29"], "domain": "OM", "code": "WEIGHT", "name": "Weight", "specimen": organ,
             "unit": "g", "value": f"{value * rng.gauss(1, 0.05):.2f}", "starts": on.isoformat()}
            for organ, value in usual.items()
        ]  # fmt: skip
        changed = rng.random() < {"1": 0.0, "2": 0.0, "3": 0.3, "4": 0.9}[group]
        severe = "MODERATE" if group == "4" else "MINIMAL"
        rows.append(
            {"subject": one, "visit": days["D29H"], "domain": "MI", "code": "MIEXAM", "name": "Microscopic Examination",
             "specimen": "LIVER", "value": "Hypertrophy, hepatocellular" if changed else "UNREMARKABLE",
             "severity": severe if changed else "", "starts": on.isoformat()}
        )  # fmt: skip
    records.record_findings(staff.technician, study, rows)
    animals.end_animals(
        staff.technician,
        study,
        codes=[one.code for one in people],
        state="completed",
        ending="TERMINAL SACRIFICE",
        on=on,
    )


def _correct(staff: Staff, study: Study) -> None:
    """Correct one weight whose digits were turned when it was written down."""
    one = Finding.objects.filter(study=study, domain="BW", visit__code="D15").order_by("subject__code").first()
    assert one is not None
    records.correct_finding(
        staff.technician,
        one,
        value=f"{float(one.number) + 0.9:.1f}",
        reason="Digits turned; the printout of the balance says so",
    )


def _conclude(staff: Staff, study: Study) -> None:
    """Compute exposure and comparisons, judge each dose group, conclude the level."""
    days = {one.code: one for one in in_force(study, Visit)}
    for code in ("D1", "D28"):
        analyses.compute_toxicokinetics(staff.director, study, days[code])
    compared = analyses.compare_groups(staff.director, study, domain="BW", code="BW", day=28)
    organs = analyses.compare_groups(staff.director, study, domain="OM", code="WEIGHT", specimen="LIVER", day=29)
    arms = {one.code: one for one in in_force(study, Arm)}
    liver = list(
        Finding.objects.filter(study=study, domain="MI")
        .exclude(value="UNREMARKABLE")
        .select_related("subject", "study")
    )
    placed = arms_of(one.subject for one in liver)

    def judge(code: str, title: str, is_adverse: bool, why: str, evidence: Sequence[Record]) -> Effect:
        return conclusions.judge_effect(
            staff.director,
            study,
            arm=arms[code],
            sex="B",
            title=title,
            is_adverse=is_adverse,
            judgement=why,
            evidence=evidence,
        )

    def of(rows: Sequence[Analysis]) -> list[Record]:
        return [one.result for one in rows]

    judge(
        "2",
        "No effect",
        False,
        "Weights of body and liver as in the control, liver unremarkable.",
        [*of(compared), *of(organs)],
    )
    judge(
        "3",
        "Slightly heavier liver with minimal hypertrophy in some animals",
        False,
        "An adaptive response to the load of a xenobiotic: minimal, without necrosis, body weight as in the control.",
        [*of(organs), *(one for one in liver if placed[one.subject_id].code == "3")],
    )
    judge(
        "4",
        "Lower weight gain; heavy liver with moderate hypertrophy",
        True,
        "Body weight well below control in both sexes, with moderate hypertrophy of the liver in nearly all animals.",
        [*of(compared), *of(organs), *(one for one in liver if placed[one.subject_id].code == "4")],
    )
    conclusions.conclude_noael(
        staff.director,
        study,
        arm=arms["3"],
        sex="B",
        rationale="30 mg/kg/day is the highest dose without an adverse effect. The liver at this dose shows adaptation only.",
        credentials=staff.sign(staff.director),
    )


def _second(staff: Staff, program: Program, article: Substance, today: dt.date) -> None:
    """Begin a second study, whose protocol waits for quality assurance."""
    study = studies.open_study(
        staff.management,
        program,
        code="TOX-102-13W",
        title="Velatide: 13-week oral toxicity study in the rat with recovery",
        lead=staff.director,
        species="RAT",
        strain="SPRAGUE-DAWLEY",
        design="REPEAT DOSE TOXICITY",
        substance=article,
        starts_on=today + dt.timedelta(days=21),
        ends_on=today + dt.timedelta(days=150),
    )
    design = _design()
    protocols.offer_protocol(
        staff.director,
        protocols.draft_protocol(staff.director, study, text=TEXT.replace("28 days", "13 weeks"), **design),
    )
