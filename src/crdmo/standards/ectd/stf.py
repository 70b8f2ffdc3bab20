"""Study tagging files: which leaf is which part of a study (US; the EU uses node extensions instead).

Source: ICH, The eCTD Backbone File Specification for Study Tagging Files, version 2.6.1, DTD 2.2; values of 2010-06-10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import dirname, relpath

from lxml import etree

from crdmo.standards.ectd import xml
from crdmo.standards.ectd.model import INDEX, NCNAME, Target
from crdmo.standards.ectd.paths import slug
from crdmo.standards.ectd.writing import ECTD, serialise
from crdmo.standards.refusals import FormatError

XLINK = "http://www.w3.org/1999/xlink"
VERSION = "STF version 2.2"
ROOT = f"{{{ECTD}}}study"
_CATEGORIES = {
    "species": "ich mouse rat hamster other-rodent rabbit dog non-human-primate other-non-rodent-mammal non-mammals",
    "route-of-admin": "ich oral intravenous intramuscular intraperitoneal subcutaneous inhalation topical other",
    "duration": "us short medium long",
    "type-of-control": "ich placebo no-treatment dose-response-without-placebo active-control-without-placebo external",
}
# Each category with the realm that uses it and its values.
CATEGORIES: Mapping[str, tuple[str, frozenset[str]]] = {
    name: (words.split()[0], frozenset(words.split()[1:])) for name, words in _CATEGORIES.items()
}
_TAGS = {
    "ich": "pre-clinical-study-report legacy-clinical-study-report synopsis study-report-body protocol-or-amendment "
    "sample-case-report-form iec-irb-consent-form-list list-description-investigator-site signatures-investigators "
    "list-patients-with-batches randomisation-scheme audit-certificates-report "
    "statistical-methods-interim-analysis-plan inter-laboratory-standardisation-methods-quality-assurance "
    "publications-based-on-study publications-referenced-in-report discontinued-patients protocol-deviations "
    "patients-excluded-from-efficacy-analysis demographic-data compliance-and-drug-concentration-data "
    "individual-efficacy-response-data adverse-event-listings listing-individual-laboratory-measurements-by-patient "
    "case-report-forms available-on-request",
    "jp": "complete-patient-list serious-adverse-event-patient-list adverse-event-patient-list "
    "abnormal-lab-values-patient-list",
    "us": "data-tabulation-dataset-legacy data-tabulation-dataset-sdtm data-tabulation-dataset-send "
    "data-tabulation-data-definition data-listing-dataset data-listing-data-definition analysis-dataset-adam "
    "analysis-dataset-legacy analysis-program analysis-data-definition annotated-crf ecg image subject-profiles "
    "safety-report antibacterial special-pathogen antiviral iss ise pm-description",
}
FILE_TAGS: Mapping[str, str] = {tag: realm for realm, tags in _TAGS.items() for tag in tags.split()}


@dataclass(frozen=True)
class StudyTags:
    """One study: its number and title, what tells it apart, and the leaves with their tags.

    `section` is where its leaves stand. `documents` are (ID of a leaf of the same sequence, file tag). `modifies` is
    the study's earlier tagging file, which a later one is appended to.
    """

    study_id: str
    title: str
    section: str
    documents: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    modifies: Target | None = None

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return f"stf-{slug(self.study_id, 56)}.xml"


def write_stf(study: StudyTags, path: str) -> bytes:
    """Return a study tagging file that is to stand at a path of the sequence.

    Raises:
        FormatError: a tag or a category is none of the lists, or there is nothing to tag.
    """
    if not study.study_id.strip() or not study.title.strip() or not study.documents:
        raise FormatError("a study has a number, a title and documents", given=study.study_id or "nothing")
    root = etree.Element(ROOT, nsmap={"ectd": ECTD, "xlink": XLINK})
    root.set("dtd-version", "2.2")
    identity = etree.SubElement(root, "study-identifier")
    etree.SubElement(identity, "title").text = study.title
    etree.SubElement(identity, "study-id").text = study.study_id
    for name, value in study.categories:
        if name not in CATEGORIES or value not in CATEGORIES[name][1]:
            allowed = ", ".join(sorted(CATEGORIES[name][1])) if name in CATEGORIES else ", ".join(CATEGORIES)
            raise FormatError("this tells no study apart", given=f"{name}: {value}", allowed=allowed)
        category = etree.SubElement(identity, "category")
        category.set("name", name)
        category.set("info-type", CATEGORIES[name][0])
        category.text = value
    documents = etree.SubElement(root, "study-document")
    back = relpath(INDEX, dirname(path))
    for identifier, tag in study.documents:
        if tag not in FILE_TAGS:
            raise FormatError("there is no such file tag", given=tag, allowed=", ".join(sorted(FILE_TAGS)[:12]) + ", …")
        content = etree.SubElement(documents, "doc-content")
        content.set(f"{{{XLINK}}}href", f"{back}#{identifier}")
        held = etree.SubElement(content, "file-tag")
        held.set("name", tag)
        held.set("info-type", FILE_TAGS[tag])
    up = relpath("util", dirname(path))
    return serialise(root, "ectd:study", f"{up}/dtd/ich-stf-v2-2.dtd", f"{up}/style/ich-stf-stylesheet-2-2a.xsl")


@dataclass(frozen=True)
class ReadStudy:
    """A study tagging file as it was read: (link, tags, line) for each document."""

    study_id: str
    title: str
    categories: tuple[tuple[str, str], ...]
    documents: tuple[tuple[str, tuple[str, ...], int], ...]


def read_stf(data: bytes, path: str) -> ReadStudy:
    """Return a study tagging file.

    Raises:
        FormatError: it is none, or hostile.
    """
    root = xml.parse(data, path)
    if root.tag != ROOT:
        raise FormatError(f"{path} is no study tagging file", given=str(root.tag))
    documents = tuple(
        (
            str(one.get(f"{{{XLINK}}}href") or one.get("{http://www.w3c.org/1999/xlink}href") or ""),
            tuple(str(tag.get("name", "")) for tag in one.iterchildren("file-tag")),
            int(one.sourceline or 0),
        )
        for one in root.iter("doc-content")
    )
    categories = tuple((str(one.get("name", "")), (one.text or "").strip()) for one in root.iter("category"))
    identity = root.find("study-identifier")
    if identity is None:
        raise FormatError(f"{path} names no study")
    study_id = (identity.findtext("study-id") or "").strip()
    return ReadStudy(study_id, (identity.findtext("title") or "").strip(), categories, documents)


def require_id(identifier: str) -> str:
    """Return the ID of a leaf if XML allows it.

    Raises:
        FormatError: it begins with a digit or has other characters.
    """
    if not NCNAME.fullmatch(identifier):
        raise FormatError(
            "this cannot be the ID of a leaf", given=identifier, allowed="a letter first, then letters, digits, - . _"
        )
    return identifier
