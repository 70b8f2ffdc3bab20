"""The roles that a person can hold, in the field's own words, and those that exclude each other."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a person is in one program, or in all programs of the own organization."""

    ADMINISTRATOR = "administrator", "System administrator"
    PROJECT_MANAGER = "project_manager", "Project manager"
    PROPOSALS = "proposals", "Proposals and business development"
    FINANCE = "finance", "Finance"
    SAMPLE_MANAGER = "sample_manager", "Sample manager"
    ANALYST = "analyst", "QC analyst"
    REVIEWER = "reviewer", "QC reviewer"
    SUPERVISOR = "supervisor", "QC supervisor"
    STABILITY_COORDINATOR = "stability_coordinator", "Stability coordinator"
    METROLOGIST = "metrologist", "Instrument owner"
    PROCESS_ENGINEER = "process_engineer", "Process engineer"
    PROCESS_LEAD = "process_lead", "Head of process development"
    OPERATOR = "operator", "Production operator"
    PRODUCTION_SUPERVISOR = "production_supervisor", "Production supervisor"
    PRODUCTION_HEAD = "production_head", "Head of production"
    REGULATORY_PUBLISHER = "regulatory_publisher", "Regulatory publisher"
    REGULATORY_LEAD = "regulatory_lead", "Regulatory affairs lead"
    MEDICINAL_CHEMIST = "medicinal_chemist", "Medicinal chemist"
    SCREENING_BIOLOGIST = "screening_biologist", "Screening biologist"
    DISCOVERY_LEAD = "discovery_lead", "Discovery lead"
    QA = "qa", "Quality assurance"
    QUALIFIED_PERSON = "qualified_person", "Qualified person"
    INVESTIGATOR = "investigator", "Investigator"
    SITE_COORDINATOR = "site_coordinator", "Site coordinator"
    MONITOR = "monitor", "Clinical monitor"
    DATA_MANAGER = "data_manager", "Clinical data manager"
    STATISTICIAN = "statistician", "Trial statistician"
    UNBLINDED_STATISTICIAN = "unblinded_statistician", "Unblinded statistician"
    MEDICAL_MONITOR = "medical_monitor", "Medical monitor"
    STUDY_DIRECTOR = "study_director", "Study director"
    TECHNICIAN = "technician", "Study technician"
    GLP_QA = "glp_qa", "GLP quality assurance"
    TEST_FACILITY_MANAGEMENT = "test_facility_management", "Test facility management"
    SPONSOR_LEAD = "sponsor_lead", "Sponsor's outsourcing lead"
    SPONSOR_QA = "sponsor_qa", "Sponsor's quality assurance"
    INSPECTOR = "inspector", "Inspector"


LABORATORY = (
    Role.SAMPLE_MANAGER, Role.ANALYST, Role.REVIEWER, Role.SUPERVISOR, Role.STABILITY_COORDINATOR, Role.METROLOGIST,
)  # fmt: skip
DEVELOPMENT = (Role.PROCESS_ENGINEER, Role.PROCESS_LEAD)
PRODUCTION = (Role.OPERATOR, Role.PRODUCTION_SUPERVISOR, Role.PRODUCTION_HEAD)
REGULATORY = (Role.REGULATORY_PUBLISHER, Role.REGULATORY_LEAD)
QUALITY_UNIT = (Role.QA, Role.QUALIFIED_PERSON)
SPONSOR = (Role.SPONSOR_LEAD, Role.SPONSOR_QA)
SITE = (Role.INVESTIGATOR, Role.SITE_COORDINATOR)
# Everybody of a program but the people of a site: they see their own subjects, in the trial's own pages, and no more.
EVERYONE = tuple(role for role in Role if role not in SITE)

# Segregation of duties: who administers owns no data, and who makes data does not release it.
EXCLUSIVE: tuple[tuple[Role, Role], ...] = (
    *((Role.ADMINISTRATOR, role) for role in Role if role is not Role.ADMINISTRATOR),
    (Role.ANALYST, Role.QA),
    (Role.ANALYST, Role.QUALIFIED_PERSON),
    # Who enters data of a trial does not verify them, and who knows the arms does nothing else in it.
    *((role, other) for role in SITE for other in (Role.MONITOR, Role.DATA_MANAGER)),
    *(
        (Role.UNBLINDED_STATISTICIAN, role)
        for role in (*SITE, Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN, Role.MEDICAL_MONITOR)
    ),
    # 21 CFR 58.35(a): who inspects a study is no part of it.
    *((Role.GLP_QA, role) for role in (Role.STUDY_DIRECTOR, Role.TECHNICIAN, Role.TEST_FACILITY_MANAGEMENT)),
    *((role, unit) for role in (*DEVELOPMENT, *PRODUCTION) for unit in QUALITY_UNIT),
)

# What the people of an organization can be. Only a partner has a laboratory; a bidder answers requests;
# an agency looks and does nothing.
FOR_KIND: dict[str, tuple[Role, ...]] = {
    "partner": tuple(role for role in Role if role not in (*SPONSOR, *SITE, Role.INSPECTOR)),
    "sponsor": (Role.ADMINISTRATOR, Role.PROJECT_MANAGER, Role.FINANCE, *SPONSOR, Role.QUALIFIED_PERSON),
    "bidder": (Role.ADMINISTRATOR, Role.PROPOSALS, Role.FINANCE),
    "site": (Role.ADMINISTRATOR, Role.SAMPLE_MANAGER, *SITE),
    "agency": (Role.ADMINISTRATOR, Role.INSPECTOR),
}


def exclude(one: str, other: str) -> bool:
    """Say whether two roles may not be held by one person."""
    return any({one, other} == {a.value, b.value} for a, b in EXCLUSIVE)
