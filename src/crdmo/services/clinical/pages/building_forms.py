"""What is entered while a trial is built: the trial itself, a form with its items, an edit check with its examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Activity, Study
from crdmo.common.studies.queries import in_force, latest_protocol
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import choice, line, text
from crdmo.web.stepping import entry_form

from ..expressions import FIRES, HOLDS, read_example, read_expression, tried
from ..workflow import building, design
from .frame import at, find, frame

COLUMNS = ("code", "name", "kind", "unit", "choices", "min", "max", "required")
HEADS = ("Code", "Name", "Kind", "Unit", "Choices", "From", "To", "Required")
BLANK = 4
KINDS = {"in": "in", "inclusion": "in", "out": "out", "exclusion": "out"}


class TrialForm(StepForm):
    """A trial to plan."""

    code = line("Code", "Letters, digits, point, hyphen; such as VT-301.", limit=30)
    title = line("Title", limit=200)
    phase = choice("Phase", [(one, one) for one in ("I", "I/II", "II", "II/III", "III", "IV")])
    indication = line("Indication", limit=120)
    target = forms.IntegerField(label="Subjects planned", min_value=1)
    strata = text("Strata", "One a line. A single one draws all subjects from one list.")
    criteria = text("Criteria", "One a line: code, in or out, text. Such as: I1 in Age 18 or more.")
    form = line("Form of the endpoint", "Code of the form that records it, such as LB.", limit=20)
    item = line("Item of the endpoint", "Code of the item that is compared, such as HBA1C.", limit=20)
    baseline = line("Visit of the baseline", "Code, such as BL.", limit=20)
    visit = line("Visit of the analysis", "Code, such as W12.", limit=20)
    event = line("Category of adverse event", "Its first one is the event of the analysis of time.", limit=60)


def _lines(value: str) -> list[str]:
    return [one.strip() for one in value.splitlines() if one.strip()]


def criteria_of(value: str) -> list[dict[str, str]]:
    """Return criteria from lines of code, in or out, text.

    Raises:
        Invalid: a line has another shape; says which.
    """
    found = []
    for number, row in enumerate(_lines(value), 1):
        parts = row.split(maxsplit=2)
        if len(parts) < 3 or parts[1].lower() not in KINDS:
            says = f"line {number}: code, in or out, text; such as I1 in Age 18 or more"
            raise Invalid("this is no criterion", errors={"criteria": says}, given=row[:60])
        found.append({"code": parts[0], "kind": KINDS[parts[1].lower()], "text": parts[2]})
    return found


def plan(request: PageRequest, program: str) -> HttpResponse:
    """Plan a trial: what is known before its protocol is written."""

    def do(given: Mapping[str, Any]) -> Study:
        values = dict(given)
        endpoints = {name: values.pop(name) for name in ("form", "item", "baseline", "visit", "event")}
        values["strata"], values["criteria"] = _lines(values["strata"]), criteria_of(values["criteria"])
        return design.plan_trial(request.person, request.program, **values, endpoints=endpoints)

    words = {
        "title": "Plan a trial", "verb": "Plan it", "done": "planned. Draft its protocol next.",
        "hint": "Double-blind, with stratified blocks. The protocol, its visits and forms are built afterwards.",
        "back": at(request, "home"),
    }  # fmt: skip
    return entry_form(
        request,
        TrialForm(request.POST or None),
        do,
        words,
        lambda made: at(request, "build", made),
        "clinical/form.html",
    )


class CrfForm(StepForm):
    """A form; its items stand in the grid below."""

    code = line("Code", "Such as VS.", limit=20)
    name = line("Name", limit=120)
    domain = choice(
        "Domain of SDTM", [(one, one) for one in building.DOMAINS], "None: it is not taken out.", required=False
    )


def items_of(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return items from the lines of the grid; a line without a word is none."""
    found: list[dict[str, Any]] = []
    for row in rows:
        values: dict[str, Any] = {name: row.get(name, "").strip() for name in COLUMNS}
        if not any(values.values()):
            continue
        values["choices"] = [one.strip() for one in values["choices"].split(",") if one.strip()]
        values["required"] = values["required"].lower() in ("yes", "y", "true", "1", "x")
        found.append({name: value for name, value in values.items() if value or name in ("code", "name", "kind")})
    return found


def _shown(item: Mapping[str, Any]) -> dict[str, str]:
    told = {name: str(item.get(name, "")) for name in COLUMNS}
    return {**told, "choices": ", ".join(item.get("choices", [])), "required": "yes" if item.get("required") else ""}


