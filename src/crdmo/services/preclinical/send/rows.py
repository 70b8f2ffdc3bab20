"""Between a record and a row of SEND. A row follows from the record's fields; what does not is kept in its `details`.

When a row comes in, it is made again from the fields, and only the variables in which the two differ are kept aside. So
it goes out as it came in, and what is corrected in the record is what goes out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crdmo.common.studies.days import MOMENT, study_day
from crdmo.common.studies.units import parsed
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

from .terms import SEND, UCUM

Row = dict[str, Any]
NOT_STATED = "not stated"


def ucum_of(unit: str) -> str:
    """Return the UCUM code of a unit of SEND; one without is kept as an annotation."""
    if not unit:
        return ""
    found = UCUM.get(unit, unit)
    try:
        parsed(found)
    except Invalid:
        return "{" + unit + "}" if not set(unit) & {"{", "}"} else ""
    return found


def send_unit(unit: str) -> str:
    """Return a UCUM code as SEND writes it."""
    if unit in SEND:
        return SEND[unit]
    return unit[1:-1] if unit.startswith("{") and unit.endswith("}") and unit.count("{") == 1 else unit


def decimal_text(value: float | int | None) -> str:
    """Return the shortest decimal text of a number that reads back as the same, without exponent."""
    if value is None or not math.isfinite(value):
        return ""
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _number(text: str) -> float | None:
    return float(text) if text and MEASURED.match(text) else None


def finding_row(domain: str, values: Mapping[str, Any], reference: dt.date | None) -> Row:
    """Return the variables of a finding without its identifiers."""
    done = not values.get("not_done")
    number, unit = _number(str(values.get("number", ""))), send_unit(str(values.get("unit", "")))
    text = str(values.get("value", ""))
    own: Row = {
        "TESTCD": values["code"],
        "TEST": values["name"],
        "CAT": values.get("category", ""),
        "ORRES": text,
        "ORRESU": unit,
        "STRESC": text,
        "STRESN": number,
        "STRESU": unit,
        "STAT": "" if done else "NOT DONE",
        "REASND": values.get("why_not", ""),
        "SPEC": values.get("specimen", ""),
        "METHOD": values.get("method", ""),
        "SEV": values.get("severity", ""),
        "LLOQ": _number(str(values.get("lower_limit", ""))),
        "DTC": values.get("starts", ""),
        "ENDTC": values.get("ends", ""),
        "DY": _day(values, "starts", reference),
        "ENDY": study_day(str(values.get("ends", "")), reference),
        "TPT": values.get("time_point", ""),
        "ELTM": values.get("elapsed", ""),
    }
    return {domain + suffix: value for suffix, value in own.items()}


def _day(values: Mapping[str, Any], name: str, reference: dt.date | None) -> int | None:
    found = study_day(str(values.get(name, "")), reference)
    return values.get("day") if found is None else found


def dose_row(values: Mapping[str, Any], reference: dt.date | None) -> Row:
    """Return the variables of a dose without its identifiers."""
    lot = values.get("lot")
    return {
        "EXTRT": values["treatment"],
        "EXDOSE": _number(str(values.get("dose", ""))),
        "EXDOSU": send_unit(str(values.get("unit", ""))),
        "EXDOSFRM": values.get("form", ""),
        "EXDOSFRQ": values.get("frequency", ""),
        "EXROUTE": values.get("route", ""),
        "EXLOT": lot.code if lot is not None else "",
        "EXSTDTC": values.get("starts", ""),
        "EXENDTC": values.get("ends", ""),
        "EXSTDY": _day(values, "starts", reference),
        "EXENDY": study_day(str(values.get("ends", "")), reference),
    }


def event_row(values: Mapping[str, Any], reference: dt.date | None) -> Row:
    """Return the variables of a disposition without its identifiers."""
    return {
        "DSTERM": values["term"],
        "DSDECOD": values.get("decoded", ""),
        "DSSTDTC": values.get("starts", ""),
        "DSSTDY": _day(values, "starts", reference),
    }


def read_finding(domain: str, row: Mapping[str, Any]) -> Row:
    """Return the fields of a finding from a row; see `apart` for the rest."""

    def text(suffix: str) -> str:
        return str(row.get(domain + suffix) or "")

    value = text("ORRES") or text("STRESC")
    found: Row = {
        "domain": domain,
        "code": text("TESTCD"),
        "name": text("TEST"),
        "category": text("CAT"),
        "specimen": text("SPEC"),
        "method": text("METHOD"),
        "severity": text("SEV"),
        "value": value,
        "number": value if MEASURED.match(value) else "",
        "unit": ucum_of(text("ORRESU")),
        "lower_limit": decimal_text(row.get(f"{domain}LLOQ")),
        "time_point": text("TPT"),
        "elapsed": text("ELTM"),
        **_moments(row, f"{domain}DTC", f"{domain}ENDTC", f"{domain}DY"),
    }
    if text("STAT") == "NOT DONE" or not value:
        found |= {"not_done": True, "why_not": text("REASND") or NOT_STATED, "value": "", "number": "", "unit": ""}
    return found


def _moments(row: Mapping[str, Any], start: str, end: str, day: str) -> Row:
    """Return the moments of a row as far as they are ISO 8601 moments; a day only where there is no date."""
    found: Row = {}
    for name, variable in (("starts", start), ("ends", end)):
        text = str(row.get(variable) or "")
        found[name] = text if MOMENT.match(text) else ""
    if not found["starts"] and row.get(day) is not None:
        found["day"] = int(row[day])
    return found


def read_dose(row: Mapping[str, Any]) -> Row:
    """Return the fields of a dose from a row."""
    dose = decimal_text(row.get("EXDOSE"))
    return {
        "domain": "EX",
        "treatment": str(row.get("EXTRT") or ""),
        "dose": dose,
        "unit": ucum_of(str(row.get("EXDOSU") or "")) or ("{unit}" if dose else ""),
        "form": str(row.get("EXDOSFRM") or ""),
        "frequency": str(row.get("EXDOSFRQ") or ""),
        "route": str(row.get("EXROUTE") or ""),
        **_moments(row, "EXSTDTC", "EXENDTC", "EXSTDY"),
    }


def read_event(row: Mapping[str, Any]) -> Row:
    """Return the fields of a disposition from a row."""
    return {
        "domain": "DS",
        "term": str(row.get("DSTERM") or row.get("DSDECOD") or ""),
        "decoded": str(row.get("DSDECOD") or ""),
        **_moments(row, "DSSTDTC", "", "DSSTDY"),
    }


def apart(row: Mapping[str, Any], made: Mapping[str, Any], known: Mapping[str, Any]) -> Row:
    """Return the variables of a row that its record does not give back, to be kept in `details`."""
    given = {**made, **known}
    return {name: value for name, value in row.items() if not same(value, given.get(name))}


def same(one: Any, other: Any) -> bool:
    """Say whether two values of a variable are the same; a missing text and an empty one are."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return float(one) == float(other)
    return (one or "") == (other or "") if not (one == 0 or other == 0) else one == other
