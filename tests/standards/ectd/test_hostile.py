"""What others send: refused whole at the door, or named by the validator; never run, followed or half-read."""

from __future__ import annotations

import contextlib
import io
import os
import time
import warnings
import zipfile
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.standards.ectd import from_folder, from_memory, from_zip, read_application, validate
from crdmo.standards.ectd import pdf as pdfs
from crdmo.standards.ectd.dtd import invalid
from crdmo.standards.ectd.links import LinkError, resolve, target_of
from crdmo.standards.ectd.xml import parse
from crdmo.standards.refusals import FormatError
from tests.standards.ectd import golden
from tests.standards.ectd.golden import pdf_of

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE ectd:ectd [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<ectd:ectd xmlns:ectd="http://www.ich.org/ectd">&c;</ectd:ectd>"""
READS_A_FILE = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>
<ectd:ectd xmlns:ectd="http://www.ich.org/ectd">&f;</ectd:ectd>"""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB, "uses entities"),
        (READS_A_FILE, "uses entities"),
        (b'<!DOCTYPE x [<!ATTLIST leaf operation CDATA "new">]><x/>', "uses entities"),
        ("<?xml version='1.0' encoding='utf-16'?><x/>".encode("utf-16"), "encoding"),
        (b"<?xml version='1.0' encoding='utf-7'?><x/>", "encoding"),
        (b"<x>&undeclared;</x>", "uses entities"),
        (b"<x a='&undeclared;'/>", "uses entities"),
        (b"<x><y></x>", "well-formed"),
        (b"", "well-formed"),
    ],
)
def test_hostile_or_torn_xml_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        parse(data, "index.xml")


def test_an_undeclared_entity_behind_a_document_type_by_name_is_refused() -> None:
    with pytest.raises(FormatError, match="uses entities"):
        parse(b'<!DOCTYPE x SYSTEM "util/dtd/x.dtd"><x>&payload;</x>', "index.xml")


@pytest.mark.parametrize("data", [BOMB, b"torn"])
def test_a_backbone_that_is_refused_is_one_finding_and_not_a_crash(data: bytes) -> None:
    files = golden.application() | {"0000/index.xml": data}
    found = [one for one in validate(read_application(from_memory(files))) if one.place.startswith("0000/index.xml")]
    assert [one.criterion for one in found] == ["ECTD-A01"]


