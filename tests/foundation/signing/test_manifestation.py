"""21 CFR 11.50: printed name, date and time, and meaning in every form that people read."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re

import pytest
from django.template.loader import render_to_string

from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.signing import as_csv_rows, as_json, revoke, signatures_of, signatures_of_many
from crdmo.foundation.signing.manifestation import role_in_words
from tests.foundation.signing.desk import Desk, another_version, signed

UTC = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} UTC")


def html(desk: Desk) -> str:
    return render_to_string("signing/manifest.html", {"signatures": signatures_of(desk.version)})


@pytest.mark.clause("21 CFR 11.50(b)")
def test_the_page_shows_name_instant_with_zone_and_meaning(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    page = html(desk)
    assert desk.reviewer.printed_name in page
    assert UTC.search(page)
    assert "Reviewed" in page and "I reviewed this record" in page


@pytest.mark.clause("21 CFR 11.50(b)")
def test_the_json_holds_name_instant_with_zone_and_meaning(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    (found,) = json.loads(json.dumps(as_json(signatures_of(desk.version))))
    assert (found["printed_name"], found["meaning"]) == (desk.reviewer.printed_name, "Reviewed")
    assert found["time_zone"] == "UTC"
    assert found["signed_at_utc"] == made.signed_at


@pytest.mark.clause("21 CFR 11.50(b)")
def test_the_csv_holds_name_instant_with_zone_and_meaning(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    text = io.StringIO()
    csv.writer(text).writerows(as_csv_rows(signatures_of(desk.version)))
    text.seek(0)
    (row,) = csv.DictReader(text)
    assert (row["printed_name"], row["meaning"], row["time_zone"]) == (desk.reviewer.printed_name, "Reviewed", "UTC")
    assert row["signed_at_utc"].endswith("Z")


@pytest.mark.clause("21 CFR 11.50(a)")
def test_the_sentence_says_who_when_why_and_of_which_version(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    (shown,) = signatures_of(desk.version)
    assert shown.sentence.startswith(f"Reviewed by {desk.reviewer.printed_name}, QC reviewer on ")
    assert shown.sentence.endswith("UTC, version 2")


@pytest.mark.clause("21 CFR 11.50(a)(2)")
def test_the_instant_is_the_servers_in_utc(desk: Desk) -> None:
    before = dt.datetime.now(dt.UTC)
    signed(desk.reviewer, [desk.version])
    (shown,) = signatures_of(desk.version)
    assert before <= shown.signed_at <= dt.datetime.now(dt.UTC)
    assert shown.signed_at.utcoffset() == dt.timedelta(0)


def test_the_role_is_shown_in_the_words_of_the_field(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    assert signatures_of(desk.version)[0].role == "QC reviewer"
    assert role_in_words("qa (delegated by Ann)") == "Quality assurance (delegated by Ann)"
    assert role_in_words("system") == "system"


def test_a_signature_that_no_longer_holds_says_so_in_words_everywhere(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    with act(SYSTEM, "documents.edit", "correction") as opened:
        opened.change(desk.version, text="corrected")
    shown = signatures_of(desk.version)
    assert "Record changed since" in html(desk)
    assert as_json(shown)[0]["state"] == "Record changed since"
    assert "record changed since" in shown[0].sentence


def test_a_revoked_signature_keeps_its_place_and_its_entry(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    entry = made.entry
    with act(desk.reviewer, "documents.review", "mistake") as opened:
        revoke(opened, made)
    (shown,) = signatures_of(desk.version)
    assert shown.entry == entry
    assert "Revoked" in html(desk)


def test_signatures_are_listed_in_the_order_of_signing(desk: Desk) -> None:
    signed(desk.author, [desk.version], "authored", action="documents.edit")
    signed(desk.reviewer, [desk.version])
    signed(desk.approver, [desk.version], "approved", action="documents.approve")
    assert [m.meaning for m in signatures_of(desk.version.id)] == ["authored", "reviewed", "approved"]


def test_an_unsigned_record_says_so(desk: Desk) -> None:
    assert "Not signed yet" in html(desk)


def test_a_name_cannot_smuggle_markup_into_the_page(desk: Desk) -> None:
    with act(SYSTEM, "accounts.change_person", "test") as opened:
        opened.change(desk.reviewer, printed_name="<script>alert(1)</script>")
    signed(desk.reviewer, [desk.version])
    assert "<script>" not in html(desk)


def test_a_name_cannot_smuggle_a_formula_into_the_spreadsheet(desk: Desk) -> None:
    with act(SYSTEM, "accounts.change_person", "test") as opened:
        opened.change(desk.reviewer, printed_name="=HYPERLINK(1)")
    signed(desk.reviewer, [desk.version])
    assert as_csv_rows(signatures_of(desk.version))[1][0] == "'=HYPERLINK(1)"


def test_the_signatures_of_many_records_take_few_queries(
    desk: Desk, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    versions = [desk.version, *(another_version(desk, f"SOP-{n}") for n in range(20, 40))]
    signed(desk.reviewer, versions)
    with django_assert_max_num_queries(2):
        found = signatures_of_many(versions)
    assert [len(found[v.id]) for v in versions] == [1] * 21
