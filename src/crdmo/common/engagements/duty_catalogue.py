"""The regulated duties that a matrix allocates: each with its clause, in the field's words.

An obligation of 21 CFR 312 that no matrix lists stays with the sponsor: 312.52(a) says that what is not described is not
transferred. Duties of GMP have no such rule: there, a duty that nobody holds is a gap.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """A duty: key, chapter of the catalogue, clause, what has to be done."""

    key: str
    chapter: str
    clause: str
    text: str


IND, GMP = "IND", "GMP"
CHAPTERS = {
    GMP: "Contract manufacture and analysis (EU GMP chapter 7, 21 CFR 211)",
    IND: "Sponsor's obligations in a clinical investigation (21 CFR 312)",
}

_IND = (
    ("312.6", "label the investigational drug"),
    ("312.7", "no promotion or charging without leave"),
    ("312.30", "submit protocol amendments"),
    ("312.31", "submit information amendments"),
    ("312.32", "report safety information to FDA and investigators"),
    ("312.33", "submit annual reports"),
    ("312.38", "notify of the withdrawal of the application"),
    ("312.50", "general responsibilities of the sponsor"),
    ("312.53(a)", "select qualified investigators"),
    ("312.53(b)", "ship the drug to participating investigators only"),
    ("312.53(c)", "obtain Form FDA 1572, curriculum vitae, protocol and financial disclosure"),
    ("312.53(d)", "select monitors"),
    ("312.54", "provide for emergency research"),
    ("312.55(a)", "give investigators the brochure before the study"),
    ("312.55(b)", "inform investigators of new observations"),
    ("312.56(a)", "monitor the progress of the investigations"),
    ("312.56(b)", "secure compliance, or end an investigator's participation"),
    ("312.56(c)", "review and evaluate evidence of safety and effectiveness"),
    ("312.56(d)", "discontinue investigations with unreasonable risk"),
    ("312.57(a)", "keep records of receipt and shipment of the drug"),
    ("312.57(b)", "keep records of financial interests"),
    ("312.57(c)", "retain records and reports"),
    ("312.57(d)", "retain reserve samples"),
    ("312.58(a)", "give FDA access to records"),
    ("312.58(b)", "give access to records of controlled substances"),
    ("312.59", "assure the disposition of unused drug"),
)
_GMP = (
    ("certification", "EU GMP Annex 16; 21 CFR 211.22(a)", "certify and release, or reject, each lot"),
    ("batch_review", "EU GMP chapter 1.10; 21 CFR 211.192", "review the batch record before release"),
    ("manufacture", "EU GMP chapter 7.8", "manufacture by the master batch record"),
    ("testing", "EU GMP chapter 6; 21 CFR 211.160", "test materials and product against the specification"),
    ("materials", "EU GMP chapter 5.27; 21 CFR 211.84", "qualify suppliers, test and release materials"),
    ("stability", "EU GMP chapter 6.26; 21 CFR 211.166", "keep the stability programme"),
    ("retained_samples", "EU GMP Annex 19; 21 CFR 211.170", "keep reference and retention samples"),
    ("deviations", "EU GMP chapter 8; 21 CFR 211.192", "investigate deviations and out-of-specification results"),
    ("change_control", "EU GMP chapter 1.4(xii); ICH Q10 3.2.3", "assess and approve changes"),
    ("complaints", "EU GMP chapter 8; 21 CFR 211.198", "investigate complaints"),
    ("recall", "EU GMP chapter 8.21", "decide on and carry out a recall"),
    ("audit", "EU GMP chapter 7.5", "assess the contract acceptor before and during the work"),
    ("subcontracting", "EU GMP chapter 7.11", "give consent before work is passed to a third party"),
)

CATALOGUE: dict[str, Duty] = {
    **{f"ind.{clause}": Duty(f"ind.{clause}", IND, f"21 CFR {clause}", text) for clause, text in _IND},
    **{f"gmp.{key}": Duty(f"gmp.{key}", GMP, clause, text) for key, clause, text in _GMP},
}
RETAINED = "21 CFR 312.52(a): what the transfer does not describe is retained by the sponsor"


def of_chapter(chapter: str) -> list[Duty]:
    """Return the duties of a chapter, in the order of their clauses."""
    return [duty for duty in CATALOGUE.values() if duty.chapter == chapter]
