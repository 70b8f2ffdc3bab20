"""One study: its design, the run sheet as a grid, the models with their figures, and the design space."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.computing import figure_of
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.science.method import MethodError, call
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest

from .. import exports, imports, queries
from ..models import DesignSpace, Observation, ResponseModel, Study
from ..workflow import analysis
from ..workflow import studies as workflow
from . import grids

SIGNAL = 2.0


def study(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a study; each of its steps is taken here."""
    found, refused = queries.find_study(request.program, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found = queries.find_study(request.program, code)
    kind = request.GET.get("format")
    if kind == "json":
        return JsonResponse(exports.study(found))
    if kind:
        return grids.as_file(exports.run_sheet(found), found.code, kind)
    sheet, models, space = queries.sheet_of(found), list(queries.models_of(found)), queries.space_of(found)
    _typed(request, sheet, keep=refused is not None)
    accepted = {m.response_id for m in models if m.state == "accepted"}
    marked = stale_causes([*(m.id for m in models), *([space.id] if space else [])])
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "sheet": sheet,
        "left": sum(row["run"].state == "planned" for row in sheet["rows"]),
        "evaluation": _evaluation(found, sheet),
        "models": [_model(request, m, m.id in marked) for m in models],
        "space": _space(space, space is not None and space.id in marked),
        "factor_names": [f.parameter.name for f in sheet["factors"]],
        "ready": len(sheet["responses"]) == len(accepted) and len(sheet["factors"]) > 1,
        "may": {
            name: not found.is_void and steps.may(request, f"process.{verb}")
            for name, verb in (
                ("start", "start_study"), ("record", "record_run"), ("analyse", "analyse_study"),
                ("space", "find_design_space"), ("discard", "discard_study"), ("correct", "correct_observation"),
            )
        },
    }  # fmt: skip
    return render(request, "process/study.html", contents, status=refused.status if refused else 200)


def _typed(request: PageRequest, sheet: dict[str, Any], *, keep: bool) -> None:
    """Put back into the grid what was typed and refused."""
    for row in sheet["rows"]:
        key = row["run"].pk
        for i, one in enumerate(row["settings"]):
            one["typed"] = request.POST.get(f"s_{key}_{i}", one["value"]) if keep else one["value"]
        for i, one in enumerate(row["values"]):
            one["typed"] = request.POST.get(f"v_{key}_{i}", "") if keep else ""
        row["comment"] = request.POST.get(f"c_{key}", "") if keep else row["run"].comment


