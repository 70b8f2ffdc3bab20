"""Reads that pages and API share: who may do what, records by what people call them, what was seen before, training."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from crdmo.foundation.accounts.models import (
    Membership,
    Organization,
    Person,
    Program,
    Training,
    TrainingRequirement,
    in_force,
)
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry, Record, record_types
from crdmo.foundation.refusals import Invalid

from .models import Affected, Deviation


def find_records(program: Program, text: str) -> list[Record]:
    """Return the records that a text names, by code or key, separated by commas, spaces or lines.

    Raises:
        Invalid: names what was not found in the program or the house, and what fits several kinds of records.
    """
    names = list(dict.fromkeys(text.replace(",", " ").split()))
    found = {name: _find(program, name.rstrip("/").rpartition("/")[2]) for name in names}
    errors = {name: "not found here" for name, rows in found.items() if not rows}
    errors |= {
        name: "several: " + ", ".join(f"{one.record_type()} {one.pk}" for one in rows)
        for name, rows in found.items()
        if len(rows) > 1
    }
    if errors:
        told = "; ".join(f"{name}: {why}" for name, why in errors.items())
        raise Invalid("a record cannot be linked", errors={"records": told}, given=", ".join(errors))
    return [rows[0] for rows in found.values()]


def _find(program: Program, name: str) -> list[Record]:
    here = Q(program=program) | Q(program__isnull=True, organization__in=(program.organization_id, program.partner_id))
    try:
        key = UUID(name)
    except ValueError:
        return _by_code(name, here)
    kind = Entry.objects.filter(record_id=key).values_list("record_type", flat=True).first()
    model = record_types().get(kind or "")
    return list(model._default_manager.filter(here, pk=key, is_void=False)) if model else []


def _by_code(name: str, here: Q) -> list[Record]:
    found: list[Record] = []
    for model in record_types().values():
        if model._meta.app_label == "accounts" or not any(f.name == "code" for f in model._meta.concrete_fields):
            continue
        # Of several versions under one code, the last written.
        manager: Any = model._default_manager
        rows = manager.filter(here, code=name, is_void=False).order_by("-entry")[:1]
        found += list(rows)
    return found


def seen_before(deviation: Deviation, cause: str = "") -> list[tuple[Deviation, str]]:
    """Return earlier deviations of the program that touch the same records or have the same cause, and which."""
    own = set(deviation.affected.filter(is_void=False).values_list("target", flat=True))
    rows = Affected.objects.filter(program=deviation.program_id, target__in=own, deviation__isnull=False, is_void=False)
    found: dict[UUID, str] = {}
    for one in rows.exclude(deviation=deviation).order_by("-entry")[:50]:
        assert one.deviation_id is not None
        found.setdefault(one.deviation_id, one.target_label)
    if cause:
        same = Deviation.objects.filter(
            program=deviation.program_id, investigations__cause=cause, investigations__is_void=False, is_void=False
        )
        for key in same.exclude(pk=deviation.pk).order_by("-entry").values_list("pk", flat=True)[:20]:
            found[key] = f"{found[key]}; same kind of cause" if key in found else "same kind of cause"
    seen = Deviation.objects.filter(pk__in=found).select_related("program").order_by("-code")
    return [(one, found[one.pk]) for one in seen]


@dataclass(frozen=True)
class Cell:
    """How one person stands to one requirement: trained, due (not in force yet), overdue, or not asked."""

    state: str
    since: dt.date | None = None
    training: Training | None = None


@dataclass(frozen=True)
class Matrix:
    """People × what must be known, with every gap."""

    subjects: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Person, tuple[str, ...], tuple[Cell, ...]], ...]

    @property
    def overdue(self) -> int:
        """How many gaps close a gate today."""
        return sum(cell.state == "overdue" for _, _, cells in self.rows for cell in cells)

    @property
    def coming(self) -> int:
        """How many gaps will close a gate on their day."""
        return sum(cell.state == "due" for _, _, cells in self.rows for cell in cells)


def training_matrix(organization: Organization | None, today: dt.date) -> Matrix:
    """Return who must know what, and does: the requirement in force for each role, and those that come."""
    people = list(
        Person.objects.filter(organization=organization, is_active=True, is_void=False).order_by("printed_name")
    )
    roles: dict[UUID, set[str]] = {}
    for held in Membership.objects.filter(in_force(today), person__in=people):
        roles.setdefault(held.person_id, set()).add(held.role)
    wanted: dict[tuple[str, str], dict[str, dt.date]] = {}
    current: dict[tuple[str, str], tuple[str, dt.date]] = {}
    rows = TrainingRequirement.objects.filter(organization=organization, is_void=False).order_by("from_date", "entry")
    for row in rows:
        if row.from_date <= today:
            current[row.role, row.subject] = (row.subject_version, row.from_date)
        else:
            wanted.setdefault((row.subject, row.subject_version), {})[row.role] = row.from_date
    for (role, subject), (version, day) in current.items():
        wanted.setdefault((subject, version), {})[role] = day
    subjects = tuple(sorted(wanted))
    have: dict[tuple[UUID, str, str], Training] = {}
    valid = Training.objects.filter(Q(expires__isnull=True) | Q(expires__gte=today), person__in=people, is_void=False)
    for one in valid.order_by("on", "entry"):
        have[one.person_id, one.subject, one.subject_version] = one
    made = []
    for person in people:
        own = roles.get(person.pk, set())
        cells = tuple(_cell(own, wanted[key], have.get((person.pk, *key)), today) for key in subjects)
        if own:
            made.append((person, tuple(Role(role).label for role in sorted(own)), cells))
    return Matrix(subjects, tuple(made))


def _cell(own: set[str], asked: dict[str, dt.date], training: Training | None, today: dt.date) -> Cell:
    days = [day for role, day in asked.items() if role in own]
    if not days:
        return Cell("")
    since = min(days)
    if training is not None:
        return Cell("done", since, training)
    return Cell("overdue" if since <= today else "due", since)
