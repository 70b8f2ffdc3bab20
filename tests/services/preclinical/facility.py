"""A test facility with its people, and short ways to the states that tests begin in: a small study of twelve rats."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Substance
from crdmo.common.studies.days import date_of
from crdmo.common.studies.models import Arm, Finding, ProtocolVersion, Study, Subject, Visit
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from crdmo.services.preclinical.models import Inspection, StudyReport
from crdmo.services.preclinical.workflow import (
    analyses,
    animals,
    conclusions,
    inspections,
    protocols,
    records,
    reports,
    studies,
)
from tests import factories

DOSES = {"1": "0", "2": "10", "3": "30"}
TIMES = (("0.5 h", "PT30M"), ("2 h", "PT2H"), ("8 h", "PT8H"), ("24 h", "PT24H"))
LEVELS = (400.0, 900.0, 300.0, 12.0)


def design() -> dict[str, Any]:
    """Three groups of two animals a sex; weights on days -1, 1 and 8, plasma on day 8, the liver on day 9."""
    plasma = [
        {"code": "DRUG", "name": "Drug", "unit": "ng/mL", "specimen": "PLASMA", "time_point": name, "elapsed": at, "lower_limit": "1.00"}
        for name, at in TIMES
    ]  # fmt: skip
    return {
        "arms": [
            {"code": c, "name": f"Group {c}", "dose": d, "unit": "mg/kg", "is_control": c == "1", "planned": 2, "treatment": "Drug"}
            for c, d in DOSES.items()
        ],
        "epochs": [{"code": "PRE", "name": "Acclimation"}, {"code": "TRT", "name": "Treatment"}],
        "activities": [
            {"code": "BW", "name": "Body weight", "domain": "BW", "items": [{"code": "BW", "name": "Body Weight", "unit": "g"}]},
            {"code": "PC", "name": "Plasma", "domain": "PC", "items": plasma},
            {"code": "OM", "name": "Organs", "domain": "OM",
             "items": [{"code": "WEIGHT", "name": "Weight", "unit": "g", "specimen": "LIVER"}]},
            {"code": "CL", "name": "Signs", "domain": "CL", "items": [{"code": "CLINOBS", "name": "Clinical Observations"}]},
        ],
        "visits": [
            {"code": "D-1", "name": "Day -1", "day": -1, "epoch": "PRE", "activities": ["BW"]},
            {"code": "D1", "name": "Day 1", "day": 1, "epoch": "TRT", "activities": ["BW"]},
            {"code": "D8", "name": "Day 8", "day": 8, "before": 1, "after": 1, "epoch": "TRT", "activities": ["BW", "PC", "CL"]},
            {"code": "D9", "name": "Day 9", "day": 9, "epoch": "TRT", "activities": ["OM"]},
        ],
    }  # fmt: skip


@dataclass
class Facility:
    """The people of one facility in one program."""

    program: Program
    director: Person
    other_director: Person
    technician: Person
    qa: Person
    management: Person
    sponsor: Person
    article: Substance
    lot: Lot
    today: dt.date

    def key(self, person: Person) -> Credentials:
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    @property
    def first(self) -> dt.date:
        """Day 1 of every study that is dosed here."""
        return self.today - dt.timedelta(days=10)

    def on(self, day: int) -> str:
        return date_of(day, self.first).isoformat()

    def opened(self, code: str = "TOX-1", **more: Any) -> Study:
        values = {
            "title": "Eight days in the rat",
            "lead": self.director,
            "species": "RAT",
            "substance": self.article,
            "lot": self.lot,
        }
        return studies.open_study(self.management, self.program, code=code, **{**values, **more})

    def drafted(self, code: str = "TOX-1", **more: Any) -> ProtocolVersion:
        values = {"text": "Purpose: to see.", **design(), **more}
        return protocols.draft_protocol(self.director, self.opened(code), **values)

    def sign_protocol(self, version: ProtocolVersion) -> ProtocolVersion:
        protocols.offer_protocol(self.director, version)
        protocols.review_protocol(self.qa, version, credentials=self.key(self.qa))
        protocols.sign_protocol(self.director, version, credentials=self.key(self.director))
        return protocols.approve_protocol(self.management, version, credentials=self.key(self.management))

    def active(self, code: str = "TOX-1") -> Study:
        study = self.sign_protocol(self.drafted(code)).study
        study.refresh_from_db()
        return study

    def visit(self, study: Study, code: str) -> Visit:
        return next(one for one in in_force(study, Visit) if one.code == code)

    def arm(self, study: Study, code: str) -> Arm:
        return next(one for one in in_force(study, Arm) if one.code == code)

    def weight(self, animal: Subject, value: str, visit: Visit, on: str = "") -> dict[str, Any]:
        return {
            "subject": animal, "visit": visit, "domain": "BW", "code": "BW", "name": "Body Weight", "value": value,
            "unit": "g", "starts": on or self.on(visit.day),
        }  # fmt: skip

    def housed(self, code: str = "TOX-1") -> Study:
        """A study with twelve animals, weighed."""
        study = self.active(code)
        rows = [{"code": f"{sex}{i}", "sex": sex, "cage": f"{sex}-{(i + 1) // 2}"} for sex in "MF" for i in range(1, 7)]
        came = animals.receive_animals(self.technician, study, rows, on=self.first - dt.timedelta(days=3))
        visit = self.visit(study, "D-1")
        weights = [self.weight(one, f"{200 + i}.5", visit) for i, one in enumerate(came)]
        records.record_findings(self.technician, study, weights)
        return study

    def dosed(self, code: str = "TOX-1") -> Study:
        study = self.housed(code)
        animals.assign_animals(self.director, study, seed=7)
        animals.start_dosing(self.technician, study, on=self.first)
        return study

    def people(self, study: Study) -> list[Subject]:
        return list(study.subjects.filter(is_void=False).order_by("code"))

    def in_life(self, code: str = "TOX-1") -> Study:
        """A study with its data: weights that fall at the top dose, plasma that follows the dose, a liver that grows."""
        study = self.dosed(code)
        placed = arms_of(self.people(study))
        day1, day8, day9 = (self.visit(study, one) for one in ("D1", "D8", "D9"))
        rows = []
        for i, one in enumerate(self.people(study)):
            dose = int(DOSES[placed[one.id].code])
            rows += [self.weight(one, f"{205 + i % 2}.0", day1), self.weight(one, f"{240 + i % 3 - dose}.0", day8)]
            common = {
                "subject": one,
                "unit": "ng/mL",
                "domain": "PC",
                "code": "DRUG",
                "name": "Drug",
                "specimen": "PLASMA",
            }
            for (name, at), level in zip(TIMES, LEVELS, strict=True):
                value = f"{level * dose / 10:.1f}" if dose else "BLQ"
                rows.append(
                    {
                        **common,
                        "visit": day8,
                        "time_point": name,
                        "elapsed": at,
                        "value": value,
                        "lower_limit": "1.00",
                        "starts": self.on(8),
                    }
                )
            rows.append(
                {"subject": one, "visit": day9, "domain": "OM", "code": "WEIGHT", "name": "Weight", "specimen": "LIVER",
                 "unit": "g", "value": f"{8 + dose / 20 + i % 3 / 10:.2f}", "starts": self.on(9)}
            )  # fmt: skip
        records.record_findings(self.technician, study, rows)
        records.record_doses(
            self.technician,
            study,
            [{"subject": one, "starts": self.on(1), "ends": self.on(8)} for one in self.people(study)],
        )
        return study

    def computed(self, code: str = "TOX-1") -> Study:
        study = self.in_life(code)
        analyses.compute_toxicokinetics(self.director, study, self.visit(study, "D8"))
        analyses.compare_groups(self.director, study, domain="BW", code="BW", day=8)
        return study

    def judge(self, study: Study, arm: str, is_adverse: bool = False, **more: Any) -> Any:
        evidence = [one.result for one in study.analyses.filter(kind="comparison").select_related("result")]
        values = {
            "arm": self.arm(study, arm), "sex": "B", "title": f"Weight in group {arm}", "is_adverse": is_adverse,
            "judgement": "By size and dose response.", "evidence": evidence,
        }  # fmt: skip
        return conclusions.judge_effect(self.director, study, **{**values, **more})

    def conclude(self, study: Study, arm: str, **more: Any) -> Any:
        values = {"sex": "B", "rationale": "The highest dose without harm.", "credentials": self.key(self.director)}
        return conclusions.conclude_noael(self.director, study, arm=self.arm(study, arm), **{**values, **more})

    def inspect(self, study: Study, phase: str, *found: str, close: bool = True) -> Inspection:
        made = inspections.record_inspection(
            self.qa, study, phase=phase, on=self.today, scope="As planned.", credentials=self.key(self.qa),
            findings=[{"grade": "minor", "text": one} for one in found],
        )  # fmt: skip
        made = inspections.report_inspection(self.qa, made)
        if found and close:
            for one in made.findings.all():
                inspections.answer_inspection(self.director, one, answer="Corrected.")
            inspections.close_inspection(self.qa, made)
        return made

    def complete(self, study: Study) -> Study:
        codes = [one.code for one in self.people(study) if one.is_in_study]
        day = dt.date.fromisoformat(self.on(9))
        animals.end_animals(self.technician, study, codes=codes, state="completed", ending="TERMINAL SACRIFICE", on=day)
        return studies.complete_study(self.director, study)

    def ready(self, code: str = "TOX-1") -> Study:
        """A study that can be reported."""
        study = self.computed(code)
        self.judge(study, "2")
        self.judge(study, "3", is_adverse=True)
        self.conclude(study, "2")
        self.complete(study)
        for phase in ("protocol", "in_life", "report"):
            self.inspect(study, phase, *(["No initials on page 3."] if phase == "in_life" else []))
        reports.sign_qa_statement(self.qa, study, credentials=self.key(self.qa))
        return study

    def offered(self, code: str = "TOX-1") -> StudyReport:
        study = self.ready(code)
        return reports.finalise_report(
            self.director, study, compliance="In compliance with 21 CFR Part 58.", credentials=self.key(self.director)
        )

    def final(self, code: str = "TOX-1") -> StudyReport:
        report = reports.review_report(self.qa, self.offered(code), credentials=self.key(self.qa))
        return reports.approve_report(self.management, report, credentials=self.key(self.management))

    def finding(self, study: Study, animal: str = "M1", visit: str = "D8", domain: str = "BW") -> Finding:
        return Finding.objects.get(study=study, subject__code=animal, visit__code=visit, domain=domain)


def make() -> Facility:
    program = factories.program()
    roles = (Role.STUDY_DIRECTOR, Role.STUDY_DIRECTOR, Role.TECHNICIAN, Role.GLP_QA, Role.TEST_FACILITY_MANAGEMENT)
    people = [factories.person(role) for role in roles]
    sponsor = factories.person(Role.SPONSOR_LEAD, program)
    for person in (*people, sponsor):
        factories.login(person)
    keeper = factories.person(Role.SAMPLE_MANAGER)
    article = stock.register_substance(keeper, program, code="API-1", name="Drug substance", kind="drug_substance")
    lot = stock.register_lot(keeper, article, code="API-1-7", amount="100", unit="g")
    return Facility(program, *people, sponsor, article, lot, dt.datetime.now(dt.UTC).date())
