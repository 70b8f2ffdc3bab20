"""A controlled document prints with its signatures; all but the version in force say across the page what they are."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.documents import workflow
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.documents.printing import document_pdf
from crdmo.foundation.ledger.acts import SYSTEM, act
from tests.foundation.documents import reading
from tests.foundation.documents.test_lifecycle import effective, next_version
from tests.foundation.signing.desk import Desk, both


@pytest.mark.clause("21 CFR 11.50(b)")
def test_the_print_shows_name_instant_with_zone_and_meaning(desk: Desk) -> None:
    text = reading.text(document_pdf(effective(desk, desk.version)))
    for person, meaning in ((desk.reviewer, "Reviewed"), (desk.approver, "Approved")):
        assert person.printed_name in text and meaning in text
    assert f"{dt.datetime.now(dt.UTC):%b %Y}" in text and "UTC" in text


def test_a_draft_carries_a_watermark_and_the_version_in_force_none(desk: Desk) -> None:
    assert reading.watermarked_pages(document_pdf(desk.version)) == [1]
    assert reading.watermarked_pages(document_pdf(effective(desk, desk.version))) == []


def test_a_superseded_or_void_version_carries_a_watermark(desk: Desk) -> None:
    first = effective(desk, desk.version)
    second = next_version(desk)
    effective(desk, second)
    first.refresh_from_db()
    assert reading.watermarked_pages(document_pdf(first)) == [1]
    with act(SYSTEM, "documents.withdraw", "mistake") as opened:
        opened.void(second)
    assert reading.watermarked_pages(document_pdf(second)) == [1]


def test_the_issued_document_is_the_same_bytes_years_later(desk: Desk) -> None:
    version = effective(desk, desk.version)
    first = document_pdf(version)
    assert document_pdf(DocumentVersion.objects.get(pk=version.pk)) == first


def test_a_print_says_by_whom_and_when(desk: Desk) -> None:
    at = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
    text = reading.text(document_pdf(effective(desk, desk.version), printed_by="Ann Analyst", at=at))
    assert "Uncontrolled copy, printed by Ann Analyst, 24 Nov 2026 11:00 UTC" in text


def test_a_controlled_copy_says_its_number_and_holder(desk: Desk) -> None:
    version = effective(desk, desk.version)
    copy = workflow.issue_copy(desk.author, version, holder=desk.reviewer, place="Balance room")
    text = reading.text(document_pdf(version, copy=copy))
    assert f"Controlled copy 1, held by {desk.reviewer.printed_name}, Balance room" in text


def test_the_versions_before_are_listed_with_what_changed(desk: Desk) -> None:
    effective(desk, desk.version)
    text = reading.text(document_pdf(effective(desk, next_version(desk))))
    assert "First version" in text and "More sample" in text and "Superseded" in text


def test_a_copy_of_an_old_version_says_nothing_of_later_ones(desk: Desk) -> None:
    first = effective(desk, desk.version)
    next_version(desk)
    assert "More sample" not in reading.text(document_pdf(first))


def test_a_signature_that_no_longer_holds_is_printed_so(desk: Desk) -> None:
    workflow.review(desk.reviewer, desk.version, credentials=both(desk.reviewer))
    with act(SYSTEM, "documents.edit", "correction") as opened:
        opened.change(desk.version, text="Weigh 1 g.")
    assert "Record changed since" in reading.text(document_pdf(desk.version))


def test_headings_of_the_text_are_bookmarks(desk: Desk) -> None:
    found = reading.bookmarks(document_pdf(desk.version))
    assert [title.split(" ")[-1] for title in found] == ["Purpose", "Signatures", "Versions"]


def test_a_file_goes_with_the_print_under_its_own_name(
    desk: Desk, tmp_path: object, settings: pytest.FixtureRequest
) -> None:
    from crdmo.foundation.datasets import store

    settings.STORAGE_URL = f"file://{tmp_path}"
    name = store.put(b"the method as its vendor wrote it")
    document = workflow.create_document(
        desk.author, code="MET-1", title="Vendor's method", kind="method", owner=desk.author, program=desk.program
    )
    version = workflow.draft(desk.author, document, file=name, filename="method.txt")
    made = document_pdf(version)
    assert reading.attached(made) == {"method.txt": b"the method as its vendor wrote it"}
    assert reading.standard(made) == "3b"


def test_data_blocks_print_like_text(desk: Desk) -> None:
    document = workflow.create_document(
        desk.author, code="REP-1", title="Report", kind="report", owner=desk.author, program=desk.program
    )
    results = {"blocks": [{"kind": "heading", "level": 1, "text": "Results"}]}
    version = workflow.draft(desk.author, document, data=results)
    assert "1 Results" in reading.text(document_pdf(version)).replace("  ", " ")
