"""Tables that people bring: three published answers to their printed digits; what is torn or hostile leaves nothing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing import recompute_bundle
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger import bundles
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.signing import signatures_of
from crdmo.services.quality.models import Analysis
from crdmo.services.quality.workflow import analyses
from tests import factories
from tests.api.asker import Asker
from tests.api.tables import TABLES, Published
from tests.services.quality import lab as laboratory

NEW = "programs/CRD-101/quality/analyses/new"


def bring(asker: Asker, table: Published, **more: str):
    fields = {"kind": table.kind, "title": table.source, "options": ";".join(table.options), **more}
    return asker.upload(NEW, (Path(table.file).name, table.data), fields)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_a_published_table_gives_the_printed_answer(lab, ask, table: Published) -> None:
    answer = bring(ask(), table)
    assert answer.status_code == 200, answer.content
    assert table.found(answer.json()["output"]) == table.answer
    made = Analysis.objects.get(code=answer.json()["code"])
    assert store.get(made.dataset.original) == table.data


@pytest.mark.parametrize("kind", ["xlsx", "json", "parquet"])
def test_the_same_table_in_another_format_gives_the_same_answer(lab, ask, kind: str) -> None:
    table = TABLES[0]
    frame, out = pl.read_csv(table.data), io.BytesIO()
    if kind == "xlsx":
        from crdmo.foundation.datasets.tables.writers import write_xlsx

        out.write(write_xlsx(frame))
    elif kind == "json":
        out.write(json.dumps(frame.to_dicts()).encode())
    else:
        frame.write_parquet(out)
    fields = {"kind": table.kind, "title": "The same", "options": ";".join(table.options)}
    answer = ask().upload(NEW, (f"table.{kind}", out.getvalue()), fields)
    assert answer.status_code == 200, answer.content
    assert table.found(answer.json()["output"]) == table.answer


GOOD = "batch,month,potency\n" + "".join(
    f"b{b},{m},{101 - b / 10 - m / 5 + (m % 2) / 50}\n" for b in (1, 2) for m in (0, 3, 6, 9, 12)
)
HOSTILE = {
    "torn in a row": (GOOD.rsplit(",", 1)[0].encode(), "cells under"),
    "a heading twice": (GOOD.replace("potency", "month").encode(), "heading twice"),
    "a formula": (GOOD.replace("b1,0,", "b1,0,=HYPERLINK(1)&", 1).encode(), "number"),
    "a formula as heading": (GOOD.replace("potency", "=cmd()").encode(), "no plain text"),
    "no number": (GOOD.replace("b1,0,", "b1,0,n.d. ", 1).encode(), "number"),
    "no column for the month": (GOOD.replace("month", "age").encode(), "month"),
    "a NUL": (GOOD.replace("b1", "b\x00", 1).encode(), "NUL"),
    "empty": (b"", "empty"),
    "headings only": (b"batch,month,potency\n", "no rows"),
    "half a workbook": (b"PK\x03\x04" + b"\0" * 40, ""),
    "torn parquet": (b"PAR1" + b"\0" * 40 + b"PAR1", "torn"),
}


def bomb() -> bytes:
    """Return a workbook that unpacks to a gigabyte of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(256):
                part.write(b"\0" * (1 << 20))
    return out.getvalue()


def refused(asker: Asker, name: str, data: bytes, **fields: str) -> str:
    """Upload what must be refused and return the words; nothing may have been written."""
    before, sets = Entry.objects.count(), Analysis.objects.count()
    answer = asker.upload(
        NEW, (name, data), {"kind": "shelf_life", "title": "T", "options": "lower_limit=95", **fields}
    )
    assert answer.status_code in (404, 422), answer.content
    assert (Entry.objects.count(), Analysis.objects.count()) == (before, sets)
    return answer.json()["detail"]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_table_that_is_torn_wrong_or_hostile_is_refused_and_leaves_nothing(lab, ask, what: str) -> None:
    data, why = HOSTILE[what]
    name = "t.xlsx" if "workbook" in what else "t.parquet" if "parquet" in what else "t.csv"
    assert why in refused(ask(), name, data)


def test_a_bomb_is_not_unpacked(lab, ask) -> None:
    assert len(data := bomb()) < 2**20
    assert refused(ask(), "bomb.xlsx", data)


def test_the_same_table_whole_is_taken(lab, ask) -> None:
    assert (
        ask()
        .upload(NEW, ("t.csv", GOOD.encode()), {"kind": "shelf_life", "title": "T", "options": "lower_limit=95"})
        .status_code
        == 200
    )


@pytest.mark.parametrize(
    "fields",
    [{"kind": "horoscope"}, {"options": "lower_limit"}, {"options": "lower_limit=95;batches=b9"}, {"lot": "L-99"}],
)
def test_what_is_asked_of_a_table_must_be_there(lab, ask, fields: dict) -> None:
    assert refused(ask(), "t.csv", GOOD.encode(), **fields)


def test_a_lot_of_another_sponsor_is_not_there(lab, ask) -> None:
    from crdmo.common.materials import workflow as stock

    other = factories.program("OTHER-1", owner=factories.sponsor("OTHER"))
    keeper = factories.person(Role.SAMPLE_MANAGER)
    product = stock.register_substance(keeper, other, code="X", name="X", kind="drug_product")
    foreign = stock.register_lot(keeper, product, code="X-1", amount="1", unit="g")
    assert refused(ask(), "t.csv", GOOD.encode(), lot=foreign.code) == refused(
        ask(), "t.csv", GOOD.encode(), lot="NONE"
    ).replace("NONE", "X-1")


def test_brought_by_program_signed_by_people_exported_verified_and_recomputed(
    installation, settings, tmp_path: Path
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    lab = laboratory.make()
    asker, lot = Asker(lab.analyst), lab.lot()
    lab.tested(lot)
    codes = [bring(asker, table, conclusion="As published.", lot=lot.code).json()["code"] for table in TABLES]
    for code in codes:
        analyses.sign_analysis(lab.qa, Analysis.objects.get(code=code), credentials=lab.sign(lab.qa))
    assert all([m.holds for m in signatures_of(one)] == [True] for one in Analysis.objects.all())
    lines = {line["test"]: line["result"] for line in lab.certificate(lot).lines}
    assert all(lines[one.title] == one.finding for one in Analysis.objects.all())
    found = verify()
    assert found.holds, found.sentence()
    path = tmp_path / "bundle.zip"
    bundles.export(lab.sponsor, Program.objects.get(), factories.sponsor(), path)
    with zipfile.ZipFile(path) as archive:
        archive.extract("verify.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0 and json.loads(run.stdout)["verified"], run.stdout
    report = recompute_bundle(path)
    assert report.came_out and len(report.items) == len(TABLES) + 2
