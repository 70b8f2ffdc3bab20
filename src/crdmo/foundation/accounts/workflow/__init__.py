"""The verbs of accounts: who belongs here, what they may do, and how they prove who they are."""

from __future__ import annotations

from .access import delegate, end_delegation, end_role, grant_role, review_access
from .credentials import (
    NewPassword,
    deactivate_person,
    reactivate_person,
    remove_second_factors,
    reset_password,
    unlock,
    verify_identity,
)
from .people import NewPerson, bootstrap, change_person, create_organization, create_person, create_program
from .training import acknowledge_training, record_training, set_training_requirement

__all__ = [
    "NewPassword", "NewPerson", "acknowledge_training", "bootstrap", "change_person", "create_organization",
    "create_person", "create_program", "deactivate_person", "delegate", "end_delegation", "end_role", "grant_role",
    "reactivate_person", "record_training", "remove_second_factors", "reset_password", "review_access",
    "set_training_requirement", "unlock", "verify_identity",
]  # fmt: skip
