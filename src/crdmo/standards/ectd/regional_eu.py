"""Module 1 of the European Union, backbone version 3.1: its headings, and what an envelope must say.

Source: EMA, EU Module 1 eCTD specification 3.1.1 with its DTD 3.1 (June 2024). The DTD comes from the catalogue of the
installation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from uuid import UUID

from crdmo.standards.ectd.module1 import Section, above
from crdmo.standards.refusals import FormatError

PATH = "m1/eu/eu-regional.xml"
FOLDER = "m1/eu"
DTD = "eu-regional.dtd"
NAMESPACE = "http://europa.eu.int"
DTD_VERSION = "3.1"
_SUBMISSION_TYPES = """
maa var-type1a var-type1ain var-type1b var-type2 var-nat extension rup psur psusa rmp renewal pam-sob pam-anx pam-mea
pam-leg pam-sda pam-capa pam-p45 pam-p46 pam-paes pam-rec pass107n pass107q asmf pmf referral-20 referral-294 referral-29p
referral-30 referral-31 referral-35 referral-5-3 referral-107i referral-16c1c referral-16c4 annual-reassessment usr
clin-data-pub-rp clin-data-pub-fv paed-7-8-30 paed-29 paed-45 paed-46 article-58 notification-61-3 transfer-ma
lifting-suspension withdrawal cep article-18 none
"""
_UNIT_TYPES = """
initial validation-response response additional-info closing consolidating corrigendum reformat re-examination
"""
_COUNTRIES = """
at be bg common cy cz de dk edqm ee el es ema fi fr hr hu ie is it li lt lu lv mt nl no pl pt ro se si sk uk xi
"""
_LANGUAGES = "bg cs da de el en es et fi fr ga hr hu is it lt lv mt nl no pl pt ro sk sl sv"
SUBMISSION_TYPES = frozenset(_SUBMISSION_TYPES.split())
UNIT_TYPES = frozenset(_UNIT_TYPES.split())
COUNTRIES = frozenset(_COUNTRIES.split())
LANGUAGES = frozenset(_LANGUAGES.split())
MODES = frozenset({"single", "grouping", "worksharing"})
PROCEDURES = frozenset({"centralised", "national", "mutual-recognition", "decentralised"})
PI_TYPES = frozenset({"spc", "annex2", "outer", "interpack", "impack", "other", "pl", "combined"})

# Section, the words of its element, its folder in m1/eu, and what stands between it and its leaves.
_TABLE = """
1.0 m1-0-cover 10-cover specific
1.2 m1-2-form 12-form specific
1.3 m1-3-pi 13-pi -
1.3.1 m1-3-1-spc-label-pl 13-pi/131-spclabelpl pi-doc
1.3.2 m1-3-2-mockup 13-pi/132-mockup specific
1.3.3 m1-3-3-specimen 13-pi/133-specimen specific
1.3.4 m1-3-4-consultation 13-pi/134-consultation specific
1.3.5 m1-3-5-approved 13-pi/135-approved specific
1.3.6 m1-3-6-braille 13-pi/136-braille -
1.4 m1-4-expert 14-expert -
1.4.1 m1-4-1-quality 14-expert/141-quality -
1.4.2 m1-4-2-non-clinical 14-expert/142-nonclinical -
1.4.3 m1-4-3-clinical 14-expert/143-clinical -
1.5 m1-5-specific 15-specific -
1.5.1 m1-5-1-bibliographic 15-specific/151-bibliographic -
1.5.2 m1-5-2-generic-hybrid-bio-similar 15-specific/152-generic-hybrid-bio-similar -
1.5.3 m1-5-3-data-market-exclusivity 15-specific/153-data-market-exclusivity -
1.5.4 m1-5-4-exceptional-circumstances 15-specific/154-exceptional -
1.5.5 m1-5-5-conditional-ma 15-specific/155-conditional-ma -
1.6 m1-6-environrisk 16-environrisk -
1.6.1 m1-6-1-non-gmo 16-environrisk/161-nongmo -
1.6.2 m1-6-2-gmo 16-environrisk/162-gmo -
1.7 m1-7-orphan 17-orphan -
1.7.1 m1-7-1-similarity 17-orphan/171-similarity -
1.7.2 m1-7-2-market-exclusivity 17-orphan/172-market-exclusivity -
1.8 m1-8-pharmacovigilance 18-pharmacovigilance -
1.8.1 m1-8-1-pharmacovigilance-system 18-pharmacovigilance/181-phvig-system -
1.8.2 m1-8-2-risk-management-system 18-pharmacovigilance/182-riskmgt-system -
1.9 m1-9-clinical-trials 19-clinical-trials -
1.10 m1-10-paediatrics 110-paediatrics -
1.R m1-responses responses specific
1.A m1-additional-data additional-data specific
"""
_TITLES = {
    "1.0": "Cover letter", "1.2": "Application form", "1.3": "Product information", "1.R": "Responses to questions",
    "1.3.1": "SPC, labelling and package leaflet", "1.A": "Additional data", "1.4": "Information about the experts",
    "1.5": "Specific requirements for different types of applications", "1.6": "Environmental risk assessment",
    "1.7": "Orphan market exclusivity",
}  # fmt: skip


@cache
def sections() -> Mapping[str, Section]:
    """Return the headings by section number, in the order of the backbone. Responses are 1.R, additional data 1.A."""
    rows = [line.split(" ") for line in _TABLE.strip().splitlines()]
    elements = {number: element for number, element, _, _ in rows}
    made = {}
    for order, (number, element, folder, wrapper) in enumerate(rows):
        words = re.sub(r"^m1(-[0-9]+)*-", "", element).replace("-", " ")
        made[number] = Section(
            section=number,
            element=element,
            title=_TITLES.get(number, words[:1].upper() + words[1:]),
            line=(*(elements[one] for one in above(number) if one in elements), element),
            takes_leaves=not any(other.startswith(f"{number}.") for other in elements),
            folder=f"{FOLDER}/{folder}",
            order=order,
            wrapper="" if wrapper == "-" else wrapper,
        )
    return MappingProxyType(made)


@dataclass(frozen=True)
class EuEnvelope:
    """What the sequence is to one agency of the Union.

    `related` is the number of the first sequence of the regulatory activity; that of the sequence itself where it opens
    one. `tracking` are the procedure numbers.
    """

    identifier: str
    submission_type: str
    unit_type: str
    tracking: tuple[str, ...]
    applicant: str
    agency: str
    procedure: str
    invented_names: tuple[str, ...]
    description: str
    inns: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    mode: str = "single"
    country: str = "ema"
    number: str = ""

    def require(self, sequence: str) -> EuEnvelope:
        """Return the envelope if it can be written for a sequence.

        Raises:
            FormatError: a value is none of the lists, or one that must be there is not.
        """
        _one_of("submission type", self.submission_type, SUBMISSION_TYPES)
        _one_of("type of submission unit", self.unit_type, UNIT_TYPES)
        _one_of("mode", self.mode, MODES)
        _one_of("procedure", self.procedure, PROCEDURES)
        _one_of("country", self.country, COUNTRIES - {"common"})
        try:
            UUID(self.identifier)
        except ValueError as odd:
            raise FormatError("the identifier of the application is a UUID", given=self.identifier) from odd
        if not re.fullmatch(r"[A-Z]{2}-[A-Z]+", self.agency):
            raise FormatError("this is no code of an agency", given=self.agency, allowed="such as EU-EMA or SE-MPA")
        if not (self.applicant.strip() and self.tracking and self.invented_names and self.description.strip()):
            raise FormatError(
                "the envelope is not complete", allowed="applicant, tracking number, product name and description"
            )
        if self.mode != "single" and not self.number:
            raise FormatError(f"a submission by {self.mode} has a number", given="nothing")
        wrong = [one for one in self.related if not re.fullmatch(r"[0-9]{4}", one) or one > sequence]
        if wrong or (self.unit_type not in ("initial", "reformat") and not self.related):
            raise FormatError(
                "the related sequence is the first one of the activity", given=", ".join(wrong) or "nothing",
                allowed=f"four digits, not after {sequence}",
            )  # fmt: skip
        return self


def _one_of(what: str, given: str, allowed: frozenset[str]) -> None:
    if given not in allowed:
        raise FormatError(f"this is no {what}", given=given or "nothing", allowed=", ".join(sorted(allowed)))
