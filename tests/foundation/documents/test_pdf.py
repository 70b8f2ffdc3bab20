"""Every PDF is PDF/A, has its fonts and bookmarks inside, and is the same bytes at every call."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.documents import blocks, pdf
from crdmo.foundation.refusals import Invalid
from tests.foundation.documents import reading

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50" viewBox="0 0 200 50">'
    '<text x="5" y="30" font-family="system-ui, sans-serif" font-size="14">Assay in per cent</text></svg>'
)


def data(**more: Any) -> dict[str, Any]:
    return {
        "title": "Assay of lot LOT-26-0001",
        "kind": "Report",
        "code": "REP-1",
        "version": "Version 2",
        "organization": "Partner Ltd",
        "program": "CRD-101",
        "footer": "Issued document",
        "dated": "2026-11-24",
        "blocks": [blocks.heading("Results"), blocks.text("All results met the limits."), *more.pop("blocks", [])],
        **more,
    }


def test_a_report_is_pdf_a_2b() -> None:
    assert reading.standard(pdf.render("report", data())) == "2b"


def test_a_report_with_a_file_attached_is_pdf_a_3b() -> None:
    assert reading.standard(pdf.render("report", data(), attachments={"a.json": b"{}"})) == "3b"


def test_all_fonts_are_embedded_and_ours() -> None:
    made = pdf.render("report", data(blocks=[blocks.facts([["Hash", "ab" * 32, "code"]])]))
    found = reading.fonts(made)
    assert found and all(found.values())
    assert all("Plex" in name for name in found)


def test_headings_are_bookmarks() -> None:
    more = [blocks.heading("Discussion"), blocks.heading("Limits", 2)]
    assert reading.bookmarks(pdf.render("report", data(blocks=more))) == ["Results", "Discussion", "Limits"]


def test_what_is_attached_comes_out_unchanged() -> None:
    raw = bytes(range(256)) * 50
    found = reading.attached(pdf.render("report", data(), attachments={"data.bin": raw, "a.json": b"{}"}))
    assert set(found) == {"data.bin", "a.json"}
    assert hashlib.sha256(found["data.bin"]).digest() == hashlib.sha256(raw).digest()


@pytest.mark.parametrize("template", ["report", "certificate", "document"])
def test_the_same_data_gives_the_same_bytes(template: str) -> None:
    given = data(facts=[["a", "b"]], signatures=[])
    first = pdf.render(template, given, figures={"f": SVG}, attachments={"a.json": b"{}"})
    assert first == pdf.render(template, given, figures={"f": SVG}, attachments={"a.json": b"{}"})


def test_other_data_gives_other_bytes() -> None:
    assert pdf.render("report", data()) != pdf.render("report", data(code="REP-2"))


def test_the_only_date_is_that_of_the_data() -> None:
    with reading.opened(pdf.render("report", data(dated="2026-11-24T11:00:00.123456Z"))) as file:
        assert str(file.docinfo["/CreationDate"]).startswith("D:20261124110000")


def test_the_page_says_what_it_is() -> None:
    text = reading.text(pdf.render("report", data()))
    for said in ("Partner Ltd", "REP-1", "Version 2", "CRD-101", "Issued document", "Page 1 of 1"):
        assert said in text


def test_the_metadata_names_title_and_renderer() -> None:
    with reading.opened(pdf.render("report", data())) as file, file.open_metadata() as found:
        assert found["dc:title"] == "Assay of lot LOT-26-0001"
        assert pdf.RENDERER in str(found["pdf:Keywords"])


def test_the_watermark_is_on_each_page_and_only_when_asked_for() -> None:
    long = [blocks.pagebreak(), blocks.text("second page")]
    assert reading.watermarked_pages(pdf.render("report", data(blocks=long), watermark="Draft")) == [1, 2]
    assert reading.watermarked_pages(pdf.render("report", data(blocks=long))) == []


def test_the_watermark_is_the_word_asked_for() -> None:
    letters = "".join(reading.text(pdf.render("report", data(blocks=[]), watermark="Void")).split())
    plain = "".join(reading.text(pdf.render("report", data(blocks=[]))).split())
    assert sorted(letters) == sorted(plain + "VOID")


def test_a_figure_keeps_its_text_as_text() -> None:
    more = [blocks.figure("assay", "Assay falls by 0.08 % a month.")]
    text = reading.text(pdf.render("report", data(blocks=more), figures={"assay": SVG}))
    assert "Assay in per cent" in text
    assert "Figure 1. Assay falls by 0.08 % a month." in text


def test_rows_go_over_pages_under_a_repeated_head() -> None:
    rows = [[str(n), "99.80"] for n in range(150)]
    more = [blocks.table([blocks.column("Sample"), blocks.column("Assay", unit="%", align="decimal")], rows)]
    text = reading.text(pdf.render("report", data(blocks=more)))
    assert text.count("Sample") == text.count("Page ") >= 3
    assert all(f" {n} " in text.replace("\n", " \n") for n in (0, 77, 149))


def test_a_cell_longer_than_a_page_is_printed_whole() -> None:
    words = " ".join(f"word{n}" for n in range(3000))
    more = [blocks.table([blocks.column("Field"), blocks.column("Value", width="1fr")], [["Text", words]])]
    text = reading.text(pdf.render("report", data(blocks=more)))
    assert all(f"word{n}" in text for n in range(3000))


def test_a_hash_is_copied_without_odd_characters() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    head = [blocks.column("Version"), blocks.column("Hash", style="code"), blocks.column("Other", style="code")]
    more = [blocks.table(head, [["1", digest, digest]]), blocks.facts([["Digest", f"sha256:{digest}", "code"]])]
    text = reading.text(pdf.render("report", data(blocks=more)))
    assert text.count(digest[:32]) == 3 and text.count(digest[32:]) == 3
    assert f"sha256:{digest}" in text
    assert "\u200b" not in text


def test_a_word_wider_than_the_page_is_broken() -> None:
    word = "x" * 400
    text = reading.text(pdf.render("report", data(blocks=[blocks.text(word)])))
    assert text.count("x") == 400
    assert max(len(line.strip()) for line in text.splitlines()) < 200


def test_text_is_never_taken_for_markup() -> None:
    odd = '#panic("x") *bold* $x^2$ @ref <label> \\ // comment `raw` [link] _a_ = b'
    text = reading.text(pdf.render("report", data(blocks=[blocks.text(odd), blocks.facts([["odd", odd]])])))
    assert text.count('#panic("x") *bold* $x^2$ @ref <label>') == 2


def test_a_character_beyond_the_fonts_is_spelled_out() -> None:
    text = reading.text(pdf.render("report", data(blocks=[blocks.text("Reagent 試薬 from Ångström, 5 µg")])))
    assert "⟨U+8A66⟩⟨U+85AC⟩" in text
    assert "Ångström, 5 µg" in text


def test_control_characters_are_written_as_their_numbers() -> None:
    assert "a\\u0007b" in reading.text(pdf.render("report", data(blocks=[blocks.text("a\x07b")])))


@pytest.mark.parametrize("name", ["none", "../house", "/etc/passwd", ""])
def test_an_unknown_template_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"no such template.*certificate, document, report"):
        pdf.render(name, data())


@pytest.mark.parametrize("name", ["../x.json", "a/b.json", "", ".hidden", "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="cannot name a file"):
        pdf.render("report", data(), attachments={name: b""})


def test_a_block_that_no_template_knows_is_refused() -> None:
    with pytest.raises(Invalid, match=r"cannot be printed.*no such block: hologram"):
        pdf.render("report", data(blocks=[{"kind": "hologram"}]))


def test_a_template_of_another_room_draws_in_the_house_style(tmp_path: Path) -> None:
    own = tmp_path / "label.typ"
    own.write_text('#import "/house.typ": *\n#let data = json("/data.json")\n#show: house.with(data)\n= Own #data.code')
    made = pdf.render(own, data())
    assert reading.bookmarks(made) == ["Own REP-1"]
    assert "Partner Ltd" in reading.text(made)


def test_the_fonts_lie_here_as_they_were_published() -> None:
    told = {
        "IBMPlexMono-Regular.ttf": "ca68c275109229b824985027393df256f8070a632526d074e6267bc72912faa8",
        "IBMPlexSans-Italic.ttf": "363d9261e9568861d676be9d54a7259afa309b3117dbaa05a12fcf6be89513e6",
        "IBMPlexSans-Regular.ttf": "934a89165b1cb4edc54761078670ad8505b981a753dc1bfa4fcb28e8f6ac9707",
        "IBMPlexSans-Bold.ttf": "538145dbcd29edfdfbe22d5b9ef1b06fabfa70fdd8af349ededd637e09c8daab",
    }
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in pdf.FONTS.glob("*.ttf")}
    assert found == told
    assert "SIL OPEN FONT LICENSE" in (pdf.FONTS / "LICENSE.txt").read_text()
