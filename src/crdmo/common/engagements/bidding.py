"""What a request may ask and what a bid may say: the checks, without a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crdmo.foundation.refusals import Invalid

from .conditions import checked_counter
from .money import currency_code, decimal_text

LONGEST = 4000
MOST = 200
BEST = 10


def scope_lines(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a request, numbered.

    Raises:
        Invalid: no line, too many, or one without description, unit or quantity.
    """
    if not 1 <= len(lines) <= MOST:
        raise Invalid(
            "a request has lines", errors={"lines": "how many?"}, given=str(len(lines)), allowed=f"1 to {MOST}"
        )
    made = []
    for i, line in enumerate(lines, 1):
        earned_by = str(line.get("earned_by", "") or "")
        if earned_by:
            checked_counter(earned_by)
        made.append(
            {
                "position": i,
                "service": _words(line.get("service") or "program", f"lines/{i}/service", 20),
                "description": _words(line.get("description"), f"lines/{i}/description", 200),
                "unit": _words(line.get("unit"), f"lines/{i}/unit", 60),
                "quantity": decimal_text(line.get("quantity", ""), f"lines/{i}/quantity", above_zero=True),
                "assumptions": str(line.get("assumptions", "") or "")[:LONGEST],
                "pass_through": bool(line.get("pass_through", False)),
                "earned_by": earned_by,
            }
        )
    return made


def _words(text: Any, place: str, longest: int) -> str:
    given = str(text or "").strip()
    if not given or len(given) > longest:
        raise Invalid(
            "this needs a few words", errors={place: "too short or too long"}, given=given[:40] or "nothing",
            allowed=f"1 to {longest} characters",
        )  # fmt: skip
    return given


def question_set(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the questions of a request with their keys and weights; what is left of 100 weighs the price.

    Raises:
        Invalid: a weight is no whole percentage, or all together leave nothing for the price.
    """
    made: list[dict[str, Any]] = []
    for i, question in enumerate(questions, 1):
        weight = question.get("weight", 0)
        if isinstance(weight, bool) or not str(weight).isdigit():
            raise Invalid(
                "a weight is a whole percentage", errors={f"questions/{i}/weight": "0 to 100"}, given=str(weight)
            )
        text = _words(question.get("text"), f"questions/{i}/text", 500)
        made.append({"key": f"q{i}", "text": text, "weight": int(weight)})
    if sum(one["weight"] for one in made) >= 100:
        raise Invalid(
            "the questions leave no weight for the price", errors={"questions": "too heavy"},
            given=str(sum(one["weight"] for one in made)), allowed="together less than 100",
        )  # fmt: skip
    return made


def stated_rates(rates: Mapping[str, Mapping[str, Any]], currency: str) -> dict[str, dict[str, str]]:
    """Return the rates at which bids in other currencies are compared: each with its day and source.

    Raises:
        Invalid: a rate without day or source, not above zero, or of the request's own currency.
    """
    made = {}
    for code, stated in rates.items():
        currency_code(code)
        if code == currency:
            raise Invalid("a currency has no rate to itself", errors={"rates": code}, given=code)
        rate = decimal_text(stated.get("rate", ""), f"rates/{code}/rate", above_zero=True)
        day = str(stated.get("on", ""))
        try:
            dt.date.fromisoformat(day)
        except ValueError as error:
            raise Invalid("a rate is of a day", errors={f"rates/{code}/on": "a date"}, given=day) from error
        made[code] = {"rate": rate, "on": day, "source": _words(stated.get("source"), f"rates/{code}/source", 120)}
    return made


def bid(
    asked: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]],
    currencies: Sequence[str],
    *,
    currency: str,
    lines: Sequence[Mapping[str, Any]],
    answers: Mapping[str, str],
) -> dict[str, Any]:
    """Return a bid as it is sealed: every line priced once, every question answered, one currency.

    Raises:
        Invalid: says which line, question or currency does not fit.
    """
    if currency not in currencies:
        raise Invalid(
            "bids are in a currency with a stated rate", errors={"currency": "not one of them"}, given=currency,
            allowed=", ".join(currencies), next="Price in one of these, or ask for a rate before the deadline",
        )  # fmt: skip
    wanted = {line["position"]: line for line in asked}
    given = [line.get("position") for line in lines]
    if sorted(map(str, given)) != sorted(map(str, wanted)):
        raise Invalid(
            "a bid prices every line once", errors={"lines": "not the lines that were asked"},
            given=", ".join(map(str, given)) or "none", allowed=", ".join(map(str, wanted)),
        )  # fmt: skip
    made = []
    for line in sorted(lines, key=lambda one: int(one["position"])):
        place, position = f"lines/{line['position']}", int(line["position"])
        if line.get("currency", currency) != currency:
            raise Invalid(
                "a bid is in one currency", errors={f"{place}/currency": "another one"}, given=str(line["currency"]),
                allowed=currency,
            )  # fmt: skip
        quantity = decimal_text(
            line.get("quantity") or wanted[position]["quantity"], f"{place}/quantity", above_zero=True
        )
        assumptions = str(line.get("assumptions", "") or "").strip()[:LONGEST]
        if Decimal(quantity) != Decimal(wanted[position]["quantity"]) and not assumptions:
            raise Invalid(
                "another quantity than the one asked for needs its assumption",
                errors={f"{place}/assumptions": "say why"}, given=quantity, allowed=wanted[position]["quantity"],
                next="Keep the quantity, or say what you assume",
            )  # fmt: skip
        price = decimal_text(line.get("unit_price", ""), f"{place}/unit_price")
        made.append({"position": position, "quantity": quantity, "unit_price": price, "assumptions": assumptions})
    return {"currency": currency, "lines": made, "answers": _answers(questions, answers)}


def _answers(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, str]) -> dict[str, str]:
    keys = {question["key"] for question in questions}
    if unknown := sorted(set(answers) - keys):
        raise Invalid("there is no such question", errors={"answers": unknown[0]}, given=", ".join(unknown))
    return {key: _words(answers.get(key), f"answers/{key}", LONGEST) for key in sorted(keys)}


def checked_scores(questions: Sequence[Mapping[str, Any]], scores: Mapping[str, Any]) -> dict[str, int]:
    """Return an evaluator's scores.

    Raises:
        Invalid: not every question has one whole score from 0 to 10.
    """
    keys = {question["key"] for question in questions}
    if set(scores) != keys:
        raise Invalid(
            "every question gets one score", errors={"scores": "missing or too many"}, given=", ".join(sorted(scores)),
            allowed=", ".join(sorted(keys)),
        )  # fmt: skip
    made = {}
    for key, value in scores.items():
        if isinstance(value, bool) or not str(value).isdigit() or int(value) > BEST:
            raise Invalid("a score is a whole number", errors={key: "0 to 10"}, given=str(value), allowed="0 to 10")
        made[key] = int(value)
    return made
