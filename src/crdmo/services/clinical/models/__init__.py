"""The records of a trial beside those that all studies share: blinding, case report forms, locks, analyses."""

from __future__ import annotations

from .blinding import Kit, Randomisation, RandomisationList, Slot, TrialUnblinding, Unblinding
from .forms import DONE_ON, CrfPage, DataQuery, EditCheck
from .outcome import DatabaseLock, DomainTable, StudyReport, TrialAnalysis
from .people import Casebook, Consent, Eligibility

__all__ = [
    "DONE_ON",
    "Casebook",
    "Consent",
    "CrfPage",
    "DataQuery",
    "DatabaseLock",
    "DomainTable",
    "EditCheck",
    "Eligibility",
    "Kit",
    "Randomisation",
    "RandomisationList",
    "Slot",
    "StudyReport",
    "TrialAnalysis",
    "TrialUnblinding",
    "Unblinding",
]
