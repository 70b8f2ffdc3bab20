"""What was observed is recorded in bulk, all or none; corrected with a reason; withdrawn, never deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

from ..days import moment
from ..models import Event, Finding, Intervention, Observation, Study, Subject, Visit
from ..units import checked
from .states import open_study, recording, with_reason

Seen = TypeVar("Seen", bound=Observation)
Row = Mapping[str, Any]
SHOWN = 20
DOMAIN = re.compile(r"^[A-Z]{2}\Z")
TEST = re.compile(r"^[A-Z_][A-Z0-9_]{0,7}\Z")


def record_interventions(act: Act, study: Study, rows: Sequence[Row]) -> list[Intervention]:
    """Record doses and treatments: subject, domain, treatment, dose, unit, route, form, starts, ends, visit, lot."""
    return _recorded(act, study, Intervention, rows, _intervention)


def record_events(act: Act, study: Study, rows: Sequence[Row]) -> list[Event]:
    """Record events: subject, domain, term, decoded, severity, serious, relation, outcome, starts, ends, visit."""
    return _recorded(act, study, Event, rows, _event)


def record_findings(act: Act, study: Study, rows: Sequence[Row], *, repeats: bool = False) -> list[Finding]:
    """Record findings: subject, domain, code, name, value, unit, specimen, starts, visit; or not_done with why_not.

    A number for the same subject, test, specimen, time and time point stands once unless `repeats` allows more.
    """
    seen: set[tuple[Any, ...]] = set() if repeats else _numbers(study, rows)

    def judged(row: Row, errors: dict[str, str], place: str) -> dict[str, Any]:
        values = _finding(row, errors, place)
        key = _key(values, values["number"])
        if not repeats and key is not None and key in seen:
            errors[f"{place}/code"] = f"{values['code']} of {values['subject']} stands for {key[-2] or 'this time'}"
        if key is not None:
            seen.add(key)
        return values

    return _recorded(act, study, Finding, rows, judged)


def _key(values: Row, number: str) -> tuple[Any, ...] | None:
    subject, visit = values.get("subject"), values.get("visit")
    if not number or not isinstance(subject, Subject):
        return None
    when = values.get("starts") or (visit.code if visit else "") or values.get("day")
    return (
        subject.id,
        values["domain"],
        values["code"],
        values.get("specimen", ""),
        values.get("category", ""),
        when,
        values.get("time_point", ""),
    )


def _numbers(study: Study, rows: Sequence[Row]) -> set[tuple[Any, ...]]:
    """Return the keys of the numbers that stand for the same tests."""
    codes = {str(row.get("code", "")) for row in rows}
    found = Finding.objects.filter(study=study, code__in=codes, is_void=False).exclude(number="")
    names = ("domain", "code", "specimen", "category", "starts", "time_point", "day")
    return {
        key
        for one in found.select_related("subject", "visit")
        if (key := _key({name: getattr(one, name) for name in (*names, "subject", "visit")}, one.number)) is not None
    }


def _recorded(
    act: Act,
    study: Study,
    model: type[Seen],
    rows: Sequence[Row],
    judged: Callable[[Row, dict[str, str], str], dict[str, Any]],
) -> list[Seen]:
    """Check every row, then write all of them, or none and say what is wrong with each."""
    recording(study)
    if not rows:
        raise Invalid("there is nothing to record", errors={"rows": "at least one"})
    errors: dict[str, str] = {}
    today = act.now.date()
    values = []
    for i, row in enumerate(rows, 1):
        place = str(i)
        common = _common(study, row, errors, place)
        for name in ("starts", "ends"):
            if row.get(name):
                try:
                    common[name] = moment(str(row[name]), f"{place}/{name}", today)
                except Invalid as refused:
                    errors |= refused.errors
        values.append({"program": study.program, "study": study, **judged({**row, **common}, errors, place)})
    _refuse(errors, len(rows))
    try:
        return act.create_many(model, values)
    except Invalid as refused:
        raise Invalid(
            "an observation cannot be taken; nothing was saved", errors=refused.errors, given=refused.sentence()
        ) from refused


def _refuse(errors: Mapping[str, str], rows: int) -> None:
    if errors:
        shown = dict(list(errors.items())[:SHOWN])
        more = f"; {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
        raise Invalid(
            f"{len(errors)} of the values in {rows} rows cannot be taken{more}; nothing was saved", errors=shown
        )


def _common(study: Study, row: Row, errors: dict[str, str], place: str) -> dict[str, Any]:
    subject, visit, domain = row.get("subject"), row.get("visit"), str(row.get("domain", ""))
    if not isinstance(subject, Subject) or subject.study_id != study.id or subject.is_void:
        errors[f"{place}/subject"] = f"a subject of {study}"
    if visit is not None and (not isinstance(visit, Visit) or visit.study_id != study.id or visit.is_void):
        errors[f"{place}/visit"] = f"a visit of {study}"
    if not DOMAIN.match(domain):
        errors[f"{place}/domain"] = "two capital letters, such as BW"
    if row.get("day") == 0:
        errors[f"{place}/day"] = "there is no study day 0"
    if row.get("starts") and row.get("ends") and str(row["ends"]) < str(row["starts"])[: len(str(row["ends"]))]:
        errors[f"{place}/ends"] = "before the start"
    return dict(row)


def _unit(values: dict[str, Any], errors: dict[str, str], place: str) -> None:
    try:
        checked(str(values.get("unit", "")))
    except Invalid:
        errors[f"{place}/unit"] = f"{values.get('unit')} is no UCUM code that is known here"


def _intervention(row: Row, errors: dict[str, str], place: str) -> dict[str, Any]:
    values = dict(row)
    if not str(values.get("treatment", "")).strip():
        errors[f"{place}/treatment"] = "needed"
    dose = str(values.get("dose", ""))
    if dose and (not MEASURED.match(dose) or float(dose) < 0):
        errors[f"{place}/dose"] = "a decimal number, zero or more"
    if dose and not values.get("unit"):
        errors[f"{place}/unit"] = "a dose has a unit"
    _unit(values, errors, place)
    return values


def _event(row: Row, errors: dict[str, str], place: str) -> dict[str, Any]:
    if not str(row.get("term", "")).strip():
        errors[f"{place}/term"] = "needed"
    return dict(row)


def _finding(row: Row, errors: dict[str, str], place: str) -> dict[str, Any]:
    values = dict(row)
    values["code"], text = str(values.get("code", "")), str(values.get("value", "")).strip()
    if not TEST.match(values["code"]):
        errors[f"{place}/code"] = "a test code: up to 8 capital letters and digits"
    values["name"] = str(values.get("name", "")).strip() or values["code"]
    if values.get("not_done"):
        if text:
            errors[f"{place}/value"] = "what was not done has no value"
        if not str(values.get("why_not", "")).strip():
            errors[f"{place}/why_not"] = "say why it was not done"
    elif not text:
        errors[f"{place}/value"] = "needed, or say that it was not done and why"
    values["value"] = text
    values["number"] = str(values.get("number", "")) or (text if MEASURED.match(text) else "")
    _unit(values, errors, place)
    return values


CORRECTED = {
    Intervention: {"treatment", "dose", "unit", "form", "frequency", "route", "lot"},
    Event: {"term", "decoded", "severity", "serious", "relation", "action", "outcome"},
    Finding: {
        "value", "number", "unit", "specimen", "method", "severity", "lower_limit", "time_point", "elapsed",
        "not_done", "why_not",
    },
}  # fmt: skip
EVERYWHERE = {"visit", "category", "starts", "ends", "day", "details"}
_JUDGES: dict[type[Observation], Callable[[Row, dict[str, str], str], dict[str, Any]]] = {
    Intervention: _intervention,
    Event: _event,
    Finding: _finding,
}


def correct(act: Act, observation: Seen, **values: Any) -> Seen:
    """Correct an observation, with a reason; what was recorded first stays in its history, what stands on it is stale.

    Raises:
        Invalid: no reason, a field that is not corrected, or a value that could not have been recorded.
        Refused: the study is locked.
    """
    study = recording(observation.study)
    with_reason(act, "a correction")
    kind = type(observation)
    allowed = CORRECTED[kind] | EVERYWHERE
    if odd := set(values) - allowed:
        raise Invalid("this is not corrected", given=", ".join(sorted(odd)), allowed=", ".join(sorted(allowed)))
    if "value" in values:
        values.setdefault("number", "")
    errors: dict[str, str] = {}
    names = (*CORRECTED[kind], *EVERYWHERE, "subject", "domain")
    stands = {name: getattr(observation, name) for name in names}
    if kind is Finding:
        stands |= {"code": getattr(observation, "code", ""), "name": getattr(observation, "name", "")}
    after = _JUDGES[kind](_common(study, {**stands, **values}, errors, "1"), errors, "1")
    for name in ("starts", "ends"):
        if values.get(name):
            moment(str(values[name]), name, act.now.date())
    _refuse({place.removeprefix("1/"): text for place, text in errors.items()}, 1)
    changed = {name: after[name] for name in allowed if after[name] != stands[name]}
    if not changed:
        raise Invalid("this is what stands", errors={"value": "another value"})
    return act.change(observation, **changed)


def withdraw(act: Act, observation: Seen) -> Seen:
    """Declare an observation void, with a reason: it was not made on this subject, or stands twice."""
    open_study(observation.study)
    return act.void(observation)
