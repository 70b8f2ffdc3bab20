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
from crdmo.common.materials.models import Lot, Substance
from crdmo.common.materials.quantities import UNITS
from crdmo.common.work import waiting
from crdmo.foundation.refusals import Conflict, NotFound
from crdmo.foundation.signing import seen_from
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from ..facts import facts_of
from ..gates import gates
from ..models import Disposition, TrailReview
from ..trail import exceptions_of
from ..workflow import disposition

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
    items = waiting(request.person, [request.program], room="quality")
    lots = (
        Lot.objects.filter(program=request.program, is_void=False)
        .select_related("substance", "program")
        .order_by("-entry")[:10]
    )
    return render(request, "quality/home.html", {"groups": grouped(items), "count": len(items), "lots": lots})


def lots(request: PageRequest, program: str) -> HttpResponse:
    """List lots, by status if asked; the same address gives CSV, XLSX, Parquet and JSON."""
    rows = Lot.objects.filter(program=request.program, is_void=False).select_related("substance", "program")
    status = request.GET.get("status", "")
    rows = rows.filter(status=status) if status in Lot.Status.values else rows
    contents = {
        "status": status,
        "statuses": Lot.Status.choices,
        "may_register": steps.may(request, "materials.register_lot"),
    }
    return LOTS.answer(request, rows, "quality/lots.html", contents)


