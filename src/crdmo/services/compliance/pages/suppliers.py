"""Suppliers, for QA and who buys: for what each is approved, on what grounds, until when."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.accounts import authority
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import signatures_of_many
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import forms, imports
from ..models import Supplier, SupplierMaterial
from ..workflow import suppliers as workflow
from . import steps
from .steps import Step, at

SUPPLIERS = Table(
    "suppliers",
    "Suppliers and their materials",
    (
        Column("supplier", "Supplier", "supplier.code", kind="id", url=lambda row: row.page),
        Column("name", "Name", "supplier.name"),
        Column("material", "Material", sort="material"),
        Column("critical", "Critical", lambda row: "yes" if row.critical else "no"),
        Column("status", "Status", lambda row: row.standing(steps.today()), kind="state"),
        Column("condition", "Condition"),
        Column("requalify_on", "Requalify by", kind="day", sort="requalify_on"),
    ),
    sort="material",
    tone=lambda row: {"overdue": "bad", "blocked": "bad", "conditional": "warn"}.get(row.standing(steps.today()), ""),
    empty=("No supplier qualified", "Register a supplier, say which material comes from it, and qualify it."),
)


def may(request: PageRequest, verb: str) -> bool:
    """Say whether the person may do a verb on records of the own house."""
    return authority.may(request.person, verb, None, request.person.organization_id)


def supplier_list(request: PageRequest, program: str) -> HttpResponse:
    """List suppliers with their materials, and those of which nothing comes yet."""
    house = request.person.organization
    rows = SupplierMaterial.objects.filter(organization=house, is_void=False, supplier__is_void=False)
    rows = rows.select_related("supplier")
    if not request.GET.get("format"):
        there = Supplier.objects.filter(organization=house, is_void=False)
        page = SUPPLIERS.page(request.GET, rows)
        for row in page.rows:
            row.page = at(request, "supplier", code=row.supplier.code)
        contents = {
            "table": page,
            "bare": there.exclude(materials__is_void=False).order_by("code"),
            "new": at(request, "supplier_new") if may(request, "compliance.register_supplier") else "",
            "bring": at(request, "supplier_import") if may(request, "compliance.register_supplier") else "",
        }
        return render(request, "compliance/suppliers.html", contents)
    return SUPPLIERS.answer(request, rows, "compliance/suppliers.html")


def supplier_new(request: PageRequest, program: str) -> HttpResponse:
    """Register a supplier."""
    form, house = forms.SupplierForm(request.POST or None), request.person.organization
    words = {
        "title": "Register a supplier",
        "verb": "Register",
        "back": at(request, "suppliers"),
        "hint": "Nothing may come from it before QA qualifies it for a material.",
        "done": "registered. Say which material comes from it.",
    }

    def do(given: Any) -> Supplier:
        assert house is not None
        return workflow.register_supplier(request.person, house, **given)

    return steps.entry_form(request, form, do, words, lambda made: at(request, "supplier", code=made.code))


def supplier_import(request: PageRequest, program: str) -> HttpResponse:
    """Bring a list of suppliers as a table: all of it, or nothing."""
    given = forms.FileForm(request.POST or None, request.FILES or None)
    words = {
        "title": "Bring a list of suppliers",
        "verb": "Bring",
        "back": at(request, "suppliers"),
        "hint": "Columns: code, name, country, material, critical (yes or no). One row a material.",
        "done": "brought in.",
    }

    def do(values: Any) -> Any:
        file, house = values["file"], request.person.organization
        assert house is not None
        made = imports.bring_suppliers(request.person, house, file.name, file.read())
        return f"{len(made)} materials"

    return steps.entry_form(request, given, do, words, lambda made: at(request, "suppliers"))


def _steps(request: PageRequest, found: Supplier) -> list[Step]:
    who = request.person
    materials = list(found.materials.filter(is_void=False).select_related("supplier").order_by("material"))
    rows = [("", "Choose"), *((str(one.pk), one.material) for one in materials)]

    def material(given: Any) -> SupplierMaterial:
        one = next((m for m in materials if str(m.pk) == given["material"]), None)
        if one is None:
            raise NotFound("there is no such material", given=given["material"])
        return one

    def log(given: Any, _: Any) -> None:
        outcome = given.pop("outcome")
        workflow.log_supplier(who, found, passed=outcome == "passed", **given)

    def qualify(given: Any, signed: Any) -> None:
        one = material(given)
        # The choice is made in this form: what was shown are all materials, each in its version.
        if signed.seen.get(one.pk, one.version) != one.version:
            raise Invalid("the material was changed since it was shown", given=str(one), next="Look again, then sign")
        workflow.qualify_supplier(
            who,
            one,
            requalify_on=given["requalify_on"],
            condition=given["condition"],
            credentials=signed.credentials,
            seen={one.pk: one.version},
        )

    return [
        Step(
            "log",
            "Record an audit, questionnaire or agreement",
            "compliance.log_supplier",
            log,
            forms.EventForm,
            ready=may(request, "compliance.log_supplier"),
            initial={"on": steps.today()},
        ),
        Step(
            "qualify",
            "Qualify for a material",
            "compliance.qualify_supplier",
            qualify,
            forms.QualifyForm,
            ready=bool(materials) and may(request, "compliance.qualify_supplier"),
            choices={"material": rows},
            signs=materials[0] if materials else None,
            also=materials[1:],
            done="Qualified.",
        ),
        Step(
            "material",
            "Add a material",
            "compliance.propose_material",
            lambda given, _: workflow.propose_material(who, found, **given),
            forms.MaterialForm,
            ready=may(request, "compliance.propose_material"),
        ),
        Step(
            "block",
            "Block for a material",
            "compliance.block_supplier",
            lambda given, _: workflow.block_supplier(who, material(given), reason=given["reason"]),
            forms.BlockForm,
            ready=bool(materials) and may(request, "compliance.block_supplier"),
            choices={"material": rows},
            done="Blocked.",
        ),
    ]


def supplier(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a supplier with its materials and what they stand on."""
    found = Supplier.objects.filter(organization=request.person.organization, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such supplier", given=code)

    def contents() -> dict[str, Any]:
        today = steps.today()
        materials = list(found.materials.filter(is_void=False).order_by("material"))
        signed = signatures_of_many(materials)
        return {
            "record": found,
            "materials": [
                {"row": one, "standing": one.standing(today), "signatures": signed[one.pk]} for one in materials
            ],
            "events": found.events.filter(is_void=False).order_by("-on", "-entry"),
            "today": today,
        }

    return steps.page(request, lambda: _steps(request, found), "compliance/supplier.html", contents)


urlpatterns = [
    path("suppliers/", supplier_list, name="suppliers"),
    path("suppliers/new/", supplier_new, name="supplier_new"),
    path("suppliers/import/", supplier_import, name="supplier_import"),
    path("suppliers/<str:code>/", supplier, name="supplier"),
]
PAGES = {
    "compliance:suppliers": Page("compliance.view_house"),
    "compliance:supplier_new": Page("compliance.register_supplier", FORM),
    "compliance:supplier_import": Page("compliance.register_supplier", FORM),
    "compliance:supplier": Page("compliance.view_house", FORM),
}
NAV = [("compliance:suppliers", "Suppliers")]
