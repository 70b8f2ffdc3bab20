"""A shelf life, for who proposes it and QA who approves it: the picture, the path of the decision, every model."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.computing import figure_of
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.science.method import MethodError
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import ShelfLife
from ..workflow import stability as workflow

MODELS = {
    "cics": "Common intercept, common slope",
    "dics": "Own intercepts, common slope",
    "cids": "Common intercept, own slopes",
    "dids": "Own lines",
    "dids pooled": "Own lines, pooled mean square",
    "dids individual": "Own lines, own mean squares",
}


@page_of("quality.shelflife")
def shelf_life_address(record: ShelfLife) -> str:
    """Return the address of a shelf life's page."""
    assert record.program is not None
    return reverse("quality:shelf_life", kwargs={"program": record.program.code, "code": record.code})


def shelf_life(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an evaluation with its picture and path; QA approves it here."""
    found, refused = _find(request, code), None
    if request.method == "POST":
        refused = steps.attempt(
            lambda: workflow.approve_shelf_life(request.person, found, credentials=steps.credentials(request))
        )
        if refused is None:
            messages.success(request, f"{found} is approved: {found.proposed_months} months.")
            return HttpResponseRedirect(shelf_life_address(found))
        found.refresh_from_db()
    output = found.computed.output
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "code": found.code,
                "state": found.state,
                "proposed_months": found.proposed_months,
                "evaluation": output,
                "extrapolation": found.extrapolated.output if found.extrapolated else None,
            }
        )
    ready = found.state == "proposed" and found.proposed_months is not None
    contents: dict[str, Any] = {
        "record": found,
        "output": output,
        "refused": refused,
        "figure": _figure(found),
        "signatures": signatures_of(found),
        "stale": stale_causes([found.pk]),
        "models": _models(output),
        "lines": _lines(output),
        "cards": _cards(found, output),
        "preview": steps.to_sign(request, "quality.approve_shelf_life", [found], ready=ready),
        "rationale": _own_words(found, output),
    }
    return render(request, "quality/shelf_life.html", contents, status=refused.status if refused else 200)


def _find(request: PageRequest, code: str) -> ShelfLife:
    rows = ShelfLife.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related(
        "protocol__program", "condition", "criterion", "computed", "extrapolated", "program"
    ).first()
    if found is None:
        raise NotFound("there is no such shelf life", given=code)
    return found


def _figure(found: ShelfLife) -> Any:
    """Return the picture, or None where the stored result is of a version that is no longer drawn."""
    try:
        return figure_of(found.computed, attribute=found.criterion.name, unit=found.criterion.unit)
    except MethodError:
        return None


def _months(model: dict[str, Any]) -> str:
    return f"{model['months']:.5f}" if model["months"] is not None else str(model["outcome"])


def _models(output: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every model that was fitted, the chosen one marked."""
    return [
        {
            "name": MODELS.get(m["name"], m["name"]),
            "key": m["name"],
            "months": _months(m),
            "worst": "all, one line" if m["name"] == "cics" and len(m["lines"]) > 1 else m["worst_batch"],
            "mean_square": f"{m['mean_square']:.6g}",
            "df": m["df"],
            "chosen": m["name"] == output["model"],
        }
        for m in output["models"]
    ]


def _lines(output: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the line of each batch in the chosen model."""
    model = next((m for m in output["models"] if m["name"] == output["model"]), None)
    if model is None:
        return []
    one = model["name"] == "cics" and len(model["lines"]) > 1
    lines: list[dict[str, Any]] = [{**model["lines"][0], "batch": "all batches"}] if one else model["lines"]
    return [
        {
            "batch": line["batch"],
            "intercept": f"{line['intercept']:.5f}",
            "slope": f"{line['slope']:.5f}",
            "months": _months(line),
            "side": line["side"],
            "worst": len(lines) > 1 and line["batch"] == output["worst_batch"],
        }
        for line in lines
    ]


def _cards(found: ShelfLife, output: dict[str, Any]) -> list[dict[str, Any]]:
    whole = output["whole_months"]
    cards: list[dict[str, Any]] = [
        {
            "label": "proposed shelf life",
            "value": found.proposed_months if found.proposed_months is not None else "none",
            "unit": "months" if found.proposed_months is not None else "",
            "tone": "bad" if found.proposed_months is None else "",
        },
        {
            "label": "from the data alone",
            "value": whole if whole is not None else "no end",
            "unit": "months" if whole is not None else "",
        },
        {"label": "covered by data", "value": f"{output['last_month']:g}", "unit": "months"},
    ]
    if found.extrapolated:
        cards.append(
            {"label": "allowed by extrapolation", "value": found.extrapolated.output["months"], "unit": "months"}
        )
    return cards


def _own_words(found: ShelfLife, output: dict[str, Any]) -> list[str]:
    """Return what people wrote: the rationale without the reasons that the methods gave."""
    given = {*output["reasons"], *(found.extrapolated.output["reasons"] if found.extrapolated else [])}
    return [line for line in found.rationale.splitlines() if line and line not in given]


urlpatterns = [path("stability/shelf-lives/<str:code>/", shelf_life, name="shelf_life")]
PAGES = {"quality:shelf_life": Page("quality.view", FORM)}
