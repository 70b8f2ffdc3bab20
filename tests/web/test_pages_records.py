"""Desk, program, record, thread, ledger and search: what is shown, to whom, as of when, and with how many queries."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry
from crdmo.services.quality.models import Result
from tests import factories
from tests.services.quality.conftest import lab  # noqa: F401 — a fixture
from tests.web.house import Browser


@pytest.fixture
def full(lab):  # noqa: F811
    """Return the laboratory after one lot was tested."""
    lab.tested(lab.lot("L-1"))
    return lab


@pytest.fixture
def foreign(full):
    """Return a lot of another sponsor at the same laboratory, which the sponsor's people must not see."""
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    product = stock.register_substance(full.keeper, other, code="SECRET-1", name="Secret", kind="drug_product")
    return stock.register_lot(full.keeper, product, code="SECRET-LOT", amount="1", unit="g")


def plain(text: bytes) -> bytes:
    return re.sub(rb'csrfmiddlewaretoken" value="\w+"|\d{4}-\d\d-\d\d \d\d:\d\d UTC', b"", text)


def result() -> Result:
    return Result.objects.get(test__criterion__name="Assay")


def test_the_desk_shows_what_waits_for_this_person_only(full) -> None:
    lot = full.lot("L-2")
    _, water = full.tests(lot)
    full.enter(water, ("2.31", "2.35"))
    assert "1 results" in Browser(full.reviewer).text("/")
    assert "To verify" not in Browser(full.sponsor).text("/")


def test_a_program_shows_its_lots_and_what_changed_last(full) -> None:
    text = Browser(full.sponsor).text("/CRD-101/")
    assert "L-1" in text and full.reviewer.printed_name in text


# What a page may ask: the door and the shell take 10; desk, program and search ask every room or every kind of record,
# and a room with nothing to show costs the desk five: roles, training, and one a kind of work.
BUDGET = {
    "/CRD-101/ledger/": 15,
    "/CRD-101/materials/": 15,
    "/CRD-101/contracts/": 15,
    "/CRD-101/proof/": 16,
    "/": 50,
    "/CRD-101/": 53,
    "/search/?q=L-1": 15,
}


@pytest.mark.parametrize("path", BUDGET)
def test_a_page_asks_few_queries(full, path: str) -> None:
    assert Browser(full.qa).queries(path) <= BUDGET[path]


def test_pages_of_one_record_ask_few_queries(full) -> None:
    browser = Browser(full.qa)
    assert browser.queries(f"/record/{result().pk}/") <= 18
    # Each record of a thread is asked for its page and its name, so this grows with the thread: 23 records and seven layers here.
    assert browser.queries(f"/thread/{result().test.sample.lot_id}/") <= 70


@pytest.mark.parametrize("path", ["/", "/CRD-101/", "/CRD-101/materials/", "/search/?q=M-"])
def test_a_page_asks_as_many_queries_for_twenty_lots_as_for_one(full, path: str) -> None:
    browser = Browser(full.qa)
    full.lot("M-99")
    one = browser.queries(path)
    for number in range(20):
        full.lot(f"M-{number:02}")
    assert browser.queries(path) <= one + 2


@pytest.mark.clause("21 CFR 11.10(e)")
def test_a_record_shows_every_version_with_who_when_and_why(full) -> None:
    sample = full.sample(full.lot("L-3"))
    text = Browser(full.qa).text(f"/record/{sample.pk}/")
    assert full.keeper.printed_name in text and "Refrigerator 3" in text
    versions = Browser(full.qa).get(f"/record/{sample.pk}/?format=json").json()["versions"]
    assert [one["version"] for one in versions] == [2, 1]


def test_a_record_is_shown_as_it_stood_at_an_instant(full) -> None:
    sample = full.sample(full.lot("L-3"))
    first = Entry.objects.get(record_id=sample.pk, version=1)
    browser, path = Browser(full.qa), f"/record/{sample.pk}/?format=json&as_of="
    at = first.at.isoformat().replace("+", "%2B")
    assert [one["version"] for one in browser.get(path + at).json()["versions"]] == [1]
    before = (first.at - dt.timedelta(days=1)).isoformat().replace("+", "%2B")
    assert browser.get(path + before).status_code == 404
    assert browser.get(path + "yesterday").status_code == 422


def test_the_copy_of_a_record_is_a_pdf(full) -> None:
    answer = Browser(full.qa).get(f"/record/{result().pk}/copy.pdf")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_the_thread_is_the_same_from_either_end(full) -> None:
    lot, found = result().test.sample.lot, result()
    browser = Browser(full.qa)
    up = browser.get(f"/thread/{found.pk}/?format=json").json()
    down = browser.get(f"/thread/{lot.pk}/?format=json").json()
    assert str(lot.pk) in {node["id"] for node in up["from"]}
    assert str(found.pk) in {node["id"] for node in down["to"]}


@pytest.mark.clause("21 CFR 11.10(d)")
@pytest.mark.parametrize(
    "path", ["/record/{}/", "/record/{}/copy.pdf", "/thread/{}/", "/record/{}/?format=json", "/thread/{}/?format=json"]
)
def test_a_foreign_record_answers_as_one_that_is_not_there(full, foreign, path: str) -> None:
    browser, none = Browser(full.sponsor), str(uuid4())
    there, nowhere = browser.get(path.format(foreign.pk)), browser.get(path.format(none))
    assert there.status_code == nowhere.status_code == 404
    assert plain(there.content).replace(str(foreign.pk).encode(), b"") == plain(nowhere.content).replace(
        none.encode(), b""
    )


def test_search_finds_ones_own_and_nothing_of_another_sponsor(full, foreign) -> None:
    mine, theirs = Browser(full.sponsor), Browser(factories_person_of(foreign))
    assert "SECRET-LOT" not in mine.text("/search/?q=SECRET").replace('value="SECRET"', "")
    assert "SECRET-LOT" in theirs.text("/search/?q=SECRET")
    assert not [
        g
        for g in theirs.get("/search/?q=L-1", Accept="application/json").json()["groups"]
        if any(i["label"] == "L-1" for i in g["items"])
    ]


def factories_person_of(lot):
    person = factories.person(Role.SPONSOR_LEAD, lot.program, organization=factories.sponsor("OTHER"))
    factories.login(person)
    return person


def test_search_opens_the_only_record_with_exactly_this_number(full) -> None:
    answer = Browser(full.qa).get("/search/?q=L-1&go=1")
    assert answer.status_code == 302 and "L-1" in answer["Location"]


@pytest.mark.clause("21 CFR 11.10(e)")
def test_the_ledger_of_a_program_is_filtered_as_a_reviewer_asks(full) -> None:
    browser = Browser(full.qa)
    everything = browser.get("/CRD-101/ledger/?format=json").json()["entries"]
    hers = browser.get(f"/CRD-101/ledger/?format=json&person={full.reviewer.actor_id}").json()["entries"]
    assert hers and {e["actor"] for e in hers} == {full.reviewer.actor_id}
    assert len(hers) < len(everything)
    readings = browser.get("/CRD-101/ledger/?format=json&type=quality.reading").json()["entries"]
    assert {e["type"] for e in readings} == {"quality.reading"}


def test_the_ledger_goes_on_where_a_page_ends(full) -> None:
    browser = Browser(full.qa)
    first = browser.get("/CRD-101/ledger/?format=json").json()["entries"]
    later = browser.get(f"/CRD-101/ledger/?format=json&before={first[-1]['seq']}").json()["entries"]
    assert not {e["seq"] for e in first} & {e["seq"] for e in later}
