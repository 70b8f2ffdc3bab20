"""SEND packages in and out: two real studies come out with the values that they came in with; what is torn leaves nothing."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import Any

import polars as pl
import pytest

from crdmo.common.studies.models import Finding, Intervention, Study, Subject
from crdmo.common.studies.queries import arms_of
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.preclinical.send import importing, reading, rows, writing
from crdmo.services.preclinical.workflow import records
from crdmo.standards.xpt import Block, Library, Member, MemberHeader, Variable, encode_library, read_xpt
from tests import factories, shared_data


def folder(name: str, *domains: str) -> dict[str, bytes]:
    place = shared_data.path(f"preclinical/{name}")
    found = {one.name: one.read_bytes() for one in sorted(place.glob("*.xpt"))}
    return {key: data for key, data in found.items() if not domains or key[:-4].upper() in domains}


def pds(*others: str) -> dict[str, bytes]:
    """The animals, concentrations, parameters and trial design of PDS2014, with domains from its archive."""
    found = folder("send_pds")
    with tarfile.open(shared_data.path("preclinical/send_pds/pds2014_other_domains.tar.xz")) as archive:
        for one in archive.getmembers():
            name = one.name.rpartition("/")[2]
            if name.removesuffix(".xpt") in others and (part := archive.extractfile(one)) is not None:
                found[name] = part.read()
    return found


def frame(data: bytes) -> pl.DataFrame:
    return read_xpt(data).members[0].frame


def same(one: bytes, other: bytes) -> None:
    before, after = read_xpt(one).members[0], read_xpt(other).members[0]
    assert [v.name for v in before.header.variables] == [v.name for v in after.header.variables]
    assert [v.label for v in before.header.variables] == [v.label for v in after.header.variables]
    assert before.frame.equals(after.frame)


def test_a_safety_pharmacology_study_comes_out_as_it_came_in(facility) -> None:
    files = folder("send_cj16050")
    study = importing.import_send(facility.director, facility.program, files)
    assert (study.code, study.subjects.count(), study.is_imported) == ("CJ16050", 18, True)
    assert Finding.objects.filter(domain="RE").count() == 270
    made = writing.package(study)
    assert set(made) == set(files)
    for name, data in files.items():
        same(data, made[name])
    assert writing.package(study) == made


def test_a_toxicity_study_comes_out_as_it_came_in_with_weights_doses_and_plasma(facility) -> None:
    files = pds("bw", "ex")
    study = importing.import_send(facility.management, facility.program, files)
    counts = (Subject.objects.count(), Intervention.objects.count(), Finding.objects.filter(domain="BW").count())
    assert counts == (124, 3668, 4075)
    assert Finding.objects.filter(domain="PC").count() == 246 and Finding.objects.filter(domain="PP").count() == 120
    assert len(set(arms_of(study.subjects.all()).values())) > 3
    made = writing.package(study)
    for name, data in files.items():
        same(data, made[name])
    # What is corrected goes out corrected, and nothing else changes.
    one = Finding.objects.filter(domain="BW").exclude(number="").order_by("entry").first()
    records.correct_finding(facility.director, one, value="999.5", reason="digits turned")
    before, after = frame(files["bw.xpt"]), frame(writing.package(study)["bw.xpt"])
    changed = [i for i, (a, b) in enumerate(zip(before.rows(), after.rows(), strict=True)) if a != b]
    assert len(changed) == 1
    row = after.row(changed[0], named=True)
    assert (row["BWORRES"], row["BWSTRESC"], row["BWSTRESN"]) == ("999.5", "999.5", 999.5)


def test_a_study_of_the_house_goes_out_in_the_terms_of_send(facility) -> None:
    study = facility.computed()
    made = writing.package(study)
    assert {"dm.xpt", "ex.xpt", "bw.xpt", "pc.xpt", "pp.xpt", "om.xpt", "ta.xpt", "te.xpt", "ts.xpt", "tx.xpt"} <= set(
        made
    )
    weights = frame(made["bw.xpt"])
    one = weights.row(0, named=True)
    assert (one["USUBJID"], one["BWSTRESN"], one["BWSTRESC"], one["BWDY"], one["BWDTC"]) == (
        "TOX-1-M1", 200.5, "200.5", -1.0, facility.on(-1),
    )  # fmt: skip
    plasma = frame(made["pc.xpt"])
    below = plasma.filter(pl.col("PCORRES") == "BLQ")
    assert below.height == 16 and below["PCSTRESN"].is_null().all() and set(below["PCLLOQ"]) == {1.0}
    assert set(frame(made["pp.xpt"])["PPTESTCD"]) >= {"CMAX", "TMAX", "AUCLST", "AUCTAU"}
    assert set(frame(made["pp.xpt"])["PPORRESU"]) == {"ng/mL", "h", "h*ng/mL"}
    animals = frame(made["dm.xpt"])
    assert set(animals["ARMCD"]) == {"1", "2", "3"} and set(animals["RFSTDTC"]) == {str(facility.first)}
    summary = dict(
        zip(*frame(made["ts.xpt"]).select("TSPARMCD", "TSVAL").to_dict(as_series=False).values(), strict=True)
    )
    assert (summary["STSTDTC"], summary["SPECIES"]) == (str(facility.today), "RAT")
    for column in ("BWSEQ", "BWDY"):
        assert weights[column].is_not_null().all()
    assert weights.select("USUBJID", "BWSEQ").is_duplicated().sum() == 0
    # And comes in again elsewhere with the same values.
    other = importing.import_send(facility.director, facility.program, made, code="AGAIN")
    again = writing.package(other)
    for name in made:
        same(made[name], again[name])


def small(**more: Any) -> dict[str, bytes]:
    """A package of two animals with a weight each; `more` replaces columns of BW."""
    animals = {
        "STUDYID": ["S"] * 2,
        "DOMAIN": ["DM"] * 2,
        "USUBJID": ["S-1", "S-2"],
        "SUBJID": ["1", "2"],
        "SEX": ["F", "M"],
    }
    weights = {
        "STUDYID": ["S"] * 2, "DOMAIN": ["BW"] * 2, "USUBJID": ["S-1", "S-2"], "BWSEQ": [1.0, 1.0], "BWTESTCD": ["BW"] * 2,
        "BWTEST": ["Body Weight"] * 2, "BWORRES": ["200", "210"], "BWORRESU": ["g"] * 2, **more,
    }  # fmt: skip
    return {
        "dm.xpt": encoded("DM", {**animals, **more.pop("dm", {})} if "dm" in more else animals),
        "bw.xpt": encoded("BW", weights),
    }


def encoded(name: str, columns: dict[str, list[Any]]) -> bytes:
    made = pl.DataFrame(columns)
    variables = tuple(
        Variable(key, made[key].dtype.is_numeric(), 8 if made[key].dtype.is_numeric() else 20) for key in made.columns
    )
    return encode_library(Library((Member(MemberHeader(name=name, variables=variables), Block(made)),)))


BAD = {
    "an animal that is not in DM": ({"USUBJID": ["S-1", "S-9"]}, "animal is not in the study"),
    "a row of another study": ({"STUDYID": ["S", "T"]}, "another study"),
    "a test without its code": ({"BWTESTCD": ["BW", ""]}, "bw.xpt"),
    "a day 0": ({"BWDY": [1.0, 0.0]}, "no study day 0"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_package_that_contradicts_itself_is_refused_whole(facility, what: str) -> None:
    columns, why = BAD[what]
    before = Entry.objects.count()
    with pytest.raises(Invalid, match=why):
        importing.import_send(facility.director, facility.program, small(**columns))
    assert (Study.objects.count(), Dataset.objects.count(), Entry.objects.count()) == (0, 0, before)


def test_a_torn_file_a_second_study_or_a_missing_dm_leaves_nothing(facility) -> None:
    whole = small()
    torn = {**whole, "bw.xpt": whole["bw.xpt"][:-100]}
    before = Entry.objects.count()
    with pytest.raises(Invalid, match=r"package cannot be read"):
        importing.import_send(facility.director, facility.program, torn)
    with pytest.raises(Invalid, match="has its animals"):
        importing.import_send(facility.director, facility.program, {"bw.xpt": whole["bw.xpt"]})
    with pytest.raises(Invalid, match=r"package cannot be read"):
        importing.import_send(facility.director, facility.program, {**whole, "bw.xpt": b"=cmd|' /C calc'!A0"})
    assert Entry.objects.count() == before
    importing.import_send(facility.director, facility.program, whole)
    with pytest.raises(Invalid, match="code is taken"):
        importing.import_send(facility.director, facility.program, whole)
    with pytest.raises(NotPermitted, match="may not import"):
        importing.import_send(facility.technician, facility.program, whole, code="S2")


def test_an_archive_is_read_within_limits(facility) -> None:
    with pytest.raises(Invalid, match="archive cannot be read"):
        reading.unzipped(b"PK\x03\x04torn")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(Invalid, match="no transport file"):
        reading.unzipped(out.getvalue())
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("dm.xpt", "w", force_zip64=True) as part,
    ):
        for _ in range(260):
            part.write(b"\0" * (1 << 20))
    with pytest.raises(Invalid, match="bomb"):
        reading.unzipped(bomb.getvalue())
    assert set(reading.unzipped(writing.zipped(small()))) == {"dm.xpt", "bw.xpt"}


def test_another_sponsor_may_use_the_same_study_code_and_sees_nothing_of_ours(facility) -> None:
    importing.import_send(facility.director, facility.program, small())
    other = factories.program("LQ-1", owner=factories.sponsor("OTHER"), with_=facility.program.partner)
    theirs = importing.import_send(facility.director, other, small())
    assert theirs.program == other and Study.objects.filter(code="S").count() == 2
    mine = Study.objects.get(program=facility.program)
    stranger = theirs.subjects.first()
    with pytest.raises(Refused, match="cannot be taken"):
        records.record_findings(
            facility.technician, mine,
            [{"subject": stranger, "domain": "BW", "code": "BW", "value": "1", "unit": "g"}],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("send", "ucum"),
    [("h*ng/mL", "h.ng/mL"), ("g", "g"), ("10^9/L", "10*9/L"), ("beats/min", "{beats}/min"), ("titer", "{titer}")],
)
def test_a_unit_of_send_becomes_a_ucum_code_and_comes_back(send: str, ucum: str) -> None:
    assert rows.ucum_of(send) == ucum and rows.send_unit(ucum) == send


@pytest.mark.parametrize(
    ("value", "text"), [(333.3, "333.3"), (0.0, "0"), (1e-7, "0.0000001"), (2000.0, "2000"), (None, "")]
)
def test_a_number_is_written_with_the_digits_that_read_back(value: Any, text: str) -> None:
    assert rows.decimal_text(value) == text


def test_a_package_of_the_house_deviates_nowhere_from_the_guide(facility) -> None:
    study = facility.computed()
    assert [f"{one.place} {one.what}" for one in writing.deviations(study) if one.severity == "error"] == []
    row = {
        "subject": study.subjects.first(),
        "domain": "CL",
        "code": "CLINOBS",
        "value": "Übererregung",
        "starts": facility.on(8),
    }
    records.record_findings(facility.technician, study, [row])
    with pytest.raises(Invalid, match="cannot be written as SEND"):
        writing.package(study)
