"""The act of signing: one check of the signer, then one bound signature for each record.

`sign` refuses the whole when one record cannot be signed. A step that moves a series on calls `signable` first, moves
only what is ready, and signs that: a record that changed meanwhile is left out and named. Signatures are written into
the act that is open, so that a step and its signature are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts.authority import TABLE
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger import state as states
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.proof.identifiers import uuid7

from ..refusals import Conflict, Invalid, NotPermitted, Refused
from . import binding
from .binding import Version
from .credentials import Credentials, verify
from .meanings import INDEPENDENT, STATEMENTS, WITH_REASON, Meaning
from .models import Signature

Seen = Mapping[Any, int]
ANY = -1


@dataclass(frozen=True)
class Excluded:
    """A record that could not be signed in a series, and why."""

    record: Record
    refused: Refused


@dataclass(frozen=True)
class Series:
    """What came of a series: the signatures, and the records that were left out."""

    signed: list[Signature]
    excluded: list[Excluded]


def sign(
    act: Act,
    records: Sequence[Record],
    meaning: str,
    credentials: Credentials,
    *,
    seen: Seen | None = None,
    independent_of: Iterable[Record] = (),
    statement: str = "",
    is_the_review: bool = False,
) -> list[Signature]:
    """Sign records as they stand now, all or none, and return the signatures.

    Args:
        act: the open act; its actor is the signer.
        records: what is signed, after the versions to be signed were written.
        meaning: one of `Meaning`.
        credentials: what the signer gave.
        seen: the version of each record that the signer was shown, by key; by default what came with the
            credentials, where records that the dialog did not list are not asked for.
        independent_of: further records that the signer must not have made (the results in a report).
        is_the_review: the records are the reviews themselves, written by their reviewer in this act; what the reviewer
            must not have made is in `independent_of`.
        statement: the statement that is signed, if it is not the usual one of the meaning.

    Raises:
        CredentialsRefused: the signer is not proven.
        Conflict: a record changed since it was shown or read.
        NotPermitted: no role for this, or the signer made what a second person has to sign.
        Refused: a record is void.
    """
    ready, excluded = signable(
        act,
        records,
        meaning,
        seen=_shown(records, seen, credentials),
        independent_of=independent_of,
        is_the_review=is_the_review,
    )
    if excluded:
        raise excluded[0].refused
    return _write(act, ready, Meaning(meaning), verify(act, credentials), statement)


def sign_series(
    act: Act,
    records: Sequence[Record],
    meaning: str,
    credentials: Credentials,
    *,
    seen: Seen | None = None,
    independent_of: Iterable[Record] = (),
    statement: str = "",
) -> Series:
    """Sign a series in one ceremony. What cannot be signed is left out and named in the answer; see `sign`.

    Raises:
        Refused: not one of the records can be signed.
    """
    ready, excluded = signable(
        act, records, meaning, seen=_shown(records, seen, credentials), independent_of=independent_of
    )
    if not ready:
        raise excluded[0].refused
    return Series(_write(act, ready, Meaning(meaning), verify(act, credentials), statement), excluded)


def _shown(records: Sequence[Record], seen: Seen | None, credentials: Credentials) -> Seen | None:
    """Return what was shown: as the step says, else as the dialog says of the records that it listed."""
    if seen is not None or not credentials.seen:
        return seen
    listed = {str(key): version for key, version in credentials.seen.items()}
    unlisted = {str(record.id): ANY for record in records if str(record.id) not in listed}
    return {**listed, **unlisted}


def signable(
    act: Act,
    records: Sequence[Record],
    meaning: str,
    *,
    seen: Seen | None = None,
    independent_of: Iterable[Record] = (),
    is_the_review: bool = False,
) -> tuple[list[Record], list[Excluded]]:
    """Part records into those that the actor can sign now and those that not, with the reason.

    Raises:
        Invalid: no records, one twice, no such meaning, a rejection without reason.
        NotPermitted: the actor has no role for this step in one of the programs.
    """
    _check_request(act, records, meaning)
    for record in records:
        act.authorise(record.program_id, record.organization_id)
    others = list(independent_of)
    versions = binding.history([r.id for r in (*records, *others)])
    makers = binding.authors(versions) if meaning in INDEPENDENT or others else {}
    foreign = next((o for o in others if act.actor.actor_id in makers[o.id]), None)
    now = binding.current_versions(records)
    shown = None if seen is None else {str(key): version for key, version in seen.items()}
    ready: list[Record] = []
    excluded: list[Excluded] = []
    for record in records:
        second = meaning in INDEPENDENT and not (is_the_review and _made_here(act, versions[record.id]))
        refused = (
            _unfit(record, now.get(record.id))
            or _unseen(act, record, versions[record.id], shown)
            or _dependent(act, record, makers[record.id] if second else set())
            or (_dependent(act, foreign, makers[foreign.id]) if foreign is not None else None)
        )
        if refused is None:
            ready.append(record)
        else:
            excluded.append(Excluded(record, refused))
    return ready, excluded


def _check_request(act: Act, records: Sequence[Record], meaning: str) -> None:
    if meaning not in Meaning.values:
        raise Invalid(
            "a signature has a meaning", given=repr(str(meaning)), allowed=", ".join(Meaning.values),
            errors={"meaning": "one of the list"},
        )  # fmt: skip
    rule = TABLE.get(act.action)
    if rule is not None and rule.signs in Meaning.values and meaning not in (rule.signs, Meaning.REJECTED):
        raise Refused(f"{rule.says} is not signed with this meaning", given=str(meaning), allowed=rule.signs)
    if not records:
        raise Invalid("there is nothing to sign", errors={"records": "choose at least one record"})
    if len({r.id for r in records}) != len(records):
        raise Invalid("a record is signed once in a ceremony", errors={"records": "one is named twice"})
    if meaning in WITH_REASON and not act.reason:
        raise Invalid("a rejection has a reason", errors={"reason": "say why this is rejected"})


def _made_here(act: Act, versions: Sequence[Version]) -> bool:
    return bool(versions) and all(version.act == str(act.id) for version in versions)


def _unfit(record: Record, now: tuple[int, int] | None) -> Refused | None:
    if now is None:
        return Refused(f"{record} is not in the ledger yet", next="Write it in the same act before it is signed")
    if record.is_void:
        return Refused(f"{record} is void and cannot be signed", given="void", next="Sign the record that replaces it")
    if now != (record.version, record.entry):
        return _changed(record, f"version {record.version}", now[0])
    return None


def _changed(record: Record, given: str, now: int) -> Conflict:
    return Conflict(
        f"{record} was changed since it was shown", given=given, allowed=f"version {now}, which stands now",
        next="Look at the differences, then sign what stands now",
    )  # fmt: skip


def _unseen(act: Act, record: Record, versions: Sequence[Version], shown: Mapping[str, int] | None) -> Refused | None:
    """Refuse what the signer was shown in another version than the one that this act found or made."""
    if shown is None:
        return None
    found = max((v.version for v in versions if v.act != str(act.id)), default=0)
    seen = shown.get(str(record.id))
    if seen == ANY:
        return None
    if seen is None and found:
        return Refused(f"{record} was not shown before signing", next="Open it, then sign")
    return _changed(record, f"version {seen}", found) if found and seen != found else None


def _dependent(act: Act, record: Record, makers: set[str]) -> Refused | None:
    if act.actor.actor_id not in makers:
        return None
    return NotPermitted(
        f"{act.actor.printed_name} made {record} and cannot sign it as the second person",
        given=act.actor.printed_name, allowed="a person who did not make or change it", next="Ask a colleague to sign",
    )  # fmt: skip


def independent(record: Record, signer: Person) -> bool:
    """Say whether a person made nothing of a record: did not create it, change its data or sign as its author."""
    return signer.actor_id not in binding.authors(binding.history([record.id]))[record.id]


def _write(act: Act, records: Sequence[Record], meaning: Meaning, components: str, statement: str) -> list[Signature]:
    versions = binding.history([r.id for r in records])
    ceremony, signed_at = uuid7(), states.instant(act.now)
    person = _as_written(act)
    rows = []
    for number, record in enumerate(records, 1):
        target = next(v for v in reversed(versions[record.id]) if v.version == record.version)
        rows.append(
            {
                "program_id": record.program_id, "organization_id": record.organization_id,
                "target_type": target.type, "target_id": record.id, "target_version": target.version,
                "target_entry": target.seq, "target_hash": target.hash, "content_hash": target.content_hash,
                "meaning": meaning.value, "statement": statement or STATEMENTS[meaning], "signer_id": person.id,
                "printed_name": person.printed_name, "job_title": person.job_title,
                "role": act.authorise(record.program_id, record.organization_id), "signed_at": signed_at,
                "components": components, "ceremony": ceremony, "sequence": number,
            }
        )  # fmt: skip
    return act.create_many(Signature, rows)


def _as_written(act: Act) -> Person:
    """Return the signer as the database knows them; the name printed in the entry must be the same.

    Raises:
        Conflict: the object of a long session still bears a former name.
    """
    person = Person.objects.get(pk=act.actor.actor_id)
    if person.printed_name != act.actor.printed_name:
        raise Conflict(
            "the signer's name was changed since it was read", given=act.actor.printed_name,
            allowed=person.printed_name, next="Load the page again, then sign",
        )  # fmt: skip
    return person


def revoke(act: Act, signature: Signature, credentials: Credentials | None = None) -> Signature:
    """Revoke a signature: a new entry with the reason. The signature stays readable, and says that it was revoked.

    Raises:
        Invalid: no reason was given.
        Refused: it was revoked before.
    """
    if signature.is_void:
        raise Refused("this signature was revoked before", given=str(signature))
    if credentials is not None:
        verify(act, credentials)
    return act.void(signature)
