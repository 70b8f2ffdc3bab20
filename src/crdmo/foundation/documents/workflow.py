"""The life of a document version: draft, in review, approved, effective, superseded or withdrawn.

Who reviews or approves did not write it (`signing` sees to that); what is approved is trained before it is in force;
what is in force is never edited: a new version is drafted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person, Program, TrainingRequirement
from crdmo.foundation.accounts.roles import LABORATORY, QUALITY_UNIT, REGULATORY, Role
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import Credentials, Meaning, require_signed, sign

from ..refusals import Invalid, Refused
from .models import ControlledCopy, Document, DocumentVersion

State = DocumentVersion.State
AUTHORS = (*LABORATORY, Role.PROJECT_MANAGER, *REGULATORY, *QUALITY_UNIT)
REVIEWERS = (Role.REVIEWER, Role.SUPERVISOR, Role.REGULATORY_LEAD, *QUALITY_UNIT)
CONTROLLERS = (Role.QA,)


def _must_be(version: DocumentVersion, *allowed: str) -> None:
    if version.state not in allowed:
        raise Refused(
            f"{version} is {version.get_state_display().lower()}", given=version.state, allowed=", ".join(allowed),
            next="Draft a new version if the content has to change",
        )  # fmt: skip


@verb("documents.create", "enter a controlled document", roles=AUTHORS)
def create_document(
    act: Act,
    *,
    code: str,
    title: str,
    kind: str,
    owner: Person,
    program: Program | None = None,
    organization: Organization | None = None,
    trained_roles: Iterable[str] = (),
) -> Document:
    """Enter a document, still without a version.

    Raises:
        Invalid: the code is taken, a role to be trained does not exist, or the document is one program's: what people
            of an organization are trained on is decided by the organization.
    """
    roles = [str(role) for role in trained_roles]
    if unknown := sorted(set(roles) - set(Role.values)):
        raise Invalid("there is no such role", given=", ".join(unknown), errors={"trained_roles": "one of the list"})
    if roles and program is not None:
        raise Invalid(
            "training is asked for documents of the organization", given=f"a document of {program.code}",
            errors={"trained_roles": "leave it empty, or enter the document without a program"},
        )  # fmt: skip
    place: dict[str, Any] = {"program": program} if program else {"organization": organization or owner.organization}
    if Document.objects.filter(code=code, is_void=False, **(place if program else {**place, "program": None})).exists():
        raise Invalid("this code is taken", given=code, errors={"code": "choose another code"})
    return act.create(Document, code=code, title=title, kind=kind, owner=owner, trained_roles=roles, **place)


@verb("documents.draft", "draft a version of a document", roles=AUTHORS)
def draft(
    act: Act,
    document: Document,
    *,
    text: str = "",
    data: dict[str, Any] | None = None,
    template: str = "",
    file: str = "",
    filename: str = "",
    change_summary: str = "",
    sources: Iterable[Record] = (),
) -> DocumentVersion:
    """Begin the next version: of text, of data for a template, or of a file that was put into the store.

    Raises:
        Invalid: there is no content, or nothing says what changed.
        Refused: another version is still on its way.
    """
    versions = DocumentVersion.objects.filter(document=document, is_void=False)
    if (open_one := versions.filter(state__in=[State.DRAFT, State.IN_REVIEW, State.APPROVED]).first()) is not None:
        word = open_one.get_state_display().lower()
        raise Refused(f"{open_one} is still {word}", next="Finish or void that version first")
    last = versions.order_by("-number").first()
    _has_content(text, data, file)
    if last is not None and not change_summary.strip():
        raise Invalid("a new version says what changed", errors={"change_summary": "say what changed since the last"})
    number = DocumentVersion.objects.filter(document=document).count() + 1
    return act.create(
        DocumentVersion, document=document, number=number, text=text, data=data or {}, template=template, file=file,
        filename=filename, change_summary=change_summary.strip(), sources=thread.sources_of(sources),
        **_place(document),
    )  # fmt: skip


def _place(document: Document) -> dict[str, Any]:
    return {"program_id": document.program_id, "organization_id": document.organization_id}


def _has_content(text: str, data: dict[str, Any] | None, file: str) -> None:
    if sum(map(bool, (text.strip(), data, file))) != 1:
        raise Invalid(
            "a version has one content", given="none or several", allowed="text, data for a template, or a file",
            errors={"text": "give one of them"},
        )  # fmt: skip


@verb("documents.edit", "edit a draft", roles=AUTHORS)
def edit_draft(act: Act, /, version: DocumentVersion, **values: Any) -> DocumentVersion:
    """Change the content of a draft: text, data, template, file, change_summary. The reason says why.

    Raises:
        Refused: it is no draft any more.
    """
    _must_be(version, State.DRAFT)
    allowed = {"text", "data", "template", "file", "filename", "change_summary"}
    if odd := set(values) - allowed:
        raise Invalid("only content is edited", given=", ".join(sorted(odd)), allowed=", ".join(sorted(allowed)))
    after = {name: values.get(name, getattr(version, name)) for name in ("text", "data", "file")}
    _has_content(after["text"], after["data"], after["file"])
    return act.change(version, **values)


@verb("documents.submit", "submit a draft for review", roles=AUTHORS)
def submit_for_review(act: Act, version: DocumentVersion, *, credentials: Credentials | None = None) -> DocumentVersion:
    """Give a draft to review; from here on its content stands. With credentials it is signed as author."""
    _must_be(version, State.DRAFT)
    act.change(version, state=State.IN_REVIEW)
    if credentials is not None:
        sign(act, [version], Meaning.AUTHORED, credentials)
    return version


@verb("documents.review", "review a document", roles=REVIEWERS, signs=Meaning.REVIEWED)
def review(
    act: Act, version: DocumentVersion, *, credentials: Credentials, seen: dict[Any, int] | None = None
) -> DocumentVersion:
    """Sign the review of a version. The author cannot."""
    _must_be(version, State.IN_REVIEW)
    sign(act, [version], Meaning.REVIEWED, credentials, seen=seen)
    return version


@verb("documents.approve", "approve a document", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
def approve(
    act: Act,
    version: DocumentVersion,
    *,
    effective_from: dt.date,
    credentials: Credentials,
    seen: dict[Any, int] | None = None,
) -> DocumentVersion:
    """Approve a reviewed version for a day, and open the training that must be done by then. The author cannot.

    Raises:
        Invalid: the day lies in the past.
        Refused: the review is not signed, or no longer holds.
    """
    _must_be(version, State.IN_REVIEW)
    if effective_from < act.now.date():
        raise Invalid("a version is not in force before its approval", errors={"effective_from": "today or later"})
    require_signed(version, [Meaning.REVIEWED])
    act.change(version, state=State.APPROVED, effective_from=effective_from)
    sign(act, [version], Meaning.APPROVED, credentials, seen=seen)
    _open_training(act, version, effective_from)
    return version


def _open_training(act: Act, version: DocumentVersion, day: dt.date) -> None:
    """Ask for training on this version from its day on: people see the gap now, the gate closes then."""
    document = version.document
    asked = {"organization": document.organization, "subject": document.code, "from_date": day}
    rows = [{**asked, "role": role, "subject_version": str(version.number)} for role in document.trained_roles]
    act.create_many(TrainingRequirement, rows)


@verb("documents.make_effective", "put a document into force", roles=CONTROLLERS)
def make_effective(act: Act, version: DocumentVersion) -> DocumentVersion:
    """Put an approved version into force on or after its day; the version before it is superseded that day."""
    _must_be(version, State.APPROVED)
    require_signed(version, [Meaning.APPROVED])
    day = version.effective_from
    if day is None or act.now.date() < day:
        raise Refused(f"{version} is not in force before its day", given=str(act.now.date()), allowed=f"from {day}")
    for before in DocumentVersion.objects.filter(document=version.document, state=State.EFFECTIVE, is_void=False):
        act.change(before, state=State.SUPERSEDED, effective_until=day)
    return act.change(version, state=State.EFFECTIVE)


@verb("documents.reject", "reject a document", roles=REVIEWERS, signs=Meaning.REJECTED)
def reject(act: Act, version: DocumentVersion, *, credentials: Credentials) -> DocumentVersion:
    """Send a version back to its author. The signed rejection carries the reason."""
    _must_be(version, State.IN_REVIEW)
    act.change(version, state=State.DRAFT)
    sign(act, [version], Meaning.REJECTED, credentials)
    return version


@verb("documents.withdraw", "withdraw a document", roles=CONTROLLERS)
def withdraw(act: Act, version: DocumentVersion) -> DocumentVersion:
    """Take a version out of force without a successor; the reason says why."""
    _must_be(version, State.EFFECTIVE, State.APPROVED)
    if not act.reason:
        raise Invalid("a withdrawal has a reason", errors={"reason": "say why it is withdrawn"})
    subject = {"subject": version.document.code, "subject_version": str(version.number)}
    for asked in TrainingRequirement.objects.filter(
        organization=version.document.organization, is_void=False, **subject
    ):
        act.void(asked)
    # One that was approved and never put into force was in force on no day.
    until = act.now.date() if version.state == State.EFFECTIVE else version.effective_from
    return act.change(version, state=State.WITHDRAWN, effective_until=until)


@verb("documents.issue_copy", "issue a controlled copy", roles=AUTHORS)
def issue_copy(act: Act, version: DocumentVersion, *, holder: Person, place: str = "") -> ControlledCopy:
    """Number a print of the version in force and note who holds it; `printing.document_pdf(copy=…)` prints it."""
    _must_be(version, State.EFFECTIVE)
    number = ControlledCopy.objects.filter(document_version=version).count() + 1
    return act.create(
        ControlledCopy, document_version=version, number=number, holder=holder, place=place, issued_on=act.now.date(),
        **_place(version.document),
    )  # fmt: skip


@verb("documents.reconcile_copy", "reconcile a controlled copy", roles=AUTHORS)
def reconcile_copy(act: Act, copy: ControlledCopy, *, outcome: str) -> ControlledCopy:
    """Note that a controlled copy was returned, destroyed or lost. A loss has a reason."""
    states = ControlledCopy.State
    if copy.state != states.ISSUED:
        raise Refused(f"{copy} is reconciled already", given=copy.state)
    if outcome not in (states.RETURNED, states.DESTROYED, states.LOST):
        raise Invalid("a copy is returned, destroyed or lost", given=outcome, errors={"outcome": "one of the three"})
    if outcome == states.LOST and not act.reason:
        raise Invalid("a loss has a reason", errors={"reason": "say how it was lost and what was done"})
    return act.change(copy, state=outcome, closed_on=act.now.date())
