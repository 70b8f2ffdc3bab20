"""The floor, for an operator at a tablet: one thing at a time, large, with the signature in the same form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.materials.models import Container
from crdmo.foundation.datasets.tables.numbers import number_text
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest

from .. import queries
from ..models import Batch, Equipment
from ..progress import MaterialLine, Progress, StepLine, Waiting, progress
from ..workflow import batches, floor

VERBS = {"dispense": "dispense", "step": "perform_step", "check": "check", "complete": "complete_batch"}
BUTTONS = {
    "dispense": "Weighed: sign",
    "step": "Done: sign",
    "check": "Checked: sign",
    "complete": "Complete the batch",
}


def work(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the one thing that is next for this person, and take it."""
    found, refused = queries.find_batch(request.program, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _take(request, found))
        if refused is None:
            return HttpResponseRedirect(reverse("manufacturing:floor", kwargs={"program": program, "code": code}))
        found.refresh_from_db()
    stand = progress(found)
    stage, subject = _stage(request, stand)
    contents: dict[str, Any] = {
        "record": found,
        "found": stand,
        "stage": stage,
        "subject": subject,
        "refused": refused,
        "given": request.POST,
        "errors": getattr(refused, "errors", {}),
        **_offered(request, stage, subject, stand),
    }
    return render(request, "manufacturing/floor.html", contents, status=refused.status if refused else 200)


def _stage(request: PageRequest, stand: Progress) -> tuple[str, Any]:
    """Return what is next for this person: a colleague's work to check comes first, unless they go on with their own."""
    others = [one for one in stand.to_check if one.operator_id != request.person.pk]
    if others and (stand.stage in ("check", "") or not request.GET.get("own")):
        return "check", others[0]
    if stand.stage == "check":
        return "wait", stand.to_check[0]
    if stand.stage == "dispense":
        return "dispense", stand.next_material
    return (stand.stage, stand.next_step) if stand.stage else ("over", None)


def _offered(request: PageRequest, stage: str, subject: Any, stand: Progress) -> dict[str, Any]:
    """Return what a stage offers to choose from, and its signature."""
    today, plant, batch = dt.datetime.now(dt.UTC).date(), request.person.organization, stand.batch
    contents: dict[str, Any] = {}
    if stage == "dispense":
        contents["stock"] = queries.stock_for(subject.material, today)
        contents["scales"] = queries.fit_equipment(plant, "", batch, today)
    elif stage == "step" and subject.step.equipment_class:
        contents["vessels"] = queries.fit_equipment(plant, subject.step.equipment_class, batch, today)
    if stage == "step":
        contents["asked"] = [{"one": one, "given": request.POST.get(f"value_{one.pk}", "")} for one in subject.asked]
    elif stage == "check":
        contents["line"] = next((line for line in stand.steps if line.record == subject), None)
        contents["others"] = stand.stage not in ("check", "")
    if stage in VERBS:
        signed = [subject] if stage == "check" else [batch]
        contents["preview"] = steps.to_sign(request, f"manufacturing.{VERBS[stage]}", signed, button=BUTTONS[stage])
    return contents


def _take(request: PageRequest, found: Batch) -> None:
    """Record what the form says.

    Raises:
        NotFound: there is no such step, container or equipment.
    """
    stand, step = progress(found), request.POST.get("step", "")
    if step == "dispense" and stand.next_material is not None:
        _dispense(request, found, stand.next_material)
    elif step == "step" and stand.next_step is not None:
        _perform(request, found, stand.next_step)
    elif step == "check":
        _check(request, stand)
    elif step == "complete":
        amounts = {name: _number(request, name) for name in ("output", "samples", "rejects")}
        batches.complete_batch(request.person, found, credentials=steps.credentials(request), **amounts)
        messages.success(request, f"Batch {found} is complete; QA reviews its record.")
    else:
        raise NotFound("there is no such step now", given=step, allowed=", ".join(VERBS))


def _number(request: PageRequest, name: str, empty: str = "0") -> str:
    """Return a number as typed, with a point; `1,5` is understood, what can be read in two ways is asked back."""
    given = request.POST.get(name, "").strip()
    try:
        return number_text(given) if given else empty
    except Invalid as refused:
        raise Invalid(refused.what, errors={name: refused.what}, given=given, allowed=refused.allowed) from refused


def _dispense(request: PageRequest, found: Batch, line: MaterialLine) -> None:
    rows = Container.objects.filter(program=request.program, code=request.POST.get("container", "").strip())
    container = rows.select_related("lot__substance", "program").first()
    if container is None:
        raise NotFound("there is no such container", given=request.POST.get("container", ""))
    if request.POST.get("material") not in ("", None, str(line.material.pk)):
        raise Invalid("another material is next by now", given="", next="Look at the page again")
    made = floor.dispense(
        request.person,
        found,
        line.material,
        container=container,
        scale=queries.find_equipment(request.person.organization, request.POST.get("scale", "").strip()),
        gross=_number(request, "gross"),
        tare=_number(request, "tare"),
        unit=line.material.unit,
        credentials=steps.credentials(request),
    )
    messages.success(request, f"{made.net} {made.unit} from {container} is in the batch.")


def _perform(request: PageRequest, found: Batch, line: StepLine) -> None:
    code, late = request.POST.get("equipment", "").strip(), request.POST.get("done_at", "").strip()
    equipment: Equipment | None = queries.find_equipment(request.person.organization, code) if code else None
    shown = request.POST.get("position", "")
    floor.perform_step(
        request.person,
        found,
        int(shown) if shown.isdigit() else line.step.position,
        values={one.name: request.POST.get(f"value_{one.pk}", "") for one in line.asked},
        equipment=equipment,
        comment=request.POST.get("comment", ""),
        done_at=_instant(late) if late else None,
        credentials=steps.credentials(request),
    )
    messages.success(request, f"Step {line.step.position} is recorded.")


def _instant(text: str) -> dt.datetime:
    """Return an instant from `2026-11-24T13:05`, in UTC unless it says otherwise.

    Raises:
        Invalid: it cannot be read.
    """
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("this is no date and time", errors={"done_at": "such as 2026-11-24 13:05"}, given=text) from error
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _check(request: PageRequest, stand: Progress) -> None:
    key = request.POST.get("waiting", "")
    waiting: Waiting | None = next((one for one in stand.to_check if str(one.pk) == key), None)
    if waiting is None:
        raise NotFound("this was checked by somebody else, or is void", given=key)
    floor.check(request.person, waiting, credentials=steps.credentials(request))
    messages.success(request, f"{waiting} is checked.")


urlpatterns = [path("batches/<str:code>/floor/", work, name="floor")]
PAGES = {"manufacturing:floor": Page("manufacturing.perform_step", FORM)}
