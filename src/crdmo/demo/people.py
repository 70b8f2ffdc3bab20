"""The people of the demo: two sponsors, one partner, one who bids and loses. Each has a log-in and signs for themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.accounts.models import Login, Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials

PASSWORD = "open thread, signed record"  # noqa: S105 — the demo's, printed when it is played
SOP = "SOP-QC-010"

# user id, printed name, job title, organization, roles
CAST: tuple[tuple[str, str, str, str, tuple[Role, ...]], ...] = (
    ("m.keller", "Miriam Keller", "Project Manager", "NORTHBRIDGE", (Role.PROJECT_MANAGER,)),
    ("s.okafor", "Samuel Okafor", "Sample Manager", "NORTHBRIDGE", (Role.SAMPLE_MANAGER,)),
    ("a.lindgren", "Anna Lindgren", "QC Analyst", "NORTHBRIDGE", (Role.ANALYST,)),
    ("t.moreau", "Théo Moreau", "QC Analyst", "NORTHBRIDGE", (Role.ANALYST,)),
    ("r.haddad", "Rana Haddad", "QC Reviewer", "NORTHBRIDGE", (Role.REVIEWER,)),
    ("j.novak", "Jana Novák", "QC Supervisor", "NORTHBRIDGE", (Role.SUPERVISOR,)),
    ("p.ferrara", "Paolo Ferrara", "Stability Coordinator", "NORTHBRIDGE", (Role.STABILITY_COORDINATOR,)),
    ("k.maier", "Katrin Maier", "Process Engineer", "NORTHBRIDGE", (Role.PROCESS_ENGINEER,)),
    ("p.ito", "Dr Paul Ito", "Head of Process Development", "NORTHBRIDGE", (Role.PROCESS_LEAD,)),
    ("b.silva", "Bruno Silva", "Production Operator", "NORTHBRIDGE", (Role.OPERATOR,)),
    ("n.kaur", "Nisha Kaur", "Production Operator", "NORTHBRIDGE", (Role.OPERATOR,)),
    ("f.weber", "Frank Weber", "Production Supervisor", "NORTHBRIDGE", (Role.PRODUCTION_SUPERVISOR,)),
    ("c.dubois", "Dr Claire Dubois", "Head of Production", "NORTHBRIDGE", (Role.PRODUCTION_HEAD,)),
    ("e.okonkwo", "Emeka Okonkwo", "Regulatory Publisher", "NORTHBRIDGE", (Role.REGULATORY_PUBLISHER,)),
    ("s.lindh", "Dr Sara Lindh", "Regulatory Affairs Lead", "NORTHBRIDGE", (Role.REGULATORY_LEAD,)),
    ("w.tanaka", "Dr Wataru Tanaka", "Medicinal Chemist", "NORTHBRIDGE", (Role.MEDICINAL_CHEMIST,)),
    ("g.rossi", "Giulia Rossi", "Screening Biologist", "NORTHBRIDGE", (Role.SCREENING_BIOLOGIST,)),
    ("y.amari", "Dr Yasmin Amari", "Discovery Lead", "NORTHBRIDGE", (Role.DISCOVERY_LEAD,)),
    ("h.brandt", "Dr Helga Brandt", "Head of Quality Assurance", "NORTHBRIDGE", (Role.QA,)),
    ("l.adeyemi", "Dr Lola Adeyemi", "Qualified Person", "NORTHBRIDGE", (Role.QUALIFIED_PERSON,)),
    ("z.aziz", "Zara Aziz", "Clinical Monitor", "NORTHBRIDGE", (Role.MONITOR,)),
    ("x.duarte", "Xavier Duarte", "Clinical Data Manager", "NORTHBRIDGE", (Role.DATA_MANAGER,)),
    ("b.lang", "Dr Beate Lang", "Trial Statistician", "NORTHBRIDGE", (Role.STATISTICIAN,)),
    ("u.singh", "Dr Uma Singh", "Unblinded Statistician", "NORTHBRIDGE", (Role.UNBLINDED_STATISTICIAN,)),
    ("n.weiss", "Dr Nora Weiss", "Medical Monitor", "NORTHBRIDGE", (Role.MEDICAL_MONITOR,)),
    ("d.petrova", "Dr Daria Petrova", "Study Director", "NORTHBRIDGE", (Role.STUDY_DIRECTOR,)),
    ("v.osei", "Victor Osei", "Study Technician", "NORTHBRIDGE", (Role.TECHNICIAN,)),
    ("q.laurent", "Quentin Laurent", "GLP Quality Assurance", "NORTHBRIDGE", (Role.GLP_QA,)),
    ("u.marin", "Dr Ulrike Marin", "Test Facility Management", "NORTHBRIDGE", (Role.TEST_FACILITY_MANAGEMENT,)),
    ("e.castro", "Elena Castro", "Director of Outsourcing", "AURELIA", (Role.SPONSOR_LEAD,)),
    ("k.yamada", "Kenji Yamada", "Sponsor Quality", "AURELIA", (Role.SPONSOR_QA,)),
    ("f.moss", "Fiona Moss", "Clinical Finance Manager", "AURELIA", (Role.FINANCE,)),
    ("r.olsen", "Rikke Olsen", "Head of Proposals", "NORTHBRIDGE", (Role.PROPOSALS,)),
    ("t.nagy", "Tibor Nagy", "Project Finance Manager", "NORTHBRIDGE", (Role.FINANCE,)),
    ("g.osei", "Grace Osei", "Business Development", "HALDEN", (Role.PROPOSALS,)),
    ("o.lund", "Oskar Lund", "Outsourcing Lead", "LINDQVIST", (Role.SPONSOR_LEAD,)),
)
# People of sites: they work in one program, and see their own subjects there.
SITES: tuple[tuple[str, str, tuple[tuple[str, str, str, Role], ...]], ...] = (
    (
        "RIVERSIDE",
        "Riverside Clinical Research Centre",
        (
            ("i.mensah", "Dr Ifeoma Mensah", "Principal Investigator", Role.INVESTIGATOR),
            ("y.cho", "Yuna Cho", "Study Coordinator", Role.SITE_COORDINATOR),
        ),
    ),
    (
        "HARBOUR",
        "Harbour Diabetes Clinic",
        (
            ("f.rizzo", "Dr Federica Rizzo", "Principal Investigator", Role.INVESTIGATOR),
            ("w.tan", "Wei Tan", "Study Coordinator", Role.SITE_COORDINATOR),
        ),
    ),
)
NAMES = {
    "AURELIA": "Aurelia Therapeutics",
    "NORTHBRIDGE": "Northbridge CRDMO",
    "HALDEN": "Halden Labs",
    "LINDQVIST": "Lindqvist Pharma",
    "FMA": "Federal Medicines Agency",
}


@dataclass
class Cast:
    """Everybody by user id, and the organizations by code."""

    people: dict[str, Person] = field(default_factory=dict)
    organizations: dict[str, Organization] = field(default_factory=dict)

    def __getitem__(self, user_id: str) -> Person:
        return self.people[user_id]

    def credentials(self, user_id: str) -> Credentials:
        """Return what a person types to sign: both components, as at a first signing."""
        return Credentials(user_id=user_id, password=PASSWORD, session_key=f"demo-{user_id}")


def _known_password(person: Person) -> None:
    login = Login.objects.get(person=person)
    login.set_password(PASSWORD)
    login.must_change_password = False
    login.save()


def enter(today: dt.date) -> Cast:
    """Set up the installation: its organization and administrators, then everybody else through their hands."""
    cast = Cast()
    home, admins = accounts.bootstrap(
        code="NORTHBRIDGE",
        name=NAMES["NORTHBRIDGE"],
        administrators=[("d.admin", "Dana Admin"), ("i.admin", "Igor Admin")],
    )
    cast.organizations["NORTHBRIDGE"] = home
    for new in admins:
        cast.people[new.person.user_id] = new.person
        _known_password(new.person)
    admin = cast["d.admin"]
    for code, kind in (("AURELIA", "sponsor"), ("LINDQVIST", "sponsor"), ("HALDEN", "bidder"), ("FMA", "agency")):
        cast.organizations[code] = accounts.create_organization(admin, code=code, name=NAMES[code], kind=kind)
    for user_id, name, title, place, roles in CAST:
        person = _enter(cast, place, user_id, name, title)
        for role in roles:
            accounts.grant_role(admin, person, role=role, starts=today - dt.timedelta(days=1))
        person.refresh_from_db()
    return cast


def _enter(cast: Cast, place: str, user_id: str, name: str, title: str) -> Person:
    """Enter one person with a known password and a verified identity."""
    made = accounts.create_person(
        cast["d.admin"], cast.organizations[place], user_id=user_id, printed_name=name, job_title=title
    )
    _known_password(made.person)
    accounts.verify_identity(cast["i.admin"], made.person, reason="Passport seen on the first day")
    cast.people[user_id] = made.person
    return made.person


def enter_sites(cast: Cast, program: Program, today: dt.date) -> None:
    """Set up the sites of the program's trials and their people."""
    for code, name, staff in SITES:
        cast.organizations[code] = accounts.create_organization(cast["d.admin"], code=code, name=name, kind="site")
        for user_id, printed, title, role in staff:
            person = _enter(cast, code, user_id, printed, title)
            accounts.grant_role(
                cast["d.admin"], person, role=role, program=program, starts=today - dt.timedelta(days=1)
            )
            person.refresh_from_db()


