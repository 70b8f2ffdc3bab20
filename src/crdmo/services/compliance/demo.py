"""The quality system's part of the demo: a deviation with its CAPA, a change on its way, suppliers, a review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import Credentials

from .models import Capa, Deviation
from .workflow import affected, capas, changes, deviations, reviews, suppliers


@dataclass(frozen=True)
class Staff:
    """Who plays which part, and how each signs."""

    reporter: Person
    owner: Person
    reviewer: Person
    analyst: Person
    qa: Person
    qp: Person
    sign: Callable[[Person], Credentials]


def play(staff: Staff, program: Program, house: Organization, lot: Lot, instrument: Record, today: dt.date) -> None:
    """Play it; the lot that is named stays held by its deviation."""
    _closed(staff, program, instrument)
    _open(staff, program, lot)
    _change(staff, program, instrument, today)
    _suppliers(staff, house, today)
    _review(staff, program)


def _report(staff: Staff, program: Program, title: str, facts: str, records: list[Record]) -> Deviation:
    now = dt.datetime.now(dt.UTC)
    return deviations.report_deviation(
        staff.reporter,
        program,
        title=title,
        facts=facts,
        happened_at=now - dt.timedelta(hours=7),
        found_at=now - dt.timedelta(minutes=40),
        records=records,
    )


def _closed(staff: Staff, program: Program, instrument: Record) -> Capa:
    found = _report(
        staff,
        program,
        "Daily balance check not recorded",
        "The logbook has no entry for one day on which the bench was used. The checks before and after passed.",
        [instrument],
    )
    deviations.classify_deviation(
        staff.qa, found, classification="minor", why="Checks on both sides passed.", investigator=staff.owner
    )
    deviations.investigate(
        staff.owner,
        found,
        method="five_why",
        root_cause="The check is on a paper list that hangs beside the door, not at the balance.",
        cause="method",
        evidence="Three of four people asked did not know on which day the list is changed.",
        capa_needed=True,
    )
    today = dt.datetime.now(dt.UTC).date()
    made = capas.open_capa(
        staff.owner,
        program,
        deviation=found,
        title="Daily checks are asked for where they are done",
        problem="A daily check can be forgotten without anybody seeing it the same day.",
        owner=staff.owner,
        criterion="No day of use without a recorded check in 60 days.",
        data="Logbooks of all balances.",
        check_on=today + dt.timedelta(days=75),
    )
    for text, person in (("Move the list to each balance.", staff.analyst), ("Train the bench on it.", staff.owner)):
        capas.plan_action(
            staff.owner, made, kind="corrective", text=text, owner=person, due_on=today + dt.timedelta(days=14)
        )
    capas.approve_capa(staff.qa, made, credentials=staff.sign(staff.qa))
    capas.complete_action(staff.analyst, capas.actions_of(made)[0], evidence="Lists hang at balances BAL-01 to BAL-03.")
    found.refresh_from_db()
    deviations.approve_deviation(staff.qa, found, credentials=staff.sign(staff.qa))
    return made


def _open(staff: Staff, program: Program, lot: Lot) -> None:
    found = _report(
        staff,
        program,
        "Samples stood at room temperature",
        "Three containers stood on the receiving bench from 05:10 to 11:40 instead of in refrigerator 3.",
        [lot],
    )
    deviations.classify_deviation(
        staff.qa,
        found,
        classification="major",
        why="Product that is to be released is touched.",
        investigator=staff.owner,
    )
    deviations.investigate(
        staff.owner,
        found,
        method="fishbone",
        root_cause="The night shift receives without a second person.",
        cause="people",
        evidence="Roster and door log.",
        capa_needed=False,
        capa_reason="The roster was changed the same day; a second person receives now.",
    )
    for one in affected.unassessed(found):
        affected.assess_impact(
            staff.owner, one, impact="acceptable", assessment="Label storage is below 30 °C; the bench was at 21 °C."
        )


def _change(staff: Staff, program: Program, instrument: Record, today: dt.date) -> None:
    made = changes.propose_change(
        staff.owner,
        program,
        title="Second HPLC for the assay",
        proposal="The assay runs on one instrument; a second one of the same kind is added.",
        justification="One instrument is a bottleneck in the weeks of stability pulls.",
        category="minor",
        regulatory="none",
        areas=["quality_control", "validation"],
        due_on=today + dt.timedelta(days=45),
        records=[instrument],
    )
    changes.assess_change(
        staff.reviewer, made, area="quality_control", touches=True, text="Equivalence on three lots is shown first."
    )
    changes.plan_task(
        staff.owner,
        made,
        text="Qualify the instrument and show equivalence.",
        owner=staff.analyst,
        due_on=today + dt.timedelta(days=30),
    )


def _suppliers(staff: Staff, house: Organization, today: dt.date) -> None:
    columns = suppliers.register_supplier(staff.owner, house, code="SUP-014", name="Alpine Columns", country="Austria")
    standards = suppliers.register_supplier(
        staff.owner, house, code="SUP-022", name="Reference House", country="France"
    )
    first = suppliers.propose_material(staff.owner, columns, material="HPLC columns")
    suppliers.propose_material(staff.owner, standards, material="Reference standards", critical=True)
    suppliers.log_supplier(
        staff.qa,
        columns,
        kind="questionnaire",
        on=today - dt.timedelta(days=40),
        due_on=today + dt.timedelta(days=690),
        passed=True,
    )
    suppliers.qualify_supplier(
        staff.qa, first, requalify_on=today + dt.timedelta(days=600), credentials=staff.sign(staff.qa)
    )


def _review(staff: Staff, program: Program) -> None:
    shown = reviews.stretch(program, "program")
    reviews.review_audit_trail(
        staff.qp,
        program,
        scope="program",
        up_to=shown.up_to,
        looked_at={one.line.seq: "Looked at; the reason is on record." for one in shown.exceptional},
        conclusion="Every correction and refusal is explained on record. No sign of an unrecorded change.",
        credentials=staff.sign(staff.qp),
    )
