"""Files of plate readers: every well as it was printed, what cannot be true is flagged, what is torn is refused."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from crdmo.standards.asm import is_asm, read_asm
from crdmo.standards.plate_readers import Reading, is_bmg, is_list, read_bmg, read_list, reading_checks, well_place
from crdmo.standards.refusals import FormatError
from tests import shared_data

ABSORBANCE, LUMINESCENCE = "bmg_mars_format", "bmg_mars_luminescence_1536"


def vendor(name: str) -> bytes:
    return shared_data.path(f"discovery/asm/{name}.csv").read_bytes()


def converted(name: str) -> bytes:
    return gzip.decompress(shared_data.path(f"discovery/asm/{name}.expected.json.gz").read_bytes())


def by_well(reading: Reading) -> dict[str, str]:
    return {one.well: one.text for one in reading.values}


def test_every_well_of_an_absorbance_plate_is_the_vendors_cell() -> None:
    found = read_bmg(vendor(ABSORBANCE), "a.csv")
    wells = by_well(found)
    assert (wells["A1"], wells["H12"], len(wells), found.wells) == ("0.073", "0.207", 96, 96)
    assert (found.detection, found.unit, found.wavelength) == ("absorbance", "OD", 450.0)
    printed = [line.split(",") for line in vendor(ABSORBANCE).decode().splitlines()[8:] if line[:1] in "ABCDEFGH"]
    cells = [text for line in printed if line[0] in set("ABCDEFGH") for text in line[1:13]]
    assert list(wells.values()) == [text for text in cells if text]


def test_small_letters_of_a_1536_plate_are_its_rows_from_27() -> None:
    found = read_bmg(vendor(LUMINESCENCE), "l.csv")
    wells = by_well(found)
    assert (wells["A1"], wells["A2"], wells["AE47"], wells["AE48"]) == ("985", "831", "1926679", "19500")
    assert "E48" not in wells
    assert (len(wells), found.wells, found.unit, found.wavelength, found.plate) == (288, 1536, "RLU", None, "92A_4")
    assert reading_checks(found) == []


def test_a_converted_file_that_others_took_for_the_truth_is_flagged_three_times() -> None:
    found = read_asm(converted(ABSORBANCE))
    assert found.edition == "REC/2024/06"
    flags = {one.criterion: one.what for one in reading_checks(found.reading)}
    assert flags == {"PR-1": "1 nm", "PR-2": "104 wells", "PR-3": "mAU"}
    beside = reading_checks(found.reading, read_bmg(vendor(ABSORBANCE), "a.csv"))
    assert [one.criterion for one in beside] == ["PR-1", "PR-2", "PR-3"]


def test_the_number_of_wells_that_were_read_is_no_format_of_a_plate() -> None:
    found = read_asm(converted(LUMINESCENCE)).reading
    assert [(one.criterion, one.what) for one in reading_checks(found)] == [("PR-2", "288 wells")]
    # Every well equals the vendor's: nothing but the count differs.
    assert by_well(found) == by_well(read_bmg(vendor(LUMINESCENCE), "l.csv"))


def test_a_changed_well_is_named_beside_the_readers_file() -> None:
    document = json.loads(converted(LUMINESCENCE))
    groups = document["plate reader aggregate document"]["plate reader document"]
    groups[1]["measurement aggregate document"]["measurement document"][0]["luminescence"]["value"] = 832
    flags = reading_checks(read_asm(json.dumps(document).encode()).reading, read_bmg(vendor(LUMINESCENCE), "l.csv"))
    assert ("PR-4", "A2") in [(one.criterion, one.place) for one in flags]


def test_a_list_of_a_screen_is_read_well_by_well() -> None:
    data = shared_data.path("discovery/hts/KcViab_FT01-G01.txt").read_bytes()
    found = read_list(data, "k.txt")
    assert (len(found.values), found.wells, found.plate) == (384, 384, "FT01-G01")
    assert by_well(found)["A1"] == "887763"
    assert is_list(data) and not is_bmg(data) and not is_asm(data)


def test_each_file_is_known_by_what_it_is() -> None:
    assert is_bmg(vendor(ABSORBANCE)) and not is_list(vendor(ABSORBANCE))
    assert is_asm(converted(ABSORBANCE)) and not is_bmg(converted(ABSORBANCE))


BMG = "User: U,Path: C:\\x,Test run no.: 1\n\nID1: P,ID2:,ID3:\nAbsorbance\n\nRaw Data (450 1)\n\n,1,2\nA,0.1,0.2\nB,0.3,0.4\n"
TORN_BMG = {
    "a second reading": (BMG + "Raw Data (600 2)\n", "one reading of one plate"),
    "no measurement": (BMG.replace("Absorbance", "Something"), "does not say what was measured"),
    "no wavelength": (BMG.replace("(450 1)", "(No filter)"), "an absorbance has its wavelength"),
    "no columns": (BMG.replace(",1,2\n", ""), "numbers of the columns are missing"),
    "columns that jump": (BMG.replace(",1,2\n", ",1,3\n"), "numbers of the columns are missing"),
    "a torn row": (BMG.replace("B,0.3,0.4", "B,0.3"), "line 10: the row is torn"),
    "a cell too many": (BMG.replace("B,0.3,0.4", "B,0.3,0.4,0.5"), "the row is torn"),
    "a row that stands twice": (BMG.replace("B,", "A,"), "a row stands twice"),
    "no number": (BMG.replace("0.4", "OVRFLW"), "line 10, column 2: no number"),
    "not finite": (BMG.replace("0.4", "nan"), "no number"),
    "a formula": (BMG.replace("0.4", "=1+1"), "no number"),
    "no such row": (BMG.replace("B,", "g,"), "no name of a well"),
    "binary": ("User: Test run no\x00", "is no text"),
}


@pytest.mark.parametrize("what", TORN_BMG)
def test_a_torn_export_is_refused_with_its_place(what: str) -> None:
    text, why = TORN_BMG[what]
    with pytest.raises(FormatError, match=why):
        read_bmg(text.encode(), "a.csv")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("P\tA1\t1\nP\tA01\t2\n", "line 2: a well stands twice"),
        ("P\tA1\t1\nQ\tA2\t2\n", "line 2: a second plate"),
        ("P\tA1\t1\nP\tA2\n", "line 2 is torn"),
        ("P\tA1\t1\nP\ta2\t3\n", "no name of a well"),
        ("P\tA1\t1\nP\tA2\t=3\n", "line 2: no number"),
        ("P\tAZ1\t1\n", "no name of a well"),
    ],
)
def test_a_torn_list_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_list(text.encode(), "k.txt")


def document(**more: Any) -> dict[str, Any]:
    def group(well: str, value: Any = 0.5) -> dict[str, Any]:
        one = {
            "sample document": {"location identifier": well, "well plate identifier": "P"},
            "absorbance": {"value": value, "unit": "OD"},
        }
        made = {"measurement document": [one], "plate well count": {"value": 96, "unit": "#"}}
        return {"measurement aggregate document": made}

    manifest = "http://purl.allotrope.org/manifests/plate-reader/REC/2025/03/plate-reader.manifest"
    groups = [group(well) for well in more.get("wells", ["A1", "A2"])] + [
        group("H12", v) for v in more.get("values", [])
    ]
    return {
        "$asm.manifest": more.get("manifest", manifest),
        "plate reader aggregate document": {"plate reader document": groups},
    }


def test_a_document_of_a_later_edition_is_read() -> None:
    found = read_asm(json.dumps(document()).encode())
    assert (found.edition, len(found.reading.values), reading_checks(found.reading)) == ("REC/2025/03", 2, [])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (json.dumps(document(manifest="http://purl.allotrope.org/manifests/balance/REC/2024/06/x.manifest")), "no plate-reader"),
        (json.dumps(document(wells=["A1", "A01"])), "a well stands twice"),
        (json.dumps(document(wells=["A1", "Z99"])), "no plate has such a well"),
        (json.dumps(document(wells=[])), "holds no well"),
        (json.dumps(document(values=["1"])), "no number"),
        (json.dumps(document(values=[True])), "no number"),
        (json.dumps(document(values=[float("nan")])), "no number"),
        (json.dumps(document())[:-9], "the document is torn"),
        ("[" * 100_000, "the document is torn"),
        ('{"$asm.manifest": "x", "$asm.manifest": "y"}', "stands twice in one object"),
        (json.dumps({**document(), "plate reader aggregate document": []}), "is missing"),
    ],
)  # fmt: skip
def test_a_torn_document_is_refused(data: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_asm(data.encode())


def test_units_that_differ_within_a_plate_are_refused() -> None:
    mixed = document()
    groups = mixed["plate reader aggregate document"]["plate reader document"]
    groups[1]["measurement aggregate document"]["measurement document"][0]["absorbance"]["unit"] = "mAU"
    with pytest.raises(FormatError, match="have not one unit"):
        read_asm(json.dumps(mixed).encode())


@pytest.mark.parametrize("row", range(1, 33))
def test_each_row_of_a_1536_plate_has_one_place(row: int) -> None:
    letters = chr(64 + row) if row <= 26 else f"A{chr(64 + row - 26)}"
    assert well_place(f"{letters}48") == (row, 48)
    if row > 26:
        assert well_place(f"{letters[1].lower()}48", lower_case_rows=True) == (row, 48)
