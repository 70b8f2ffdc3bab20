"""Analysis of a study: models proposed, accepted by a second person, and the design space over those accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing.models import Result
from crdmo.foundation.computing.renewing import is_stale
from crdmo.foundation.computing.running import run as compute
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.science.method import MethodError
from crdmo.science.quality.limits import Limit

from ..models import DesignSpace, Observation, ResponseModel, Study
from .desks import ENGINEERS, as_invalid, number, worker

State = ResponseModel.State


def data_of(study: Study) -> tuple[dict[str, Any], dict[str, list[float]], list[Record]]:
    """Return what methods take of a study (factors, settings as achieved, blocks), its responses, and its sources."""
    factors = list(study.factors.filter(is_void=False).select_related("parameter").order_by("position"))
    runs = list(study.runs.filter(is_void=False, state="done").order_by("order"))
    seen = {
        (o.run_id, o.response_id): o
        for o in Observation.objects.filter(run__study=study, is_void=False).select_related("response")
    }
    responses = list(study.responses.filter(is_void=False).select_related("attribute").order_by("position"))
    given: dict[str, Any] = {
        "factors": [
            {"name": f.parameter.name, "unit": f.parameter.unit, "low": float(f.low), "high": float(f.high)}
            for f in factors
        ],
        "settings": [[float(run.achieved[f.parameter.name]) for f in factors] for run in runs],
    }
    if len({run.block for run in runs}) > 1:
        given["blocks"] = [run.block for run in runs]
    values = {r.attribute.name: [float(seen[run.id, r.id].value) for run in runs] for r in responses}
    return given, values, [*factors, *runs, *seen.values()]


@verb("process.analyse_study", "fit the models of a study", roles=ENGINEERS)
def analyse_study(act: Act, study: Study, *, order: str = "") -> list[ResponseModel]:
    """Fit the surface of every response; models proposed before are superseded.

    A run that was not done is not dropped in silence: all must be recorded.
    """
    if study.state != Study.State.COMPLETED:
        left = study.runs.filter(state="planned", is_void=False).count()
        raise Refused(
            f"{study} is not complete", given=f"{left} runs not recorded", next="Record every run, then fit the models"
        )
    for old in study.models.filter(state__in=(State.PROPOSED, State.ACCEPTED), is_void=False):
        act.change(old, state=State.SUPERSEDED)
    given, values, basis = data_of(study)
    made = []
    for response in study.responses.filter(is_void=False).select_related("attribute").order_by("position"):
        attribute = response.attribute
        inputs = {**given, "responses": values[attribute.name]}
        settings = {"order": order or study.order, "response": attribute.name, "unit": attribute.unit}
        try:
            fit = compute(
                act, "process.response_surface", inputs, settings, sources=[*basis, response], program=study.program,
                title=f"{attribute.name}, {study.code}",
            )  # fmt: skip
        except MethodError as error:
            raise as_invalid(error) from error
        point = _stationary(act, study, fit, attribute.name)
        drawn = _contour(act, study, fit, attribute.name)
        made.append(
            act.create(
                ResponseModel,
                program=study.program,
                study=study,
                response=response,
                computed=fit,
                stationary=point,
                contour=drawn,
                made_by=worker(act),
                sources=sources_of([one for one in (fit, point, drawn) if one]),
            )
        )
    return made


def _stationary(act: Act, study: Study, fit: Result, name: str) -> Result | None:
    """Return the canonical analysis of a second-order model; a model that has none is no error."""
    try:
        return compute(
            act, "process.canonical_analysis", {"model": fit.output["model"]}, {}, sources=[fit], program=study.program,
            title=f"Stationary point of {name}, {study.code}",
        )  # fmt: skip
    except MethodError:
        return None


def _contour(act: Act, study: Study, fit: Result, name: str) -> Result | None:
    """Return the surface over the two factors with the greatest linear effects; None where there is one factor only."""
    model = fit.output["model"]
    names = [factor["name"] for factor in model["factors"]]
    if len(names) < 2:
        return None
    size = dict(zip(names, (abs(value) for value in model["coefficients"][1:]), strict=False))
    x, y = sorted(sorted(names, key=lambda one: -size[one])[:2], key=names.index)
    return compute(
        act, "process.surface_contour", {"model": model}, {"x": x, "y": y}, sources=[fit], program=study.program,
        title=f"Contours of {name}, {study.code}",
    )  # fmt: skip


@verb("process.judge_model", "accept or reject a model", roles=(Role.PROCESS_LEAD, Role.PROCESS_ENGINEER))
def judge_model(act: Act, model: ResponseModel, *, accept: bool) -> ResponseModel:
    """Accept a model, or reject it, with a reason; not by who fitted it."""
    if model.state != State.PROPOSED or model.is_void:
        raise Refused(f"{model} is judged", given=model.get_state_display(), allowed="Proposed")
    person = worker(act)
    if person.id == model.made_by_id:
        raise NotPermitted(
            f"{person.printed_name} fitted {model}",
            allowed="another process engineer, or the head of process development",
            next="Ask a colleague to judge it",
        )
    if not act.reason:
        raise Invalid("a model is judged with a reason", errors={"reason": "say why it can be used, or why not"})
    if accept and is_stale(model):
        raise Refused(f"{model} stands on data changed since", given="stale", next="Fit the models again")
    return act.change(model, state=State.ACCEPTED if accept else State.REJECTED, judged_by=person, judgement=act.reason)


@verb("process.find_design_space", "compute the design space of a study", roles=ENGINEERS)
def find_design_space(
    act: Act,
    study: Study,
    *,
    x: str,
    y: str,
    reliability: str = "0.90",
    fixed: Mapping[str, float] | None = None,
    seed: int | None = None,
) -> DesignSpace:
    """Compute the chance of meeting every criterion over two parameters, and the largest acceptable box over all.

    Every response must have an accepted model of data that stand. Its criterion is that of the attribute.
    """
    models = list(study.models.filter(state=State.ACCEPTED, is_void=False).select_related("response__attribute"))
    missing = [
        r.attribute.name
        for r in study.responses.filter(is_void=False).select_related("attribute")
        if r.id not in {m.response_id for m in models}
    ]
    if missing:
        raise Refused(
            f"{study} has responses without an accepted model",
            given=", ".join(missing),
            next="Fit the models, and let a second person accept them",
        )
    if (level := number(reliability)) is None or not 0 < level < 1:
        raise Invalid("the reliability is a share", errors={"reliability": f"given {reliability!r}; such as 0.90"})
    given, values, _ = data_of(study)
    orders = {m.computed.parameters["order"] for m in models}
    if len(orders) > 1:
        raise Refused("the accepted models are of different order", given=", ".join(sorted(orders)))
    settings = {"criteria": [_criterion(m) for m in models], "order": orders.pop(), "reliability": float(level)}
    inputs = {**given, "responses": {m.response.attribute.name: values[m.response.attribute.name] for m in models}}
    basis: Sequence[Record] = [*models, *[m.computed for m in models]]
    title = f"Design space, {study.code}"
    try:
        drawn = compute(
            act, "process.design_space_map", inputs, {**settings, "x": x, "y": y, "fixed": dict(fixed or {})},
            sources=basis, program=study.program, seed=seed, title=title,
        )  # fmt: skip
        box = compute(
            act, "process.acceptable_box", inputs, settings, sources=basis, program=study.program, seed=seed,
            title=f"Proven acceptable ranges, {study.code}",
        )  # fmt: skip
    except MethodError as error:
        raise as_invalid(error) from error
    return act.create(
        DesignSpace,
        program=study.program,
        study=study,
        reliability=reliability.strip(),
        map=drawn,
        box=box,
        sources=sources_of([drawn, box]),
    )


def _criterion(model: ResponseModel) -> dict[str, Any]:
    attribute = model.response.attribute
    limit = Limit.parse(attribute.criterion)
    if not limit.is_numeric:
        raise Refused(
            f"{attribute} has no numeric criterion", given=attribute.criterion, next="Leave it out of the study"
        )
    ends = {"lower": limit.low, "upper": limit.high}
    return {"response": attribute.name, **{k: None if v is None else float(v) for k, v in ends.items()}}