def admit_inspector(cast: Cast, program: Program, today: dt.date) -> None:
    """Let an inspector of the agency look at everything of the program."""
    person = _enter(cast, "FMA", "t.holm", "Thea Holm", "GMP and GCP Inspector")
    accounts.grant_role(
        cast["d.admin"], person, role=Role.INSPECTOR, program=program, starts=today - dt.timedelta(days=1)
    )
    person.refresh_from_db()


def train(cast: Cast, today: dt.date) -> None:
    """Require the bench's SOP of analysts, and train them on it."""
    qa = cast["h.brandt"]
    accounts.set_training_requirement(
        qa,
        cast.organizations["NORTHBRIDGE"],
        role=Role.ANALYST,
        subject=SOP,
        version="2",
        from_date=today - dt.timedelta(days=30),
    )
    for user_id in ("a.lindgren", "t.moreau"):
        accounts.record_training(
            cast["j.novak"], cast[user_id], subject=SOP, version="2", on=today - dt.timedelta(days=20)
        )


def programs(cast: Cast) -> tuple[Program, Program]:
    """Open the program that is played, and another sponsor's that must never be seen beside it."""
    admin, partner = cast["d.admin"], cast.organizations["NORTHBRIDGE"]
    mine = accounts.create_program(
        admin,
        cast.organizations["AURELIA"],
        partner,
        code="CRD-101",
        name="Velatide 20 mg tablets",
        indication="Type 2 diabetes, phase III supply",
        modality="Small molecule, immediate-release tablet",
    )
    other = accounts.create_program(
        admin,
        cast.organizations["LINDQVIST"],
        partner,
        code="LQ-7",
        name="LQ-7 capsules",
        indication="Migraine",
        modality="Small molecule",
    )
    return mine, other


__all__ = ["PASSWORD", "Cast", "enter", "enter_sites", "programs", "train"]
