"""A run: its plates as heat maps with their quality, its curves to decide one by one, and its acceptance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse

from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page

from .. import figures, forms, queries
from ..models import Curve, Plate, Potency, Run
from ..workflow import assays as workflow
from .compounds import address as compound_address
from .shared import of


@page_of("discovery.run")
def address(record: Run) -> str:
    """Return the address of a run."""
    return of(record, "run", record.code)


@page_of("discovery.plate")
def plate_address(record: Plate) -> str:
    """Return the address of a plate: its run."""
    return address(record.run)


@page_of("discovery.curve")
def curve_address(record: Curve) -> str:
    """Return the address of a curve."""
    assert record.program is not None
    return reverse("discovery:curve", kwargs={"program": record.program.code, "key": str(record.pk)})


@page_of("discovery.potency")
def potency_address(record: Potency) -> str:
    """Return the address of a potency: its compound."""
    return compound_address(record.compound)


def _steps(request: PageRequest, found: Run) -> list[Step]:
    who, open_ = request.person, found.state == Run.State.OPEN
    curves = Curve.objects.filter(plate__run=found, is_void=False)
    waits = curves.filter(state=Curve.State.OPEN).exists()

    def plate(given: Any, _: Any) -> None:
        layout = (given["layout"].read(), given["layout"].name) if given["layout"] else None
        workflow.add_plate(
            who, found, code=given["code"], data=given["file"].read(), file_name=given["file"].name, layout=layout
        )

    def accept(given: Any, signed: Any) -> None:
        workflow.accept_run(who, found, credentials=signed.credentials, seen=signed.seen, **given)

    def reject(given: Any, signed: Any) -> None:
        workflow.reject_run(who, found, credentials=signed.credentials, seen=signed.seen, **given)

    return [
        Step("approve", "Approve the curves without a flag", "discovery.approve_curves",
             lambda given, _: workflow.approve_curves(who, found), ready=open_ and waits,
             done="Approved. What bears a flag is decided one by one."),
        Step("plate", "Add a plate", "discovery.add_plate", plate, forms.PlateForm, ready=open_,
             done="Added: quality, inhibition and curves are computed."),
        Step("accept", "Accept the run", "discovery.accept_run", accept, forms.ConclusionForm, signs=found,
             ready=open_ and not waits and curves.exists(), done="Accepted. Its potencies count."),
        Step("reject", "Reject the run", "discovery.reject_run", reject, forms.ConclusionForm, signs=found, ready=open_,
             done="Rejected. Its curves stay, and carry no potency."),
    ]  # fmt: skip


def run(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a run."""
    found = queries.find_run(request.program, code)

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        plates = queries.plates_of(found)
        for one in plates:
            one.run = found
        curves = Curve.objects.filter(plate__run=found, is_void=False).select_related(
            "plate__dataset", "lot__form__compound__program", "computed", "program"
        )
        order = {"open": 0, "approved": 1, "rejected": 2}
        rows = sorted(curves, key=lambda c: (order[c.state], c.lot.code))
        limit = float(found.assay.z_prime)
        return {
            "record": found,
            "plates": [_plate(one, limit) for one in plates],
            "curves": [{"record": one, "thumbnail": figures.thumbnail(one), "fit": _fit(one)} for one in rows],
        }

    return page(request, lambda: _steps(request, found), "discovery/run.html", contents)


def _plate(one: Plate, limit: float) -> dict[str, Any]:
    quality = one.quality.output
    z = quality["z_prime"]
    return {"record": one, "drawing": figures.heat_map(one), "quality": quality, "meets": z is not None and z >= limit}


def _fit(one: Curve) -> dict[str, Any]:
    if one.computed is None:
        return {}
    told = one.computed.output
    ends = [f"{told[name]:.3g}" if told[name] is not None else "open" for name in ("lower", "upper")]
    value = f"{told['qualifier']}{told['reported']:.3g}" if told["reported"] is not None else "none"
    return {"ic50": value, "interval": "" if told["qualifier"] else f"{ends[0]} to {ends[1]}", "flags": told["flags"],
            "parameters": told["parameters"], "residual_sd": told["residual_sd"]}  # fmt: skip


def curve(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Show a curve with its responses; it is approved or rejected here, and the next one offered."""
    found = queries.find_curve(request.program, key)

    def decide(given: Any, _: Any) -> None:
        approve = given["decision"] == "approve"
        workflow.review_curve(request.person, found, approve=approve, comment=given["comment"])

    def steps() -> list[Step]:
        return [Step("review", "Decide", "discovery.review_curve", decide, forms.ReviewForm,
                     ready=found.plate.run.state == Run.State.OPEN, done="Decided.")]  # fmt: skip

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        waiting = Curve.objects.filter(plate__run=found.plate.run_id, state=Curve.State.OPEN, is_void=False)
        next_ = waiting.exclude(pk=found.pk).select_related("program", "lot", "plate").order_by("entry").first()
        return {"record": found, "figure": figures.curve(found), "fit": _fit(found), "next": next_}

    return page(request, steps, "discovery/curve.html", contents)


urlpatterns = [
    path("runs/<str:code>/", run, name="run"),
    path("curves/<uuid:key>/", curve, name="curve"),
]
PAGES = {"discovery:run": Page("discovery.view", FORM), "discovery:curve": Page("discovery.view", FORM)}
NAV: list[tuple[str, str]] = []
