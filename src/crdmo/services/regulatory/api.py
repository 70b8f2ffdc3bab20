"""Routes of regulatory affairs. A program places documents and validates; what is signed is done by people on pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from crdmo.common.routes import After, Format, Given, Limit, Listing, ProgramCode, Text, listed, permission, tag
from crdmo.foundation.datasets import read, store
from crdmo.foundation.refusals import NotFound

from . import api_lines as lines
from . import build, queries, staleness
from .models import Application, Clock, Leaf, Question, Sequence
from .workflow import leaves as leaf_workflow
from .workflow import sequences as sequence_workflow

router = Router()


def _file(*kinds: str) -> dict[str, Any]:
    """Return how an answer that is a file is described."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"responses": {200: {"description": "The file.", "content": dict.fromkeys(kinds, schema)}}}


@router.get("/applications", url_name="applications", response=Listing[lines.ApplicationLine])
@permission("regulatory.view")
def applications(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the applications of a program."""
    rows = Application.objects.filter(program=request.program)
    return listed(rows, after, limit, lines.application_line, file=format, name="applications")


@router.get("/sequences", url_name="sequences", response=Listing[lines.SequenceLine])
@permission("regulatory.view")
def sequences(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, state: Text = "", format: Format = None
) -> Any:
    """List sequences, of one state if named."""
    rows = Sequence.objects.filter(program=request.program).select_related("application")
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, lines.sequence_line, file=format, name="sequences")


@router.get("/applications/{code}/{number}", url_name="regulatory_sequence", response=lines.SequenceRead)
@permission("regulatory.view")
def sequence(request: Any, response: HttpResponse, program: ProgramCode, code: str, number: str) -> dict[str, Any]:
    """Return a sequence with its leaves, its last validation and the headings that stay empty."""
    found = queries.sequence(request.program, code, number)
    held = build.leaves_of(found)
    why = staleness.reasons(held)
    last = queries.last_validation(found)
    tag(response, found.version)
    return {
        **lines.sequence_line(found),
        "leaves": [lines.leaf_line(leaf, why[leaf.pk]) for leaf in held],
        "validation": lines.validation_read(last) if last else None,
        "missing": [one.section for one in sequence_workflow.missing(found)],
    }


class NewLeaf(Given):
    """A document to place, by its code; its version in force is taken."""

    section: Text
    document: Text = ""
    title: Text = ""
    operation: Text = "new"
    modifies: UUID | None = None
    attributes: dict[Text, Text] = {}
    study: Text = ""
    study_title: Text = ""
    file_tag: Text = ""


@router.post("/applications/{code}/{number}/leaves", url_name="regulatory_place", response=lines.LeafLine)
@permission("regulatory.place_leaf")
def place(request: Any, program: ProgramCode, code: str, number: str, new: NewLeaf) -> dict[str, Any]:
    """Place the version in force of a document, or delete a leaf."""
    found = queries.sequence(request.program, code, number)
    version = queries.version_of(request.program, new.document) if new.document else None
    modifies = queries.leaf(request.program, new.modifies) if new.modifies else None
    title = new.title or (version.document.title if version else str(modifies.title) if modifies else "")
    made = leaf_workflow.place_leaf(
        request.person, found, section=new.section, title=title, version=version, operation=new.operation,
        modifies=modifies, attributes=new.attributes, study=new.study, study_title=new.study_title,
        file_tag=new.file_tag,
    )  # fmt: skip
    return lines.leaf_line(made, [])


@router.post("/applications/{code}/{number}/validate", url_name="regulatory_validate", response=lines.ValidationRead)
@permission("regulatory.validate_sequence")
def validate(request: Any, program: ProgramCode, code: str, number: str) -> dict[str, Any]:
    """Build the sequence as it stands and return what the validator finds."""
    found = queries.sequence(request.program, code, number)
    return lines.validation_read(sequence_workflow.validate_sequence(request.person, found))


@router.get(
    "/applications/{code}/{number}/package.zip", url_name="regulatory_package", openapi_extra=_file("application/zip")
)
@permission("regulatory.view")
def package(request: Any, program: ProgramCode, code: str, number: str) -> HttpResponse:
    """Give the sealed package of a published sequence."""
    found = queries.sequence(request.program, code, number)
    if found.package is None:
        raise NotFound("this sequence is not published", given=f"{code} {number}")
    return HttpResponse(read(found.package), content_type="application/zip")


@router.get(
    "/leaves/{key}/file",
    url_name="regulatory_leaf_file",
    openapi_extra=_file("application/pdf", "application/octet-stream"),
)
@permission("regulatory.view")
def leaf_file(request: Any, program: ProgramCode, key: UUID) -> HttpResponse:
    """Give the bytes that a leaf pins."""
    found: Leaf = queries.leaf(request.program, key)
    if not found.blob:
        raise NotFound("a deletion has no file", given=str(key))
    kind = "application/pdf" if found.extension == "pdf" else "application/octet-stream"
    return HttpResponse(store.get(found.blob), content_type=kind)


@router.get("/questions", url_name="regulatory_questions", response=Listing[lines.QuestionLine])
@permission("regulatory.view")
def questions(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, state: Text = "", format: Format = None
) -> Any:
    """List the questions of agencies, of one state if named."""
    rows = Question.objects.filter(program=request.program).select_related("application", "owner")
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, lines.question_line, file=format, name="questions")


@router.get("/clocks", url_name="regulatory_clocks", response=Listing[lines.ClockLine])
@permission("regulatory.view")
def clocks(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50) -> Any:
    """List the clocks with the dates of their steps."""
    rows = Clock.objects.filter(program=request.program).select_related("sequence__application", "computed")
    return listed(rows, after, limit, lines.clock_line)
