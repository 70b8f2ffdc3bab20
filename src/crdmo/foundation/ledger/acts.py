"""An act: what one person does at one moment, written whole or not at all.

    with ledger.act(person, "quality.receive_sample") as act:
        sample = act.create(Sample, program=program, code="S-0001")

Every write in the house goes through here. The act asks the actor's authority for each program it touches, so no verb
can forget to.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from crdmo.proof import canonical, commitments
from crdmo.proof.identifiers import uuid7

from ..refusals import Conflict, Invalid, Refused
from . import guards, state, thread
from .chainwriter import ChainWriter
from .models import Personal, Record, Sealed, State

R = TypeVar("R", bound=Record)
CLOCK_STEP = dt.timedelta(seconds=2)


class Actor(Protocol):
    """Who acts: a person, or the system."""

    @property
    def actor_id(self) -> str:
        """Key of the person, or `system`."""

    @property
    def printed_name(self) -> str:
        """The name as printed today; it is written into each entry."""

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return the role in which the person may do this here.

        Raises:
            NotPermitted: no role here may do it.
        """


class System:
    """The installation itself: jobs, migrations, first set-up."""

    actor_id = "system"
    printed_name = "System"

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return `system`."""
        return "system"


SYSTEM = System()


class Act:
    """One open act. Use `act()`; never build it by hand."""

    def __init__(self, actor: Actor, action: str, reason: str, using: str) -> None:
        self.actor, self.action, self.reason = actor, action, reason.strip()
        self.id = uuid7()
        self._roles: dict[tuple[UUID | None, UUID | None], str] = {}
        self._headers: dict[str, dict[str, str]] = {}
        self._personal: list[dict[str, Any]] = []
        self._sealed: list[dict[str, Any]] = []
        self._writer = ChainWriter(using)
        self.using = using
        if self._writer.stepped_back > CLOCK_STEP:
            seconds = str(round(self._writer.stepped_back.total_seconds(), 3))
            self.event("ledger.clock_anomaly", {"behind_last_entry_seconds": seconds})

    @property
    def now(self) -> dt.datetime:
        """The moment of the act: server time in UTC, never before the entry before it."""
        return self._writer.now

    def authorise(self, program: UUID | None, organization: UUID | None) -> str:
        """Return the actor's role for this act here, asked once for each program.

        Raises:
            NotPermitted: the actor may not do this here.
        """
        key = (program, organization)
        if key not in self._roles:
            self._roles[key] = self.actor.role_for(self.action, program, organization)
        return self._roles[key]

    def _header(self, role: str) -> dict[str, str]:
        if role not in self._headers:
            self._headers[role] = {
                "act": str(self.id), "actor": self.actor.actor_id, "name": self.actor.printed_name, "role": role,
                "action": self.action, "reason": self.reason,
            }  # fmt: skip
        return self._headers[role]

    def _append(self, record: Record, operation: str, contents: State) -> None:
        role = self.authorise(record.program_id, record.organization_id)
        model = type(record)
        record.entry = self._writer.append(
            self._header(role), stream=record.stream(), operation=operation, type=model.record_type(),
            schema=model.schema, record=record.id, version=record.version, organization=record.organization_id,
            contents=state.text(model, contents),
        )  # fmt: skip

    def create(self, model: type[R], /, **values: Any) -> R:
        """Write a new record and return it.

        Raises:
            Invalid: a value does not fit its field, or a field is unknown.
            NotPermitted: the actor may not do this here.
        """
        return self.create_many(model, [values])[0]

    def create_many(self, model: type[R], rows: Iterable[Mapping[str, Any]]) -> list[R]:
        """Write many new records of one type: one entry each, one transaction, in the order given."""
        made = [self._new(model, row) for row in rows]
        self._put_aside()
        edges: list[tuple[UUID, UUID, str]] = []
        for record in made:
            contents = state.of(record)
            self._append(record, "create", contents)
            edges += thread.edges_of(model, record.id, contents)
        if made:
            self._writer.insert(model, made)
            if edges:
                thread.weave(self.using, edges)
            for record in made:
                record._state.adding, record._state.db = False, self.using
        return made

    def _new(self, model: type[R], row: Mapping[str, Any]) -> R:
        values = dict(row)
        for name in (*model.personal, *model.sealed):
            values["id"] = values.get("id") or uuid7()
            values[name] = self._commit(model, values["id"], name, values.get(name) or "")
        if values.get("organization") is None and values.get("organization_id") is None and "program" in values:
            values["organization_id"] = getattr(values["program"], "organization_id", None)
        try:
            record = state.made(model, values)
        except (TypeError, ValueError) as error:
            raise Invalid(f"this is not a {model._meta.verbose_name}", given=str(error)) from error
        record.version = 1
        return record

    def _commit(self, model: type[Record], record_id: UUID, name: str, value: str) -> str:
        """Put a personal or sealed value aside and return the commitment that stands for it in the ledger."""
        if not value:
            return ""
        kept = self._sealed if name in model.sealed else self._personal
        salt = secrets.token_bytes(32)
        commitment = commitments.commit(salt, value)
        text = canonical.encode(value).decode()
        kept.append({"commitment": commitment, "salt": salt, "value": text, "record_id": record_id, "field": name})
        return commitment

    def _put_aside(self) -> None:
        """Write the values that were committed to, before the entries that name them."""
        stores: tuple[tuple[Any, list[dict[str, Any]]], ...] = ((Personal, self._personal), (Sealed, self._sealed))
        for store, rows in stores:
            if rows:
                store.objects.using(self.using).bulk_create([store(**row) for row in rows], batch_size=150)
                rows.clear()

    def change(self, record: R, /, **values: Any) -> R:
        """Write a new version of a record and return it (the same object, brought up to date).

        A reason is required unless only fields that a workflow step moves on (`Record.steps`) change.

        Raises:
            Conflict: somebody wrote a newer version since this one was read.
            Invalid: no reason was given, or a value does not fit.
        """
        if record.is_void:
            raise Refused(f"{record} is void", next="Create a new record instead")
        names = {name.removesuffix("_id") for name in values}
        if not self.reason and not names <= type(record).steps:
            raise Invalid("a change of recorded data needs a reason", errors={"reason": "say why this is changed"})
        for name in names & {*type(record).personal, *type(record).sealed}:
            values[name] = self._commit(type(record), record.id, name, values[name])
        self._put_aside()
        return self._write(record, "change", values)

    def unseal(self, records: Sequence[Record], name: str) -> list[str]:
        """Open a sealed value of each record and return the values in order. The opening is an entry; they are not.

        Raises:
            Refused: a value is not there, or is not the one committed to.
        """
        wanted = [getattr(record, name) for record in records]
        found = {row.commitment: row for row in Sealed.objects.using(self.using).filter(commitment__in=wanted)}
        values = []
        for record, commitment in zip(records, wanted, strict=True):
            row = found.get(commitment)
            if row is None or row.record_id != record.id or name not in type(record).sealed:
                raise Refused(f"{record} has no sealed value to open", next="Verify the ledger")
            values.append(str(canonical.decode(row.value.encode())))
        for program in {(record.program_id, record.organization_id) for record in records}:
            keys = [str(r.id) for r in records if (r.program_id, r.organization_id) == program]
            self.event("ledger.unsealed", {"records": keys, "field": name}, program=program[0], organization=program[1])
        return values

    def void(self, record: R, /) -> R:
        """Declare a record void. It stays readable, with the reason; nothing is deleted."""
        if not self.reason:
            raise Invalid("a record is voided with a reason", errors={"reason": "say why this is void"})
        return self._write(record, "void", {"is_void": True})

    def _write(self, record: R, operation: str, values: Mapping[str, Any]) -> R:
        expected, before = (
            record.version,
            {a: getattr(record, a) for a in (f.attname for f in record._meta.concrete_fields)},
        )
        fields = {f.name for f in record._meta.concrete_fields} | {f.attname for f in record._meta.concrete_fields}
        if unknown := set(values) - fields:
            raise Invalid(f"{record._meta.verbose_name} has no such field", given=", ".join(sorted(unknown)))
        try:
            for name, value in values.items():
                setattr(record, name, value)
            record.version = expected + 1
            if record.program_id != before["program_id"] or record.organization_id != before["organization_id"]:
                raise Refused("a record never moves to another program or organization", next="Create it there")
            self._refuse_stale(record, expected)
            contents = state.of(record)
            self._append(record, operation, contents)
            if not self._writer.update(record, expected):
                raise self._conflict(record, expected)
            thread.rethread(record, contents, {name.removesuffix("_id") for name in values}, self.using)
        except BaseException:
            # The object in memory must not show what was not written.
            for name, value in before.items():
                setattr(record, name, value)
            raise
        return record

    def _refuse_stale(self, record: Record, expected: int) -> None:
        now = (
            type(record)
            ._default_manager.using(self.using)
            .filter(pk=record.pk)
            .values_list("version", flat=True)
            .first()
        )
        if now != expected:
            raise self._conflict(record, expected)

    def _conflict(self, record: Record, expected: int) -> Conflict:
        return Conflict(
            f"{record} was changed since it was read",
            given=f"version {expected}",
            allowed="the version that stands now",
            next="Read it again, compare, and repeat what still applies",
        )

    def event(
        self, type: str, contents: State, *, program: UUID | None = None, organization: UUID | None = None
    ) -> UUID:
        """Write an entry that is no record: a log-in, a refusal, an export, a reading of a trail."""
        role = self.authorise(program, organization)
        key = uuid7()
        self._writer.append(
            self._header(role), stream=str(program or organization or "installation"), operation="event", type=type,
            schema=1, record=key, version=1, organization=organization,
            contents=canonical.encode(contents).decode(),
        )  # fmt: skip
        return key

    def close(self) -> None:
        """Bring what is pending to the database."""
        self._writer.close()


@contextmanager
def _alone(action: str, using: str) -> Iterator[None]:
    connection: Any = connections[using]
    outer = getattr(connection, "crdmo_open_act", "")
    if outer:
        raise RuntimeError(f"{action} opens an act within {outer}: pass the open act on (verb.within)")
    connection.crdmo_open_act = action
    try:
        yield
    finally:
        connection.crdmo_open_act = ""


@contextmanager
def act(actor: Actor, action: str, reason: str = "", *, using: str = DEFAULT_DB_ALIAS) -> Iterator[Act]:
    """Open an act: one transaction that holds the head of the chain until it is committed or given up.

    Raises:
        RuntimeError: an act is open already: two would both continue the same head.
    """
    try:
        with _alone(action, using), transaction.atomic(using=using):
            opened = Act(actor, action, reason, using)
            yield opened
            opened.close()
    except Refused as refused:
        if refused.aftermath is not None:
            after, refused.aftermath = refused.aftermath, None
            after()
        raise


def refusal(actor: Actor, action: str, refused: Refused, program: UUID | None, organization: UUID | None) -> None:
    """Write down that a step was refused, in an act of its own: the refused one left nothing."""
    contents = {
        "refused": action,
        "kind": refused.kind,
        **{k: str(v) for k, v in refused.as_json().items() if k != "errors"},
    }

    class _Noted:
        actor_id, printed_name = actor.actor_id, actor.printed_name

        def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
            return "refused"

    with act(_Noted(), action) as noted:
        noted.event("ledger.refusal", contents, program=program, organization=organization)


def personal(record: Record, name: str, *, using: str = DEFAULT_DB_ALIAS) -> str | None:
    """Return a personal value of a record, or None when it was erased or never given."""
    commitment = getattr(record, name)
    found = Personal.objects.using(using).filter(commitment=commitment).first() if commitment else None
    return None if found is None else str(canonical.decode(found.value.encode()))


def erase(actor: Actor, record: Record, name: str, reason: str, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Erase a personal value, in all its versions, on lawful request. Commitments and a tombstone stay, the proof holds.

    Raises:
        Invalid: no reason was given.
        Refused: there is nothing to erase.
    """
    if not reason.strip():
        raise Invalid("an erasure needs a reason", errors={"reason": "name the request and its legal ground"})
    with act(actor, "ledger.erase", reason, using=using) as opened:
        values = Personal.objects.using(using).filter(record_id=record.id, field=name)
        gone = sorted(values.values_list("commitment", flat=True))
        if not gone:
            raise Refused(f"{record} holds no {name} that could be erased")
        values.delete()
        contents = {"record": str(record.id), "type": record.record_type(), "field": name, "commitments": gone}
        opened.event("ledger.erasure", contents, program=record.program_id, organization=record.organization_id)
    guards.forget(using)


__all__ = ["SYSTEM", "Act", "Actor", "act", "erase", "personal", "refusal"]
