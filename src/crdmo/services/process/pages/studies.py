"""Studies: the list, the builder of a design, and a study that was run elsewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.refusals import Invalid
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import imports
from ..models import (
    Attribute,
    DesignSpace,
    Observation,
    Parameter,
    ResponseModel,
    Run,
    Study,
    StudyFactor,
    StudyResponse,
)
from ..workflow import studies as workflow


@page_of("process.study")
def address(record: Study) -> str:
    """Return the address of a study."""
    assert record.program is not None
    return reverse("process:study", kwargs={"program": record.program.code, "code": record.code})


@page_of("process.run")
@page_of("process.responsemodel")
@page_of("process.designspace")
@page_of("process.studyfactor")
@page_of("process.studyresponse")
def part_address(record: Run | ResponseModel | DesignSpace | StudyFactor | StudyResponse) -> str:
    """Return the address of a part: its study's."""
    return address(record.study)


@page_of("process.observation")
def observation_address(record: Observation) -> str:
    """Return the address of a value: its study's."""
    return address(record.run.study)


STUDIES = Table(
    "studies",
    "Studies",
    (
        Column("code", "Study", str, url=address),
        Column("title", "Title", sort="title"),
        Column("kind", "Design", sort="kind"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=("No study yet", "A study changes parameters by a design and shows what they do to the attributes."),
)


def studies(request: PageRequest, program: str) -> HttpResponse:
    """List every study."""
    rows = Study.objects.filter(program=request.program, is_void=False).select_related("program")
    contents = {"may_design": steps.may(request, "process.draft_study")}
    return STUDIES.answer(request, rows, "process/studies.html", contents)


class DesignForm(StepForm):
    """Head of a study; its factors are the lines below."""

    title = steps.text_field("Title", "What is changed, and what for.")
    objective = steps.text_field("Question", "What the study is to answer.", required=False, long=True)
    responses = forms.ModelMultipleChoiceField(
        Attribute.objects.none(), label="Measured on every run", widget=forms.CheckboxSelectMultiple
    )
    order = forms.ChoiceField(choices=Study.Order.choices, initial="second", label="Model")


class BuilderForm(DesignForm):
    """The design itself."""

    kind = forms.ChoiceField(choices=list(workflow.KINDS.items()), label="Design", initial="process.central_composite")
    shape = forms.ChoiceField(
        choices=[("face", "Face-centred"), ("rotatable", "Rotatable"), ("orthogonal blocks", "Orthogonal blocks")],
        label="Shape",
        help_text="Of a central composite design. Rotatable and blocked designs reach beyond the ranges given.",
    )
    centre_points = forms.IntegerField(
        label="Centre points", min_value=0, max_value=20, initial=4, help_text="They show pure error.",
        widget=forms.NumberInput(attrs={"class": "short"}),
    )  # fmt: skip
    generators = steps.text_field(
        "Generators", "Of a fraction: the last factors as products of the first, such as ABC, parted by blanks.",
        required=False,
    )  # fmt: skip
    seed = forms.IntegerField(
        label="Seed of the random order", required=False, min_value=0, widget=forms.NumberInput(attrs={"class": "short"}),
        help_text="Left empty, one follows from the design.",
    )  # fmt: skip


class ImportForm(DesignForm):
    """A study that was run elsewhere, with its file."""

    source = steps.text_field("Where the runs come from", "Publication, notebook or system.")
    file = forms.FileField(
        label="File",
        help_text="CSV, XLSX, JSON or Parquet: a column for each factor below and each attribute, as they are named here; "
        "a heading may carry its unit, such as Hardness (N). A column block is optional.",
    )


def _factors(request: PageRequest) -> list[dict[str, Any]]:
    """Return the factors as posted: those whose two ends are filled."""
    made = []
    for parameter in Parameter.objects.filter(program=request.program, is_void=False):
        low, high = (request.POST.get(f"{end}_{parameter.pk}", "").strip() for end in ("low", "high"))
        if low or high:
            made.append({"parameter": parameter, "low": low, "high": high})
    return made


def _shown(request: PageRequest) -> list[dict[str, Any]]:
    rows = Parameter.objects.filter(program=request.program, is_void=False).select_related("operation")
    return [
        {"parameter": p, **{end: request.POST.get(f"{end}_{p.pk}", "") for end in ("low", "high")}}
        for p in rows.order_by("operation__position", "code")
    ]


def _page(request: PageRequest, form: DesignForm, made: Study | None, texts: dict[str, str]) -> HttpResponse:
    if made is not None:
        messages.success(request, texts["done"].format(study=made))
        return HttpResponseRedirect(address(made))
    contents = {"form": form, "factors": _shown(request), **texts}
    return render(request, "process/design.html", contents, status=form.status)


def _with_responses(request: PageRequest, form: DesignForm) -> DesignForm:
    rows = Attribute.objects.filter(program=request.program, is_void=False).order_by("code")
    form.fields["responses"].queryset = rows  # type: ignore[attr-defined]
    return form


def design(request: PageRequest, program: str) -> HttpResponse:
    """Choose factors and a design; the runs are laid out and can still be discarded."""
    form, made = _with_responses(request, BuilderForm(request.POST or None)), None
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        kind, shape, centres = given.pop("kind"), given.pop("shape"), given.pop("centre_points")
        generators = given.pop("generators").replace(",", " ").split()
        parameters: dict[str, Any] = {"centre_points": centres}
        if kind == "process.central_composite":
            parameters["shape"] = shape
            if shape == "orthogonal blocks":
                parameters["axial_centre_points"] = centres
        if kind == "process.factorial_design" and generators:
            parameters["generators"] = generators
        responses = list(given.pop("responses"))
        made = form.attempt(
            lambda: workflow.draft_study(
                request.person,
                request.program,
                factors=_factors(request),
                responses=responses,
                kind=kind,
                parameters=parameters,
                **given,
            )
        )
    done = "{study} is laid out. Look at its runs, then start it."
    return _page(request, form, made, {"title": "Design a study", "verb": "Lay out the runs", "done": done})


def bring(request: PageRequest, program: str) -> HttpResponse:
    """Enter a study that was run elsewhere from its file."""
    form = _with_responses(request, ImportForm(request.POST or None, request.FILES or None))
    made = None
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        file, responses, factors = given.pop("file"), list(given.pop("responses")), _factors(request)
        given.pop("objective")

        def write() -> Study:
            if not factors:
                raise Invalid("a study has factors", errors={"factors": "fill both ends of at least one parameter"})
            data = file.read()
            rows = imports.read_study(file.name, data, [f["parameter"] for f in factors], responses)
            found: Study = workflow.import_study(
                request.person, request.program, factors=factors, responses=responses, rows=rows,
                file=(file.name, data), **given,
            )  # fmt: skip
            return found

        made = form.attempt(write)
    done = "{study} is entered with all its runs."
    return _page(request, form, made, {"title": "Enter a study from a file", "verb": "Enter it", "done": done})


urlpatterns = [
    path("studies/", studies, name="studies"),
    path("studies/design/", design, name="study_design"),
    path("studies/file/", bring, name="study_import"),
]
PAGES = {
    "process:studies": Page("process.view"),
    "process:study_design": Page("process.draft_study", FORM),
    "process:study_import": Page("process.import_study", FORM),
}
NAV = [("process:studies", "Studies")]
