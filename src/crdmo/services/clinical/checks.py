"""Typed items and edit checks: what a value may be at all, and what is asked about it once it stands.

What is no value of its item (letters in a number, another unit, a day in the future) is refused when it is saved. What is
possible but odd (missing, out of range, against another item) is saved as it is and opens a query; a hard check does not let
the page be saved at all. A comparison with a
value that is not there says nothing: unknown is not false.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crdmo.common.studies.units import checked
from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,7}\Z")
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t")
LONGEST = 200
Item = Mapping[str, Any]
Values = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Fired:
    """A check that fired: its code, the item it asks about, and the question; a hard one does not let the page be saved."""

    check: str
    item: str
    text: str
    is_hard: bool = False


def check_items(items: Iterable[Item]) -> dict[str, str]:
    """Return what is wrong with the items of a form, by place; nothing where all can be used."""
    errors: dict[str, str] = {}
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        kind = item.get("kind")
        if item.get("code") in seen:
            errors[f"{number}/code"] = f"{item['code']} stands twice"
        seen.add(str(item.get("code", "")))
        if not str(item.get("name", "")).strip():
            errors[f"{number}/name"] = "needed"
        if not CODE.match(str(item.get("code", ""))):
            errors[f"{number}/code"] = "up to 8 capital letters and digits"
        if kind not in _KINDS:
            errors[f"{number}/kind"] = ", ".join(_KINDS)
        if kind == "choice" and not item.get("choices"):
            errors[f"{number}/choices"] = "at least one"
        try:
            checked(str(item.get("unit", "")))
        except Invalid:
            errors[f"{number}/unit"] = f"{item.get('unit')} is no UCUM code that is known here"
        for bound in ("min", "max"):
            if item.get(bound) and not MEASURED.match(str(item[bound])):
                errors[f"{number}/{bound}"] = "a decimal number"
        low, high = str(item.get("min") or ""), str(item.get("max") or "")
        if MEASURED.match(low) and MEASURED.match(high) and Decimal(low) > Decimal(high):
            errors[f"{number}/max"] = f"not below {low}"
    return errors


def read_values(items: Iterable[Item], given: Mapping[str, Any], today: dt.date) -> dict[str, dict[str, str]]:
    """Return the values of a page as they are stored, each in the kind of its item; what is empty is left out.

    `given` holds, by item, a text, or an object with value and unit, or with not_done and the reason.

    Raises:
        Invalid: an item is unknown, or a value is none of its item; every one is named.
    """
    known = {item["code"]: item for item in items}
    errors = {code: "no item of this form" for code in given if code not in known}
    found: dict[str, dict[str, str]] = {}
    for code, item in known.items():
        if code not in given:
            continue
        one = given[code]
        told = one if isinstance(one, Mapping) else {"value": one}
        text = str(told.get("value") or "").strip()
        why = str(told.get("not_done") or "").strip()
        if text and why:
            errors[code] = "either a value or why there is none"
        elif why:
            found[code] = {"not_done": why[:LONGEST]}
        elif text:
            wrong = _wrong(item, text, str(told.get("unit") or ""), today)
            if wrong:
                errors[code] = wrong
            else:
                found[code] = {"value": text, **({"unit": item["unit"]} if item.get("unit") else {})}
    if errors:
        raise Invalid("this page cannot be saved as it is; nothing was saved", errors=errors)
    return found


def _wrong(item: Item, text: str, unit: str, today: dt.date) -> str:
    """Return why a text is no value of an item, or nothing."""
    if unit and unit != item.get("unit", ""):
        return f"the unit is {item.get('unit') or 'none'}; given: {unit}"
    if len(text) > LONGEST:
        return f"{LONGEST} characters at most"
    return _KINDS[item["kind"]](item, text, today)


def _wrong_decimal(item: Item, text: str, today: dt.date) -> str:
    return "" if MEASURED.match(text) else "a decimal number with a point, such as 7.2"


def _wrong_choice(item: Item, text: str, today: dt.date) -> str:
    return "" if text in item["choices"] else f"one of: {', '.join(item['choices'])}"


def _wrong_date(item: Item, text: str, today: dt.date) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return "a day such as 2026-03-14"
    return f"{today} at the latest" if day > today else ""


def _wrong_text(item: Item, text: str, today: dt.date) -> str:
    return "text does not begin like a formula" if text.startswith(FORMULA) else ""


_KINDS: dict[str, Callable[[Item, str, dt.date], str]] = {
    "decimal": _wrong_decimal, "choice": _wrong_choice, "date": _wrong_date, "text": _wrong_text,
}  # fmt: skip


def fired(items: Iterable[Item], rules: Iterable[Any], values: Values) -> list[Fired]:
    """Return the checks that fire on a page: what is required and missing, out of range, or against another item."""
    found: list[Fired] = []
    known = {item["code"]: item for item in items}
    for code, item in known.items():
        one = values.get(code)
        if one is None and item.get("required"):
            found.append(Fired(f"required/{code}", code, f"{item['name']} is missing: give it, or say why not done"))
        if one is not None and item["kind"] == "decimal" and "value" in one:
            found += _range(item, one["value"])
    for rule in rules:
        if compared(known, rule, values) is False:
            found.append(Fired(rule.code, rule.item, rule.message, is_hard=rule.is_hard))
    return found


def _range(item: Item, text: str) -> Iterable[Fired]:
    value = Decimal(text)
    low, high = item.get("min", ""), item.get("max", "")
    if (low and value < Decimal(low)) or (high and value > Decimal(high)):
        unit = f" {item['unit']}" if item.get("unit") else ""
        yield Fired(
            f"range/{item['code']}",
            item["code"],
            f"{item['name']} {text}{unit} is outside {low or '…'} to {high or '…'}{unit}: confirm or correct",
        )


def compared(known: Mapping[str, Item], rule: Any, values: Values) -> bool | None:
    """Return whether a rule holds, or None where one of its values is not there."""
    kind = known[rule.item]["kind"] if rule.item in known else "text"
    left = values.get(rule.item, {}).get("value")
    right = values.get(rule.other, {}).get("value") if rule.other else rule.constant
    if left is None or right is None:
        return None
    try:
        pair = (Decimal(left), Decimal(right)) if kind == "decimal" else (left, right)
    except ArithmeticError:
        return None
    return bool(OPERATORS[rule.operator](*pair))
