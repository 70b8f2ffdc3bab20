"""The trial of the demo: phase 2, Velatide 20 mg against placebo, 24 subjects at two sites, from consent to report.

Nature knows what is in the kits: the values are simulated from the list that the seed gives, and nobody in the play
opens a sealed value before the trial is locked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from crdmo.common.studies.models import Place, Study, Subject
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import Credentials
from crdmo.science.clinical.randomisation import permuted_blocks

from .models import Casebook, CrfPage, DataQuery
from .workflow import analyses, blinding, design, forms, locks, people, safety

SEED = 202611240001
BLOCKS = (2, 4)
STRATA = ("HbA1c below 8.5 %", "HbA1c 8.5 % or more")
ACTIVE, PLACEBO = "A", "P"
LENGTH = 20


@dataclass
class Crew:
    """Who plays which part, and how each signs."""

    manager: Person
    monitor: Person
    statistician: Person
    unblinded: Person
    physician: Person
    quality: Person
    investigators: Sequence[Person]
    coordinators: Sequence[Person]
    sites: Sequence[Organization]
    sign: Callable[[Person], Credentials]
    today: dt.date
    luck: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    def day(self, days: int) -> dt.date:
        """Return a day before or after today."""
        return self.today + dt.timedelta(days=days)


ITEMS_LB = [
    {"code": "HBA1C", "name": "Haemoglobin A1c", "kind": "decimal", "unit": "%", "min": "4.0", "max": "14.0", "required": True},
    {"code": "GLUC", "name": "Fasting glucose", "kind": "decimal", "unit": "mmol/L", "min": "3.0", "max": "20.0", "required": True},
]  # fmt: skip
ITEMS_VS = [
    {"code": "SYSBP", "name": "Systolic blood pressure", "kind": "decimal", "unit": "mm[Hg]", "min": "80", "max": "200", "required": True},
    {"code": "DIABP", "name": "Diastolic blood pressure", "kind": "decimal", "unit": "mm[Hg]", "min": "40", "max": "120", "required": True},
    {"code": "WEIGHT", "name": "Weight", "kind": "decimal", "unit": "kg", "min": "40", "max": "180", "required": True},
    {"code": "VSPOS", "name": "Position of subject", "kind": "choice", "choices": ["SITTING", "SUPINE"]},
]  # fmt: skip
FORMS = [
    {"code": "VS", "name": "Vital signs", "domain": "VS", "items": ITEMS_VS},
    {"code": "LB", "name": "Laboratory", "domain": "LB", "items": ITEMS_LB},
]
VISITS = [
    {"code": "SCR", "name": "Screening", "day": -7, "before": 14, "after": 5, "epoch": "SCR"},
    {"code": "BL", "name": "Baseline", "day": 1, "before": 0, "after": 0, "epoch": "TRT"},
    {"code": "W4", "name": "Week 4", "day": 29, "before": 3, "after": 3, "epoch": "TRT"},
    {"code": "W8", "name": "Week 8", "day": 57, "before": 3, "after": 3, "epoch": "TRT"},
    {"code": "W12", "name": "Week 12", "day": 85, "before": 4, "after": 4, "epoch": "TRT"},
]
CRITERIA = [
    {"code": "I1", "kind": "in", "text": "Type 2 diabetes for at least six months"},
    {"code": "I2", "kind": "in", "text": "HbA1c 7.0 to 10.5 % at screening"},
    {"code": "E1", "kind": "out", "text": "Treatment with insulin in the last three months"},
    {"code": "E2", "kind": "out", "text": "eGFR below 45 mL/min"},
]
ENDPOINTS = {"form": "LB", "item": "HBA1C", "baseline": "BL", "visit": "W12", "event": "HYPOGLYCAEMIA"}
TEXT = (
    "Purpose: to show that Velatide 20 mg once a day lowers HbA1c more than placebo at week 12.\n\n"
    "Primary endpoint: change in HbA1c from baseline to week 12, by analysis of covariance with baseline and stratum.\n\n"
    "Secondary endpoint: time to first hypoglycaemia, by Kaplan–Meier and the log-rank test."
)


def begin(
    crew: Crew, program: Program, code: str, *, substance: Any = None, target: int = 24, length: int = LENGTH
) -> tuple[Study, list[Place]]:
    """Plan a trial, write and approve its protocol, open its sites, conceal its list and send kits."""
    study = design.plan_trial(
        crew.manager,
        program,
        code=code,
        title="Velatide 20 mg against placebo in adults with type 2 diabetes, 12 weeks, randomised, double-blind",
        phase="II",
        indication="Type 2 diabetes",
        criteria=CRITERIA,
        strata=STRATA,
        target=target,
        endpoints=ENDPOINTS,
        substance=substance,
    )
    version = design.design_trial(
        crew.manager,
        study,
        text=TEXT,
        arms=[
            {"code": ACTIVE, "name": "Velatide 20 mg", "treatment": "VELATIDE", "dose": "20", "unit": "mg"},
            {"code": PLACEBO, "name": "Placebo", "treatment": "PLACEBO", "dose": "0", "unit": "mg", "is_control": True},
        ],
        epochs=[{"code": "SCR", "name": "Screening"}, {"code": "TRT", "name": "Treatment"}],
        visits=VISITS,
        forms=FORMS,
        schedule={str(one["code"]): ["VS", "LB"] for one in VISITS},
    )
    design.approve_protocol(crew.physician, version, credentials=crew.sign(crew.physician))
    study.refresh_from_db()
    places = [
        design.open_site(crew.manager, study, code=f"{number:02d}", organization=site, lead=lead, country="GBR")
        for number, (site, lead) in enumerate(zip(crew.sites, crew.investigators, strict=True), 1)
    ]
    rule = {"form": "VS", "code": "VS01", "item": "SYSBP", "operator": ">", "other": "DIABP"}
    design.add_checks(crew.manager, study, [{**rule, "message": "Systolic is not above diastolic: which is right?"}])
    blinding.prepare_list(crew.unblinded, study, length=length, block_sizes=BLOCKS, seed=SEED)
    for place in places:
        blinding.register_kits(crew.unblinded, place, contents={ACTIVE: length, PLACEBO: length})
    return study, places


class Nature:
    """What happens to subjects: it knows their arm from the list, and nobody asks it."""

    def __init__(self, luck: np.random.Generator) -> None:
        drawn = permuted_blocks(
            arms=[ACTIVE, PLACEBO], ratio=[1, 1], block_sizes=list(BLOCKS), length=LENGTH, seed=SEED, strata=STRATA
        )
        self.arms = {(one.stratum, one.number): one.arm for one in drawn.slots}
        self.used = dict.fromkeys(STRATA, 0)
        self.luck = luck

    def begin(self) -> tuple[float, str]:
        """Return the HbA1c of a subject who comes, and the stratum that it falls into."""
        value = float(np.clip(self.luck.normal(8.4, 0.7), 7.1, 10.3))
        return value, STRATA[int(value >= 8.5)]

    def course(self, value: float, stratum: str) -> tuple[list[float], bool]:
        """Return HbA1c at the visits after screening, and whether a hypoglycaemia comes."""
        self.used[stratum] += 1
        active = self.arms[stratum, self.used[stratum]] == ACTIVE
        reach = -1.05 if active else -0.15
        parts = (0.0, 0.45, 0.8, 1.0)
        return [value + reach * part + float(self.luck.normal(0, 0.22)) for part in parts], bool(
            self.luck.random() < (0.45 if active else 0.2)
        )


def enter_subject(
    crew: Crew, place: Place, site: int, nature: Nature, consented: int, weeks: int = 12
) -> list[dict[str, Any]]:
    """Take one subject from consent through the visits that have been; return the pages to save."""
    coordinator, investigator = crew.coordinators[site], crew.investigators[site]
    value, stratum = nature.begin()
    subject = people.consent_subject(
        coordinator,
        place,
        form_version="2.0",
        signed_on=crew.day(consented),
        sex=str(crew.luck.choice(["F", "M"])),
        age=str(int(crew.luck.integers(38, 74))),
    )
    answers = {"I1": "yes", "I2": "yes", "E1": "no", "E2": "no"}
    people.assess_eligibility(investigator, subject, answers=answers, decided_on=crew.day(consented + 3))
    drawn = blinding.randomise(coordinator, subject, stratum=stratum, on=crew.day(consented + 7))
    subject.refresh_from_db()
    people.dispense(coordinator, subject, number=drawn.kit.number, on=crew.day(consented + 7))
    course, low = nature.course(value, stratum)
    weight = float(crew.luck.normal(88, 12))
    pages = []
    for number, (visit, hba1c) in enumerate(zip(VISITS, [value, *course], strict=True)):
        offset = int(visit["day"]) - (1 if int(visit["day"]) > 0 else 0)  # type: ignore[call-overload]
        if number > 1 and offset > weeks * 7:
            break
        pages += _pages(
            crew, subject, str(visit["code"]), crew.day(consented + 7 + offset), hba1c, weight - 0.6 * number
        )
    if low:
        starts = crew.day(consented + 7 + int(crew.luck.integers(6, max(7, weeks * 7 - 4))))
        safety.report_event(
            coordinator,
            subject,
            term="Low blood sugar",
            category="HYPOGLYCAEMIA",
            starts=starts.isoformat(),
            ends=starts.isoformat(),
            severity="MILD",
            relation="POSSIBLY RELATED",
            serious="N",
            outcome="RECOVERED/RESOLVED",
        )
    return pages


def _pages(crew: Crew, subject: Subject, visit: str, on: dt.date, hba1c: float, weight: float) -> list[dict[str, Any]]:
    luck = crew.luck
    vital = {
        "SYSBP": f"{luck.normal(132, 9):.0f}",
        "DIABP": f"{luck.normal(80, 6):.0f}",
        "WEIGHT": f"{weight:.1f}",
        "VSPOS": "SITTING",
    }
    blood = {"HBA1C": f"{hba1c:.1f}", "GLUC": f"{max(3.2, hba1c * 1.1 + luck.normal(0, 0.6)):.1f}"}
    common = {"subject": subject, "visit": visit, "done_on": on}
    return [{**common, "form": "VS", "values": vital}, {**common, "form": "LB", "values": blood}]


def play(crew: Crew, program: Program, substance: Any = None) -> Study:
    """Play a trial from its protocol to its report, then begin a second one that is under way."""
    study, places = begin(crew, program, "VT-201", substance=substance)
    nature = Nature(crew.luck)
    pages: list[list[dict[str, Any]]] = [[], []]
    for number in range(24):
        site = number % 2
        pages[site] += enter_subject(crew, places[site], site, nature, -175 + 3 * number)
    _fails(crew, places[0])
    _enter(crew, study, pages)
    _queries(crew, study)
    _finish(crew, study)
    lock = locks.lock_database(crew.manager, study, credentials=crew.sign(crew.manager))
    blinding.unblind_trial(crew.unblinded, lock, credentials=crew.sign(crew.unblinded))
    analyses.analyse_change(crew.statistician, study)
    analyses.analyse_time(crew.statistician, study)
    report = analyses.write_report(
        crew.statistician,
        study,
        credentials=crew.sign(crew.statistician),
        conclusion="Velatide 20 mg lowered HbA1c more than placebo at week 12; hypoglycaemia was mild and resolved.",
    )
    documents.review(crew.quality, report, credentials=crew.sign(crew.quality))
    under_way(crew, program, substance)
    return study


def _enter(crew: Crew, study: Study, pages: Sequence[list[dict[str, Any]]]) -> None:
    """Enter the pages of each site, one of them with a slip that a check sees."""
    slip = pages[0][0]["values"]
    slip["SYSBP"], slip["DIABP"] = slip["DIABP"], slip["SYSBP"]
    for coordinator, rows in zip(crew.coordinators, pages, strict=True):
        forms.save_pages(coordinator, study, rows)


def _fails(crew: Crew, place: Place) -> None:
    subject = people.consent_subject(
        crew.coordinators[0], place, form_version="2.0", signed_on=crew.day(-120), sex="F", age="66"
    )
    answers = {"I1": "yes", "I2": "yes", "E1": "yes", "E2": "no"}
    people.assess_eligibility(crew.investigators[0], subject, answers=answers, decided_on=crew.day(-118))


def _queries(crew: Crew, study: Study) -> None:
    """Correct the slip with a reason, ask by hand about another value, answer and close everything."""
    asked = DataQuery.objects.filter(study=study, check_code="VS01").select_related("page__subject").get()
    page, values = asked.page, {code: one["value"] for code, one in asked.page.values.items()}
    values["SYSBP"], values["DIABP"] = values["DIABP"], values["SYSBP"]
    given = {"visit": page.visit.code, "form": page.form.code, "done_on": page.done_on, "values": values}
    reason = "Transcribed the wrong way round; source checked"
    forms.save_page(crew.coordinators[0], page.subject, **given, reason=reason)
    other = CrfPage.objects.filter(study=study, form__code="LB", visit__code="W4").order_by("subject__code").first()
    assert other is not None
    query = forms.open_query(crew.monitor, other, item="GLUC", text="Source says non-fasting: please confirm.")
    forms.answer_query(
        crew.coordinators[0], query, answer="Fasting; the note in the source was corrected and initialled."
    )
    for one in DataQuery.objects.filter(study=study).select_related("study", "page__subject__place"):
        if one.state == DataQuery.State.OPEN:
            forms.answer_query(_coordinator(crew, one), one, answer="Confirmed against the source.")
        forms.close_query(crew.manager, one)


def _coordinator(crew: Crew, query: DataQuery) -> Person:
    assert query.page.subject.place is not None
    return crew.coordinators[int(query.page.subject.place.code) - 1]


def _finish(crew: Crew, study: Study) -> None:
    """Verify and freeze every page, end every subject's part, sign every casebook; a lock before that is refused."""
    try:
        locks.lock_database(crew.manager, study, credentials=crew.sign(crew.manager))
    except Refused:
        pass
    else:
        raise AssertionError("a database was locked while pages were not verified")
    forms.verify_pages(crew.monitor, list(CrfPage.objects.filter(study=study).select_related("study")))
    forms.freeze_pages(crew.manager, list(CrfPage.objects.filter(study=study).select_related("study")))
    for subject in study.subjects.filter(state=Subject.State.ENROLLED).select_related("study", "place"):
        assert subject.place is not None and subject.reference_on is not None
        who = crew.coordinators[int(subject.place.code) - 1]
        people.end_subject(who, subject, state="completed", on=subject.reference_on + dt.timedelta(days=84))
    for number, investigator in enumerate(crew.investigators, 1):
        books = Casebook.objects.filter(
            study=study, subject__place__code=f"{number:02d}", subject__crf_pages__isnull=False
        )
        rows = list(books.distinct().select_related("subject__study", "subject__place"))
        forms.sign_casebooks(investigator, rows, credentials=crew.sign(investigator))


def under_way(crew: Crew, program: Program, substance: Any = None) -> Study:
    """Begin a second trial that is blinded and under way: subjects in different weeks, queries open, an event that is serious."""
    study, places = begin(crew, program, "VT-202", substance=substance)
    nature = Nature(crew.luck)
    pages: list[list[dict[str, Any]]] = [[], []]
    for number, (consented, weeks) in enumerate(((-70, 9), (-50, 5), (-45, 5), (-20, 1))):
        pages[number % 2] += enter_subject(crew, places[number % 2], number % 2, nature, consented, weeks)
    _enter(crew, study, pages)
    people.consent_subject(
        crew.coordinators[0], places[0], form_version="1.0", signed_on=crew.day(-2), sex="M", age="58"
    )
    first = study.subjects.filter(code="01-001").select_related("study", "place").get()
    safety.report_event(
        crew.coordinators[0],
        first,
        term="Pneumonia",
        starts=crew.day(-10).isoformat(),
        severity="MODERATE",
        relation="NOT RELATED",
        serious="Y",
        criterion="hospitalisation",
    )
    return study
