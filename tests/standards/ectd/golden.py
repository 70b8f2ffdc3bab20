"""The golden application: an IND of two sequences with ten payload leaves, written out by hand.

After the example application of PharmaRA/RATools-for-eCTD (its description, not its files): sequence 0001 replaces the
specification of the first manufacturer. It is independent of the package's own writer.
"""

from __future__ import annotations

import hashlib

import pikepdf

XLINK = 'xmlns:xlink="http://www.w3c.org/1999/xlink"'


def pdf_of(title: str) -> bytes:
    """Return a small PDF with one page of text in an embedded font that has no glyphs: enough for a structural look."""
    import io

    made = pikepdf.new()
    font = made.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type3, BaseFont=pikepdf.Name("/Plain"))
    )
    page = made.add_blank_page()
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.obj.Contents = made.make_stream(f"BT /F1 12 Tf ({title}) Tj ET".encode())
    out = io.BytesIO()
    made.save(out, force_version="1.7", deterministic_id=True)
    return out.getvalue()


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def leaf(identifier: str, href: str, data: bytes, title: str, operation: str = "new", modified: str = "") -> str:
    changed = f' modified-file="{modified}"' if modified else ""
    return (
        f'<leaf ID="{identifier}" operation="{operation}"{changed} checksum="{md5(data)}" checksum-type="md5"'
        f' xlink:href="{href}"><title>{title}</title></leaf>'
    )


def regional(sequence: str, content: str) -> bytes:
    sub = "fdasst1" if sequence == "0000" else "fdasst4"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fda-regional:fda-regional SYSTEM "../../util/dtd/us-regional-v3-3.dtd">
<fda-regional:fda-regional xmlns:fda-regional="http://www.ich.org/fda" {XLINK} dtd-version="3.3">
<admin><applicant-info><id>123456789</id><company-name>Sponsor</company-name>
<applicant-contacts><applicant-contact><applicant-contact-name applicant-contact-type="fdaact1">A B</applicant-contact-name>
<telephones><telephone telephone-number-type="fdatnt1">1</telephone></telephones><emails><email>a@b.example</email></emails>
</applicant-contact></applicant-contacts></applicant-info>
<application-set><application application-containing-files="true"><application-information>
<application-number application-type="fdaat4">000001</application-number></application-information>
<submission-information><submission-id submission-type="fdast1">0000</submission-id>
<sequence-number submission-sub-type="{sub}">{sequence}</sequence-number></submission-information></application>
</application-set></admin>{content}</fda-regional:fda-regional>
""".encode()


def index(content: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ectd:ectd SYSTEM "util/dtd/ich-ectd-3-2.dtd">
<ectd:ectd xmlns:ectd="http://www.ich.org/ectd" {XLINK} dtd-version="3.2">
{content}
</ectd:ectd>
""".encode()


M1 = "m1-administrative-information-and-prescribing-information"
S = 'm3-2-s-drug-substance substance="Drug A" manufacturer="{}"'


def _substance(identifier: str, maker: str, href: str, data: bytes) -> str:
    return (
        f'<m3-2-s-drug-substance substance="Drug A" manufacturer="{maker}"><m3-2-s-4-control-of-drug-substance>'
        f"<m3-2-s-4-1-specification>{leaf(identifier, href, data, 'Specification')}</m3-2-s-4-1-specification>"
        "</m3-2-s-4-control-of-drug-substance></m3-2-s-drug-substance>"
    )


