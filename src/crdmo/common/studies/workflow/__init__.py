"""The steps of a study. None is a verb: each service declares verbs of its own with its own roles, and calls them there.

@verb("preclinical.enroll_animals", "receive animals into a study", roles=(Role.TECHNICIAN,))
def enroll_animals(act, study, rows): return studies.enroll(act, study, rows)
"""

from __future__ import annotations

from .design import (
    add_activities,
    add_arms,
    add_epochs,
    add_visits,
    cancel_study,
    complete_study,
    create_study,
    drop,
    lock_study,
    replace_lead,
    retire,
    schedule,
)
from .observations import correct, record_events, record_findings, record_interventions, withdraw
from .protocols import (
    amend_protocol,
    discard_protocol,
    draft_protocol,
    edit_protocol,
    finalise_protocol,
    put_in_force,
    sign_protocol,
)
from .subjects import add_places, allocate, change_subject, end_subject, enroll, register_subjects, start_exposure

__all__ = [
    "add_activities",
    "add_arms",
    "add_epochs",
    "add_places",
    "add_visits",
    "allocate",
    "amend_protocol",
    "cancel_study",
    "change_subject",
    "complete_study",
    "correct",
    "create_study",
    "discard_protocol",
    "draft_protocol",
    "drop",
    "edit_protocol",
    "end_subject",
    "enroll",
    "finalise_protocol",
    "lock_study",
    "put_in_force",
    "record_events",
    "record_findings",
    "record_interventions",
    "register_subjects",
    "replace_lead",
    "retire",
    "schedule",
    "sign_protocol",
    "start_exposure",
    "withdraw",
]