LOTS = Table(
    "lots",
    "Lots",
    (
        Column("code", "Lot", kind="record", sort="code"),
        Column("product", "Product", "substance.name"),
        Column("strength", "Strength", "substance.strength"),
        Column("amount", "Amount", kind="number", unit_at="unit"),
        Column("made_on", "Made", kind="day", sort="made_on"),
        Column("expires_on", "Expiry", kind="day", sort="expires_on"),
        Column("status", "Status", kind="state", sort="status"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=(
        "No lot here",
        "A lot is registered in quarantine, sampled, tested, and decided over. Register the product first, then its lot.",
    ),
)


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
    return render(
        request,
        "quality/form.html",
        {"form": form, "title": "Register a lot", "verb": "Register", "back": "quality:lots"},
        status=form.status,
    )


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
    return render(
        request,
        "quality/form.html",
        {"form": form, "title": "Register a product", "verb": "Register", "back": "quality:lots"},
        status=form.status,
    )


def find_lot(request: PageRequest, code: str) -> Lot:
    """Return a lot of the program.

    Raises:
        NotFound: there is none.
    """
    found = (
        Lot.objects.filter(program=request.program, code=code)
        .select_related("substance", "program", "organization", "owner")
        .first()
    )
    if found is None:
        raise NotFound("there is no such lot", given=code)
    return found


def lot(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a lot with its gates, results, stock and trail; its trail is reviewed here, and the lot is released here."""
    found, refused = find_lot(request, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)
        found.refresh_from_db()
    tab = request.GET.get("tab", "overview")
    facts = facts_of([found])[found.id]
    shown = gates(facts)
    ready = all(gate.met for gate in shown)
    if request.GET.get("format") == "json":
        return JsonResponse(
            {"lot": found.code, "status": found.status, "releasable": ready, "gates": [g.as_json() for g in shown]}
        )
    contents: dict[str, Any] = {
        "record": found,
        "facts": facts,
        "tab": tab,
        "tabs": TABS,
        "gates": shown,
        "ready": ready,
        "refused": refused,
        "tests": facts.by_line(),
        "results": facts.release_results,
        "stale": facts.stale,
        "may": _steps_for(request, found),
        "decisions": [{"decision": d, "signatures": facts.signatures[d.pk]} for d in facts.dispositions],
    }
    open_lot = found.status in (Lot.Status.QUARANTINE, Lot.Status.HOLD)
    if tab == "overview":
        contents["to_release"] = steps.to_sign(
            request, "quality.release_lot", [found], ready=open_lot and ready, button=f"Release {found.code}"
        )
    elif tab == "stock":
        contents |= {
            "balance": materials.balance(found),
            "down": materials.genealogy(found, down=True),
            "up": materials.genealogy(found, down=False),
        }
    elif tab == "review":
        contents |= {
            "exceptions": exceptions_of(found),
            "reviews": [{"review": r, "signatures": facts.signatures[r.pk]} for r in facts.reviews],
            "to_review": steps.to_sign(
                request,
                "quality.review_trail",
                [found],
                button="Sign the review",
                ready=not facts.reviews or facts.reviews[0].up_to_entry < facts.last_entry,
            ),
        }
    return render(request, "quality/lot.html", contents, status=refused.status if refused else 200)


def _steps_for(request: PageRequest, found: Lot) -> dict[str, bool]:
    """Return which steps this person can take with the lot as it stands."""
    return {
        "sample": steps.may(request, "materials.register_sample") and found.status != Lot.Status.REJECTED,
        "draft": steps.may(request, "quality.draft_certificate"),
        "reject": steps.may(request, "quality.reject_lot") and found.status != Lot.Status.REJECTED,
        "hold": steps.may(request, "quality.hold_lot") and found.status not in (Lot.Status.HOLD, Lot.Status.REJECTED),
    }


def _step(request: PageRequest, found: Lot) -> None:
    """Release the lot, or sign the review of its trail, as it was shown."""
    step, credentials = request.POST.get("step", ""), steps.credentials(request)
    as_shown(request, found)
    if step == "release":
        disposition.release_lot(request.person, found, credentials=credentials)
        messages.success(request, f"{found.code} is released.")
    elif step == "review":
        shown = request.POST.get("up_to", "")
        disposition.review_trail(
            request.person,
            found,
            conclusion=request.POST.get("conclusion", ""),
            credentials=credentials,
            seen=int(shown) if shown.isdigit() else None,
        )
        messages.success(request, "The review is signed.")
    else:
        raise NotFound("there is no such step", given=step, allowed="release, review")


def as_shown(request: PageRequest, found: Lot) -> None:
    """Say nothing if the lot stands as the signer was shown it.

    Raises:
        Conflict: somebody moved it on meanwhile.
    """
    seen = seen_from(request.POST).get(found.pk)
    if seen is not None and seen != found.version:
        raise Conflict(
            f"{found} was changed since it was shown",
            given=f"version {seen}",
            allowed=f"version {found.version}",
            next="Look at it again, then sign",
        )


def reject(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Reject a lot by signature, with a reason."""
    found, refused = find_lot(request, code), None
    if request.method == "POST":

        def do() -> None:
            as_shown(request, found)
            disposition.reject_lot(
                request.person, found, credentials=steps.credentials(request), reason=request.POST.get("reason", "")
            )

        refused = steps.attempt(do)
        if refused is None:
            messages.success(request, f"{found.code} is rejected.")
            return HttpResponseRedirect(address(found))
        found.refresh_from_db()
    contents = {
        "record": found,
        "refused": refused,
        "title": f"Reject lot {found.code}",
        "hint": "A rejected lot is not sampled for release, shipped or released again.",
        "preview": steps.to_sign(
            request,
            "quality.reject_lot",
            [found],
            ready=found.status != Lot.Status.REJECTED,
            button=f"Reject {found.code}",
        ),
    }
    return render(request, "quality/lot_step.html", contents, status=refused.status if refused else 200)


class HoldForm(StepForm):
    """Why a lot is put on hold."""

    reason = steps.text_field("Reason", "It stands in the lot's history with your name.", long=True)


def hold(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Put a lot on hold, with a reason."""
    found, form = find_lot(request, code), HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        held = form.attempt(lambda: disposition.hold_lot(request.person, found, reason=form.cleaned_data["reason"]))
        if held is not None:
            messages.success(request, f"{found.code} is on hold.")
            return HttpResponseRedirect(address(found))
    contents = {
        "form": form,
        "title": f"Put lot {found.code} on hold",
        "verb": "Put on hold",
        "back_url": address(found),
    }
    return render(request, "quality/form.html", contents, status=form.status)


urlpatterns = [
    path("", home, name="home"),
    path("lots/", lots, name="lots"),
    path("lots/new/", new_lot, name="lot_new"),
    path("products/new/", new_product, name="product_new"),
    path("lots/<str:code>/", lot, name="lot"),
    path("lots/<str:code>/reject/", reject, name="lot_reject"),
    path("lots/<str:code>/hold/", hold, name="lot_hold"),
]
PAGES = {
    "quality:home": Page("quality.view"),
    "quality:lots": Page("quality.view"),
    "quality:lot_new": Page("materials.register_lot", FORM),
    "quality:product_new": Page("materials.register_substance", FORM),
    "quality:lot": Page("quality.view", FORM),
    "quality:lot_reject": Page("quality.reject_lot", FORM),
    "quality:lot_hold": Page("quality.hold_lot", FORM),
}
NAV = [("quality:home", "Worklist"), ("quality:lots", "Lots")]