def archive(entries: list[tuple[str, bytes]], **attributes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of the name that is given twice on purpose
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(entry, key, value)
            made.writestr(entry, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (archive([("../0000/index.xml", b"x")]), "leads out"),
        (archive([("/0000/index.xml", b"x")]), "leads out"),
        (archive([("C:/index.xml", b"x")]), "leads out"),
        (archive([("0000\\index.xml", b"x")]), "leads out"),
        (archive([("0000/./index.xml", b"x")]), "leads out"),
        (archive([("0000/index.xml", b"x"), ("0000/index.xml", b"y")]), "twice"),
        (archive([("0000/a.pdf", b"0" * (4 << 20))]), "bomb"),
        (archive([("0000/a.pdf", b"target")], external_attr=0o120777 << 16), "link"),
        (b"PK\x03\x04 torn", "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_a_hostile_archive_is_refused_whole(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        from_zip(data)


def test_a_member_whose_bytes_were_changed_is_refused_when_it_is_read() -> None:
    data = bytearray(archive([("0000/index.xml", b"<x>" + os.urandom(200).hex().encode() + b"</x>")]))
    data[60] ^= 0xFF
    files = from_zip(bytes(data))
    with pytest.raises(FormatError, match="cannot be read"):
        files.read("0000/index.xml")


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000").mkdir()
    (tmp_path / "0000" / "index.xml").symlink_to("/etc/hostname")
    with pytest.raises(FormatError, match="link"):
        from_folder(tmp_path)


def test_a_package_without_a_sequence_or_with_two_applications_is_refused() -> None:
    with pytest.raises(FormatError, match="no sequence"):
        read_application(from_memory({"readme.txt": b"x"}))
    two = {f"a/0000/{name}": b"x" for name in ("index.xml",)} | {"b/0000/index.xml": b"x"}
    with pytest.raises(FormatError, match="more than one application"):
        read_application(from_memory(two))


@pytest.mark.parametrize("href", ["../../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "/etc/passwd", "file:///etc"])
def test_a_link_that_leads_out_of_the_application_is_never_followed(href: str) -> None:
    edit = {"m2/25-clin-over/overview.pdf": href}
    found = {one.criterion for one in validate(read_application(from_memory(golden.application(edit))))}
    assert found & {"ECTD-B09", "ECTD-L05"}
    with pytest.raises(LinkError):
        resolve("0000/index.xml", href)
    with pytest.raises(LinkError):
        target_of("0001", "index.xml", f"{href}#a")


def _spoiled(edit: object, **options: object) -> bytes:
    with pikepdf.open(io.BytesIO(pdf_of("text"))) as opened:
        edit(opened)  # type: ignore[operator]
        out = io.BytesIO()
        opened.save(out, **options)  # type: ignore[arg-type]
        return out.getvalue()


def _nothing(opened: pikepdf.Pdf) -> None:
    pass


def _script(opened: pikepdf.Pdf) -> None:
    opened.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _attached(opened: pikepdf.Pdf) -> None:
    opened.attachments["a.txt"] = b"attached"


def _pages(opened: pikepdf.Pdf) -> None:
    for _ in range(6):
        opened.pages.append(opened.pages[0])


def _annotation(kind: str, **other: object) -> object:
    def edit(opened: pikepdf.Pdf) -> None:
        one = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name(kind), Rect=[0, 0, 9, 9], **other)
        opened.pages[0].obj.Annots = pikepdf.Array([opened.make_indirect(one)])

    return edit


def _font(opened: pikepdf.Pdf) -> None:
    font = opened.pages[0].obj.Resources.Font.F1
    font.Subtype, font.BaseFont = pikepdf.Name.Type1, pikepdf.Name.Arial


def _image_only(opened: pikepdf.Pdf) -> None:
    del opened.pages[0].obj.Resources.Font


FAR = pikepdf.Dictionary(S=pikepdf.Name.GoToR, F="C:/reports/a.pdf")


@pytest.mark.parametrize(
    ("data", "criterion"),
    [
        (b"%PDF-1.7 torn", "ECTD-P01"),
        (b"<html>", "ECTD-P01"),
        (_spoiled(_nothing, encryption=pikepdf.Encryption(owner="o", user="u")), "ECTD-P02"),
        (_spoiled(_nothing, encryption=pikepdf.Encryption(owner="o", user="")), "ECTD-P02"),
        (_spoiled(_nothing, force_version="1.3"), "ECTD-P03"),
        (_spoiled(_script), "ECTD-P04"),
        (_spoiled(_attached), "ECTD-P05"),
        (_spoiled(_pages), "ECTD-P06"),
        (_spoiled(_font), "ECTD-P07"),
        (_spoiled(_annotation("/Text")), "ECTD-P09"),
        (_spoiled(_annotation("/Link", A=FAR)), "ECTD-P10"),
        (_spoiled(_annotation("/Link")), "ECTD-P10"),
        (_spoiled(_image_only), "ECTD-P11"),
        (_spoiled(_annotation("/3D")), "ECTD-P12"),
    ],
)
def test_a_seeded_fault_of_a_pdf_is_the_only_one_named(data: bytes, criterion: str) -> None:
    assert [found for found, _ in pdfs.faults(data)] == [criterion]


def test_a_sound_pdf_has_no_fault_and_one_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdfs.faults(pdf_of("text")) == []
    monkeypatch.setattr(pdfs, "MAX_BYTES", 100)
    assert [found for found, _ in pdfs.faults(pdf_of("text"))] == ["ECTD-P08"]


def test_package_faults_are_named() -> None:
    files = golden.application() | {
        "0000/m2/25-clin-over/Stray File.PDF": b"x",
        "0000/m2/25-clin-over/empty.pdf": b"",
        f"0000/m3/{'a' * 70}/b.pdf": b"x",
        f"0000/m3/{'b/' * 120}c.pdf": b"x",
        "0000/index-md5.txt": b"0" * 32,
    }
    del files["0001/index-md5.txt"]
    found = [(one.criterion, one.place) for one in validate(read_application(from_memory(files)), pdfs=False)]
    criteria = {criterion for criterion, _ in found}
    assert {"ECTD-A02", "ECTD-A03", "ECTD-A04", "ECTD-A10", "ECTD-N01", "ECTD-N02", "ECTD-N03"} <= criteria
    assert ("ECTD-A03", "0000/index-md5.txt") in found


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    for path, data in golden.application().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "0000" / "m5" / "54-lit-ref").mkdir(parents=True)
    found = validate(read_application(from_folder(tmp_path)))
    assert [one.place for one in found if one.criterion == "ECTD-A07"] == ["0000/m5/54-lit-ref"]


def test_a_document_type_inside_the_package_is_never_used() -> None:
    liar = b"<!ELEMENT x ANY>"
    files = golden.application() | {"0000/util/dtd/ich-ectd-3-2.dtd": liar}
    found = {one.criterion for one in validate(read_application(from_memory(files)))}
    assert "ECTD-A09" in found and "ECTD-B10" not in found
    with pytest.raises(FormatError, match="document type"):
        invalid(b"<x/>", b"<!ELEMENT", {})


def test_one_spelling_a_manufacturer() -> None:
    edit = {
        'manufacturer="Beta">\n': 'manufacturer="Alpha.">\n',
        'manufacturer="Beta"><leaf': 'manufacturer="ALPHA"><leaf',
    }
    found = [
        one for one in validate(read_application(from_memory(golden.application(edit)))) if one.criterion == "ECTD-B12"
    ]
    assert len(found) == 1 and "'ALPHA'" in found[0].what


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_backbone_never_crashes_the_validator(data: st.DataObject) -> None:
    files = golden.application()
    path = data.draw(st.sampled_from(["0000/index.xml", "0001/index.xml", "0000/m1/us/us-regional.xml"]))
    spoiled = bytearray(files[path])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[at] = data.draw(st.integers(0, 255))
    files[path] = bytes(spoiled)
    with contextlib.suppress(FormatError):
        validate(read_application(from_memory(files)), pdfs=False)


def test_twenty_thousand_leaves_are_checked_in_time() -> None:
    count = 20_000
    leaves = "".join(
        f'<leaf ID="n{number}" operation="new" checksum="{"0" * 32}" checksum-type="md5" '
        f'xlink:href="m5/53-clin-stud-rep/537-crf-ipl/crf-{number}.pdf"><title>CRF {number}</title></leaf>'
        for number in range(count)
    )
    heading = "m5-3-7-case-report-forms-and-individual-patient-listings"
    body = (
        f"<m5-clinical-study-reports><m5-3-clinical-study-reports><{heading}>{leaves}</{heading}>"
        "</m5-3-clinical-study-reports></m5-clinical-study-reports>"
    )
    files = {f"0000/m5/53-clin-stud-rep/537-crf-ipl/crf-{number}.pdf": b"x" for number in range(count)}
    files["0000/index.xml"] = golden.index(body)
    files["0000/index-md5.txt"] = golden.md5(files["0000/index.xml"]).encode()
    package = from_memory(files)
    began = time.process_time()
    found = validate(read_application(package), hashing=False, pdfs=False)
    assert {one.criterion for one in found} == {"ECTD-A08", "ECTD-R01"}
    assert time.process_time() - began < 2.0