def sequence_0000(files: dict[str, bytes], edit: dict[str, str]) -> None:
    texts = {
        "cover": "m1/us/cover.pdf",
        "overview": "m2/25-clin-over/overview.pdf",
        "qos-alpha": "m2/23-qos/qos-alpha.pdf",
        "qos-beta": "m2/23-qos/qos-beta.pdf",
        "qos-product": "m2/23-qos/qos-product.pdf",
        "alpha-spec-v1": "m3/32-body-data/32s-drug-sub/drug-a-alpha/32s4-contr-drug-sub/32s41-spec/alpha-spec.pdf",
        "beta-spec-v1": "m3/32-body-data/32s-drug-sub/drug-a-beta/32s4-contr-drug-sub/32s41-spec/beta-spec.pdf",
        "product-composition": "m3/32-body-data/32p-drug-prod/product-a/32p1-desc-comp/composition.pdf",
        "nc-report": "m4/42-stud-rep/423-tox/4232-repeat-dose-tox/study-nc-001/report.pdf",
        "cl-report": "m5/53-clin-stud-rep/535-rep-effic-safety-stud/indication-a/5351-stud-rep-contr/study-cl-001/report.pdf",
    }
    data = {name: pdf_of(name) for name in texts}
    for name, path in texts.items():
        files[f"0000/{path}"] = data[name]
    cover = leaf("overview", "cover.pdf", data["cover"], "Cover letter")
    module1 = regional("0000", f"<m1-regional><m1-2-cover-letters>{cover}</m1-2-cover-letters></m1-regional>")
    files["0000/m1/us/us-regional.xml"] = module1

    def at(name: str, title: str = "Document") -> str:
        return leaf(name, texts[name], data[name], title)

    content = f"""<{M1}>{leaf("us-regional", "m1/us/us-regional.xml", module1, "US regional")}</{M1}>
<m2-common-technical-document-summaries><m2-3-quality-overall-summary>
<m2-3-s-drug-substance substance="Drug A" manufacturer="Alpha">{at("qos-alpha")}</m2-3-s-drug-substance>
<m2-3-s-drug-substance substance="Drug A" manufacturer="Beta">{at("qos-beta")}</m2-3-s-drug-substance>
<m2-3-p-drug-product product-name="Product A" dosageform="Tablet" manufacturer="Alpha">{at("qos-product")}</m2-3-p-drug-product>
</m2-3-quality-overall-summary>
<m2-5-clinical-overview>{at("overview")}</m2-5-clinical-overview></m2-common-technical-document-summaries>
<m3-quality><m3-2-body-of-data>
{_substance("alpha-spec-v1", "Alpha", texts["alpha-spec-v1"], data["alpha-spec-v1"])}
{_substance("beta-spec-v1", "Beta", texts["beta-spec-v1"], data["beta-spec-v1"])}
<m3-2-p-drug-product product-name="Product A" dosageform="Tablet" manufacturer="Alpha">
<m3-2-p-1-description-and-composition-of-the-drug-product>{at("product-composition")}
</m3-2-p-1-description-and-composition-of-the-drug-product></m3-2-p-drug-product></m3-2-body-of-data></m3-quality>
<m4-nonclinical-study-reports><m4-2-study-reports><m4-2-3-toxicology><m4-2-3-2-repeat-dose-toxicity>
<node-extension><title>study-nc-001</title>{at("nc-report")}</node-extension>
</m4-2-3-2-repeat-dose-toxicity></m4-2-3-toxicology></m4-2-study-reports></m4-nonclinical-study-reports>
<m5-clinical-study-reports><m5-3-clinical-study-reports>
<m5-3-5-reports-of-efficacy-and-safety-studies indication="Indication A">
<m5-3-5-1-study-reports-of-controlled-clinical-studies-pertinent-to-the-claimed-indication>
<node-extension><title>study-cl-001</title>{at("cl-report")}</node-extension>
</m5-3-5-1-study-reports-of-controlled-clinical-studies-pertinent-to-the-claimed-indication>
</m5-3-5-reports-of-efficacy-and-safety-studies></m5-3-clinical-study-reports></m5-clinical-study-reports>"""
    _close(files, "0000", content, edit)


def sequence_0001(files: dict[str, bytes], edit: dict[str, str]) -> None:
    path = "m3/32-body-data/32s-drug-sub/drug-a-alpha/32s4-contr-drug-sub/32s41-spec/alpha-spec-v2.pdf"
    files[f"0001/{path}"] = pdf_of("alpha-spec-v2")
    module1 = regional("0001", "")
    files["0001/m1/us/us-regional.xml"] = module1
    content = f"""<{M1}>{leaf("us-regional", "m1/us/us-regional.xml", module1, "US regional")}</{M1}>
<m3-quality><m3-2-body-of-data><m3-2-s-drug-substance substance="Drug A" manufacturer="Alpha">
<m3-2-s-4-control-of-drug-substance><m3-2-s-4-1-specification>
{leaf("alpha-spec-v2", path, files[f"0001/{path}"], "Specification", "replace", "../0000/index.xml#alpha-spec-v1")}
</m3-2-s-4-1-specification></m3-2-s-4-control-of-drug-substance></m3-2-s-drug-substance></m3-2-body-of-data></m3-quality>"""
    _close(files, "0001", content, edit)


def _close(files: dict[str, bytes], number: str, content: str, edit: dict[str, str]) -> None:
    for old, new in edit.items():
        content = content.replace(old, new, 1)
    files[f"{number}/index.xml"] = index(content)
    files[f"{number}/index-md5.txt"] = md5(files[f"{number}/index.xml"]).encode()


def application(edit_0000: dict[str, str] | None = None, edit_0001: dict[str, str] | None = None) -> dict[str, bytes]:
    """Return the files of the application, with replacements in the text of either index."""
    files: dict[str, bytes] = {}
    sequence_0000(files, edit_0000 or {})
    sequence_0001(files, edit_0001 or {})
    return files
