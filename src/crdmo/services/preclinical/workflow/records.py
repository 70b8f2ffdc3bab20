"""What is recorded at the cage and in the laboratory: weights, doses, signs, organs, concentrations; and corrections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.studies import workflow as steps
from crdmo.common.studies.days import date_of, whole_date
from crdmo.common.studies.models import Activity, Event, Finding, Intervention, Study, Subject, Visit
from crdmo.common.studies.queries import arms_of
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

from .desks import BENCH

Row = Mapping[str, Any]


@verb("preclinical.record_findings", "record findings on animals", roles=BENCH)
def record_findings(act: Act, study: Study, rows: Sequence[Row]) -> list[Finding]:
    """Record findings, all or none. What is early, late or omitted has a reason (21 CFR 58.130(c)).

    Raises:
        Invalid: a row cannot be taken, or one lies outside the window of its day and no reason is given.
    """
    out = [place for i, row in enumerate(rows, 1) if (place := _out_of_window(row, i))]
    if out and not act.reason:
        raise Invalid(
            "what is early or late has a reason",
            errors={"reason": f"say why: {'; '.join(out[:5])}"},
            given=f"{len(out)} outside the window",
        )
    return steps.record_findings(act, study, rows)


def _out_of_window(row: Row, number: int) -> str:
    visit, subject = row.get("visit"), row.get("subject")
    if not isinstance(visit, Visit) or not isinstance(subject, Subject) or subject.reference_on is None:
        return ""
    try:
        done = whole_date(str(row.get("starts", "")))
    except ValueError:
        return ""  # refused below, with its place
    planned = date_of(visit.day, subject.reference_on)
    if done is None or -visit.before <= (done - planned).days <= visit.after:
        return ""
    return f"row {number}, {subject} on {done}, planned {planned}"


def rows_of_grid(
    activity: Activity, visit: Visit, cells: Mapping[tuple[Subject, int], str], on: dt.date
) -> list[dict[str, Any]]:
    """Return rows of findings from a grid: a cell for each animal and item; an empty cell is none, `ND why` is not done.

    Raises:
        Invalid: a cell of an item with a unit is no number and does not say why there is none.
    """
    rows, errors = [], {}
    for (subject, index), given in cells.items():
        item, text = activity.items[index], given.strip()
        if not text:
            continue
        row = {
            "subject": subject,
            "visit": visit,
            "domain": activity.domain,
            "starts": on.isoformat(),
            "code": item["code"],
            "name": item.get("name", item["code"]),
            "unit": item.get("unit", ""),
            "specimen": item.get("specimen", ""),
            "time_point": item.get("time_point", ""),
            "elapsed": item.get("elapsed", ""),
        }
        place = f"{subject}/{item.get('name', item['code'])}"
        if text.upper().startswith("ND"):
            rows.append({**row, "unit": "", "not_done": True, "why_not": text[2:].strip(" :")})
            continue
        if item.get("unit") and not MEASURED.match(text):
            if text.upper() != "BLQ" or not item.get("lower_limit"):
                errors[place] = f"a number in {item['unit']}, or ND with the reason"
                continue
            row["lower_limit"] = item["lower_limit"]
        rows.append({**row, "value": text.upper() if text.upper() == "BLQ" else text})
    if errors:
        raise Invalid(
            "these cells cannot be taken; nothing was saved", errors=errors, given=", ".join(list(errors)[:5])
        )
    return rows


@verb("preclinical.record_doses", "record doses that were given", roles=BENCH)
def record_doses(act: Act, study: Study, rows: Sequence[Row]) -> list[Intervention]:
    """Record doses: subject, starts, and where it is not the planned one of the group, dose and unit with a reason.

    Raises:
        Invalid: an animal has no group, or was given another dose than planned without a reason.
    """
    arms = arms_of([row["subject"] for row in rows if isinstance(row.get("subject"), Subject)])
    values, errors = [], {}
    for i, row in enumerate(rows, 1):
        arm = arms.get(getattr(row.get("subject"), "id", None))
        if arm is None:
            errors[f"{i}/subject"] = "an animal with a group"
            continue
        given = {"dose": arm.dose, "unit": arm.unit, "treatment": arm.treatment or study.title[:120], **row}
        if (given["dose"], given["unit"]) != (arm.dose, arm.unit) and not act.reason:
            errors[f"{i}/dose"] = f"planned: {arm.dose} {arm.unit}; another dose has a reason"
        lot = None if arm.is_control else study.lot
        values.append({"domain": "EX", "lot": lot, "visit": None, **given})
    if errors:
        raise Invalid("these doses cannot be recorded; nothing was saved", errors=errors)
    return steps.record_interventions(act, study, values)


@verb("preclinical.correct_finding", "correct a finding", roles=BENCH)
def correct_finding(act: Act, /, finding: Finding, **values: Any) -> Finding:
    """Correct a finding, with a reason; what was first recorded stays readable (21 CFR 58.130(e))."""
    if "value" in values:
        # What came in with another text or unit beside the value no longer says what was found.
        said = {
            finding.domain + suffix for suffix in ("ORRES", "ORRESU", "STRESC", "STRESN", "STRESU", "STAT", "REASND")
        }
        values.setdefault("details", {key: one for key, one in finding.details.items() if key not in said})
    return steps.correct(act, finding, **values)


@verb("preclinical.correct_dose", "correct a dose that was recorded", roles=BENCH)
def correct_dose(act: Act, /, given: Intervention, **values: Any) -> Intervention:
    """Correct a recorded dose, with a reason."""
    return steps.correct(act, given, **values)


@verb("preclinical.withdraw_record", "declare an observation void", roles=BENCH)
def withdraw_record(act: Act, observation: Finding | Event | Intervention) -> Any:
    """Declare an observation void, with a reason."""
    return steps.withdraw(act, observation)
