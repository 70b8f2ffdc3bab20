"""Tables: sorted, cut into pages by key, the same rows in every format at the same address."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import time

import openpyxl
import polars as pl
import pytest
from django.db import connection
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from crdmo.foundation.accounts.notices import Notice
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid
from crdmo.web.styleguide import samples
from crdmo.web.tables import Column, Table
from tests import factories

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
TABLE = Table(
    "notices",
    "Notices",
    (
        Column("text", "What", sort="text"),
        Column("why", "Amount", kind="number", unit="mg"),
        Column("read", "Read", kind="instant", sort="read"),
        Column("person", "Person", value="person.printed_name", sort="person__printed_name"),
        Column("url", "Address", hidden=True),
    ),
    sort="text",
)


@pytest.fixture
def rows():
    people = [factories.person(Role.ANALYST, user_id=f"p{n}", printed_name=f"Person {n % 2}") for n in range(2)]
    made = [
        Notice(
            person=people[n % 2],
            text=f"notice {n % 7:02d}",
            why=f"{n}.50",
            created=START,
            url="=1+1" if n == 3 else "/x/",
            read=START + dt.timedelta(minutes=n % 5) if n % 3 else None,
        )
        for n in range(120)
    ]
    Notice.objects.bulk_create(made)
    return Notice.objects.filter(text__startswith="notice").select_related("person")


def walk(rows, **query: str) -> list[list[int]]:
    """Follow the links to the next page until there is none."""
    pages, asked = [], QueryDict(mutable=True)
    asked.update({"rows": "25", **query})
    while True:
        page = TABLE.page(asked, rows)
        pages.append([row.pk for row in page.rows])
        if not page.next_url:
            return pages
        asked = QueryDict(page.next_url[1:])


@pytest.mark.parametrize("sort", ["", "text", "-text", "read", "-read", "person", "-person"])
def test_pages_hold_every_row_once_in_the_order_of_the_whole(rows, sort: str) -> None:
    pages = walk(rows, **({"sort": sort} if sort else {}))
    assert [len(page) for page in pages] == [25, 25, 25, 25, 20]
    seen = [key for page in pages for key in page]
    assert len(set(seen)) == 120
    values = {row.pk: (row.text, row.read, row.person.printed_name) for row in rows}
    column = {"text": 0, "read": 1, "person": 2}[sort.lstrip("-") or "text"]
    shown = [values[key][column] for key in seen]
    given = [v for v in shown if v is not None]
    assert given == sorted(given, reverse=sort.startswith("-"))
    assert shown[len(given) :] == [None] * (120 - len(given))  # rows without a value stand last


def test_a_row_that_is_added_meanwhile_shifts_nothing(rows) -> None:
    first = TABLE.page(QueryDict("rows=25"), rows)
    Notice.objects.create(person=rows[0].person, text="notice 00", created=START)
    second = TABLE.page(QueryDict(first.next_url[1:]), rows)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort=nothing", "cannot be sorted by this. Given: nothing"),
        ("sort=why", "Allowed: text, read, person"),
        ("rows=7", "Allowed: 25, 50, 100, 250"),
        ("rows=x", "Given: x"),
        ("after=!!!", "cannot be found"),
        ("after=eyJhIjoxfQ", "cannot be found"),
        ("after=WyJhIl0", "another order"),
        ("format=doc", "Allowed: csv, xlsx, json, parquet"),
    ],
)
def test_what_the_table_cannot_do_is_refused(rows, query: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        TABLE.answer(RequestFactory().get(f"/?{query}"), rows, "web/home.html")


def answer(rows, name: str) -> bytes:
    return TABLE.answer(RequestFactory().get(f"/?format={name}&sort=-text"), rows, "unused.html").content


def test_every_format_holds_the_same_rows_in_the_same_order(rows) -> None:
    from_json = json.loads(answer(rows, "json"))
    from_csv = list(csv.DictReader(io.StringIO(answer(rows, "csv").decode("utf-8-sig"))))
    from_parquet = pl.read_parquet(io.BytesIO(answer(rows, "parquet"))).to_dicts()
    sheet = openpyxl.load_workbook(io.BytesIO(answer(rows, "xlsx"))).active
    assert len(from_json) == len(from_csv) == len(from_parquet) == sheet.max_row - 1 == 120
    assert from_json == from_parquet
    assert [row["why"] for row in from_csv] == [row["why"] for row in from_json]
    assert from_json[0]["text"] == "notice 06" and from_json[0]["why_unit"] == "mg"


def test_digits_stay_in_files(rows) -> None:
    assert {row["why"][-3:] for row in json.loads(answer(rows, "json"))} == {".50"}


def test_a_formula_that_somebody_typed_runs_in_no_spreadsheet(rows) -> None:
    assert "'=1+1" in answer(rows, "csv").decode()
    sheet = openpyxl.load_workbook(io.BytesIO(answer(rows, "xlsx"))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"} == {"s"}


def test_a_file_says_its_name(rows) -> None:
    response = TABLE.answer(RequestFactory().get("/?format=csv"), rows, "unused.html")
    assert response["Content-Disposition"] == 'attachment; filename="notices.csv"'
    assert response["Content-Type"].startswith("text/csv")


def draw(page) -> str:
    return Template("{% table page %}").render(Context({"page": page}))


def test_a_table_has_a_caption_headings_and_labels_for_cards(rows) -> None:
    html = draw(TABLE.page(QueryDict(), rows))
    assert '<caption class="visually-hidden">Notices</caption>' in html
    assert html.count('<th scope="row" data-label="What"') == 50 and html.count('data-label="Amount"') == 50
    assert '<th scope="col" class="num" data-column="why">Amount <span class="unit">(mg)</span></th>' in html


def test_the_sorted_column_says_so_and_its_link_turns_the_order_round(rows) -> None:
    html = draw(TABLE.page(QueryDict("sort=text&rows=25&state=open"), rows))
    assert re.search(
        r'<th scope="col" data-column="text" aria-sort="ascending"><a href="\?sort=-text&amp;rows=25&amp;state=open"',
        html,
    )
    assert html.count("aria-sort") == 1


def test_another_order_starts_at_the_first_row(rows) -> None:
    page = TABLE.page(QueryDict(TABLE.page(QueryDict("rows=25"), rows).next_url[1:]), rows)
    assert "after" not in str(page.head) and page.first_url == "?rows=25"


def test_a_hidden_column_is_there_to_be_chosen(rows) -> None:
    html = draw(TABLE.page(QueryDict(), rows))
    assert html.count('data-column="url" hidden') == 51


def test_an_empty_table_says_so(rows) -> None:
    html = draw(TABLE.page(QueryDict(), rows.none()))
    assert "Nothing here" in html and "<table" not in html


def test_the_number_of_rows_is_said_or_said_to_be_large(rows, monkeypatch) -> None:
    assert TABLE.page(QueryDict(), rows).counted == "120 rows"
    monkeypatch.setattr("crdmo.web.tables.table.COUNTED", 100)
    assert TABLE.page(QueryDict(), rows).counted == "more than 10\u2009000 rows"


@pytest.mark.parametrize("size", [25, 100])
def test_queries_do_not_grow_with_rows(rows, size: int) -> None:
    with CaptureQueriesContext(connection) as asked:
        draw(TABLE.page(QueryDict(f"rows={size}"), rows))
    assert len(asked) == 2  # the rows, and how many


def test_two_hundred_and_fifty_rows_are_drawn_in_time(rows) -> None:
    page = TABLE.page(QueryDict("rows=250"), rows)
    page = type(page)(page.table, page.rows * 2, page.query, page.sorted_by, 250, "", False, 240)
    draw(page)
    start = time.perf_counter()
    draw(page)
    assert time.perf_counter() - start < 0.5


def test_rows_can_be_chosen_by_name() -> None:
    html = draw(samples.table(QueryDict()))
    assert html.count('name="lot"') == 5 and 'aria-label="Choose LOT-26-0001"' in html
    assert 'data-all="lot"' in html and '<tr class="bad">' in html


def test_a_heading_written_by_hand_sorts_the_same_way() -> None:
    request = RequestFactory().get("/?sort=code")
    html = Template("{% sort_header 'code' 'Lot' 'tight' %}").render(Context({"request": request}))
    assert html.startswith('<th scope="col" class="tight" aria-sort="ascending"><a href="?sort=-code" data-swap>Lot')
