"""The thread of a program: from its substance on, by kinds, with search and the way between two records."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from crdmo.common import threads
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.services.quality.models import Certificate, Reading
from crdmo.web.links import record_url
from tests import factories
from tests.services.quality.conftest import lab  # noqa: F401 — a fixture
from tests.web.house import Browser

PAGE = "/CRD-101/thread/"
API = "/api/v1/programs/CRD-101/thread"


@pytest.fixture
def full(lab):  # noqa: F811
    """Return the laboratory after one lot was tested and certified."""
    lot = lab.lot("L-1")
    lab.tested(lot)
    lab.certificate(lot)
    return lab


def test_it_begins_at_the_substance_and_reaches_the_certificate(full) -> None:
    answer = Browser(full.sponsor).get(API).json()
    first = Substance.objects.order_by("entry").first()
    assert first is not None and answer["from"] == str(first.pk)
    kinds = {kind["type"]: kind["stage"] for kind in answer["kinds"]}
    assert kinds["materials.lot"] == "Materials and batches" and kinds["quality.certificate"] == "Tests and release"
    assert first.name in Browser(full.sponsor).text(PAGE)


def test_the_way_names_every_record_between_with_its_signatures(full) -> None:
    certificate = Certificate.objects.get()
    text = Browser(full.sponsor).text(f"{PAGE}?to={certificate.pk}")
    assert "The way from" in text and certificate.code in text
    assert full.qa.printed_name in text or full.qp.printed_name in text


def test_the_way_is_found_from_either_end(full) -> None:
    lot, certificate = Lot.objects.get(code="L-1"), Certificate.objects.get()
    browser = Browser(full.sponsor)
    ways = [
        [step["id"] for step in browser.get(f"{API}?from={a.pk}&to={b.pk}").json()["way"]]
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
    browser = Browser(full.sponsor)
    assert re.search(r"stands? on data changed since", browser.text(PAGE))
    listed = browser.text("/CRD-101/stale/")
    assert full.analyst.printed_name in listed and "Reason: Read again" in listed
    certificate = Certificate.objects.get()
    assert certificate.code in listed and record_url(certificate) in listed, "what was signed is named with its page"
    stranger = factories.person(Role.SPONSOR_LEAD, factories.program("OTHER-1", owner=factories.sponsor("OTHER")),
                                organization=factories.sponsor("OTHER"))  # fmt: skip
    assert certificate.code not in Browser(stranger).text("/OTHER-1/stale/")


def test_another_sponsors_record_is_neither_a_beginning_nor_an_end(full) -> None:
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    secret = stock.register_substance(full.keeper, other, code="SECRET-1", name="Secret", kind="drug_product")
    for query in (f"from={secret.pk}", f"to={secret.pk}", f"to={uuid4()}"):
        for address in (PAGE, API):
            assert Browser(full.sponsor).get(f"{address}?{query}").status_code == 404, (address, query)
    assert Browser(full.sponsor).get(f"{PAGE}?from=nothing").status_code == 422


def test_a_program_without_a_substance_says_what_begins_the_thread(full) -> None:
    empty = factories.program("CRD-102", owner=full.program.organization)
    assert "no beginning yet" in Browser(factories.person(Role.SPONSOR_LEAD, empty)).text("/CRD-102/thread/")


def test_a_number_names_one_record_and_says_so_when_it_names_several(full) -> None:
    assert threads.coded(full.program, "lot:L-1") == Lot.objects.get(code="L-1")
    with pytest.raises(NotFound):
        threads.coded(full.program, "L-404")
    stock.register_substance(full.keeper, full.program, code="L-1", name="Named like a lot", kind="excipient")
    with pytest.raises(Invalid, match="several records"):
        threads.coded(full.program, "L-1")


def test_a_record_of_the_house_is_no_way_to_another_sponsors_work(full) -> None:
    """A method serves all programs: who works in one of them does not find the others' runs by following it."""
    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    browser = Browser(factories.person(Role.ANALYST, other))
    address = f"/OTHER-1/thread/?from={full.assay.pk}"
    for asked in ("WS-", "L-1"):
        text = browser.text(f"{address}&q={asked}")
        assert "Show the way" not in text and f"Nothing on this thread has “{asked}”" in text
    assert "Show the way" in Browser(full.analyst).text(f"/CRD-101/thread/?from={full.assay.pk}&q=WS-")
