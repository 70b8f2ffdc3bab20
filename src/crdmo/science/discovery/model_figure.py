"""Pictures of a dose-response model fitted by likelihood, and of the race behind a hit call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .dose_models import MODELS, searched
from .hit_call import HitCall
from .model_result import ModelFit

_POINTS = 161


@figure("discovery.model_fit")
def model_figure(
    result: ModelFit,
    *,
    dose: Sequence[float] = (),
    response: Sequence[float] = (),
    bounds: Sequence[str] = (),
    title: str = "Dose and response",
    dose_unit: str = "",
    response_name: str = "Response",
    response_unit: str = "",
) -> Figure:
    """Draw responses and model over the logarithm of the dose; responses that are only bounds are hollow.

    Args:
        result: the fit.
        dose: what was tested; controls at dose 0 stand left of the lowest dose.
        response: what was measured at each dose.
        bounds: "<" or ">" where a response is only a limit.
        title: what was tested.
        dose_unit: of the dose.
        response_name: what was read.
        response_unit: in which unit.
    """
    chart = Chart(title, x=Axis("Dose", dose_unit, log=True), y=Axis(response_name, response_unit))
    xs = _doses(dose, result.ec50)
    _points(chart, dose, response, [i for i, mark in enumerate(bounds) if mark])
    chart.line(result.model, xs.tolist(), _curve(result.model, result.estimates, xs).tolist())
    if result.ec50 is not None and xs[0] <= result.ec50 <= xs[-1]:
        chart.limit(result.ec50, f"EC50 {result.ec50:.3g}", firm=False, axis="x")
    ec50 = "no EC50" if result.ec50 is None else f"EC50 {result.ec50:.3g}{f' {dose_unit}' if dose_unit else ''}"
    held = f"; {result.censored} responses are bounds" if result.censored else ""
    doubts = f"; {'; '.join(result.flags)}" if result.flags else ""
    return chart.build(f"{result.model} with {result.errors.value} errors: {ec50}{held}{doubts}.")


@figure("discovery.hit_call")
def hit_figure(
    result: HitCall,
    *,
    cutoff: float = 0.0,
    dose: Sequence[float] = (),
    response: Sequence[float] = (),
    shown: int = 3,
    title: str = "Is it a hit?",
    dose_unit: str = "",
    response_name: str = "Change from control",
    response_unit: str = "",
) -> Figure:
    """Draw responses, the cutoff on both sides, and the first models of the race.

    Args:
        result: the race.
        cutoff: smallest change that matters.
        dose: what was tested.
        response: change from the control.
        shown: how many models are drawn, the winner first.
        title: what was tested.
        dose_unit: of the dose.
        response_name: what was read.
        response_unit: in which unit.
    """
    chart = Chart(title, x=Axis("Dose", dose_unit, log=True), y=Axis(response_name, response_unit))
    xs = _doses(dose, result.best.ac50)
    _points(chart, dose, response, [])
    others = sorted(
        (one for one in result.runners if one.model not in (result.winner, "cnst")), key=lambda one: -one.weight
    )
    for one in [result.best, *others[: shown - 1]]:
        chart.line(f"{one.model} ({one.weight:.0%})", xs.tolist(), _curve(one.model, one.estimates, xs).tolist())
    if cutoff > 0:
        chart.limit(cutoff, "cutoff").limit(-cutoff, "")
    if result.best.ac50 is not None and xs[0] <= result.best.ac50 <= xs[-1]:
        chart.limit(result.best.ac50, f"AC50 {result.best.ac50:.3g}", firm=False, axis="x")
    return chart.build(
        f"{result.winner} wins with {result.best.weight:.0%} of the weight; hit call {result.hit_call:.3f}, "
        f"its top is {result.top_over_cutoff:.2g} times the cutoff."
    )


def _doses(dose: Sequence[float], centre: float | None) -> np.ndarray:
    tested = [x for x in dose if x > 0] or [(centre or 1.0) / 100, (centre or 1.0) * 100]
    return np.geomspace(min(tested) / 2, max(tested) * 2, _POINTS)


def _points(chart: Chart, dose: Sequence[float], response: Sequence[float], hollow: list[int]) -> None:
    tested = [x for x in dose if x > 0]
    if tested:
        places = [x if x > 0 else min(tested) / 10 for x in dose]
        chart.scatter("measured", places, [float(y) for y in response], hollow=hollow)


def _curve(name: str, estimates: dict[str, float], xs: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(MODELS[name].function(xs, searched(MODELS[name], estimates)), dtype=float)
