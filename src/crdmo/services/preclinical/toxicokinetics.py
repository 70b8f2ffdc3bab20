"""Toxicokinetics: each animal's profile of a day is one result of non-compartmental analysis; groups are read from them."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from crdmo.common.studies.models import Arm, Finding, Study, Subject, Visit
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.computing import run
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError

from . import kinetic_rules
from .models import Analysis

METHOD = "preclinical.nca"
# A sample is looked for among the visits so many days around the dose.
DAYS_NEAR = 8
DURATION = re.compile(r"^PT(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?\Z|^P(\d+)D\Z")


def hours(elapsed: str) -> float | None:
    """Return an ISO 8601 duration in hours, or None where it is none.

    >>> hours("PT30M"), hours("PT1H30M"), hours("P1D"), hours("soon")
    (0.5, 1.5, 24.0, None)
    """
    found = DURATION.match(elapsed)
    if not found or not any(found.groups()):
        return None
    h, m, d = found.groups()
    return float(h or 0) + float(m or 0) / 60 + float(d or 0) * 24


def profiles(study: Study, visit: Visit, code: str = "") -> dict[Subject, list[tuple[float, Finding]]]:
    """Return the samples of each animal after the dose of a day by nominal time, in order.

    Raises:
        Invalid: a sample has no time after the dose, stands twice, or units differ.
    """
    near = (visit.day - DAYS_NEAR, visit.day + DAYS_NEAR)
    rows = Finding.objects.filter(study=study, domain="PC", visit__day__range=near, not_done=False, is_void=False)
    rows = rows.filter(code=code) if code else rows
    found: dict[Subject, list[tuple[float, Finding]]] = defaultdict(list)
    units = set()
    for at, one in of_dose(rows.select_related("subject", "visit").order_by("subject__code", "entry"), visit):
        if any(at == other for other, _ in found[one.subject]):
            raise Invalid("a sample stands once for a time", errors={"elapsed": f"{one.subject}, {at:g} h"})
        found[one.subject].append((at, one))
        units.add(one.unit)
    if len(units) > 1:
        raise Invalid("concentrations are in one unit", errors={"unit": ", ".join(sorted(units))})
    return {animal: sorted(samples, key=lambda pair: pair[0]) for animal, samples in found.items()}


def of_dose(rows: Iterable[Finding], visit: Visit) -> list[tuple[float, Finding]]:
    """Return the samples that follow the dose of a visit, with their hours after it.

    The sample of 24 h is often recorded with the next study day; it follows the dose of the day before, where that is a day
    with samples of its own.

    Raises:
        Invalid: a sample of the visit has no time after the dose.
    """
    given = [(hours(one.elapsed), one) for one in rows if one.visit is not None]
    dosed = {one.visit.day for at, one in given if one.visit is not None and (at is None or at < 24)}
    found = []
    for at, one in given:
        own = one.visit is not None and one.visit.code == visit.code
        if at is None:
            if own:
                raise Invalid("a sample has its time after the dose",
                              errors={"elapsed": f"{one.subject}, {one.time_point or 'no time'}"})  # fmt: skip
            continue
        before = _earlier(one.visit.day, int(at // 24)) if one.visit is not None else 0
        moved = at >= 24 and before in dosed
        if before == visit.day if moved else own:
            found.append((at, one))
    return found


def _earlier(day: int, days: int) -> int:
    """Return the study day that lies so many days before another; there is no day 0."""
    before = day - days
    return before - 1 if before <= 0 < day else before


def compute(act: Act, study: Study, visit: Visit, *, window: str, below: str) -> list[Analysis]:
    """Compute the exposure of each animal that was exposed, and keep it; a control without drug has none.

    Raises:
        Invalid: a rule that there is not, or that the samples do not carry; an infusion.
        Refused: no animal of the day has a profile that can be computed.
    """
    kinetic_rules.checked(window, below)
    made, told = [], []
    routes = kinetic_rules.routes(study)
    found = profiles(study, visit)
    placed = arms_of(found)
    before = {
        one.words["animal"]: one
        for one in study.analyses.filter(kind=Analysis.Kind.TOXICOKINETICS, visit=visit.code, is_void=False)
    }
    for animal, samples in found.items():
        arm = placed.get(animal.id)
        values = [float(one.number) if one.number else None for _, one in samples]
        if arm is None or not any(values):
            continue
        inputs = {"time": [at for at, _ in samples], "concentration": values}
        route = routes.get(animal.id, "extravascular")
        parameters = kinetic_rules.parameters(window, below, [one for _, one in samples], route)
        try:
            result = run(
                act, METHOD, inputs, parameters, sources=[one for _, one in samples], program=study.program,
                title=f"Exposure of {animal}, {visit.name}",
            )  # fmt: skip
        except MethodError as error:
            told.append(f"{animal}: {error.what}")
            continue
        words = {"animal": animal.code, "arm": arm.code, "unit": samples[0][1].unit, "specimen": samples[0][1].specimen}
        if animal.code in before:
            made.append(act.change(before[animal.code], result=result, sources=sources_of([result])))
            continue
        made.append(
            act.create(
                Analysis,
                program=study.program,
                study=study,
                kind=Analysis.Kind.TOXICOKINETICS,
                title=result.title,
                domain="PC",
                code=samples[0][1].code,
                visit=visit.code,
                sex=animal.sex,
                words=words,
                result=result,
                sources=sources_of([result]),
            )
        )
    if not made:
        raise Refused(
            f"no exposure can be computed on {visit.name}",
            given="; ".join(told[:3]) or f"{len(found)} animals with samples",
            allowed="at least one animal with a group and a quantifiable concentration",
        )
    return made


def lines(study: Study) -> list[dict[str, Any]]:
    """Return the exposure of each animal, in order of day, group and animal."""
    arms = {one.code: one for one in in_force(study, Arm)}
    order = {one.code: one.day for one in in_force(study, Visit)}
    rows = study.analyses.filter(kind=Analysis.Kind.TOXICOKINETICS, is_void=False).select_related("result")
    found = []
    for one in rows:
        arm, output = arms.get(one.words["arm"]), one.result.output
        if arm is not None:
            terminal = output["terminal"] or {}
            found.append(
                {
                    "analysis": one, "result": one.result, "visit": one.visit, "day": order.get(one.visit, 0), "arm": arm.code,
                    "group": arm, "sex": one.sex, "animal": one.words["animal"], "unit": one.words["unit"],
                    "cmax": output["c_max"], "tmax": output["t_max"], "auc": output["auc_last"], "auc_tau": output["auc_tau"],
                    "auc_inf": output["auc_inf"], "half_life": terminal.get("half_life"), "flags": output["flags"],
                    "rules": kinetic_rules.told(one.result.parameters),
                }
            )  # fmt: skip
    return sorted(found, key=lambda line: (line["day"], line["group"].position, line["sex"], line["animal"]))


def means(study: Study) -> list[dict[str, Any]]:
    """Return the exposure of each group by day and sex: mean Cmax and AUC, median Tmax, dose-normalised AUC."""
    by_group: dict[tuple[int, int, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines(study):
        by_group[line["day"], line["group"].position, line["sex"]].append(line)
    found = []
    for rows in by_group.values():
        first, dose = rows[0], float(rows[0]["group"].dose or 0)
        auc = statistics.fmean(row["auc"] for row in rows)
        found.append(
            {
                "visit": first["visit"], "arm": first["arm"], "sex": first["sex"], "n": len(rows), "dose": first["group"].dose,
                "cmax": statistics.fmean(row["cmax"] for row in rows), "tmax": statistics.median(row["tmax"] for row in rows),
                "auc": auc, "per_dose": auc / dose if dose else None, "flagged": sum(bool(row["flags"]) for row in rows),
            }
        )  # fmt: skip
    return found


def units(study: Study) -> dict[str, str]:
    """Return the units of Cmax and of areas, in words."""
    first = study.analyses.filter(kind=Analysis.Kind.TOXICOKINETICS, is_void=False).first()
    unit = first.words["unit"] if first else ""
    return {"cmax": unit, "auc": f"h·{unit}"}


def mean_curves(study: Study, visit: Visit, arms: Sequence[Arm]) -> dict[str, dict[str, dict[float, float]]]:
    """Return by sex the mean concentration of each group by time after the dose; below quantification counts as 0."""
    names = {arm.name for arm in arms}
    found = profiles(study, visit)
    placed = arms_of(found)
    sums: dict[str, dict[str, dict[float, list[float]]]] = {}
    for animal, samples in found.items():
        arm = placed.get(animal.id)
        if arm is not None and arm.name in names:
            by_time = sums.setdefault(animal.sex, {}).setdefault(arm.name, defaultdict(list))
            for at, one in samples:
                by_time[at].append(float(one.number) if one.number else 0.0)
    order = [arm.name for arm in arms]
    return {
        sex: {name: {at: statistics.fmean(v) for at, v in by_arm[name].items()} for name in order if name in by_arm}
        for sex, by_arm in sums.items()
    }