def _evaluation(found: Study, sheet: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the design can see with its model, or None where it carries none."""
    factors = [
        {"name": f.parameter.name, "unit": f.parameter.unit, "low": float(f.low), "high": float(f.high)}
        for f in sheet["factors"]
    ]
    settings = [[float(s["planned"]) for s in row["settings"]] for row in sheet["rows"]]
    for order in dict.fromkeys((found.order, "first")):
        try:
            made = call(
                "process.design_evaluation",
                {"factors": factors, "settings": settings},
                {"order": order, "signal_to_noise": SIGNAL},
            )
        except MethodError:
            continue
        terms = [(t.name, f"{100 * t.power:.0f}", f"{t.variance_inflation:.2f}") for t in made.terms]
        return {"made": made, "terms": terms, "order": order, "signal": SIGNAL}
    return None


def _figure(result: Result | None, **words: str) -> Any:
    """Return a picture, or None where the stored result is of a version that is no longer drawn."""
    try:
        return figure_of(result, **words) if result is not None else None
    except MethodError:
        return None


def _digits(value: float | None, places: int = 4) -> str:
    return "–" if value is None else f"{value:.{places}g}"


def _model(request: PageRequest, model: ResponseModel, stale: bool) -> dict[str, Any]:
    fit = model.computed.output
    proposed = model.state == "proposed" and not stale
    return {
        "record": model,
        "stale": stale,
        "pareto": _figure(model.computed),
        "contour": _figure(model.contour),
        "terms": [
            {
                "name": t["name"],
                "coefficient": _digits(t["coefficient"], 5),
                "error": _digits(t["standard_error"]),
                "p": _digits(t["p"], 3),
                "inflation": _digits(t["variance_inflation"], 3),
                "natural": _digits(t["natural_coefficient"], 5),
                "active": isinstance(t["p"], float) and t["p"] < 0.05,
            }
            for t in fit["terms"]
        ],
        "anova": [
            {**row, **{k: _digits(row[k]) for k in ("sum_of_squares", "mean_square", "f", "p")}} for row in fit["anova"]
        ],
        "numbers": {
            "R²": _digits(fit["r_squared"]),
            "adjusted R²": _digits(fit["adjusted_r_squared"]),
            "predicted R²": _digits(fit["predicted_r_squared"]),
            "PRESS": _digits(fit["press"]),
            "residual SD": f"{_digits(fit['residual_sd'])} {fit['model']['unit']}",
        },
        "lack": fit["lack_of_fit_refused"],
        "stationary": model.stationary.output if model.stationary else None,
        "may_judge": proposed and model.made_by_id != request.person.pk and steps.may(request, "process.judge_model"),
    }


def _space(space: DesignSpace | None, stale: bool) -> dict[str, Any] | None:
    if space is None:
        return None
    box, drawn = space.box.output, space.map.output
    ranges = {one["name"]: one for one in box["ranges"]}
    ends = [ranges.get(drawn[axis]["name"]) for axis in ("x", "y")]
    words = " ".join(f"{one[end]:.10g}" for one in ends if one for end in ("low", "high")) if all(ends) else ""
    return {
        "record": space,
        "stale": stale,
        "figure": _figure(space.map, box=words),
        "ranges": [{**one, "low": f"{one['low']:.4g}", "high": f"{one['high']:.4g}"} for one in box["ranges"]],
        "box": box,
        "lowest": "" if box["lowest"] is None else f"{100 * box['lowest']:.1f} %",
        "share": f"{100 * box['share']:.1f} %",
    }


def _step(request: PageRequest, found: Study) -> None:
    step = request.POST.get("step", "")
    if step == "start":
        workflow.start_study(request.person, found)
        messages.success(request, f"{found} runs; its runs are locked. Do them in the order of the sheet.")
    elif step == "discard":
        workflow.discard_study(request.person, found, reason=request.POST.get("reason", ""))
        messages.success(request, f"{found} is discarded.")
    elif step == "runs":
        count = _record(request, found)
        messages.success(request, f"{count} run{'s' if count != 1 else ''} recorded.")
    elif step == "file":
        _file(request, found)
    elif step == "correct":
        _correct(request, found)
    elif step == "analyse":
        analysis.analyse_study(request.person, found)
        messages.success(
            request, "The models are fitted. A second person accepts them, or rejects them, with a reason."
        )
    elif step == "judge":
        _judge(request, found)
    elif step == "space":
        x, y = request.POST.get("x", ""), request.POST.get("y", "")
        reliability = request.POST.get("reliability", "")
        analysis.find_design_space(request.person, found, x=x, y=y, reliability=reliability)
        messages.success(request, "The design space is computed.")
    else:
        raise NotFound("there is no such step", given=step)


def _record(request: PageRequest, found: Study) -> int:
    """Record every run whose row was filled: all of them, or none."""
    rows = []
    for row in queries.sheet_of(found)["rows"]:
        run = row["run"]
        values = {v["name"]: request.POST.get(f"v_{run.pk}_{i}", "").strip() for i, v in enumerate(row["values"])}
        if run.state == "done" or not any(values.values()):
            continue
        achieved = {s["name"]: request.POST.get(f"s_{run.pk}_{i}", "") for i, s in enumerate(row["settings"])}
        comment = request.POST.get(f"c_{run.pk}", "")
        rows.append({"run": run.order, "values": values, "achieved": achieved, "comment": comment})
    if not rows:
        raise Invalid("no run was filled in", errors={"values": "fill every value of at least one run"})
    workflow.record_runs(request.person, found, rows, whole=False)
    return len(rows)


def _file(request: PageRequest, found: Study) -> None:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("no file was chosen", errors={"file": "choose the filled run sheet"})
    rows = imports.read_runs(found, str(file.name), file.read())
    workflow.record_runs(request.person, found, rows)
    messages.success(request, f"{len(rows)} runs recorded from {file.name}.")


def _correct(request: PageRequest, found: Study) -> None:
    key = request.POST.get("observation", "")
    rows = Observation.objects.filter(run__study=found, is_void=False).select_related("run", "response__attribute")
    one = next((o for o in rows if str(o.pk) == key), None)
    if one is None:
        raise NotFound("there is no such value", given=key)
    value, reason = request.POST.get("value", ""), request.POST.get("reason", "")
    workflow.correct_observation(request.person, one, value=value, reason=reason)
    messages.success(request, f"{one} is corrected; what stands on it is stale.")


def _judge(request: PageRequest, found: Study) -> None:
    key, verdict = request.POST.get("model", ""), request.POST.get("verdict", "")
    one = next((m for m in queries.models_of(found) if str(m.pk) == key), None)
    if one is None or verdict not in ("accept", "reject"):
        raise NotFound("there is no such model to judge", given=f"{key} {verdict}", allowed="accept or reject")
    reason = request.POST.get("reason", "")
    analysis.judge_model(request.person, one, accept=verdict == "accept", reason=reason)
    messages.success(request, f"The {one} is {verdict}ed.")


urlpatterns = [path("studies/<str:code>/", study, name="study")]
PAGES = {"process:study": Page("process.view", FORM)}
