"""Lots, for QA and the qualified person: what stands between a lot and its release, and who can move it on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.common.materials import queries as materials
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Sample, Substance
from crdmo.common.materials.quantities import UNITS
from crdmo.common.work import waiting
from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest

from ..gates import gates_for_release, release_specification, results_of, tests_of
from ..models import Certificate, Disposition, TrailReview
from ..trail import exceptions_of
from ..workflow import disposition
from . import steps

TABS = (("overview", "Overview"), ("results", "Results"), ("stock", "Stock and genealogy"), ("review", "Audit trail"))


@page_of("materials.lot")
def address(record: Lot) -> str:
    """Return the address of a lot's page."""
    assert record.program is not None
    return reverse("quality:lot", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.disposition")
@page_of("quality.trailreview")
def decision_address(record: Disposition | TrailReview) -> str:
    """Return the address of what was decided over a lot: the lot's."""
    return address(record.lot)


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits in quality control for this person."""
    assert request.program is not None
    items = [item for item in waiting(request.person, [request.program]) if "/quality/" in item.url]
    lots = Lot.objects.filter(program=request.program, is_void=False).select_related("substance", "program").order_by("-entry")[:10]
    return render(request, "quality/home.html", {"groups": grouped(items), "count": len(items), "lots": lots})


def lots(request: PageRequest, program: str) -> HttpResponse:
    """List lots, by status if asked."""
    rows = Lot.objects.filter(program=request.program, is_void=False).select_related("substance", "program").order_by("-entry")
    status = request.GET.get("status", "")
    rows = rows.filter(status=status) if status in Lot.Status.values else rows
    if request.GET.get("format") == "json":
        return JsonResponse({"items": [{"code": r.code, "product": r.substance.code, "status": r.status, "amount": r.amount, "unit": r.unit} for r in rows]})
    contents = {"rows": rows[:250], "status": status, "statuses": Lot.Status.choices, "may_register": _may(request, "materials.register_lot")}
    return render(request, "quality/lots.html", contents)


def _may(request: PageRequest, verb: str) -> bool:
    return authority.may(request.person, verb, request.program.id if request.program else None)


class LotForm(StepForm):
    """A lot to register."""

    substance = forms.ModelChoiceField(Substance.objects.none(), label="Product or substance")
    code = steps.text_field("Lot number", "As on the label; left empty, the next free one is given.", required=False)
    amount = steps.text_field("Amount", "A decimal number with a point.", classes="short")
    unit = forms.ChoiceField(choices=[(u, u) for u in UNITS], label="Unit", initial="{tablet}")
    made_on = steps.date_field("Manufactured on", required=False)
    expires_on = steps.date_field("Expires on", required=False)
    retest_on = steps.date_field("Retest on", "Instead of an expiry date.", required=False)
    storage = steps.text_field("Storage", "As on the label, e.g. below 30 °C.", required=False)
    maker = steps.text_field("Manufacturer", required=False)


def new_lot(request: PageRequest, program: str) -> HttpResponse:
    """Register a lot in quarantine."""
    form = LotForm(request.POST or None)
    form.fields["substance"].queryset = Substance.objects.filter(program=request.program, is_void=False)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        made = form.attempt(lambda: stock.register_lot(request.person, given.pop("substance"), **given))
        if made is not None:
            messages.success(request, f"{made} is registered in quarantine.")
            return HttpResponseRedirect(address(made))
    return render(request, "quality/form.html", {"form": form, "title": "Register a lot", "verb": "Register", "back": "quality:lots"}, status=form.status)


class ProductForm(StepForm):
    """A product or substance to register."""

    code = steps.text_field("Code", "Short and unique in the program.", classes="short")
    name = steps.text_field("Name")
    kind = forms.ChoiceField(choices=Substance.Kind.choices, label="Kind")
    dosage_form = steps.text_field("Dosage form", "e.g. tablet", required=False)
    strength = steps.text_field("Strength", "e.g. 20 mg", required=False)


def new_product(request: PageRequest, program: str) -> HttpResponse:
    """Register what lots will be lots of."""
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: stock.register_substance(request.person, request.program, **form.cleaned_data))
        if made is not None:
            messages.success(request, f"{made} is registered.")
            return HttpResponseRedirect(reverse("quality:lots", kwargs={"program": program}))
    return render(request, "quality/form.html", {"form": form, "title": "Register a product", "verb": "Register", "back": "quality:lots"}, status=form.status)


def find_lot(request: PageRequest, code: str) -> Lot:
    """Return a lot of the program.

    Raises:
        NotFound: there is none.
    """
    found = Lot.objects.filter(program=request.program, code=code).select_related("substance", "program", "organization", "owner").first()
    if found is None:
        raise NotFound("there is no such lot", given=code)
    return found


STEPS = {
    "release": ("quality.release_lot", disposition.release_lot), "reject": ("quality.reject_lot", disposition.reject_lot),
    "review": ("quality.review_trail", disposition.review_trail), "hold": ("quality.hold_lot", disposition.hold_lot),
}  # fmt: skip


def lot(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a lot with its gates, results, stock and trail; it is reviewed, released, rejected or held here."""
    found, refused = find_lot(request, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    tab = request.GET.get("tab", "overview")
    specification = release_specification(found)
    wanted = tests_of(found) if specification else {}
    results = results_of(found)
    gates = gates_for_release(found)
    if request.GET.get("format") == "json":
        return JsonResponse({"lot": found.code, "status": found.status, "gates": [g.as_json() for g in gates]})
    contents: dict[str, Any] = {
        "record": found, "tab": tab, "tabs": TABS, "gates": gates, "ready": all(g.met for g in gates), "refused": refused, "results": results,
        "stale": stale_causes([r.pk for r in results]), "tests": wanted, "specification": specification,
        "certificates": Certificate.objects.filter(lot=found, is_void=False).select_related("program").order_by("-issue"),
        "samples": Sample.objects.filter(lot=found, is_void=False).select_related("program").order_by("code"),
        "decisions": [{"decision": d, "signatures": signatures_of(d)} for d in found.dispositions.filter(is_void=False).order_by("-entry")],
    }  # fmt: skip
    contents |= _signing(request, found, all(g.met for g in gates))
    if tab == "stock":
        contents |= {"balance": materials.balance(found), "down": materials.genealogy(found, down=True), "up": materials.genealogy(found, down=False)}
    if tab == "review":
        contents |= {"exceptions": exceptions_of(found), "reviews": [{"review": r, "signatures": signatures_of(r)} for r in found.trail_reviews.order_by("-entry")]}
    return render(request, "quality/lot.html", contents, status=refused.status if refused else 200)


def _signing(request: PageRequest, found: Lot, ready: bool) -> dict[str, Any]:
    open_lot = found.status in (Lot.Status.QUARANTINE, Lot.Status.HOLD)
    return {
        "to_release": steps.to_sign(request, "quality.release_lot", [found], ready=open_lot and ready, button=f"Release {found.code}"),
        "to_reject": steps.to_sign(request, "quality.reject_lot", [found], ready=found.status != Lot.Status.REJECTED, button=f"Reject {found.code}"),
        "to_review": steps.to_sign(request, "quality.review_trail", [found], button="Sign the review"),
        "may_hold": _may(request, "quality.hold_lot"), "may_sample": _may(request, "materials.register_sample"),
        "may_draft": _may(request, "quality.draft_certificate"),
    }  # fmt: skip


def _step(request: PageRequest, found: Lot) -> None:
    name = request.POST.get("step", "")
    if name not in STEPS:
        raise NotFound("there is no such step", given=name, allowed=", ".join(STEPS))
    given: dict[str, Any] = {"reason": request.POST.get("reason", "")}
    if name != "hold":
        given["credentials"] = steps.credentials(request)
    if name == "review":
        given["conclusion"] = request.POST.get("conclusion", "")
    STEPS[name][1](request.person, found, **given)
    messages.success(request, {"release": "Released.", "reject": "Rejected.", "review": "The review is signed.", "hold": "Put on hold."}[name])


urlpatterns = [
    path("", home, name="home"),
    path("lots/", lots, name="lots"),
    path("lots/new/", new_lot, name="lot_new"),
    path("products/new/", new_product, name="product_new"),
    path("lots/<str:code>/", lot, name="lot"),
]
PAGES = {
    "quality:home": Page("quality.view"),
    "quality:lots": Page("quality.view"),
    "quality:lot_new": Page("materials.register_lot", FORM),
    "quality:product_new": Page("materials.register_substance", FORM),
    "quality:lot": Page("quality.view", FORM),
}
NAV = [("quality:home", "Worklist"), ("quality:lots", "Lots")]
