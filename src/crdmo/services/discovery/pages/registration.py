"""Registration, for the chemist: bring structures, see what each record is, register all or none."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.datasets import read
from crdmo.foundation.refusals import Invalid
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page
from crdmo.web.tables import Column, Table

from .. import figures, forms, queries, registry
from ..models import Registration, Upload
from ..workflow import registration as workflow
from .shared import at, file, here, of

SHOWN = 200


@page_of("discovery.upload")
def address(record: Upload) -> str:
    """Return the address of an upload."""
    return of(record, "upload", record.code)


@page_of("discovery.registration")
def registration_address(record: Registration) -> str:
    """Return the address of a decision: its upload."""
    return address(record.upload)


UPLOADS = Table(
    "uploads",
    "Registrations",
    (
        Column("code", "Upload", str, url=address),
        Column("kind", "Kind", sort="kind"),
        Column("records", "Records", kind="number", sort="records"),
        Column("brought_by", "Brought by", "brought_by.printed_name"),
        Column("state", "State", kind="state", sort="state"),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    empty=(
        "Nothing was brought yet",
        "Bring an SD file, a CSV or SMILES: each record is shown before anything is written.",
    ),
)


def uploads(request: PageRequest, program: str) -> HttpResponse:
    """List what was brought."""
    rows = Upload.objects.filter(program=request.program, is_void=False).select_related("program", "brought_by")
    return UPLOADS.answer(request, rows, "discovery/uploads.html", {"bring": at(request, "bring")})


def bring(request: PageRequest, program: str) -> HttpResponse:
    """Bring structures: a file, or pasted."""
    form = forms.BringForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: _bring(request, dict(form.cleaned_data)))
        if made is not None:
            return HttpResponseRedirect(address(made))
    words = {"title": "Register compounds", "verb": "Show what they are", "back": at(request, "uploads"),
             "hint": "Nothing is registered yet: the next page shows what each record is."}  # fmt: skip
    return render(request, "discovery/form.html", {"form": form, **words}, status=form.status)


def _bring(request: PageRequest, given: dict[str, Any]) -> Upload:
    sent, pasted = given["file"], given["pasted"].strip()
    if bool(sent) == bool(pasted):
        raise Invalid("structures come from a file or are pasted", errors={"file": "one of the two"})
    name = sent.name if sent else "pasted.smi"
    ending = name.lower().rpartition(".")[2]
    kind = {
        "sdf": "sdf",
        "sd": "sdf",
        "mol": "sdf",
        "csv": "csv",
        "smi": "smiles",
        "smiles": "smiles",
        "txt": "smiles",
    }.get(ending)
    if kind is None:
        raise Invalid("this kind of file is not read", errors={"file": ".sdf, .csv, .smi"}, given=name[:60])
    data = sent.read() if sent else pasted.encode()
    if ending == "mol" and b"$$$$" not in data:
        data += b"\n$$$$\n"
    made: Upload = workflow.bring_structures(
        request.person, here(request), data=data, kind=kind, file_name=name,
        no_chiral_flag="racemic" if given["racemic"] else "absolute",
    )  # fmt: skip
    return made


def upload(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show what each record of an upload is, with its drawing, and register all or none."""
    found = queries.find_upload(request.program, code)

    def steps() -> list[Step]:
        staged = found.state == Upload.State.STAGED
        return [
            Step("register", "Register all", "discovery.register_upload",
                 lambda given, _: workflow.register_upload(request.person, found), ready=staged,
                 done="Registered. Each compound has its number."),
            Step("discard", "Discard", "discovery.discard_upload",
                 lambda given, _: workflow.discard_upload(request.person, found, reason=given["reason"]),
                 forms.ReasonForm, ready=staged, done="Discarded."),
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        rows = queries.verdicts_of(found)
        counts: dict[str, int] = {}
        for one in rows:
            counts[one.words] = counts.get(one.words, 0) + 1
        shown = sorted(rows, key=lambda one: (one.decision != registry.REFUSED, one.source.number))[:SHOWN]
        drawn = [
            {"verdict": one, "name": registry.name_of(one.source),
             "drawing": figures.structure(here(request), one.made.standardised.parent) if one.made else "",
             "penalties": registry.penalties(one, here(request).organization_id),
             "compound": one.compound if found.state == Upload.State.REGISTERED else ""}
            for one in shown
        ]  # fmt: skip
        cards = [
            {"label": words.lower(), "value": n, "tone": "bad" if words == "Refused" else ""}
            for words, n in counts.items()
        ]
        return {"record": found, "rows": drawn, "cards": cards, "count": len(rows), "shown": SHOWN}

    return page(request, steps, "discovery/upload.html", contents)


def original(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Give the file as it came, byte for byte."""
    found = queries.find_upload(request.program, code)
    return file(
        read(found.dataset),
        f"{found.code}.{'smi' if found.kind == 'smiles' else found.kind}",
        "application/octet-stream",
    )


urlpatterns = [
    path("registration/", uploads, name="uploads"),
    path("registration/bring/", bring, name="bring"),
    path("registration/<str:code>/", upload, name="upload"),
    path("registration/<str:code>/original/", original, name="original"),
]
PAGES = {
    "discovery:uploads": Page("discovery.view"),
    "discovery:bring": Page("discovery.bring_structures", FORM),
    "discovery:upload": Page("discovery.view", FORM),
    "discovery:original": Page("discovery.view"),
}
NAV = [("discovery:uploads", "Registration")]