def crf(request: PageRequest, program: str, study: str, form: str = "") -> HttpResponse:
    """Make a form of the draft, or change one: its items are lines of a grid."""
    found = find(request, study)
    draft = building.draft_of(found)
    stands = (
        next((one for one in in_force(found, Activity, draft) if one.code == form), None) if draft and form else None
    )
    if form and draft and stands is None:
        raise NotFound("there is no such form in the draft", given=form)
    initial = {"code": stands.code, "name": stands.name, "domain": stands.domain} if stands else {}
    bound = CrfForm(request.POST or None, initial=initial)
    if stands is not None:
        bound.fields["code"].disabled = True
    posted = [
        dict(zip(COLUMNS, row, strict=True))
        for row in zip(*(request.POST.getlist(f"line_{name}") for name in COLUMNS), strict=False)
    ]
    if request.method == "POST" and bound.is_valid():
        made = bound.attempt(
            lambda: building.put_form(
                request.person, found, **bound.cleaned_data, items=items_of(posted), reason=building.WORKED_ON
            )
        )
        if made is not None:
            messages.success(request, f"{made} is in the draft.")
            return HttpResponseRedirect(at(request, "build", found))
    rows = posted or [_shown(one) for one in (stands.items if stands else [])]
    rows = [row for row in rows if any(value.strip() for value in row.values())]
    contents = {
        **frame(request, found, "build"),
        "form": bound,
        "heads": HEADS,
        "draft": draft,
        "stands": stands,
        "rows": [*rows, *({name: "" for name in COLUMNS} for _ in range(BLANK))],
    }
    return render(request, "clinical/crf.html", contents, status=bound.status)


class CheckForm(StepForm):
    """An edit check with the values with which it is tried."""

    form = choice("Form")
    code = line("Code", "Such as VS01.", limit=20)
    expression = line(
        "What must hold", "An item, a comparison, an item or a constant: SYSBP > DIABP, VSPOS = 'SITTING'."
    )
    message = text("What is asked where it does not hold", "The site reads it at the item.", limit=300)
    weight = choice(
        "Weight", [("soft", "Soft: the page is saved, a query is opened"), ("hard", "Hard: the page is not saved")]
    )
    holds = line("Values with which it holds", "Such as SYSBP=120, DIABP=80.")
    fires = line("Values with which it fires", "Such as SYSBP=80, DIABP=80.")


def check(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Write an edit check: it is tried with both examples, and saved only when it does what was said."""
    found = find(request, study)
    version = latest_protocol(found)
    papers = {one.code: one for one in in_force(found, Activity, version)} if version else {}
    bound = CheckForm(request.POST or None)
    bound.fields["form"].choices = [("", "Choose"), *((code, one.name) for code, one in papers.items())]  # type: ignore[attr-defined]
    told: list[tuple[str, str, bool]] = []
    if request.method == "POST" and bound.is_valid():
        given = bound.cleaned_data
        items = papers[given["form"]].items

        def do() -> dict[str, Any]:
            rule = read_expression(given["expression"], items)
            examples = {name: read_example(given[name], items, name) for name in (HOLDS, FIRES)}
            told.extend(
                (given[name], said := tried(items, rule, values), said == name) for name, values in examples.items()
            )
            row = {**rule.__dict__, **{name: given[name] for name in ("form", "code", "message")}}
            return {**row, "is_hard": given["weight"] == "hard", "examples": examples}

        row = bound.attempt(do)
        if row is not None and request.POST.get("step") == "save" and _saved(request, found, bound, row):
            return HttpResponseRedirect(at(request, "build", found))
    contents = {
        **frame(request, found, "build"),
        "form": bound,
        "told": told,
        "forms": [{"form": one, "items": one.items} for one in papers.values()],
    }
    return render(request, "clinical/check.html", contents, status=bound.status)


def _saved(request: PageRequest, study: Study, bound: CheckForm, row: dict[str, Any]) -> bool:
    try:
        made = design.add_checks(request.person, study, [row])
    except Invalid as refused:
        for place, why in refused.errors.items():
            name = place.removeprefix("1/")
            bound.add_error(name if name in bound.fields else "expression", why)
        return False
    except Refused as refused:
        bound.refused = refused
        return False
    messages.success(request, f"{made[0]} asks from now on.".capitalize())
    return True


urlpatterns = [
    path("plan/", plan, name="plan"),
    path("trials/<str:study>/build/form/", crf, name="crf_new"),
    path("trials/<str:study>/build/forms/<str:form>/", crf, name="crf"),
    path("trials/<str:study>/build/check/", check, name="check_new"),
]
PAGES = {
    "clinical:plan": Page("clinical.plan_trial", FORM),
    "clinical:crf_new": Page("clinical.put_form", FORM),
    "clinical:crf": Page("clinical.put_form", FORM),
    "clinical:check_new": Page("clinical.add_checks", FORM),
}
