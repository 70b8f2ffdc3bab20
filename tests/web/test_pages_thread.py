"""The thread of a program: from its substance on, by kinds, with search and the way between two records."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import act
from crdmo.services.quality.models import Certificate, Reading
from tests import factories
from tests.services.quality.conftest import lab  # noqa: F401 — a fixture
from tests.web.house import Browser

PAGE = "/CRD-101/thread/"


@pytest.fixture
def full(lab):  # noqa: F811
    """Return the laboratory after one lot was tested and certified."""
    lot = lab.lot("L-1")
    lab.tested(lot)
    lab.certificate(lot)
    return lab


def test_it_begins_at_the_substance_and_reaches_the_certificate(full) -> None:
    answer = json.loads(Browser(full.sponsor).get(f"{PAGE}?format=json").content)
    assert answer["from"] == str(Substance.objects.get(code="VT-20").pk)
    kinds = {part["type"] for part in answer["stages"]}
    assert {"Substance", "Lot", "Sample", "Certificate"} <= kinds


def test_the_way_names_every_record_between_with_its_signatures(full) -> None:
    certificate = Certificate.objects.get()
    text = Browser(full.sponsor).text(f"{PAGE}?to={certificate.pk}")
    assert "The way from" in text and certificate.code in text
    assert full.qa.printed_name in text or full.qp.printed_name in text


def test_the_way_is_found_from_either_end(full) -> None:
    lot, certificate = Lot.objects.get(code="L-1"), Certificate.objects.get()
    browser = Browser(full.sponsor)
    ways = [
        [step["id"] for step in json.loads(browser.get(f"{PAGE}?format=json&from={a.pk}&to={b.pk}").content)["way"]]
        for a, b in ((lot, certificate), (certificate, lot))
    ]
    assert ways[0] == ways[1] and ways[0][0] == str(lot.pk)


def test_search_finds_what_lies_on_the_thread_only(full) -> None:
    browser = Browser(full.sponsor)
    assert "Show the way" in browser.text(f"{PAGE}?q=L-1")
    stray = stock.register_substance(full.keeper, full.program, code="STRAY-9", name="Stray", kind="excipient")
    assert "Nothing on this thread has" in browser.text(f"{PAGE}?q={stray.code}")


def test_a_correction_marks_what_stands_on_it(full) -> None:
    page = Browser(full.sponsor).text(PAGE)
    assert "stand on data changed since" not in page
    with act(full.analyst, "quality.correct_reading", reason="Read again") as opened:
        opened.change(Reading.objects.order_by("pk").first(), value="2.20")
    assert re.search(r"stands? on data changed since", Browser(full.sponsor).text(PAGE))


def test_another_sponsors_record_is_neither_a_beginning_nor_an_end(full) -> None:
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    secret = stock.register_substance(full.keeper, other, code="SECRET-1", name="Secret", kind="drug_product")
    for query in (f"from={secret.pk}", f"to={secret.pk}", f"to={uuid4()}"):
        assert Browser(full.sponsor).get(f"{PAGE}?{query}").status_code == 404
    assert Browser(full.sponsor).get(f"{PAGE}?from=nothing").status_code == 422


def test_a_program_without_a_substance_says_what_begins_the_thread(full) -> None:
    empty = factories.program("CRD-102", owner=full.program.organization)
    assert "no beginning yet" in Browser(factories.person(Role.SPONSOR_LEAD, empty)).text("/CRD-102/thread/")
