"""What the signature dialog shows before it asks: exactly what is signed, what changed since, what is still open.

Also the way back: credentials and shown versions out of the form that the dialog posts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.datastructures import MultiValueDict

from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.ledger.models import Record

from ..refusals import Invalid
from . import binding, credentials
from .binding import Version
from .credentials import Credentials
from .manifestation import Manifestation, signatures_of_many
from .meanings import BUTTONS, STATEMENTS, WITH_REASON, Meaning


@dataclass(frozen=True)
class Difference:
    """One field that changed since the last signature."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Item:
    """One record in the dialog."""

    key: UUID
    type: str
    label: str
    version: int
    content_hash: str
    signatures: tuple[Manifestation, ...]
    differences: tuple[Difference, ...]
    since: Manifestation | None
    exceptions: tuple[str, ...]

    @property
    def short_hash(self) -> str:
        """The first twelve digits of the content hash."""
        return self.content_hash[:12]

    @property
    def seen(self) -> str:
        """The hidden field that brings back which version was shown."""
        return f"{self.key}:{self.version}"


@dataclass(frozen=True)
class SigningPreview:
    """All that the dialog says."""

    items: tuple[Item, ...]
    meaning: str
    meaning_label: str
    statement: str
    button: str
    printed_name: str
    user_id: str
    needs_user_id: bool
    needs_totp: bool
    has_passkey: bool
    needs_reason: bool

    @property
    def exceptions(self) -> int:
        """How many open exceptions the records have together."""
        return sum(len(item.exceptions) for item in self.items)

    @property
    def title(self) -> str:
        """The heading of the dialog."""
        return f"Sign: {self.meaning_label.lower()}"


def _text(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _since(
    signatures: Sequence[Manifestation], versions: Sequence[Version]
) -> tuple[Manifestation | None, tuple[Difference, ...]]:
    """Return the last signature over a record, and what of its data changed since."""
    last = next((m for m in reversed(signatures) if m.state in ("valid", "changed")), None)
    signed = next((v for v in versions if last and v.version == last.target_version), None)
    if last is None or signed is None:
        return None, ()
    changed = binding.differences(signed.data, versions[-1].data)
    return last, tuple(Difference(name.replace("_", " "), _text(old), _text(new)) for name, old, new in changed)


def preview(
    records: Sequence[Record],
    meaning: str,
    *,
    person: Person | None = None,
    session_key: str = "",
    exceptions: Mapping[UUID, Iterable[str]] | None = None,
    button: str = "",
    statement: str = "",
) -> SigningPreview:
    """Return what a person is to see before signing.

    Args:
        records: what is to be signed, as it stands.
        meaning: one of `Meaning`.
        person: the signer; without, nothing is known of what the dialog must ask.
        session_key: the key of the signer's log-in.
        exceptions: open points of each record by key, in sentences.
        button: the act in words, such as `Approve batch 26-0042`; by default from the meaning and the record.
        statement: the statement to be signed, if it is not the usual one of the meaning.
    """
    kind = Meaning(meaning)
    versions = binding.history([r.id for r in records])
    signatures = signatures_of_many(records)
    items = []
    for record in records:
        since, changed = _since(signatures[record.id], versions[record.id])
        items.append(
            Item(
                key=record.id, type=str(record._meta.verbose_name), label=str(record), version=record.version,
                content_hash=versions[record.id][-1].content_hash, signatures=tuple(signatures[record.id]),
                differences=changed, since=since, exceptions=tuple((exceptions or {}).get(record.id, ())),
            )
        )  # fmt: skip
    asks = credentials.needs(person, session_key) if person else credentials.Needs(True, False, False)
    login = Login.objects.filter(person=person).first() if person else None
    return SigningPreview(
        items=tuple(items), meaning=kind.value, meaning_label=kind.label, statement=statement or STATEMENTS[kind],
        button=button or _button(kind, items), printed_name=person.printed_name if person else "",
        user_id=login.user_id if login else "", needs_user_id=asks.user_id, needs_totp=asks.totp,
        has_passkey=asks.passkey, needs_reason=kind in WITH_REASON,
    )  # fmt: skip


def _button(meaning: Meaning, items: Sequence[Item]) -> str:
    what = items[0].label if len(items) == 1 else f"{len(items)} records"
    return f"{BUTTONS[meaning]}: {what}"


def credentials_from(form: Mapping[str, Any], session_key: str | None) -> Credentials:
    """Return the credentials that the dialog posted, with which version of each record it had shown.

    Raises:
        Invalid: the answer of the passkey is no JSON, or what was shown cannot be read.
    """
    passkey = str(form.get("signing_passkey", "") or "")
    try:
        answer = json.loads(passkey) if passkey else None
    except ValueError as error:
        raise Invalid("the passkey's answer cannot be read", errors={"signing_passkey": "try again"}) from error

    def given(name: str) -> str:
        return str(form.get(name, "") or "")

    return Credentials(
        user_id=given("signing_user_id").strip(),
        password=given("signing_password"),
        session_key=session_key or "",
        totp=given("signing_totp").strip(),
        passkey=answer,
        seen=seen_from(form) if isinstance(form, MultiValueDict) else {},
    )


def seen_from(form: MultiValueDict[str, Any]) -> dict[UUID, int]:
    """Return which version of each record the dialog had shown.

    Raises:
        Invalid: a hidden field was altered to something else.
    """
    found = {}
    for text in form.getlist("signing_seen"):
        key, _, version = str(text).partition(":")
        try:
            found[UUID(key)] = int(version)
        except ValueError as error:
            raise Invalid("what was shown cannot be read", given=repr(text)[:60], next="Open it again") from error
    return found
