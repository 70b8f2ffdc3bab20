"""Controlled documents, for who writes them and the quality unit: one version in force, the others readable, every step signed.

The same pages serve the documents of an organization and, under a program's address, those of the program.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow
from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.documents.printing import document_pdf
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import credentials_from, preview, signatures_of

from ..accounts.forms import StepForm
from ..links import page_of
from ..request import PageRequest

LARGEST = 100 * 1000 * 1000
FILE_HINT = "Instead of a text: a PDF, or what is submitted as it is, such as XPT or XML. At most 100 MB."


@page_of("documents.document")
def address(record: Document) -> str:
    """Return the address of a document's page."""
    if record.program is not None:
        return reverse("program_documents:document", kwargs={"program": record.program.code, "code": record.code})
    return reverse("documents:document", kwargs={"code": record.code})


@page_of("documents.documentversion")
def version_address(record: DocumentVersion) -> str:
    """Return the address of a version: that of its document."""
    return address(record.document)


def _may(request: PageRequest, verb: str) -> bool:
    if request.program is not None:
        return authority.may(request.person, verb, request.program.pk)
    return authority.may(request.person, verb, None, request.person.organization_id)


def _here(request: PageRequest) -> QuerySet[Document]:
    """Return the documents that the address is about: those of its program, or of the own organization."""
    if request.program is not None:
        return Document.objects.filter(program=request.program)
    return Document.objects.filter(organization=request.person.organization, program__isnull=True)


def _at(request: PageRequest, name: str, **kwargs: Any) -> str:
    if request.program is not None:
        return reverse(f"program_documents:{name}", kwargs={"program": request.program.code, **kwargs})
    return reverse(f"documents:{name}", kwargs=kwargs)


def documents(request: PageRequest, program: str = "") -> HttpResponse:
    """List documents with the version in force."""
    rows = []
    found = _here(request).filter(is_void=False)
    for document in found.select_related("owner").prefetch_related("versions").order_by("code"):
        versions = sorted(document.versions.all(), key=lambda v: v.number)
        in_force = next((v for v in versions if v.state == DocumentVersion.State.EFFECTIVE), None)
        rows.append({"document": document, "in_force": in_force, "last": versions[-1] if versions else None})
    new = _at(request, "document_new") if _may(request, "documents.create") else ""
    return render(request, "web/controlled/documents.html", {"rows": rows, "new": new})


