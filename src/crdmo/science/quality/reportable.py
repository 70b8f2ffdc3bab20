"""From readings to the reportable result: what the method says is one result, and no averaging beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext

from crdmo.science.method import MethodError, call, method, to_json

from .limits import Limit, Verdict, evaluate

DIGITS = 28


@dataclass(frozen=True)
class Line:
    """One reportable result: as calculated (full precision), as rounded, and judged.

    `passes` is None where the compendium lets a next stage decide.
    """

    calculated: str
    rounded: str
    passes: bool | None
    reason: str


@dataclass(frozen=True)
class Reportable:
    """The results of one round of a test, the readings they were made of, and how."""

    results: tuple[Line, ...]
    readings: tuple[str, ...]
    reasons: tuple[str, ...]


def _line(verdict: Verdict) -> Line:
    return Line(verdict.raw, verdict.rounded, verdict.passes, verdict.reason)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise MethodError("a mean is taken of numbers", given=text, allowed="decimal numbers with a point") from error


@method(
    "quality.reportable_result",
    version="1.0",
    title="Reportable result of readings",
    source="USP General Notices 7.20; FDA, Investigating Out-of-Specification Test Results, Rev. 1 (2022), section IV.C.1",
)
def reportable_result(*, readings: Sequence[str], limit: str, reporting: str, replicates: int = 1) -> Reportable:
    """Make the reportable results of readings as the method defines them.

    Args:
        readings: what was read, as text, in order.
        limit: the limit's text.
        reporting: `single` (one reading is the result), `mean` (the readings of one final preparation are averaged,
            because the method says so) or `each` (every reading is a result of its own and is judged by itself).
        replicates: the number of readings that the method takes.

    Returns:
        One line for `single` and `mean`, one a reading for `each`.

    Raises:
        MethodError: another number of readings, or a reading that is no number where a mean is taken.

    Source: FDA (2022): averaging hides variability; it is right only where the method defines the mean of replicates
    of one preparation as the result. A result out of specification is never averaged with one that passes.

    >>> reportable_result(readings=["97.90", "98.00"], limit="≥ 98.0", reporting="mean", replicates=2).results[0]
    Line(calculated='97.95', rounded='98.0', passes=True, reason='98.0 meets ≥ 98.0')
    >>> [line.passes for line in reportable_result(readings=["97.90", "98.00"], limit="≥ 98.0", reporting="each",
    ...                                            replicates=2).results]
    [False, True]
    """
    if len(readings) != replicates:
        raise MethodError(
            "the method takes another number of readings", given=str(len(readings)), allowed=str(replicates)
        )
    if reporting == "single" and replicates != 1:
        raise MethodError("a single reading is one reading", given=str(replicates), allowed="mean, each")
    if reporting in ("single", "each"):
        lines = tuple(_line(evaluate(text, limit)) for text in readings)
        why = "each reading is a result of its own" if reporting == "each" else "the reading is the result"
        return Reportable(lines, tuple(readings), (why,))
    if reporting != "mean":
        raise MethodError("results are reported single, mean or each", given=reporting, allowed="single, mean, each")
    if Limit.parse(limit).wording:
        raise MethodError("words have no mean", given=limit, allowed="single or each")
    with localcontext() as context:
        context.prec = DIGITS
        mean = sum(map(_number, readings), Decimal(0)) / len(readings)
    text = f"{mean:f}"
    why = f"the mean of {len(readings)} readings of one preparation, as the method says: {text}"
    return Reportable((_line(evaluate(text, limit)),), tuple(readings), (why,))


@method(
    "quality.calculated_result",
    version="1.0",
    title="Reportable result of a calculation",
    source="USP General Notices 7.20: only the last calculated value is rounded",
)
def calculated_result(
    *, calculation: str, quantities: Mapping[str, Sequence[str]], limit: str, constants: Mapping[str, str]
) -> Reportable:
    """Run a method's own calculation over named quantities and judge its value.

    Args:
        calculation: name of a registered method that takes the quantities and constants as decimal text and returns
            a result with the attribute `value` (a decimal as text) and `reasons`.
        quantities: what was read, by the name of the quantity, as text in order.
        limit: the limit's text.
        constants: fixed numbers of the method, as text.

    Raises:
        MethodError: the calculation refuses what it is given.

    Source: USP General Notices 7.20.
    """
    made = to_json(call(calculation, quantities, constants))
    verdict = evaluate(made["value"], limit)
    shown = tuple(f"{name} = {', '.join(values)}" for name, values in quantities.items())
    return Reportable((_line(verdict),), shown, (*made.get("reasons", ()), f"calculated: {made['value']}"))
