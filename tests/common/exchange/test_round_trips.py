"""Real files go in and come out again in their standard, equal in every cell."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rdkit import Chem

from crdmo.common import exchange
from crdmo.common.exchange import Brought, File
from crdmo.foundation.datasets import Dataset, frame, read
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted
from crdmo.services.discovery.models import Compound, Plate
from crdmo.services.process.models import Run as ProcessRun
from crdmo.services.process.models import Study as ProcessStudy
from crdmo.services.quality.models import Analysis
from crdmo.standards.xpt import read_xpt
from tests import shared_data
from tests.common.exchange.doors import Doors, Sent
from tests.common.exchange.house import BMG_96, BMG_1536, OWN, House, converted, data, good, layout


def take(house: House, kind: str, sent: Sent) -> exchange.Taken:
    beside = File(*sent.beside) if sent.beside else None
    brought = Brought(File(sent.name, sent.data), beside, sent.options)
    return exchange.take(house.people[kind], house.program, kind, brought)


def plate(house: House, run: Any, name: str, content: bytes, map_: bytes, code: str = "P1") -> Plate:
    made = take(house, "plate", Sent(name, content, {"run": run.code, "plate": code}, ("layout.csv", map_)))
    return Plate.objects.select_related("dataset").get(pk=made.record.pk)


def signals(one: Plate) -> dict[str, float]:
    return {row["well"]: row["signal"] for row in frame(one.dataset).iter_rows(named=True)}


def printed(text: str) -> dict[str, float]:
    """Return {well: value} of a MARS export, read here by its columns and nothing else."""
    found = {}
    for line in csv.reader(io.StringIO(text)):
        if len(line) > 10 and line[0].isalpha() and len(line[0]) == 1:
            row = line[0] if line[0].isupper() else f"A{line[0].upper()}"
            found |= {f"{row}{i}": float(cell) for i, cell in enumerate(line[1:], 1) if cell}
    return found


def test_an_absorbance_plate_goes_in_as_the_reader_printed_it(house: House) -> None:
    content = data(f"discovery/asm/{BMG_96}.csv")
    one = plate(house, house.assay(96, "OD"), "m.csv", content, layout(house.lot))
    cells = printed(content.decode())
    assert (cells["A1"], cells["H12"]) == (0.073, 0.207)
    found = signals(one)
    assert len(found) == 24 and found == {well: cells[well] for well in found}
    assert exchange.give(house.people["plate"], house.program, "plate", "P1").data == content


def test_row_e_in_small_of_a_1536_plate_is_row_ae(house: House) -> None:
    content = data(f"discovery/asm/{BMG_1536}.csv")
    map_ = layout(house.lot, rows="AG", last=48).decode() + "\nAE48,negative,,,\nAE47,positive,,,"
    one = plate(house, house.assay(1536, "RLU"), "l.csv", content, map_.encode())
    found = signals(one)
    assert (found["AE48"], found["AE47"], found["A1"], found["A2"]) == (19500.0, 1926679.0, 985.0, 831.0)


def test_an_allotrope_document_gives_the_wells_of_the_readers_file(house: House) -> None:
    run = house.assay(96, "OD")
    first = plate(house, run, "m.csv", data(f"discovery/asm/{BMG_96}.csv"), layout(house.lot))
    document = converted(BMG_96, mended=True)
    second = plate(house, run, "m.json", document, layout(house.lot), "P2")
    assert signals(first) == signals(second)
    assert exchange.give(house.people["plate"], house.program, "plate", "P2").data == document


def test_a_list_of_a_screen_goes_in_with_a_layout_and_not_as_another_plate(house: House) -> None:
    content, run = data("discovery/hts/KcViab_FT01-G01.txt"), house.assay(384)
    map_ = layout(house.lot, rows="ABCDEFGHIJKLMNOP", last=24)
    with pytest.raises(Invalid, match="cannot be true") as refused:
        plate(house, run, "k.txt", content, map_, "FT02-G02")
    assert refused.value.errors == {"plate": "the file is of FT01-G01; given FT02-G02"}
    one = plate(house, run, "k.txt", content, map_, "FT01-G01")
    cells = dict(line.split("\t")[1:] for line in content.decode().splitlines())
    assert all(value == float(cells[f"{well[0]}{int(well[1:]):02d}"]) for well, value in signals(one).items())


def test_the_own_layout_of_the_screen_defines_no_quality_and_says_so(house: House) -> None:
    # KcViab has one negative well (B01) and one positive (B02): with fewer than two of each Z' is not defined.
    lines = ["well,role,lot,dose,unit", "B1,negative,,,", "B2,positive,,,", f"C3,sample,{house.lot},1,uM"]
    with pytest.raises(Invalid, match="lacks negative control wells"):
        plate(
            house, house.assay(384), "k.txt", data("discovery/hts/KcViab_FT01-G01.txt"), "\n".join(lines).encode(),
            "FT01-G01",
        )  # fmt: skip


def test_a_file_in_another_unit_than_the_assays_is_refused(house: House) -> None:
    with pytest.raises(Invalid, match="cannot be true") as refused:
        plate(house, house.assay(96, "RLU"), "m.csv", data(f"discovery/asm/{BMG_96}.csv"), layout(house.lot))
    assert refused.value.errors["unit"] == "the file is in OD; the assay's signal is in RLU"


@pytest.mark.parametrize(
    ("kind", "path", "study"), [("send", "preclinical/send_cj16050", "CJ16050"), ("sdtm", "regulatory/tdf_sdtm", "")]
)
def test_a_folder_of_transport_files_goes_in_and_out_by_command(
    house: House, doors: Doors, tmp_path: Path, kind: str, path: str, study: str
) -> None:
    folder = shared_data.path(path)
    person = house.people[kind]
    run = doors.run(person, "import", str(folder), "--program", OWN, "--kind", kind, "--json")
    assert run.taken, run.says
    code = json.loads(run.says.splitlines()[0])["study"]
    assert not study or code == study
    out = tmp_path / "out.zip"
    command = ["export", "--program", OWN, "--kind", kind, "--code", code, "--out", str(out)]
    assert doors.run(person, *command).taken
    with zipfile.ZipFile(out) as archive:
        back = {name: archive.read(name) for name in archive.namelist()}
    there = {one.name: one.read_bytes() for one in folder.glob("*.xpt")}
    assert set(back) == set(there)
    for name, content in there.items():
        was, is_ = read_xpt(content).members[0], read_xpt(back[name]).members[0]
        assert is_.frame.equals(was.frame), name
        assert [v.name for v in is_.header.variables] == [v.name for v in was.header.variables], name
    assert not doors.run(person, *command).taken, "what stands there is not overwritten"
    assert doors.run(house.stranger, *command[:-1], str(tmp_path / "x.zip")).taken == (kind == "send")
    again = doors.run(person, "import", str(folder), "--program", OWN, "--kind", kind)
    assert not again.taken and "code is taken" in again.says


def test_a_folder_with_a_link_is_not_packed(house: House, doors: Doors, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "dm.xpt").symlink_to("/etc/hostname")
    run = doors.run(house.people["send"], "import", str(tmp_path / "f"), "--program", OWN, "--kind", "send")
    assert not run.taken and "link" in run.says


CORE = "record 1"
DESIGNS = {
    "chemreact": ({"factors": "time 80..90, temp 170..180"}, "yield"),
    "montgomery_filtration": ({"factors": "A -1..1, B -1..1, C -1..1, D -1..1", "order": "interactions"}, "rate"),
    "bbd_viscosity": ({"factors": "A -1..1, B -1..1, C -1..1"}, "viscosity"),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_published_design_goes_in_and_its_run_sheet_comes_out_equal(house: House, name: str) -> None:
    options, response = DESIGNS[name]
    content = data(f"manufacturing/doe/{name}.csv")
    made = take(house, "doe", Sent(f"{name}.csv", content, {**options, "source": "as published"}))
    study = ProcessStudy.objects.get(pk=made.record.pk)
    sheet = exchange.give(house.people["doe"], house.program, "runs", study.code).data.decode("utf-8-sig")
    out = list(csv.DictReader(io.StringIO(sheet)))
    there = list(csv.DictReader(io.StringIO(content.decode())))
    factors = [part.split()[0] for part in options["factors"].split(",")]
    heads = {head.split(" (")[0]: head for head in out[0]}
    for name_ in (*factors, response):
        assert [float(row[heads[name_]].lstrip("'")) for row in out] == [float(row[name_]) for row in there], name_
    assert ProcessRun.objects.filter(study=study).count() == len(there)
    assert study.order == options.get("order", "second")
    # The study leads back to the file as it came.
    (sealed,) = Dataset.objects.filter(kind="process.study", program=house.program)
    assert read(sealed) == content and str(sealed.pk) in str(study.sources)


def test_the_batches_of_a_dyestuff_give_the_published_components(house: House) -> None:
    # Davies & Goldsmith 1972, Table 6.1: mean squares 11271.5 between (5 df) and 2451.25 within (24 df) batches.
    made = take(house, "precision", good(house, "precision"))
    (one,) = Analysis.objects.get(pk=made.record.pk).computed.output
    found = {part["name"]: part["variance"] for part in one["components"]}
    assert round(found.pop("batch"), 2) == 1764.05
    assert [round(value, 2) for value in found.values()] == [2451.25]


def test_the_first_subgroups_of_the_piston_rings_set_the_published_limits(house: House) -> None:
    # Montgomery, Introduction to Statistical Quality Control: Xbar-R, 25 samples of 5: 73.988, 74.001, 74.014; D4 R = 0.049.
    made = take(house, "control_limits", good(house, "control_limits"))
    found = Analysis.objects.get(pk=made.record.pk).computed.output
    assert (round(found["lower"], 3), round(found["centre"], 3), round(found["upper"], 3)) == (73.988, 74.001, 74.014)
    assert (found["points"], found["subgroup_size"], found["spread_lower"]) == (25, 5, 0.0)


def test_compounds_of_an_sd_file_come_out_as_an_sd_file_with_their_keys(house: House) -> None:
    content = data("discovery/hit_triage/rgd_jm200186n.excerpt.sdf")
    before = Entry.objects.count()
    # The first record is the core of the series, with a place for R that no compound has.
    with pytest.raises(Invalid, match="1 of 7 records are refused") as refused:
        take(house, "structures", Sent("rgd.sdf", content))
    assert list(refused.value.errors) == [CORE] and Entry.objects.count() == before
    records = [one for i, one in enumerate((content.strip() + b"\n").split(b"$$$$\n")[:-1], 1) if f"record {i}" != CORE]
    sent = b"".join(one + b"$$$$\n" for one in records)
    assert take(house, "structures", Sent("rgd.sdf", sent)).detail["records"] == len(records) == 6
    out = exchange.give(house.people["structures"], house.program, "structures", OWN).data
    keys = {Chem.MolToInchiKey(mol) for mol in Chem.ForwardSDMolSupplier(io.BytesIO(out))}
    assert keys == set(Compound.objects.filter(program=house.program).values_list("inchi_key", flat=True))
    assert {Chem.MolToInchiKey(mol) for mol in Chem.ForwardSDMolSupplier(io.BytesIO(sent))} <= keys


def test_a_route_gives_what_the_command_gives(house: House, doors: Doors) -> None:
    take(house, "send", good(house, "send"))
    answer = Client().get(
        f"/api/v1/programs/{OWN}/files/send/CJ16050",
        headers={"Authorization": f"Bearer {doors.token(house.people['send'])}"},
    )
    assert answer.status_code == 200
    assert answer.content == exchange.give(house.people["send"], house.program, "send", "CJ16050").data


def test_what_goes_out_asks_for_its_verb_and_stays_in_its_program(house: House) -> None:
    take(house, "sdtm", good(house, "sdtm"))
    with pytest.raises(NotPermitted, match="may not"):
        exchange.give(house.stranger, house.program, "sdtm", "CDISCPILOT01")
    with pytest.raises(NotFound):
        exchange.give(house.people["send"], house.program, "send", "NONE")
    with pytest.raises(NotPermitted):
        exchange.give(house.people["send"], house.foreign, "send", "NONE")
    with pytest.raises(Invalid, match="no such kind"):
        exchange.give(house.people["send"], house.program, "horoscope", "X")


def test_each_person_is_offered_what_the_own_role_may_bring(house: House) -> None:
    def names(kind: str) -> list[str]:
        return [one.name for one in exchange.offered(house.people[kind], house.program)]

    assert names("plate") == ["plate"]
    assert names("doe") == ["doe", "runs"]
    assert set(names("send")) == {"findings", "send"}
    assert exchange.offered(house.stranger, house.program) == []
    client = Client()
    client.force_login(house.people["plate"].login, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/{OWN}/files/").content.decode()
    assert "A plate of an assay" in page and "SEND" not in page
    assert "Bring a file" in client.get(f"/{OWN}/").content.decode()
    assert "Barcode" in client.get(f"/{OWN}/files/plate/").content.decode()
    assert client.get(f"/{OWN}/files/send/").status_code == 403