class NewDocument(StepForm):
    """A document to enter, with the text of its first version."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="As it is cited, e.g. SOP-QC-021.",
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    title = forms.CharField(label="Title", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=Document.Kind.choices)
    text = forms.CharField(
        label="Text",
        help_text="Markdown: # headings, lists, tables.",
        widget=forms.Textarea(attrs={"rows": 14}),
        required=False,
    )
    file = forms.FileField(label="Or a file", help_text=FILE_HINT, required=False)
    trained_roles = forms.MultipleChoiceField(
        label="Who must be trained on it before it is in force",
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def new_document(request: PageRequest, program: str = "") -> HttpResponse:
    """Enter a document and draft its first version."""
    form = NewDocument(request.POST or None, request.FILES or None)
    if request.program is not None:
        # What people of an organization are trained on is decided by the organization.
        del form.fields["trained_roles"]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(lambda: _enter(request, given))
        if made is not None:
            messages.success(request, f"{made} is drafted.")
            return HttpResponseRedirect(address(made.document))
    contents = {"form": form, "home": _at(request, "home")}
    return render(request, "web/controlled/new.html", contents, status=form.status)


def _enter(request: PageRequest, given: dict[str, Any]) -> DocumentVersion:
    person = request.person
    # Looked at first: a document without a version would be left behind, and its code taken.
    content = _uploaded(given["file"])
    if bool(content) == bool(given["text"].strip()):
        raise Invalid(
            "a version has one content", given="both" if content else "neither", errors={"text": "a text, or a file"}
        )
    document = workflow.create_document(
        person,
        code=given["code"],
        title=given["title"],
        kind=given["kind"],
        owner=person,
        program=request.program,
        organization=None if request.program else person.organization,
        trained_roles=given.get("trained_roles", ()),
    )
    made: DocumentVersion = workflow.draft(
        person, document, text=given["text"], change_summary="First version", **content
    )
    return made


def _uploaded(file: Any) -> dict[str, str]:
    """Put an uploaded file into the store and return how a version names it; nothing where there is none.

    Raises:
        Invalid: it is empty or too large.
    """
    if not file:
        return {}
    if not 0 < file.size <= LARGEST:
        raise Invalid("the file is empty or too large", errors={"file": f"1 to {LARGEST} bytes"}, given=str(file.size))
    return {"file": store.put(file.read()), "filename": file.name[-80:]}


def _find(request: PageRequest, code: str) -> Document:
    found = _here(request).filter(code=code).select_related("owner", "program").first()
    if found is None:
        raise NotFound("there is no such document", given=code)
    return found


def document(request: PageRequest, code: str, program: str = "") -> HttpResponse:
    """Show a document: its last version is taken through its steps here."""
    found, refused = _find(request, code), None
    versions = list(found.versions.filter(is_void=False).order_by("-number"))
    last = versions[0] if versions else None
    if request.method == "POST":
        try:
            _step(request, found, last)
        except Refused as refusal:
            refused = refusal
        else:
            messages.success(request, "Done.")
            return HttpResponseRedirect(request.path)
    contents: dict[str, Any] = {
        "record": found,
        "versions": [_with_print(request, v) for v in versions],
        "last": last,
        "home": _at(request, "home"),
        "pdf": _at(request, "document_pdf", code=code, number=last.number) if last else "",
        "refused": refused,
        "signatures": signatures_of(last) if last else [],
        "today": dt.datetime.now(dt.UTC).date(),
        "may": {step: _may(request, f"documents.{step}") for step in ("draft", "submit", "make_effective", "withdraw")},
        "to_review": _preview(request, last, "documents.review"),
        "to_approve": _preview(request, last, "documents.approve"),
    }
    return render(request, "web/controlled/document.html", contents, status=refused.status if refused else 200)


def _with_print(request: PageRequest, version: DocumentVersion) -> DocumentVersion:
    version.print = _at(request, "document_pdf", code=version.document.code, number=version.number)  # type: ignore[attr-defined]
    return version


def _preview(request: PageRequest, version: DocumentVersion | None, verb: str) -> Any:
    if version is None or version.state != DocumentVersion.State.IN_REVIEW or not _may(request, verb):
        return None
    return preview(
        [version], authority.TABLE[verb].signs, person=request.person, session_key=request.session.session_key or ""
    )


def _step(request: PageRequest, found: Document, last: DocumentVersion | None) -> None:
    given, person, step = request.POST, request.person, request.POST.get("step", "")
    if step == "draft":
        content = _uploaded(request.FILES.get("file")) or {"text": given.get("text", "")}
        workflow.draft(person, found, change_summary=given.get("change_summary", ""), **content)
        return
    if last is None:
        raise Refused("there is no version yet", next="Draft one")
    signer = credentials_from(given, request.session.session_key)
    if step == "submit":
        workflow.submit_for_review(person, last)
    elif step == "review":
        workflow.review(person, last, credentials=signer)
    elif step == "approve":
        try:
            day = dt.date.fromisoformat(given.get("effective_from", ""))
        except ValueError as error:
            raise Invalid(
                "an approval names the day from which it is in force", errors={"effective_from": "a date"}
            ) from error
        workflow.approve(person, last, effective_from=day, credentials=signer)
    elif step == "make_effective":
        workflow.make_effective(person, last)
    elif step == "withdraw":
        workflow.withdraw(person, last, reason=given.get("reason", ""))
    else:
        raise NotFound("there is no such step", given=step)


def print_version(request: PageRequest, code: str, number: int, program: str = "") -> HttpResponse:
    """Give a version as PDF/A; what is not approved carries a watermark."""
    version = _find(request, code).versions.filter(number=number).select_related("document").first()
    if version is None:
        raise NotFound("there is no such version", given=f"{code} version {number}")
    made = document_pdf(version, printed_by=request.person.printed_name, at=dt.datetime.now(dt.UTC))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{code}-{number}.pdf"'
    return response
