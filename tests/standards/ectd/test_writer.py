"""The writer: valid by the official document types, the same bytes each time, nothing that a reviewer cannot open."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.standards.ectd import (
    Contact,
    Draft,
    EuEnvelope,
    Operation,
    Placed,
    Region,
    StudyTags,
    Target,
    UsEnvelope,
    current_view,
    from_folder,
    from_memory,
    from_zip,
    read_application,
    to_zip,
    validate,
    write_sequence,
)
from crdmo.standards.ectd.dtd import invalid
from crdmo.standards.ectd.headings import attributes_of, by_element, headings
from crdmo.standards.ectd.paths import allocate, faults, folder_of, slug
from crdmo.standards.ectd.stf import CATEGORIES, FILE_TAGS, read_stf
from crdmo.standards.refusals import FormatError, Severity
from tests import shared_data
from tests.standards.ectd.golden import pdf_of

SUBSTANCE = {"substance": "Velatide", "manufacturer": "Northbridge"}
US = UsEnvelope(
    applicant_id="123456789",
    company="Aurelia Therapeutics",
    description="Original IND",
    contacts=(Contact("Sara Lindh", "+41 61 000 00 00", "s.lindh@example.org"),),
    application_type="IND",
    application_number="123456",
    submission_type="original",
    submission_id="0000",
    sub_type="original",
)
EU = EuEnvelope(
    identifier="5e4f0c4e-9c2d-4b8f-8f0a-6f5a1f0c9d11",
    submission_type="maa",
    unit_type="initial",
    tracking=("EMEA/H/C/000001",),
    applicant="Aurelia Therapeutics",
    agency="EU-EMA",
    procedure="centralised",
    invented_names=("Velatide",),
    inns=("velatide",),
    description="Initial application",
)


def placed(identifier: str = "a1", section: str = "3.2.S.4.1", **other: object) -> Placed:
    given: dict[str, object] = {"content": pdf_of(identifier), "attributes": SUBSTANCE, "title": "Specification"}
    return Placed(identifier, section, **(given | other))  # type: ignore[arg-type]


def us_draft(*more: Placed, **other: object) -> Draft:
    given: dict[str, object] = {
        "number": "0000",
        "region": Region.US,
        "envelope": US,
        "placed": (
            placed(),
            placed("form", "1.1", title="Form FDA 1571", attributes={}),
            placed("cover", "1.2", title="Cover letter", attributes={}),
            placed("tox", "4.2.3.2", title="13-week study", attributes={}, study="NB-TX-001"),
            placed("ib", "1.14.4.1", title="Investigator's brochure", attributes={}),
            *more,
        ),
        "studies": (
            StudyTags(
                "NB-TX-001",
                "13-week oral study in rats",
                "4.2.3.2",
                (("tox", "pre-clinical-study-report"),),
                (("species", "rat"), ("route-of-admin", "oral"), ("duration", "medium")),
            ),
        ),
    }
    return Draft(**(given | other))  # type: ignore[arg-type]


def official(*names: str) -> dict[str, bytes]:
    folder = shared_data.path("regulatory/ectd")
    return {name: next(folder.rglob(name)).read_bytes() for name in names}


def test_the_content_model_is_that_of_the_official_document_type() -> None:
    etree = pytest.importorskip("lxml.etree")
    rules = etree.DTD(str(shared_data.path("regulatory/ectd/ich-ectd-3-2.dtd")))
    declared = {one.name: one for one in rules.iterelements()}
    assert set(by_element()) == {name for name in declared if name[:1] == "m" and name[1:2].isdigit()}
    for one in by_element().values():
        told = {a.name: a.default for a in declared[one.element].attributes() if a.name not in ("ID", "lang")}
        assert {name for name, need in told.items() if need == "required"} == set(one.required)
        assert set(told) == set(one.attributes)
        children = [(name, many) for name, many in _children(declared[one.element].content) if name in by_element()]
        assert [by_element()[name].section for name, _ in children] == list(one.children)
        assert all(many == by_element()[name].repeats for name, many in children)


def _children(content: object) -> list[tuple[str, bool]]:
    if content is None:
        return []
    if content.type == "element":  # type: ignore[attr-defined]
        return [(content.name, content.occur == "mult")]  # type: ignore[attr-defined]
    return _children(content.left) + _children(content.right)  # type: ignore[attr-defined]


def test_each_heading_has_the_folder_of_the_specification() -> None:
    import csv

    with shared_data.path("regulatory/ectd/ctd_folders.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 158
    assert [row["folder"] for row in rows] == [by_element()[row["element"]].folder for row in rows]


def test_a_written_us_sequence_is_valid_and_carries_the_official_files_unchanged() -> None:
    files = official("ich-ectd-3-2.dtd", "ectd-2-0.xsl", "ich-stf-v2-2.dtd", "ich-stf-stylesheet-2-2a.xsl")
    util = {f"{'dtd' if name.endswith('.dtd') else 'style'}/{name}": data for name, data in files.items()}
    made = write_sequence(us_draft(util=util))
    assert made.missing == ("dtd/us-regional-v3-3.dtd", "style/us-regional.xsl")
    assert made.files["util/dtd/ich-ectd-3-2.dtd"] == files["ich-ectd-3-2.dtd"]
    assert invalid(made.files["index.xml"], files["ich-ectd-3-2.dtd"], {}) == []
    stf = next(path for path in made.files if "/stf-" in path)
    assert stf == "m4/42-stud-rep/423-tox/4232-repeat-dose-tox/nb-tx-001/stf-nb-tx-001.xml"
    assert invalid(made.files[stf], files["ich-stf-v2-2.dtd"], {}) == []
    assert read_stf(made.files[stf], stf).documents[0][1] == ("pre-clinical-study-report",)
    application = read_application(from_memory({f"0000/{path}": data for path, data in made.files.items()}))
    found = validate(application, util=files)
    assert [(one.criterion, one.severity) for one in found] == [("ECTD-A08", Severity.WARNING)]
    assert made.files["index-md5.txt"] == hashlib.md5(made.files["index.xml"]).hexdigest().encode()


def test_a_us_backbone_says_what_the_sequence_is() -> None:
    made = write_sequence(us_draft())
    backbone = read_application(from_memory({f"0000/{p}": d for p, d in made.files.items()}))["0000"].regional
    assert backbone is not None
    assert backbone.told("application-number@application-type") == ["fdaat4"]
    assert backbone.told("submission-id@submission-type") == ["fdast1"]
    assert backbone.told("sequence-number@submission-sub-type") == ["fdasst1"]
    assert backbone.told("application-number") == ["123456"]
    text = made.files["m1/us/us-regional.xml"].decode()
    assert '<form form-type="fdaft1">' in text
    # Headings stand in the order of the module, not of their texts: 1.2 before 1.14.
    assert text.index("m1-2-cover-letters") < text.index("m1-14-4-investigational-drug-labeling")


def test_a_written_eu_sequence_is_valid_for_all_52_submission_types() -> None:
    files = official("ich-ectd-3-2.dtd", "eu-regional.dtd", "eu-envelope.mod", "eu-leaf.mod")
    draft = Draft(
        number="0000",
        region=Region.EU,
        envelope=EU,
        placed=(
            placed("cover", "1.0", title="Cover letter", attributes={"country": "ema"}),
            placed("spc", "1.3.1", title="SPC", attributes={"country": "ema", "lang": "en", "type": "spc"}),
            placed("resp", "1.R", title="Responses", attributes={}),
            placed("tox", "4.2.3.2", title="Study", attributes={}, nodes=("NB-TX-001",)),
            placed(),
        ),
    )
    from crdmo.standards.ectd.regional_eu import SUBMISSION_TYPES

    assert len(SUBMISSION_TYPES) == 52
    for kind in sorted(SUBMISSION_TYPES):
        made = write_sequence(dataclasses.replace(draft, envelope=dataclasses.replace(EU, submission_type=kind)))
        assert invalid(made.files["m1/eu/eu-regional.xml"], files["eu-regional.dtd"], files) == []
    assert invalid(made.files["index.xml"], files["ich-ectd-3-2.dtd"], {}) == []
    application = read_application(from_memory({f"0000/{p}": d for p, d in made.files.items()}))
    assert {one.criterion for one in validate(application, util=files)} == {"ECTD-A08"}


def test_the_same_input_gives_the_same_bytes() -> None:
    one, two = write_sequence(us_draft()), write_sequence(us_draft())
    assert dict(one.files) == dict(two.files)
    assert to_zip(one.files, "0000") == to_zip(dict(reversed(list(two.files.items()))), "0000")


def test_a_zip_a_folder_and_memory_are_read_alike(tmp_path: Path) -> None:
    made = write_sequence(us_draft())
    for path, data in made.files.items():
        target = tmp_path / "0000" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    folder = read_application(from_folder(tmp_path / "0000"))
    archive = read_application(from_zip(to_zip(made.files, "123456/0000")))
    bare = read_application(from_zip(to_zip(made.files, "")))
    assert folder["0000"].backbones == archive["0000"].backbones == bare["0000"].backbones


def test_a_second_sequence_replaces_across_the_backbones() -> None:
    first = write_sequence(us_draft())
    amended = dataclasses.replace(US, sub_type="amendment", description="Amendment")
    second = write_sequence(
        Draft(
            "0001",
            Region.US,
            amended,
            (
                placed(
                    "a2", content=pdf_of("new"), operation=Operation.REPLACE, modifies=Target("0000", "index.xml", "a1")
                ),
                placed(
                    "cover2", "1.2", title="Cover letter", attributes={}, operation=Operation.REPLACE,
                    modifies=Target("0000", "m1/us/us-regional.xml", "cover"),
                ),
                placed("gone", "4.2.3.2", attributes={}, content=None, title="13-week study",
                       operation=Operation.DELETE, modifies=Target("0000", "index.xml", "tox")),
            ),
        )
    )  # fmt: skip
    files = {f"0000/{p}": d for p, d in first.files.items()} | {f"0001/{p}": d for p, d in second.files.items()}
    assert b'modified-file="../../../0000/m1/us/us-regional.xml#cover"' in files["0001/m1/us/us-regional.xml"]
    assert b'modified-file="../0000/index.xml#a1"' in files["0001/index.xml"]
    view = current_view(read_application(from_memory(files)))
    assert view.broken == []
    standing = {one.leaf.identifier for one in view.payload}
    assert {"a2", "cover2", "form", "ib"} <= standing and not standing & {"a1", "cover", "tox", "gone"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"section": "3.2.S.9"}, "no such section"),
        ({"section": "1.3"}, "no leaf stands"),
        ({"section": "1.15.1"}, "no leaf stands"),
        ({"attributes": {"substance": "Velatide"}}, "needs manufacturer"),
        ({"attributes": SUBSTANCE | {"colour": "red"}}, "no such attribute"),
        ({"identifier": "1a"}, "cannot be the ID"),
        ({"title": " \n "}, "has a title"),
        ({"content": b""}, "is empty"),
        ({"content": None}, "has no file"),
        ({"operation": Operation.REPLACE}, "names no leaf"),
        ({"modifies": Target("0000", "index.xml", "x")}, "changes no other"),
        ({"operation": Operation.REPLACE, "modifies": Target("0007", "index.xml", "x")}, "later sequence"),
        ({"nodes": ("NB",)}, "node extension"),
        ({"extension": "exe"}, "not submitted"),
        ({"identifier": "tox", "section": "2.5", "attributes": {}}, "one ID"),
    ],
)
def test_a_placement_that_cannot_be_is_refused(change: dict[str, object], says: str) -> None:
    given = {"identifier": "b1", "section": "3.2.S.4.1"} | change
    with pytest.raises(FormatError, match=says):
        write_sequence(us_draft(placed(**given)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"application_number": "IND123456"}, "application number"),
        ({"application_type": "XYZ"}, "application type"),
        ({"submission_type": "efficacy supplement"}, "approved application"),
        ({"sub_type": "amendment"}, "earlier activity"),
        ({"submission_id": "0003"}, "first sequence"),
        ({"contacts": ()}, "lacks the applicant"),
        ({"application_type": "NDA", "submission_type": "ind safety reports"}, "only an IND"),
    ],
)
def test_an_envelope_that_the_fda_would_refuse_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        write_sequence(us_draft(envelope=dataclasses.replace(US, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"identifier": "1"}, "UUID"),
        ({"submission_type": "x"}, "submission type"),
        ({"unit_type": "response"}, "related sequence"),
        ({"mode": "grouping"}, "has a number"),
        ({"agency": "EMA"}, "code of an agency"),
    ],
)
def test_an_envelope_that_the_ema_would_refuse_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        dataclasses.replace(EU, **change).require("0000")  # type: ignore[arg-type]


def test_a_copy_of_the_official_file_with_other_line_ends_is_refused_and_found() -> None:
    name = "ich-ectd-3-2.dtd"
    copy = official(name)[name].replace(b"\r\n", b"\n")
    with pytest.raises(FormatError, match="not the official file"):
        write_sequence(us_draft(util={f"dtd/{name}": copy}))
    files = {f"0000/{p}": d for p, d in write_sequence(us_draft()).files.items()} | {f"0000/util/dtd/{name}": copy}
    found = [one for one in validate(read_application(from_memory(files))) if one.criterion == "ECTD-A09"]
    assert len(found) == 1 and "line ends" in found[0].what


def test_the_values_of_study_tagging_files_are_the_official_ones() -> None:
    etree = pytest.importorskip("lxml.etree")
    root = etree.parse(str(shared_data.path("regulatory/ectd/valid-values.xml"))).getroot()
    assert {one.get("value"): one.get("realm") for one in root.find("file-tag")} == dict(FILE_TAGS)
    for one in root.iter("category"):
        realm, values = CATEGORIES[one.get("name")]
        assert {value.get("value") for value in one} == values
        assert {value.get("realm") for value in one} == {realm}


@settings(max_examples=60, deadline=None)
@given(
    section=st.sampled_from([one for one in headings() if one != "1"]),
    texts=st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=90), min_size=4, max_size=4),
)
def test_an_allocated_path_keeps_the_limits_whatever_the_texts(section: str, texts: list[str]) -> None:
    required, optional = attributes_of(section)
    told = dict(zip((*required, *optional), texts, strict=False))
    try:
        folder = folder_of(section, told)
        path = allocate(folder, texts[3], "pdf", ())
    except FormatError:
        return
    assert faults(path) == []
    again = allocate(folder, texts[3], "pdf", {path})
    assert again != path and faults(again) == []


@pytest.mark.parametrize(("length", "good"), [(230, True), (231, False)])
def test_a_path_has_230_characters_from_the_folder_of_the_sequence(length: int, good: bool) -> None:
    room = length - len("0000/") - len("/a.pdf")
    folders = "/".join("b" * 54 for _ in range(room // 55))
    path = f"{folders}{'c' * (room - len(folders))}/a.pdf"
    assert len("0000/" + path) == length
    assert ("ECTD-N01" not in {criterion for criterion, _ in faults(path)}) is good


@pytest.mark.parametrize(("length", "good"), [(64, True), (65, False)])
def test_a_name_has_64_characters_with_its_extension(length: int, good: bool) -> None:
    path = f"m2/{'a' * (length - 4)}.pdf"
    assert ("ECTD-N03" not in {criterion for criterion, _ in faults(path)}) is good


def test_a_name_is_of_small_letters_digits_and_hyphens() -> None:
    assert slug("Velatide 20 mg Tablets (film-coated)") == "velatide-20-mg-tablets-film-coated"
    assert slug("Zürich µg") == "zurich-ug"
    with pytest.raises(FormatError):
        slug("—")
