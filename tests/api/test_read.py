"""Reading: who asks, pages by cursor, versions as ETags, whole lists as files."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest

from crdmo.foundation.accounts.roles import Role
from tests import factories


def test_me_says_for_whom_a_token_stands_and_how_far_it_reaches(lab, ask) -> None:
    found = ask(lab.analyst, "read").get("me").json()
    assert found["user_id"] == lab.analyst.user_id
    assert found["scopes"] == ["read"]


def test_programs_lists_what_is_open_to_the_person_and_nothing_else(lab, ask) -> None:
    factories.program("OTHER-1", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    assert [one["code"] for one in ask().get("programs").json()["items"]] == [lab.program.code]


def test_a_measured_value_keeps_its_digits(lab, ask) -> None:
    lab.tested(lab.lot())
    found = ask().get("programs/CRD-101/quality/results?test=Assay").json()["items"]
    assert [one["rounded"] for one in found] == ["99.6"]
    assert all(isinstance(one["calculated"], str) for one in found)


def test_pages_by_cursor_give_every_lot_once_whatever_is_written_meanwhile(lab, ask) -> None:
    codes = [lab.lot(f"L-{i:02}").code for i in range(7)]
    asker, found, after = ask(), [], 0
    for number in range(10):
        page = asker.get(f"programs/CRD-101/lots?limit=3&after={after}").json()
        found += [one["code"] for one in page["items"]]
        if number == 0:
            codes.append(lab.lot("L-99").code)
        if page["next"] is None:
            break
        after = page["next"]
    assert found == codes


def test_a_kept_cursor_gives_what_changed_since(lab, ask) -> None:
    first = lab.lot("L-1")
    lab.lot("L-2")
    last = ask().get("programs/CRD-101/lots").json()["items"][-1]["entry"]
    lab.sample(first)  # a sample is taken; the lot itself does not change
    changed = lab.lot("L-3")
    assert [one["code"] for one in ask().get(f"programs/CRD-101/lots?after={last}").json()["items"]] == [changed.code]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1", f"after={2**63}", "format=xml"])
def test_a_page_that_cannot_be_is_refused(lab, ask, query: str) -> None:
    answer = ask().get(f"programs/CRD-101/lots?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/" + query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize("kind", ["json", "csv", "parquet"])
def test_a_list_as_a_file_holds_every_row_with_the_same_digits(lab, ask, kind: str) -> None:
    lab.tested(lab.lot())
    answer = ask().get(f"programs/CRD-101/quality/results?limit=1&format={kind}")
    assert answer["Content-Disposition"] == f'attachment; filename="results.{kind}"'
    if kind == "json":
        rows = answer.json()
    elif kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        rows = pl.read_parquet(answer.content).to_dicts()
    assert sorted(row["rounded"] for row in rows) == ["2.33", "99.6"] or sorted(row["rounded"] for row in rows) == [
        "2.3",
        "99.6",
    ]
    assert len(rows) == 2


def test_a_lot_says_what_is_left_of_it_and_where_it_went(lab, ask) -> None:
    lot = lab.lot()
    sample = lab.sample(lot)
    found = ask().get(f"programs/CRD-101/lots/{lot.code}").json()
    assert (found["remaining"], found["balanced"]) == ("980", True)
    assert [(f["kind"], f["amount"], f["to"]) for f in found["flows"]] == [("sampling", "20", sample.code)]


def test_a_record_carries_its_version_as_etag_and_all_versions_with_hashes(lab, ask) -> None:
    sample = lab.sample(lab.lot())
    answer = ask().get(f"records/{sample.pk}")
    assert answer["ETag"] == f'"{sample.version}"'
    versions = answer.json()["versions"]
    assert [one["version"] for one in versions] == [1, 2]
    assert all(len(one["hash"]) == 64 for one in versions)


def test_the_thread_goes_both_ways(lab, ask) -> None:
    lot = lab.lot()
    lab.tested(lot)
    result = ask().get("programs/CRD-101/quality/results?test=Assay").json()["items"][0]
    up = ask().get(f"records/{result['id']}/thread").json()
    assert str(lot.pk) in {node["id"] for node in up["from"]}
    down = ask().get(f"records/{lot.pk}/thread").json()
    assert result["id"] in {node["id"] for node in down["to"]}


def test_the_ledger_of_a_program_is_a_chain_that_a_program_can_check(lab, ask) -> None:
    from crdmo.foundation.ledger.models import Entry

    found = ask().get("programs/CRD-101/ledger?limit=1000").json()["items"]
    rows = list(Entry.objects.filter(stream=str(lab.program.id)).order_by("seq"))
    assert [one["hash"] for one in found] == [bytes(row.hash).hex() for row in rows]
    assert [one["seq"] for one in found] == [row.seq for row in rows]


def test_the_gates_of_a_lot_say_who_can_close_them(lab, ask) -> None:
    found = ask().get(f"programs/CRD-101/quality/lots/{lab.lot().code}/gates").json()
    assert found["releasable"] is False
    assert all(gate["who"] for gate in found["gates"] if not gate["met"])


def test_a_signed_certificate_is_given_as_it_was_issued(lab, ask) -> None:
    lot = lab.lot()
    lab.tested(lot)
    made = lab.certificate(lot)
    pdf = ask().get(f"programs/CRD-101/quality/certificates/{made.code}/1.pdf")
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert made.code in ask().get(f"programs/CRD-101/quality/certificates/{made.code}/1.json").content.decode()


def test_a_sponsors_token_reads_its_program(lab, ask) -> None:
    lab.lot("L-1")
    assert ask(lab.sponsor).get("programs/CRD-101/lots").json()["items"][0]["code"] == "L-1"


def test_what_belongs_to_another_sponsor_answers_as_what_is_not_there(lab, ask) -> None:
    foreign = factories.program("OTHER-1", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    asker = ask()
    for path in ("lots", "ledger", "quality/results", "quality/analyses"):
        there, nowhere = asker.get(f"programs/OTHER-1/{path}"), asker.get(f"programs/NONE-1/{path}")
        assert there.status_code == nowhere.status_code == 404
        assert there.content == nowhere.content
    none = "0199aaaa-0000-7000-8000-000000000000"
    stranger = ask(factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"), program=foreign))
    own = lab.lot()
    for path in ("", "/thread"):
        assert stranger.get(f"records/{own.pk}{path}").content == stranger.get(f"records/{none}{path}").content
