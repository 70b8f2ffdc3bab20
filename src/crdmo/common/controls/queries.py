"""Reads of controls that services share."""

from __future__ import annotations

from django.db.models import QuerySet

from crdmo.foundation.accounts.models import Program

from .models import Control


def effective(program: Program | None) -> QuerySet[Control]:
    """Return the controls of a program that are in force."""
    rows = Control.objects.filter(program=program, state=Control.State.EFFECTIVE, is_void=False)
    return rows.order_by("kind", "operation", "name")


def in_force(program: Program | None, name: str) -> Control | None:
    """Return the control of this name that is in force, or None."""
    return effective(program).filter(name=name).first()


def successor(control: Control) -> Control | None:
    """Return the control that stands in the place of a superseded one, or None where the strategy dropped it."""
    return in_force(control.program, control.name)
