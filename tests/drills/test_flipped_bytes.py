"""A thousand bytes are flipped, one after the other, anywhere in what the house keeps: each is found, and named."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger import checkpoints
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry, Personal
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.signing.models import Signature
from tests import factories
from tests.foundation.ledger import house
from tests.foundation.signing import desk as desks

pytestmark = [pytest.mark.drill, pytest.mark.clause("21 CFR 11.10(a)")]
# A thousand on SQLite; on PostgreSQL, where each verification is slower and the code the same, a hundred and fifty.
FLIPS = 1000 if connection.vendor == "sqlite" else 150
BYTES = ("body", "prev", "stream_prev", "hash")
TEXTS = {
    Organization: ("code", "name", "kind"),
    Program: ("code", "name"),
    Person: ("user_id", "printed_name", "email"),
    Lot: ("code", "amount", "unit", "status"),
    Signature: ("target_hash", "printed_name", "statement", "meaning"),
}


@pytest.fixture
def blobs(installation: Any) -> list[str]:
    """A small house with signatures, lots, people, files and two checkpoints; returns the names of its files."""
    desk = desks.make()
    documents.review(desk.reviewer, desk.version, credentials=desks.both(desk.reviewer))
    house.lots(desk.program, 5)
    house.person("ben", "ben@example.org")
    checkpoints.sign()
    names = [store.put(bytes([n]) * (50 + n)) for n in range(3)]
    with act(SYSTEM, "test.note") as opened:
        opened.event("test.note", {"files": names}, program=desk.program.id)
    factories.person(Role.QA)
    checkpoints.sign()
    return names


def flip(data: bytes, luck: random.Random) -> bytes:
    """Flip one bit of one byte."""
    place = luck.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << luck.randrange(8)]) + data[place + 1 :]


def other(text: str, luck: random.Random) -> str:
    """Flip the lowest bit of one character, which stays text."""
    place = luck.randrange(len(text))
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


class Hand:
    """Flips something, and says what verification must name."""

    def __init__(self, luck: random.Random, blobs: list[str], home: Path) -> None:
        self.luck, self.blobs, self.notes = luck, blobs, sorted((home / "checkpoints").glob("*.note"))

    def entry(self) -> str:
        entry = self.luck.choice(list(Entry.objects.all()))
        column = self.luck.choice(BYTES)
        new = flip(bytes(getattr(entry, column)), self.luck)
        house.run(f"UPDATE ledger_entry SET {column} = %s WHERE seq = %s", [new, entry.seq])
        return f"entry {entry.seq}"

    def index(self) -> str:
        entry = self.luck.choice(list(Entry.objects.all()))
        column = self.luck.choice(["stream", "actor", "action", "operation", "record_type"])
        new = other(getattr(entry, column), self.luck)
        house.run(f"UPDATE ledger_entry SET {column} = %s WHERE seq = %s", [new, entry.seq])
        return f"entry {entry.seq}"

    def row(self) -> str:
        model = self.luck.choice(list(TEXTS))
        record = self.luck.choice(list(model._default_manager.all()))
        column = self.luck.choice([name for name in TEXTS[model] if getattr(record, name)])
        name = connection.ops.quote_name(model._meta.db_table)
        new = other(getattr(record, column), self.luck)
        house.run(f"UPDATE {name} SET {column} = %s WHERE id = %s", [new, house.stored(record.id)])
        return str(record.id)

    def personal(self) -> str:
        value = self.luck.choice(list(Personal.objects.all()))
        house.run(
            "UPDATE ledger_personal SET salt = %s WHERE commitment = %s",
            [flip(bytes(value.salt), self.luck), value.commitment],
        )
        return str(value.record_id)

    def blob(self) -> str:
        name = self.luck.choice(self.blobs)
        self.file(store.backend().local(f"sha256/{name[7:9]}/{name[9:]}"))
        return name

    def note(self) -> str:
        place = self.luck.choice(self.notes)
        self.file(place)
        return f"checkpoint {int(place.stem)}"

    def head(self) -> str:
        house.run("UPDATE ledger_head SET hash = %s WHERE stream = ''", [flip(b"\0" * 32, self.luck)])
        return "the whole ledger"

    def file(self, place: Path) -> None:
        self.back = (place, place.read_bytes())
        place.chmod(0o600)
        place.write_bytes(flip(self.back[1], self.luck))


def test_each_flipped_byte_is_found_and_named(installation: Any, blobs: list[str]) -> None:
    luck = random.Random(6962)
    assert verify().holds
    found = 0
    with house.guards_down():
        for _ in range(FLIPS):
            hand = Hand(luck, blobs, installation.home)
            ways: list[Callable[[], str]] = [
                hand.entry,
                hand.row,
                hand.index,
                hand.blob,
                hand.note,
                hand.personal,
                hand.head,
            ]
            way = luck.choices(ways, weights=[8, 8, 3, 2, 2, 1, 1])[0]
            found += flipped(hand, way)
    assert found == FLIPS and verify().holds


def flipped(hand: Hand, way: Callable[[], str]) -> bool:
    """Flip, verify, flip back; say whether the first thing that verification named is what was flipped."""
    hand.back = None
    with transaction.atomic():
        named = way()
        problems = [problem for problem in verify().problems if problem.check != "guards"]
        transaction.set_rollback(True)
    if hand.back is not None:
        hand.back[0].write_bytes(hand.back[1])
    assert problems, f"{way.__name__} of {named} was not found"
    assert any(named in problem.place for problem in problems), (way.__name__, named, problems)
    return True
