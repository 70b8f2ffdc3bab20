"""Module 1 of the United States, backbone version 3.3: its headings, its codes, and what an envelope must say.

Source: FDA, The eCTD Backbone Files Specification for Module 1, version 2.6, with DTD us-regional 3.3 and its lists of
codes. The DTD itself is not passed on with this package: it comes from the catalogue of the installation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from crdmo.standards.ectd.module1 import Section, above
from crdmo.standards.refusals import FormatError

PATH = "m1/us/us-regional.xml"
FOLDER = "m1/us"
DTD = "us-regional-v3-3.dtd"
NAMESPACE = "http://www.ich.org/fda"
DTD_VERSION = "3.3"
APPLICATION_NUMBER = re.compile(r"[0-9]{6}")
APPLICATION_TYPES = {
    "NDA": "fdaat1", "ANDA": "fdaat2", "BLA": "fdaat3", "IND": "fdaat4", "DMF": "fdaat5", "EUA": "fdaat6",
}  # fmt: skip
SUBMISSION_TYPES = {
    "original": "fdast1", "efficacy supplement": "fdast2", "cmc supplement": "fdast3", "labeling supplement": "fdast4",
    "annual report": "fdast5", "product correspondence": "fdast6", "postmarketing commitments": "fdast7",
    "promotional labeling advertising": "fdast8", "ind safety reports": "fdast9", "periodic safety reports": "fdast10",
}  # fmt: skip
SUB_TYPES = {
    "original": "fdasst1", "presubmission": "fdasst2", "application": "fdasst3", "amendment": "fdasst4",
    "resubmission": "fdasst5", "report": "fdasst6", "correspondence": "fdasst7",
}  # fmt: skip
CONTACT_TYPES = {"regulatory": "fdaact1", "technical": "fdaact2", "us agent": "fdaact3"}
TELEPHONE_TYPES = {"business": "fdatnt1", "fax": "fdatnt2", "mobile": "fdatnt3"}
FORM_TYPES = {
    "1571": "fdaft1",
    "356h": "fdaft2",
    "3397": "fdaft3",
    "2252": "fdaft4",
    "2253": "fdaft5",
    "3674": "fdaft7",
}
# What an investigational application cannot be given, and what only it can.
SUPPLEMENTS = {"efficacy supplement", "cmc supplement", "labeling supplement"}

_UPPER = {word: word.upper() for word in ("ind", "nda", "bla", "anda", "rems", "eua", "dsur")}
# Section, then the words of its element. A heading with headings below it holds no leaf of its own.
_TABLE = """
1.1 forms
1.2 cover-letters
1.3 administrative-information
1.3.1 contact-sponsor-applicant-information
1.3.1.1 change-of-address-or-corporate-name
1.3.1.2 change-in-contact-agent
1.3.1.3 change-in-sponsor
1.3.1.4 transfer-of-obligation
1.3.1.5 change-in-ownership-of-an-application-or-reissuance-of-license
1.3.2 field-copy-certification
1.3.3 debarment-certification
1.3.4 financial-certification-and-disclosure
1.3.5 patent-and-exclusivity
1.3.5.1 patent-information
1.3.5.2 patent-certification
1.3.5.3 exclusivity-claim
1.3.6 tropical-disease-priority-review-voucher
1.4 references
1.4.1 letter-of-authorization
1.4.2 statement-of-right-of-reference
1.4.3 list-of-authorized-persons-to-incorporate-by-reference
1.4.4 cross-reference-to-previously-submitted-information
1.5 application-status
1.5.1 withdrawal-of-an-ind
1.5.2 inactivation-request
1.5.3 reactivation-request
1.5.4 reinstatement-request
1.5.5 withdrawal-of-an-unapproved-bla-nda-anda-or-supplement
1.5.6 withdrawal-of-listed-drug
1.5.7 withdrawal-of-approval-of-an-application-or-revocation-of-license
1.6 meetings
1.6.1 meeting-request
1.6.2 meeting-background-materials
1.6.3 correspondence-regarding-meetings
1.7 fast-track
1.7.1 fast-track-designation-request
1.7.2 fast-track-designation-withdrawal-request
1.7.3 rolling-review-request
1.7.4 correspondence-regarding-fast-track-rolling-review
1.8 special-protocol-assessment-request
1.8.1 clinical-study
1.8.2 carcinogenicity-study
1.8.3 stability-study
1.8.4 animal-efficacy-study-for-approval-under-the-animal-rule
1.9 pediatric-administrative-information
1.9.1 request-for-waiver-of-pediatric-studies
1.9.2 request-for-deferral-of-pediatric-studies
1.9.3 request-for-pediatric-exclusivity-determination
1.9.4 proposed-pediatric-study-request-and-amendments
1.9.6 other-correspondence-regarding-pediatric-exclusivity-or-study-plans
1.10 dispute-resolution
1.10.1 request-for-dispute-resolution
1.10.2 correspondence-related-to-dispute-resolution
1.11 information-amendment-information-not-covered-under-modules-2-to-5
1.11.1 quality-information-amendment
1.11.2 nonclinical-information-amendment
1.11.3 clinical-information-amendment
1.11.4 multiple-module-information-amendment
1.12 other-correspondence
1.12.1 pre-ind-correspondence
1.12.2 request-to-charge-for-clinical-trial
1.12.3 request-to-charge-for-expanded-access
1.12.4 request-for-comments-and-advice
1.12.5 request-for-a-waiver
1.12.6 exception-from-informed-consent-for-emergency-research
1.12.7 public-disclosure-statement-for-exception-from-informed-consent-for-emergency-research
1.12.8 correspondence-regarding-exception-from-informed-consent-for-emergency-research
1.12.9 notification-of-discontinuation-of-clinical-trial
1.12.10 generic-drug-enforcement-act-statement
1.12.11 anda-basis-for-submission-statement
1.12.12 comparison-of-generic-drug-and-reference-listed-drug
1.12.13 request-for-waiver-for-in-vivo-studies
1.12.14 environmental-analysis
1.12.15 request-for-waiver-of-in-vivo-bioavailability-studies
1.12.16 field-alert-reports
1.12.17 orphan-drug-designation
1.13 annual-report
1.13.1 summary-for-nonclinical-studies
1.13.2 summary-of-clinical-pharmacology-information
1.13.3 summary-of-safety-information
1.13.4 summary-of-labeling-changes
1.13.5 summary-of-manufacturing-changes
1.13.6 summary-of-microbiological-changes
1.13.7 summary-of-other-significant-new-information
1.13.8 individual-study-information
1.13.9 general-investigational-plan
1.13.10 foreign-marketing
1.13.11 distribution-data
1.13.12 status-of-postmarketing-study-commitments-and-requirements
1.13.13 status-of-other-postmarketing-studies-and-requirements
1.13.14 log-of-outstanding-regulatory-business
1.13.15 development-safety-update-report-dsur
1.14 labeling
1.14.1 draft-labeling
1.14.1.1 draft-carton-and-container-labels
1.14.1.2 annotated-draft-labeling-text
1.14.1.3 draft-labeling-text
1.14.1.4 label-comprehension-studies
1.14.1.5 labeling-history
1.14.2 final-labeling
1.14.2.1 final-carton-or-container-labels
1.14.2.2 final-package-insert-package-inserts-patient-information-medication-guides
1.14.2.3 final-labeling-text
1.14.3 listed-drug-labeling
1.14.3.1 annotated-comparison-with-listed-drug
1.14.3.2 approved-labeling-text-for-listed-drug
1.14.3.3 labeling-text-for-reference-listed-drug
1.14.4 investigational-drug-labeling
1.14.4.1 investigational-brochure
1.14.4.2 investigational-drug-labeling
1.14.5 foreign-labeling
1.14.6 product-labeling-for-2253-submissions
1.16 risk-management-plan
1.16.1 risk-management-non-rems
1.16.2 risk-evaluation-and-mitigation-strategies-rems
1.16.2.1 final-rems
1.16.2.2 draft-rems
1.16.2.3 rems-assessment
1.16.2.4 rems-assessment-methodology
1.16.2.5 rems-correspondence
1.16.2.6 rems-modification-history
1.17 postmarketing-studies
1.17.1 correspondence-regarding-postmarketing-commitments
1.17.2 correspondence-regarding-postmarketing-requirements
1.18 proprietary-names
1.19 pre-eua-and-eua
1.20 general-investigational-plan-for-initial-ind
"""


@cache
def sections() -> Mapping[str, Section]:
    """Return the headings by section number, in the order of the backbone.

    Promotional material (1.15) carries attributes of its own and is not among them.
    """
    rows = [line.split(" ") for line in _TABLE.strip().splitlines()]
    elements = {number: f"m{number.replace('.', '-')}-{words}" for number, words in rows}
    made = {}
    for order, (number, words) in enumerate(rows):
        higher = [elements[one] for one in above(number) if one in elements]
        has_children = any(other.startswith(f"{number}.") for other in elements)
        said = " ".join(_UPPER.get(word, word) for word in words.split("-"))
        made[number] = Section(
            section=number,
            element=elements[number],
            title=said[:1].upper() + said[1:],
            line=(*higher, elements[number]),
            takes_leaves=number == "1.1" or not has_children,
            folder=FOLDER,
            order=order,
        )
    return MappingProxyType(made)


@dataclass(frozen=True)
class Contact:
    """A person of the applicant whom the agency calls."""

    name: str
    telephone: str
    email: str
    kind: str = "regulatory"
    telephone_kind: str = "business"


@dataclass(frozen=True)
class UsEnvelope:
    """What the sequence is to the agency.

    `submission_id` is the number of the first sequence of the regulatory activity, not a counter: an answer carries
    that of the submission which it answers, with the sub-type amendment.
    """

    applicant_id: str
    company: str
    description: str
    contacts: tuple[Contact, ...]
    application_type: str
    application_number: str
    submission_type: str
    submission_id: str
    sub_type: str

    def require(self, sequence: str) -> UsEnvelope:
        """Return the envelope if it can be written for a sequence.

        Raises:
            FormatError: a code is unknown, a number is none, or its parts contradict each other.
        """
        _code("application type", self.application_type, APPLICATION_TYPES)
        _code("submission type", self.submission_type, SUBMISSION_TYPES)
        _code("submission sub-type", self.sub_type, SUB_TYPES)
        if not APPLICATION_NUMBER.fullmatch(self.application_number):
            raise FormatError(
                "this is no application number", given=self.application_number or "nothing", allowed="six digits",
                next_step="The agency gives it, for an IND before the first sequence",
            )  # fmt: skip
        if not self.company.strip() or not self.applicant_id.strip() or not self.contacts:
            raise FormatError("the envelope lacks the applicant", allowed="identifier, company and a contact")
        for one in self.contacts:
            _code("contact type", one.kind, CONTACT_TYPES)
            _code("telephone type", one.telephone_kind, TELEPHONE_TYPES)
            if not (one.name.strip() and one.telephone.strip() and one.email.strip()):
                raise FormatError("a contact lacks name, telephone or email", given=one.name or "nothing")
        investigational = self.application_type in ("IND", "DMF")
        if investigational and self.submission_type in SUPPLEMENTS:
            raise FormatError("only an approved application is supplemented", given=self.submission_type)
        if self.application_type != "IND" and self.submission_type == "ind safety reports":
            raise FormatError("only an IND has IND safety reports", given=self.application_type)
        self._activity(sequence)
        return self

    def _activity(self, sequence: str) -> None:
        if not re.fullmatch(r"[0-9]{4}", self.submission_id) or self.submission_id > sequence:
            raise FormatError(
                "the submission id is the number of the first sequence of the activity",
                given=self.submission_id or "nothing", allowed=f"four digits, not after {sequence}",
            )  # fmt: skip
        if self.sub_type == "original" and self.submission_id != sequence:
            raise FormatError("an original opens its own activity", given=self.submission_id, allowed=sequence)
        if self.sub_type in ("amendment", "resubmission") and self.submission_id == sequence:
            raise FormatError(
                f"a sequence that is an {self.sub_type} belongs to an earlier activity", given=self.submission_id,
                allowed=f"the number of a sequence before {sequence}",
            )  # fmt: skip


def _code(what: str, given: str, allowed: Mapping[str, str]) -> str:
    if given not in allowed:
        raise FormatError(f"this is no {what}", given=given or "nothing", allowed=", ".join(allowed))
    return allowed[given]
