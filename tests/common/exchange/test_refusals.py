"""Each kind at each door: a good file is taken; what is torn, wrong, hostile or another's is refused and leaves nothing."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from itertools import product

import pytest
from django.db import transaction

from crdmo.common import exchange
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Entry
from tests.common.exchange.doors import DOORS, Answer, Doors, Sent
from tests.common.exchange.house import FOREIGN, OWN, ROLES, House, converted, good, package, zipped

Change = Callable[[Sent], Sent]


def entries() -> int:
    """Return how much the ledger holds beside the notes of what was refused."""
    return Entry.objects.exclude(record_type="ledger.refusal").count()


def replaced(old: str, new: str) -> Change:
    def change(sent: Sent) -> Sent:
        assert old.encode() in sent.data, old
        return sent.changed(data=sent.data.replace(old.encode(), new.encode(), 1))

    return change


def with_layout(old: str, new: str) -> Change:
    def change(sent: Sent) -> Sent:
        assert sent.beside is not None and old.encode() in sent.beside[1]
        return sent.changed(beside=(sent.beside[0], sent.beside[1].replace(old.encode(), new.encode(), 1)))

    return change


def said(**options: str) -> Change:
    return lambda sent: sent.changed(options={**sent.options, **options})


def holds(content: bytes, name: str = "") -> Change:
    return lambda sent: sent.changed(data=content, name=name or sent.name)


def bomb(_: Sent) -> Sent:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dm.xpt", bytes(3 << 20))
    return Sent("bomb.zip", out.getvalue())


def torn(sent: Sent) -> Sent:
    """Break a file of the archive, not its directory."""
    data = bytearray(sent.data)
    for place in range(60, len(data) // 2, 7):
        data[place] ^= 0x55
    return sent.changed(data=bytes(data))


def folder(name: str, *extra: tuple[str, bytes], without: str = "") -> Change:
    def change(sent: Sent) -> Sent:
        whole = package(name, "dm", "ts", "ta")
        return sent.changed(data=zipped({**{k: v for k, v in whole.items() if k != without}, **dict(extra)}))

    return change


def packages(name: str, other: str) -> dict[str, tuple[Change, str]]:
    return {
        "cut short": (lambda sent: sent.changed(data=sent.data[: len(sent.data) // 2]), "cannot be read"),
        "torn inside": (torn, "cannot be read|directory|not as long|names a file|leads out|archive"),
        "a bomb": (bomb, "bomb"),
        "a way out of the folder": (folder(name, ("../dm.xpt", b"x")), "leads out of its folder"),
        "an absolute name": (folder(name, ("/etc/dm.xpt", b"x")), "leads out of its folder"),
        "two of one name": (folder(name, ("again/dm.xpt", b"x")), "one name"),
        "no animals": (folder(name, without="dm.xpt"), "dm.xpt|has its animals"),
        "a torn transport file": (folder(name, ("ae.xpt", b"HEADER RECORD")), "ae"),
        "a formula instead": (folder(name, ("ae.xpt", b"=cmd|' /C calc'!A0")), "ae"),
        "of another study": (folder(name, ("ta.xpt", package(other, "ta")["ta.xpt"])), "another study|one study"),
    }


TABLES: dict[str, tuple[Change, str]] = {
    "a formula": (holds(b"batch,month,potency\n1,0,=1+1\n", "t.csv"), "formula|number|column|factor"),
    "a torn workbook": (holds(b"PK\x03\x04 torn", "t.xlsx"), "torn|cannot be read"),
    "a torn parquet": (holds(b"PAR1 torn", "t.parquet"), "torn|cannot be read|Parquet"),
    "empty": (holds(b""), "is empty|fill|Choose|submitted file is empty"),
}
HOSTILE: dict[str, dict[str, tuple[Change, str]]] = {
    "structures": {
        "a formula": (holds(b"smiles,name\nCCO,=1+1\n", "s.csv"), "formula"),
        "no structure column": (holds(b"structure,name\nCCO,x\n", "s.csv"), "no column of structures"),
        "a structure that is none": (holds(b"CCO good\nC(C)(C)(C)(C)C impossible\n"), "record 2"),
        "a torn SD file": (holds(b"\x00\xff\xfe", "s.sdf"), "text|read"),
    },
    "plate": {
        "a torn row": (replaced("B,0.045,0.067,", "B,0.045,"), "the row is torn"),
        "a row twice": (replaced("\nC,", "\nB,"), "a row stands twice"),
        "a formula": (replaced("0.073", "=1+1"), "no number"),
        "a formula in the layout": (with_layout("negative,,,", "negative,=1+1,,"), "formula"),
        "a well twice in the layout": (with_layout("B1,", "A01,"), "stands twice"),
        "another unit of dose": (with_layout("nM", "mg"), "unit 'mg'"),
        "another sponsor's lot": (with_layout("sample,SPO", "sample,OTH"), "not known|no such lot"),
        "no layout": (lambda sent: sent.changed(beside=None), "layout"),
        "a wavelength, unit and count that cannot be": (
            lambda sent: sent.changed(name="a.json", data=converted("bmg_mars_format", mended=False)),
            "(?s)(?=.*1 nm)(?=.*104 wells)(?=.*mAU)",
        ),
        "a larger plate": (
            lambda sent: sent.changed(data=sent.data.replace(b"\nH,", b"\na,")), "plate of 1536"
        ),
        "no such run": (said(run="RUN-99"), "no such run"),
    },
    "send": packages("preclinical/send_cj16050", "preclinical/send_pds"),
    "sdtm": packages("regulatory/tdf_sdtm", "preclinical/send_pds"),
    "doe": {
        "a formula": (replaced("80.5", "=80.5"), "formula"),
        "no number": (replaced("80.5", "high"), "a number with a point"),
        "another unit": (replaced("yield", "yield (g)"), "yield is in %"),
        "a missing column": (replaced("temp,", "heat,"), "no such column|missing"),
        "a range that cannot be set": (said(factors="time 80..900, temp 170..180"), "can be set from"),
        "no such parameter": (said(factors="time 80..90, pressure 1..2"), "no such parameter"),
        "a torn range": (said(factors="time 80-90"), "LOW..HIGH"),
        "a torn workbook": (holds(b"PK\x03\x04 torn", "t.xlsx"), "torn|cannot be read"),
    },
    "master": {
        "a formula": (replaced("Charge and stir.", "=1+1"), "formula"),
        "no such material": (replaced("ACT", "NIL"), "no material"),
        "a wrong unit": (replaced("10,kg", "10,furlong"), "furlong|unit"),
        "a missing column": (replaced("equipment", "machine"), "equipment"),
        "no such product": (said(product="NONE"), "no such product"),
    },
    "shelf_life": TABLES, "dissolution": TABLES, "precision": TABLES, "control_limits": TABLES,
}  # fmt: skip


def test_every_kind_of_the_house_has_a_reader_a_verb_and_a_test() -> None:
    known = {one.name for one in exchange.kinds()}
    # Readings, findings and run sheets go to a record that is under way; they are tried where those are.
    assert known == set(ROLES) | {"readings", "findings", "runs"}
    assert set(HOSTILE) == set(ROLES)


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_torn_wrong_or_hostile_is_refused_and_leaves_nothing(house: House, doors: Doors, kind: str) -> None:
    person = house.people[kind]
    doors.token(person)
    for door in DOORS:
        with transaction.atomic():
            _tried(house, doors, door, person, kind)
            # The next door finds the house as this one did.
            transaction.set_rollback(True)


def _tried(house: House, doors: Doors, door: str, person: Person, kind: str) -> None:
    sent = good(house, kind)
    before = entries()
    turn = DOORS.index(door) + list(HOSTILE).index(kind)
    for number, (what, (change, why)) in enumerate(HOSTILE[kind].items()):
        # The first slip of each kind is tried at every door, each other at one, in turn: the doors ask the same table.
        if number and (number + turn) % len(DOORS):
            continue
        answer = doors.bring(door, person, OWN, kind, change(sent))
        _refused(answer, why, f"{door}: {what}")
        assert entries() == before, (door, what)
    # A look writes nothing, and the good file is then taken by the same door.
    assert doors.bring(door, person, OWN, kind, sent, look=True).taken
    assert entries() == before
    taken = doors.bring(door, person, OWN, kind, sent)
    assert taken.taken and entries() > before, taken.says


def _refused(answer: Answer, why: str, what: str) -> None:
    assert not answer.taken and answer.sound, (what, answer.says[-600:])
    assert re.search(why, answer.says, re.IGNORECASE), (what, answer.says[-900:])


def test_the_wrong_role_and_another_sponsors_program_are_refused_at_every_door(house: House, doors: Doors) -> None:
    sent = {kind: good(house, kind) for kind in ROLES}
    for person in (house.stranger, *house.people.values()):
        doors.token(person)
    before = entries()
    for kind, door in product(ROLES, DOORS):
        where = f"{kind}, {door}"
        _refused(doors.bring(door, house.stranger, OWN, kind, sent[kind]), "403|may not", where)
        _refused(doors.bring(door, house.people[kind], FOREIGN, kind, sent[kind]), "404|no such program", where)
    for kind in ROLES:
        _refused(doors.bring("api", house.stranger, OWN, kind, sent[kind], look=True), "403", f"a look at {kind}")
    assert entries() == before
    # What the wrong role tried is on record; a look is no attempt, and what is not there is no breach of a rule.
    assert Entry.objects.filter(record_type="ledger.refusal").count() == len(DOORS) * len(ROLES)


def test_a_kind_that_is_none_is_refused_at_every_door(house: House, doors: Doors) -> None:
    person = house.people["doe"]
    doors.token(person)
    before = entries()
    for door in DOORS:
        _refused(doors.bring(door, person, OWN, "horoscope", Sent("a.csv", b"x")), "no such kind", door)
    assert entries() == before


def test_an_option_that_a_kind_does_not_know_is_refused(house: House, doors: Doors) -> None:
    person = house.people["shelf_life"]
    doors.token(person)
    before = entries()
    for door in ("api", "command"):
        for options, why in (
            ({"horoscope": "good"}, "no such option"),
            ({"lower_limit": "x", "lot": "LOT-99"}, "no such lot"),
        ):
            sent = good(house, "shelf_life")
            _refused(doors.bring(door, person, OWN, "shelf_life", sent.changed(options=options)), why, door)
    assert entries() == before
