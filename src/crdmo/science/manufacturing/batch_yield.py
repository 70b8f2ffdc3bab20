"""Yield of a batch from what was really charged, held against its expected range, with what is unaccounted for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

from crdmo.science.method import MethodError, method
from crdmo.science.quality.limit_texts import Limit
from crdmo.science.quality.limits import evaluate
from crdmo.science.quality.rounding import parse_number

_EXACT = Context(prec=40)


@dataclass(frozen=True)
class BatchYield:
    """A batch's yield. Amounts are text in the unit of the batch; percentages are of the theoretical yield.

    `percent` is the output, rounded as the range is written; `accounted_percent` is output, samples and rejects together;
    `unaccounted` is what is missing (or, below zero, too much).
    """

    theoretical: str
    percent: str
    passes: bool
    reason: str
    accounted_percent: str
    unaccounted: str


@method(
    "manufacturing.batch_yield",
    version="1.0",
    title="Yield of a batch and what is unaccounted for",
    source="21 CFR 211.103; ICH Q7 (2000), 8.14 and 8.15",
)
def batch_yield(
    *,
    output: str,
    size: str,
    limit: str,
    planned: str = "1",
    charged: str = "1",
    samples: str = "0",
    rejects: str = "0",
) -> BatchYield:
    """Compute the yield of a batch from the amount of the material that it is counted from.

    The theoretical yield is the batch size times what was really charged over what was planned: a batch that was charged
    with 2 % more does not get 2 % yield for nothing.

    Args:
        output: good output, in the unit of the batch, as decimal text.
        size: theoretical yield of the planned charge, same unit.
        limit: the expected range in percent as text, such as `95.0 – 101.0`; its places decide the rounding.
        planned: planned amount of the material that the yield is counted from.
        charged: amount of it that was charged, same unit as `planned`.
        samples: taken out for tests, in the unit of the batch.
        rejects: waste and rejects, in the unit of the batch.

    Returns:
        The percentage with its verdict, and the account: theoretical = output + samples + rejects + unaccounted.

    Raises:
        MethodError: an amount is no number or below zero, size, planned or charged is zero, the range is in words.

    Source: 21 CFR 211.103 asks for actual yields and percentages of theoretical yield at the conclusion of each phase;
    ICH Q7 8.14 for a comparison with the expected range. The identity of the account is shown in the tests.

    >>> batch_yield(output="9750", size="10000", limit="95.0 – 101.0", planned="10", charged="10.25").percent
    '95.1'
    """
    given = {
        "output": output,
        "size": size,
        "planned": planned,
        "charged": charged,
        "samples": samples,
        "rejects": rejects,
    }
    amounts = {name: _amount(name, text) for name, text in given.items()}
    for name in ("size", "planned", "charged"):
        if amounts[name] == 0:
            raise MethodError(f"{name} is zero", given=given[name], allowed="more than zero")
    if not Limit.parse(limit).is_numeric:
        raise MethodError("a yield range is in percent", given=limit, allowed="such as 95.0 – 101.0")
    theoretical = _EXACT.divide(_EXACT.multiply(amounts["size"], amounts["charged"]), amounts["planned"])
    verdict = evaluate(_percent(amounts["output"], theoretical), limit, "%" if "%" in limit else "")
    accounted = amounts["output"] + amounts["samples"] + amounts["rejects"]
    shown = evaluate(_percent(accounted, theoretical), limit, "%" if "%" in limit else "").rounded
    return BatchYield(
        _plain(theoretical), verdict.rounded, verdict.passes, verdict.reason, shown, _plain(theoretical - accounted)
    )


def _amount(name: str, text: str) -> Decimal:
    number = parse_number(text)
    if not number.is_finite() or number < 0:
        raise MethodError(f"{name} is below zero or not finite", given=text, allowed="zero or more")
    return number


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{_EXACT.divide(part * 100, whole):f}"


def _plain(number: Decimal) -> str:
    """Return a number to twelve places without idle zeros."""
    text = f"{number.quantize(Decimal('1e-12')):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
