"""A small trial that tests play with: two sites, everybody who has a part; done by the verbs that pages call."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from crdmo.common.materials import workflow as stock
from crdmo.common.studies.models import Place, Study, Subject
from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from crdmo.services.clinical import demo
from crdmo.services.clinical.models import Casebook, CrfPage, DataQuery
from crdmo.services.clinical.workflow import blinding, forms, locks, people
from tests import factories
from tests.services.quality.lab import known_password

TEAM = {
    "manager": Role.DATA_MANAGER,
    "monitor": Role.MONITOR,
    "statistician": Role.STATISTICIAN,
    "unblinded": Role.UNBLINDED_STATISTICIAN,
    "physician": Role.MEDICAL_MONITOR,
    "quality": Role.QA,
}
GOOD = {"VS": {"SYSBP": "130", "DIABP": "80", "WEIGHT": "90.5"}, "LB": {"HBA1C": "8.1", "GLUC": "9.0"}}
STRATUM = demo.STRATA[0]


@dataclass
class Trial:
    """A trial whose protocol is in force, with list and kits."""

    program: Program
    crew: demo.Crew
    study: Study
    places: list[Place]
    sponsor: Person

    @property
    def today(self) -> dt.date:
        return self.crew.today

    @property
    def coordinator(self) -> Person:
        return self.crew.coordinators[0]

    @property
    def other_coordinator(self) -> Person:
        return self.crew.coordinators[1]

    @property
    def investigator(self) -> Person:
        return self.crew.investigators[0]

    def day(self, days: int) -> dt.date:
        return self.crew.day(days)

    def sign(self, person: Person) -> Credentials:
        return self.crew.sign(person)

    def again(self, record: Any) -> Any:
        """Return a record as it stands now."""
        return type(record).objects.get(pk=record.pk)

    def screened(self, site: int = 0, days: int = -100) -> Subject:
        return people.consent_subject(
            self.crew.coordinators[site],
            self.places[site],
            form_version="1.0",
            signed_on=self.day(days),
            sex="F",
            age="50",
        )

    def eligible(self, site: int = 0, days: int = -100) -> Subject:
        subject = self.screened(site, days)
        answers = {"I1": "yes", "I2": "yes", "E1": "no", "E2": "no"}
        people.assess_eligibility(
            self.crew.investigators[site], subject, answers=answers, decided_on=self.day(days + 1)
        )
        return subject

    def randomised(self, site: int = 0, days: int = -100, stratum: str = STRATUM) -> Subject:
        subject = self.eligible(site, days)
        drawn = blinding.randomise(self.crew.coordinators[site], subject, stratum=stratum, on=self.day(days + 2))
        subject.refresh_from_db()
        people.dispense(self.crew.coordinators[site], subject, number=drawn.kit.number, on=self.day(days + 2))
        return self.again(subject)

    def save(self, subject: Subject, form: str = "VS", visit: str = "SCR", **more: Any) -> CrfPage:
        who = more.pop("by", self.coordinator)
        values = {**GOOD[form], **more.pop("values", {})}
        given = {"visit": visit, "form": form, "done_on": self.day(-98), "values": values, **more}
        return forms.save_page(who, subject, **given)

    def whole(self, subject: Subject, site: int = 0, hba1c: str = "8.1") -> None:
        """Enter every form of a subject and end the part."""
        who = self.crew.coordinators[site]
        rows = [
            {
                "subject": subject,
                "visit": one["code"],
                "form": form,
                "done_on": self.day(-98),
                "values": dict(GOOD[form]),
            }
            for one in demo.VISITS
            for form in GOOD
        ]
        rows[-1]["values"]["HBA1C"] = hba1c
        forms.save_pages(who, self.study, rows)
        people.end_subject(who, self.again(subject), state="completed", on=self.day(-10))

    def clean(self) -> None:
        """Close every query; verify, freeze and sign everything."""
        for query in DataQuery.objects.exclude(state="closed"):
            site = int(query.page.subject.place.code) - 1
            if query.state == "open":
                forms.answer_query(self.crew.coordinators[site], query, answer="Confirmed.")
            forms.close_query(self.crew.manager, query)
        forms.verify_pages(self.crew.monitor, list(CrfPage.objects.all()))
        forms.freeze_pages(self.crew.manager, list(CrfPage.objects.all()))
        for number, who in enumerate(self.crew.investigators, 1):
            books = Casebook.objects.filter(subject__place__code=f"{number:02d}", subject__crf_pages__isnull=False)
            rows = list(books.distinct())
            if rows:
                forms.sign_casebooks(who, rows, credentials=self.sign(who))

    def locked(self) -> Any:
        self.clean()
        return locks.lock_database(self.crew.manager, self.again(self.study), credentials=self.sign(self.crew.manager))


def _person(role: str, program: Program, **more: Any) -> Person:
    found = factories.person(role, program, **more)
    Login.objects.filter(person=found).update(password=known_password())
    return found


def make(today: dt.date | None = None) -> Trial:
    """Set up the trial."""
    program = factories.program()
    sites = [factories.site("SITE"), factories.site("OTHERSITE")]
    crew = demo.Crew(
        **{part: _person(role, program) for part, role in TEAM.items()},
        investigators=[_person(Role.INVESTIGATOR, program, organization=one) for one in sites],
        coordinators=[_person(Role.SITE_COORDINATOR, program, organization=one) for one in sites],
        sites=sites,
        sign=lambda person: Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}"),
        today=today or dt.datetime.now(dt.UTC).date(),
    )
    keeper = _person(Role.SAMPLE_MANAGER, program)
    product = stock.register_substance(keeper, program, code="VT", name="Velatide", kind="drug_product")
    study, places = demo.begin(crew, program, "VT-201", substance=product, target=4, length=8)
    return Trial(program, crew, study, places, _person(Role.SPONSOR_LEAD, program))
