"""Certificates of analysis, for QA who signs and the sponsor who reads: every number opens to its record."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import seen_from, signatures_of
from crdmo.web import steps
from crdmo.web.door import FORM, POST, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import certificate_print
from ..models import Certificate, CertificateCopy
from ..workflow import certificates as workflow
from .lots import address as lot_address
from .lots import find_lot


@page_of("quality.certificate")
def address(record: Certificate) -> str:
    """Return the address of a certificate's page."""
    assert record.program is not None
    return reverse(
        "quality:certificate", kwargs={"program": record.program.code, "code": record.code, "issue": record.issue}
    )


@page_of("quality.certificatecopy")
def copy_address(record: CertificateCopy) -> str:
    """Return the address of a copy: its certificate."""
    return address(record.certificate)


CERTIFICATES = Table(
    "certificates",
    "Certificates of analysis",
    (
        Column("code", "Certificate", kind="record", sort="code"),
        Column("issue", "Issue"),
        Column("lot", "Lot", kind="record"),
        Column("product", "Product", "lot.substance.name"),
        Column("specification", "Specification"),
        Column("issued_at", "Drafted", kind="instant", sort="issued_at"),
        Column("state", "State", kind="state", sort="state"),
        Column("conclusion", "Conclusion", hidden=True),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=("No certificate yet", "It is drafted from a lot once every test of it is verified."),
)


def certificates(request: PageRequest, program: str) -> HttpResponse:
    """List certificates, the newest first."""
    rows = Certificate.objects.filter(program=request.program, is_void=False)
    rows = rows.select_related("lot__substance", "lot__program", "specification", "program")
    return CERTIFICATES.answer(request, rows, "quality/certificates.html")


def draft(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Draft the certificate of a lot, or its re-issue with a reason."""
    lot = find_lot(request, code)
    if request.method != "POST":
        return HttpResponseRedirect(lot_address(lot))
    made = workflow.draft_certificate(request.person, lot, reissue_reason=request.POST.get("reissue_reason", ""))
    messages.success(request, f"{made} is drafted. Look at it, then sign it.")
    return HttpResponseRedirect(address(made))


def _find(request: PageRequest, code: str, issue: int) -> Certificate:
    found = (
        Certificate.objects.filter(program=request.program, code=code, issue=issue)
        .select_related("lot__substance", "lot__program", "specification", "program__partner", "replaces__program")
        .first()
    )
    if found is None:
        raise NotFound("there is no such certificate", given=f"{code} issue {issue}")
    return found


def certificate(request: PageRequest, program: str, code: str, issue: int) -> HttpResponse:
    """Show a certificate; QA signs it here, or voids a draft with a reason."""
    found, refused = _find(request, code, issue), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path if request.POST.get("step") != "void" else lot_address(found.lot))
        found.refresh_from_db()
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "signatures": signatures_of(found),
        "stale": stale_causes([found.pk]),
        "copy": found.copies.first(),
        "preview": steps.to_sign(
            request,
            "quality.sign_certificate",
            [found],
            ready=found.state == "draft" and not found.is_void,
            button="Sign the certificate",
        ),
        "may_void": found.state == "draft" and steps.may(request, "quality.void_certificate"),
        "may_draft": found.state == "signed" and steps.may(request, "quality.draft_certificate"),
    }
    return render(request, "quality/certificate.html", contents, status=refused.status if refused else 200)


def _step(request: PageRequest, found: Certificate) -> None:
    if request.POST.get("step") == "void":
        workflow.void_certificate(request.person, found, reason=request.POST.get("reason", ""))
        messages.success(request, "The draft is void.")
    else:
        workflow.sign_certificate(
            request.person, found, credentials=steps.credentials(request), seen=seen_from(request.POST)
        )
        messages.success(request, "Signed. The PDF and JSON are made and kept.")


def copy(request: PageRequest, program: str, code: str, issue: int, kind: str) -> HttpResponse:
    """Give a certificate as PDF or JSON: a signed one as it was issued, a draft with its watermark."""
    found = _find(request, code, issue)
    kept = found.copies.first()
    if kept is not None:
        data = store.get(kept.pdf if kind == "pdf" else kept.json)
    else:
        printed = certificate_print.make(found)
        data = printed.pdf if kind == "pdf" else printed.json
    response = HttpResponse(data, content_type="application/pdf" if kind == "pdf" else "application/json")
    response["Content-Disposition"] = f'inline; filename="{code}-{issue}.{kind}"'
    return response


urlpatterns = [
    path("certificates/", certificates, name="certificates"),
    path("lots/<str:code>/certificate/", draft, name="certificate_draft"),
    path("certificates/<str:code>/<int:issue>/", certificate, name="certificate"),
    path("certificates/<str:code>/<int:issue>/copy.pdf", copy, {"kind": "pdf"}, name="certificate_pdf"),
    path("certificates/<str:code>/<int:issue>/copy.json", copy, {"kind": "json"}, name="certificate_json"),
]
PAGES = {
    "quality:certificates": Page("quality.view"),
    "quality:certificate_draft": Page("quality.draft_certificate", POST),
    "quality:certificate": Page("quality.view", FORM),
    "quality:certificate_pdf": Page("quality.view"),
    "quality:certificate_json": Page("quality.view"),
}
NAV = [("quality:certificates", "Certificates")]
