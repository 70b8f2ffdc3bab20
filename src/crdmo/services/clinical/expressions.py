"""Edit checks as people write them: `SYSBP > DIABP`, `HBA1C <= 14.0`, `VSPOS = 'SITTING'`; read, written, and tried.

An expression says what must hold between an item and another item of the form, or a constant. It is read into its parts and
never evaluated as program text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crdmo.foundation.ledger.fields import MEASURED
from crdmo.foundation.refusals import Invalid

from .checks import Item, compared, read_values

SHAPE = re.compile(r"\s*([A-Z][A-Z0-9_]{0,7})\s*(<=|>=|!=|==|<|>|=)\s*('[^']*'|\"[^\"]*\"|\S+)\s*\Z")
PAIR = re.compile(r"\s*([A-Z][A-Z0-9_]{0,7})\s*=\s*('[^']*'|\"[^\"]*\"|[^,;\s]*)\s*(?:[,;]\s*|\Z|\s)")
HOLDS, FIRES, SILENT = "holds", "fires", "says nothing"
AN_EXPRESSION = "an item, one of < <= > >= = !=, and an item or a constant, such as SYSBP > DIABP"


@dataclass(frozen=True)
class Rule:
    """What must hold: an item compared with another item or a constant."""

    item: str
    operator: str
    other: str = ""
    constant: str = ""

    def __str__(self) -> str:
        right = self.other or (self.constant if MEASURED.match(self.constant) else f"'{self.constant}'")
        return f"{self.item} {self.operator} {right}"


def words_of(rule: object) -> str:
    """Return a check as it is written."""
    return str(Rule(*(str(getattr(rule, name)) for name in ("item", "operator", "other", "constant"))))


def read_expression(text: str, items: Iterable[Item]) -> Rule:
    """Return the parts of an expression over the items of a form.

    Raises:
        Invalid: it is no comparison, an item is not in the form, the two sides are of different kinds, or texts and choices
            are compared by size.
    """
    known = {item["code"]: item for item in items}
    found = SHAPE.match(text)
    if found is None:
        raise _wrong(text, AN_EXPRESSION)
    left, sign, right = found[1], "=" if found[2] == "==" else found[2], found[3]
    if left not in known:
        raise _wrong(text, f"{left} is no item of the form; its items: {', '.join(known)}")
    kind = known[left]["kind"]
    if kind in ("choice", "text") and sign not in ("=", "!="):
        raise _wrong(text, f"{left} is a {kind}: = and != only")
    if right in known:
        if known[right]["kind"] != kind:
            raise _wrong(text, f"{left} is a {kind}, {right} a {known[right]['kind']}: items of one kind are compared")
        return Rule(left, sign, other=right)
    quoted = right[0] in "'\"" and len(right) > 1
    constant = right[1:-1] if quoted else right
    _check_constant(text, known[left], constant, quoted=quoted)
    return Rule(left, sign, constant=constant)


def _check_constant(text: str, item: Item, constant: str, *, quoted: bool) -> None:
    kind = item["kind"]
    if kind == "decimal" and not MEASURED.match(constant):
        raise _wrong(text, f"{constant} is no item of the form and no number")
    if kind == "choice" and constant not in item["choices"]:
        raise _wrong(text, f"{constant} is no choice of {item['code']}: {', '.join(item['choices'])}")
    if kind == "text" and not quoted:
        raise _wrong(text, f"{constant} is no item of the form; a text stands in quotes")
    if kind == "date":
        try:
            dt.date.fromisoformat(constant)
        except ValueError as error:
            raise _wrong(text, f"{constant} is no item of the form and no day such as 2026-03-14") from error


def _wrong(text: str, allowed: str) -> Invalid:
    return Invalid("this is no expression for the form", errors={"expression": allowed}, given=text[:80])


def read_example(text: str, items: Iterable[Item], place: str = "examples") -> dict[str, dict[str, str]]:
    """Return example values written as `SYSBP=120, DIABP=80`, each a value of its item.

    Raises:
        Invalid: a piece is no value, an item is not there, or a value is none of its item.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text.strip()):
        pair = PAIR.match(text.strip(), at)
        if pair is None or pair.end() == at:
            raise Invalid(
                "these are no example values", errors={place: "such as SYSBP=120, DIABP=80"}, given=text.strip()[at : at + 40]
            )  # fmt: skip
        found[pair[1]] = pair[2][1:-1] if pair[2][:1] in ("'", '"') else pair[2]
        at = pair.end()
    try:
        return read_values(items, found, dt.date.max)
    except Invalid as refused:
        told = "; ".join(f"{code}: {why}" for code, why in refused.errors.items())
        raise Invalid("these are no example values", errors={place: told}, given=text[:80]) from refused


def tried(items: Iterable[Item], rule: object, values: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a check does with values: it holds, it fires, or it says nothing because a value is not there."""
    known = {item["code"]: item for item in items}
    said = compared(known, rule, values)
    return SILENT if said is None else HOLDS if said else FIRES
