"""Leaves: a version of a controlled document at a heading, pinned with its bytes; renewed, justified or taken out.

What is placed is in force, approved by signature, and of this program or of the house.
"""

from __future__ import annotations

from collections.abc import Mapping

from crdmo.common.verbs import must_be, said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import store
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.documents.queries import require_in_force
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import Meaning, require_signed
from crdmo.standards import ectd
from crdmo.standards.ectd.stf import FILE_TAGS

from .. import queries, staleness
from ..models import Application, Leaf, Sequence
from ..papers import paper_of
from ..refusing import as_invalid
from .desks import DESK, now
from .sequences import State, assembling

OPEN = (State.PLANNED, State.ASSEMBLING, State.VALIDATED)


def attributes_for(application: Application, section: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the attributes of a heading: the application's own values, and those that only this leaf has.

    Raises:
        FormatError: there is no such heading.
    """
    own = {name: value.strip() for name, value in (given or {}).items() if value.strip()}
    if section == "1" or section.startswith("1."):
        return own
    required, optional = ectd.attributes_of(section)
    found = application.attributes(required + optional)
    if section.startswith(("2.3.P", "3.2.P")) and "manufacturer" in found:
        found["manufacturer"] = application.product_maker
    if section.startswith("3.2.A"):
        found = {}
    return {name: value for name, value in {**found, **own}.items() if value}


@verb("regulatory.place_leaf", "place a document in a sequence", roles=DESK)
def place_leaf(
    act: Act,
    sequence: Sequence,
    *,
    section: str,
    title: str,
    version: DocumentVersion | None = None,
    operation: str = "new",
    modifies: Leaf | None = None,
    attributes: Mapping[str, str] | None = None,
    study: str = "",
    study_title: str = "",
    file_tag: str = "",
) -> Leaf:
    """Place a version of a document at a heading, or delete what stands there.

    Raises:
        NotFound: the document or the leaf that is changed is not of this program.
        Refused: the sequence is closed, the version is not in force or not approved, the changed leaf does not stand.
        Invalid: the heading is none, or the parts do not fit each other.
    """
    must_be(now(sequence), *OPEN)
    application = sequence.application
    if operation not in Leaf.Operation.values:
        raise Invalid("choose from the list", errors={"operation": "one of the list"}, given=operation)
    said(title=title)
    with as_invalid("section"):
        place = ectd.place_of(ectd.Region(application.region), section)
        told = attributes_for(application, place.section, attributes)
    _fits(sequence, place.section, operation, version, modifies)
    if version is not None:
        _usable(sequence.program, version)
    _study(application, place.section, operation, study, file_tag)
    paper = paper_of(version) if version is not None else None
    made = act.create(
        Leaf,
        program=sequence.program,
        sequence=sequence,
        identifier=_identifier(sequence, place.section, version, modifies),
        section=place.section,
        title=" ".join(title.split()),
        operation=operation,
        modifies=modifies,
        document_version=version,
        blob=store.put(paper.data) if paper else "",
        extension=paper.extension if paper else "",
        left_out=list(paper.left_out) if paper else [],
        attributes=told,
        study=study.strip(),
        study_title=study_title.strip(),
        file_tag=file_tag,
        sources=sources_of([version] if version is not None else []),
    )
    assembling(act, sequence)
    return made


def _identifier(sequence: Sequence, section: str, version: DocumentVersion | None, modifies: Leaf | None) -> str:
    what = version.document.code if version is not None else str(modifies.pk) if modifies else ""
    # A leaf that was taken out keeps its ID; what is placed in its stead gets another.
    again = sequence.leaves.filter(section=section).count()
    return ectd.leaf_id(sequence.application.code, sequence.number, section, what, str(again))


def _fits(
    sequence: Sequence, section: str, operation: str, version: DocumentVersion | None, modifies: Leaf | None
) -> None:
    if (operation == "delete") == (version is not None):
        what = "a deletion brings no document" if version else "a leaf is a version of a document"
        raise Invalid(what, errors={"document": what}, given=operation)
    if (operation == "new") != (modifies is None):
        what = "a new leaf changes no other" if modifies else f"{operation} names the leaf that it changes"
        raise Invalid(what, errors={"modifies": what}, given=operation)
    if version is not None:
        held = sequence.leaves.filter(section=section, document_version__document=version.document, is_void=False)
        if held.exists():
            raise Refused(
                f"{version.document.code} stands at {section} of this sequence already", next="Renew that leaf"
            )
    if modifies is not None:
        _stands(sequence, section, operation, modifies)


def _stands(sequence: Sequence, section: str, operation: str, modifies: Leaf) -> None:
    if modifies.program_id != sequence.program_id or modifies.sequence.application_id != sequence.application_id:
        raise NotFound("there is no such leaf in this application", given=str(modifies.pk))
    standing = {leaf.pk for leaf in queries.standing(sequence.application, before=sequence.number)}
    if modifies.pk not in standing:
        raise Refused(
            f"{modifies} does not stand before {sequence.number}", given=f"sequence {modifies.sequence.number}",
            allowed="a leaf of a published sequence that was not replaced or deleted",
        )  # fmt: skip
    if modifies.section != section:
        raise Invalid(
            "a leaf changes one at its own heading", errors={"section": modifies.section}, given=section,
            allowed=modifies.section, next="Delete it there, and place a new leaf here",
        )  # fmt: skip
    taken = sequence.leaves.filter(modifies=modifies, operation__in=("replace", "delete"), is_void=False)
    if operation in ("replace", "delete") and taken.exists():
        raise Refused(f"{modifies} is changed in this sequence already", given=str(taken.first()))


def _usable(program: Program | None, version: DocumentVersion) -> None:
    """Say nothing if a version can be submitted in a program.

    Raises:
        NotFound: it is another sponsor's; that it exists is not said.
        Refused: it is not in force, or its approval is not signed or no longer holds.
    """
    assert program is not None
    house = version.program_id is None and version.organization_id in (program.partner_id, program.organization_id)
    if version.program_id != program.pk and not house:
        raise NotFound("there is no such document in this program", given=str(version.pk))
    version.refresh_from_db()
    require_in_force(version)
    if version.state != DocumentVersion.State.EFFECTIVE:
        raise Refused(
            f"{version} is not in force", given=version.get_state_display(), next="Place the version in force"
        )
    require_signed(version, [Meaning.APPROVED])


def _study(application: Application, section: str, operation: str, study: str, file_tag: str) -> None:
    if not study.strip():
        if file_tag:
            raise Invalid("a tag belongs to a study", errors={"study": "needed with a file tag"}, given=file_tag)
        return
    if not section.startswith(("4.2", "5.3")):
        raise Invalid("studies stand in 4.2 and 5.3", errors={"section": "4.2 or 5.3"}, given=section)
    if application.region == "us" and operation != "delete" and file_tag not in FILE_TAGS:
        raise Invalid(
            "the FDA asks which part of the study this is", errors={"file_tag": "one of the list"}, given=file_tag,
            allowed=", ".join(sorted(FILE_TAGS)[:8]) + ", …",
        )  # fmt: skip


@verb("regulatory.renew_leaf", "renew a leaf with the version in force", roles=DESK)
def renew_leaf(act: Act, leaf: Leaf) -> Leaf:
    """Pin the version of the document that is in force now, with its bytes; what was justified is justified no more.

    Raises:
        Refused: the sequence is closed, or the leaf holds the version in force as it stands.
    """
    must_be(now(leaf.sequence), *OPEN)
    assert leaf.program is not None
    if leaf.document_version is None:
        raise Refused("a deletion brings no document", given=str(leaf))
    version = queries.version_of(leaf.program, leaf.document_version.document.code)
    _usable(leaf.program, version)
    if version.pk == leaf.document_version_id and not staleness.reasons([leaf])[leaf.pk]:
        raise Refused(f"{leaf} holds {version}, which is in force", next="Nothing has to be renewed")
    paper = paper_of(version)
    act.reason = act.reason or f"{version} is in force"
    act.change(
        leaf,
        document_version=version,
        blob=store.put(paper.data),
        extension=paper.extension,
        left_out=list(paper.left_out),
        justification="",
        justified_for=[],
        sources=sources_of([version]),
    )
    assembling(act, leaf.sequence)
    return leaf


@verb("regulatory.justify_leaf", "justify a stale leaf", roles=DESK)
def justify_leaf(act: Act, leaf: Leaf, *, justification: str) -> Leaf:
    """Say why a stale leaf is submitted all the same. It holds for the reasons that stand now, not for later ones."""
    must_be(now(leaf.sequence), *OPEN)
    said(justification=justification)
    why = staleness.reasons([leaf])[leaf.pk]
    if not why:
        raise Refused(f"{leaf} is not stale")
    return act.change(leaf, justification=justification.strip(), justified_for=why)


@verb("regulatory.remove_leaf", "take a leaf out of a sequence", roles=DESK)
def remove_leaf(act: Act, leaf: Leaf) -> Leaf:
    """Take a leaf out of a sequence that is not published, with a reason."""
    must_be(now(leaf.sequence), *OPEN)
    act.void(leaf)
    assembling(act, leaf.sequence)
    return leaf
