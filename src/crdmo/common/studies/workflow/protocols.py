"""The protocol in versions: drafted, offered for signature with its whole design, signed, in force, amended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, require_signed, sign, signatures_of
from crdmo.foundation.signing.meanings import INDEPENDENT

from ..models import Arm, ProtocolVersion, ScheduledActivity, Study, Visit
from ..queries import ELEMENTS, changes_of, design_of, in_force, protocol_in_force
from .states import draft_of, open_study, with_reason

State = ProtocolVersion.State
Seen = Mapping[Any, int]


def draft_protocol(
    act: Act, study: Study, *, text: str = "", document: DocumentVersion | None = None
) -> ProtocolVersion:
    """Begin the first version of a protocol.

    Raises:
        Refused: there is one.
    """
    open_study(study)
    if ProtocolVersion.objects.filter(study=study, is_void=False).exists():
        raise Refused(f"{study} has a protocol", next="Draft an amendment once it is in force")
    return act.create(ProtocolVersion, program=study.program, study=study, number=1, text=text, document=document)


def amend_protocol(
    act: Act, study: Study, *, text: str = "", document: DocumentVersion | None = None
) -> ProtocolVersion:
    """Begin an amendment of the protocol in force; the reason of the act is the reason of the amendment.

    Raises:
        Refused: no version is in force, or another amendment is on its way.
    """
    open_study(study)
    with_reason(act, "an amendment")
    stands = protocol_in_force(study)
    if stands is None:
        raise Refused(f"no protocol of {study} is in force", next="Change the draft instead")
    waiting = study.protocols.filter(state__in=(State.DRAFT, State.FINAL), is_void=False).first()
    if waiting is not None:
        raise Refused(f"{waiting} is on its way", given=waiting.get_state_display(), next="Finish or void it first")
    return act.create(
        ProtocolVersion,
        program=study.program,
        study=study,
        number=stands.number + 1,
        text=text or stands.text,
        document=document,
        reason=act.reason,
    )


def edit_protocol(act: Act, version: ProtocolVersion, *, text: str) -> ProtocolVersion:
    """Change the text of a draft, with a reason."""
    return act.change(draft_of(version), text=text)


def discard_protocol(act: Act, version: ProtocolVersion) -> ProtocolVersion:
    """Void a version that is not in force, with a reason: what it brought goes, what it was to retire stays."""
    version.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if version.is_void or version.state not in (State.DRAFT, State.FINAL):
        raise Refused(f"{version} is in use", given=version.get_state_display(), next="Draft an amendment instead")
    with_reason(act, "a discarded draft")
    for model in ELEMENTS:
        manager: Any = model._default_manager
        for one in manager.filter(since=version, is_void=False):
            act.void(one)
        for one in manager.filter(retired_by=version, is_void=False):
            act.change(one, retired_by=None)
    return act.void(version)


def finalise_protocol(act: Act, version: ProtocolVersion) -> ProtocolVersion:
    """Offer a draft for signature: its design is written into it whole, and nothing of it changes any more.

    Raises:
        Invalid: the design lacks what a study cannot do without, or an amendment changes nothing.
    """
    draft_of(version)
    errors = _lacks(version)
    if errors:
        raise Invalid("this protocol is not complete; nothing was saved", errors=errors)
    changes = changes_of(version) if version.is_amendment else []
    if version.is_amendment and not changes:
        raise Invalid("this amendment changes nothing", errors={"changes": "change the design or the text"})
    return act.change(version, state=State.FINAL, design=design_of(version.study, version), changes=changes)


def _lacks(version: ProtocolVersion) -> dict[str, str]:
    study = version.study
    found = {}
    if not in_force(study, Arm, version):
        found["arms"] = "at least one arm or group"
    visits = {one.id for one in in_force(study, Visit, version)}
    if not visits:
        found["visits"] = "at least one visit or time point"
    if any(one.visit_id not in visits for one in in_force(study, ScheduledActivity, version)):
        found["schedule"] = "an activity stands at a visit that is retired; retire the mark as well"
    if not version.text.strip() and version.document_id is None:
        found["text"] = "the text of the protocol, or its document"
    return found


def sign_protocol(
    act: Act,
    version: ProtocolVersion,
    meaning: str,
    credentials: Credentials,
    *,
    seen: Seen | None = None,
    after: Sequence[str] = (),
) -> ProtocolVersion:
    """Sign a version that is offered for signature, after the signatures in `after`. A meaning is given once.

    Raises:
        Refused: it is not offered, one of the signatures before is missing, or this one was given.
    """
    version.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if version.state != State.FINAL or version.is_void:
        raise Refused(f"{version} is not offered for signature", given=version.get_state_display())
    given = _given(version)
    if meaning in given:
        raise Refused(f"{version} is signed as {Meaning(meaning).label.lower()} already", next="The next person signs")
    if after:
        require_signed(version, after)
    others = parts_of(version) if meaning in INDEPENDENT else []
    sign(act, [version], meaning, credentials, seen=seen, independent_of=others)
    return version


def _given(version: ProtocolVersion) -> set[str]:
    return {one.meaning for one in signatures_of(version) if one.holds}


def parts_of(version: ProtocolVersion) -> list[Record]:
    """Return what a version brought: who made it does not approve the version."""
    found: list[Record] = []
    for model in ELEMENTS:
        manager: Any = model._default_manager
        found += manager.filter(since=version, is_void=False)
    return found


def put_in_force(act: Act, version: ProtocolVersion, meanings: Iterable[str]) -> ProtocolVersion:
    """Put a version in force once it carries these signatures of different people; the one before is superseded.

    The study becomes active with its first version.

    Raises:
        Refused: a signature is missing, or two are by the same person.
    """
    if version.state != State.FINAL:
        raise Refused(f"{version} is not offered for signature", given=version.get_state_display())
    require_signed(version, list(meanings), distinct=True)
    study = version.study
    before = protocol_in_force(study)
    if before is not None:
        act.change(before, state=State.SUPERSEDED)
    act.change(version, state=State.EFFECTIVE, effective_on=act.now.date())
    open_study(study)
    if study.state == Study.State.PLANNED:
        act.change(study, state=Study.State.ACTIVE, started_on=act.now.date())
    return version
