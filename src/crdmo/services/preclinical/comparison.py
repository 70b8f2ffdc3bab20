"""Comparison of dose groups with their control, one result for a test, a day and a sex."""

from __future__ import annotations

from typing import Any

from crdmo.common.studies.models import Arm, Study
from crdmo.common.studies.queries import in_force
from crdmo.foundation.computing import run
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError

from .models import Analysis
from .queries import SEXES, mean_and_sd, series

METHOD = "preclinical.dunnett"
SIGNIFICANT = 0.05


def compare(act: Act, study: Study, *, domain: str, code: str, day: int, specimen: str = "") -> list[Analysis]:
    """Compare each dose group with the control on a day, sexes apart; one computed before is made anew.

    Raises:
        Invalid: no value of the test is recorded on the day.
        Refused: there is no control, or a group has fewer than two values.
    """
    arms = in_force(study, Arm)
    control = [one for one in arms if one.is_control]
    if len(control) != 1:
        raise Refused(
            "a comparison needs one control group",
            given=f"{len(control)} in {study}",
            allowed="one",
            next="Amend the protocol",
        )
    ordered = [*control, *(one for one in arms if not one.is_control)]
    made = []
    for found in series(study, domain, code, specimen=specimen):
        samples = {one.code: found.values[one.code].get(day, []) for one in ordered}
        present = [one for one in ordered if samples[one.code]]
        if not present:
            continue
        basis: list[Record] = [finding for one in present for _, finding in samples[one.code]]
        first = samples[present[0].code][0][1]
        title = f"{first.name}{f', {specimen}' if specimen else ''}, day {day}, {dict(SEXES)[found.sex].lower()}"
        inputs = {
            "groups": [one.code for one in present],
            "values": [[float(finding.number) for _, finding in samples[one.code]] for one in present],
        }
        try:
            result = run(act, METHOD, inputs, {}, sources=basis, program=study.program, title=f"Dunnett: {title}")
        except MethodError as error:
            raise Refused(
                f"{title} cannot be compared", given=str(error), next="Look at the values of the day"
            ) from error
        made.append(_kept(act, study, title, found.sex, domain, code, specimen, day, found.unit, result))
    if not made:
        raise Invalid(
            "no value of this test is recorded on this day", errors={"day": "nothing recorded"}, given=str(day)
        )
    return made


def _kept(
    act: Act,
    study: Study,
    title: str,
    sex: str,
    domain: str,
    code: str,
    specimen: str,
    day: int,
    unit: str,
    result: Any,
) -> Analysis:
    before = study.analyses.filter(
        kind=Analysis.Kind.COMPARISON,
        domain=domain,
        code=code,
        specimen=specimen,
        visit=str(day),
        sex=sex,
        is_void=False,
    ).first()
    if before is not None:
        return act.change(before, result=result, sources=sources_of([result]))
    return act.create(
        Analysis,
        program=study.program,
        study=study,
        kind=Analysis.Kind.COMPARISON,
        title=title,
        domain=domain,
        code=code,
        specimen=specimen,
        visit=str(day),
        sex=sex,
        words={"unit": unit},
        result=result,
        sources=sources_of([result]),
    )


def lines(study: Study) -> list[dict[str, Any]]:
    """Return the comparisons of a study, each with its groups: number, mean, deviation, change against control, p."""
    names = {one.code: one.name for one in in_force(study, Arm)}
    rows = study.analyses.filter(kind=Analysis.Kind.COMPARISON, is_void=False).select_related("result")
    found = []
    for one in sorted(rows, key=lambda row: (row.domain, row.code, row.specimen, int(row.visit), row.sex)):
        inputs, output = one.result.inputs, one.result.output
        p_of = {line["group"]: line["p"] for line in output["comparisons"]}
        control = output["control_mean"]
        groups = []
        for code, values in zip(inputs["groups"], inputs["values"], strict=True):
            mean, sd = mean_and_sd(values)
            p = p_of.get(code)
            groups.append(
                {
                    "arm": code,
                    "name": names.get(code, code),
                    "n": len(values),
                    "mean": mean,
                    "sd": sd or 0.0,
                    "p": p,
                    "words": "–" if p is None else p_words(p),
                    "significant": p is not None and p < SIGNIFICANT,
                    "change": None if p is None or not control else (mean - control) / control * 100,
                }
            )
        found.append(
            {
                "analysis": one,
                "result": one.result,
                "title": one.title,
                "unit": one.words.get("unit", ""),
                "groups": groups,
            }
        )
    return found


def p_words(p: float) -> str:
    """Return a p-value as it is printed: four decimals, or below the smallest of them.

    >>> p_words(0.03456), p_words(0.00002)
    ('0.0346', '< 0.0001')
    """
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"
