"""The controlled documents of the demo's dossier: written from the records, so that a corrected number reaches the leaf."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.ledger.models import Record
from crdmo.services.preclinical.models import StudyReport
from crdmo.services.quality.models import Certificate, ShelfLife, Specification
from crdmo.services.regulatory.demo import Study

from . import people


@dataclass(frozen=True)
class Desk:
    """Who takes documents into force: a reviewer who wrote none of them, and QA."""

    cast: people.Cast
    program: Program
    today: dt.date

    def effective(
        self,
        code: str,
        title: str,
        kind: str,
        author: str,
        sources: Sequence[Record],
        *,
        text: str = "",
        file: str = "",
    ) -> DocumentVersion:
        """Draft the next version of a document, have it reviewed and approved, and put it into force."""
        by, qp, qa = self.cast[author], self.cast["l.adeyemi"], self.cast["h.brandt"]
        document = self._document(code, title, kind, by)
        number = document.versions.count() + 1
        version = documents.draft(
            by,
            document,
            text=text,
            file=file,
            filename=f"{code.lower()}.pdf" if file else "",
            change_summary="First version" if number == 1 else "The evaluation and the proposed shelf life are added.",
            sources=sources,
        )
        documents.submit_for_review(by, version)
        documents.review(qp, version, credentials=self.cast.credentials("l.adeyemi"))
        documents.approve(qa, version, effective_from=self.today, credentials=self.cast.credentials("h.brandt"))
        return documents.make_effective(qa, version)

    def _document(self, code: str, title: str, kind: str, owner: Person) -> Document:
        found = Document.objects.filter(program=self.program, code=code).first()
        return found or documents.create_document(
            owner, code=code, title=title, kind=kind, owner=owner, program=self.program
        )


def first(desk: Desk) -> list[tuple[DocumentVersion, str, str]]:
    """Return the documents of the first sequence with their headings and titles."""
    spec = Specification.objects.filter(
        program=desk.program, substance__code="VT-20", stage="release", state="approved"
    ).first()
    assert spec is not None
    letter = (
        "# Original IND 145210: Velatide tablets 20 mg\n\n"
        "Aurelia Therapeutics submits the information on the drug product and the 28-day study of Velatide tablets. "
        "Further nonclinical and the clinical information follows with sequence 0002."
    )
    form = (
        "# Form FDA 1571: transcript of entries\n\n"
        "| Field | Entry |\n|---|---|\n| Sponsor | Aurelia Therapeutics |\n| IND number | 145210 |\n"
        "| Drug | Velatide tablets 20 mg |\n| Serial number | 0000 |\n| Submission | Original IND |"
    )
    made = [
        (desk.effective("RA-1571", "Form FDA 1571", "report", "e.okonkwo", (), text=form), "1.1", "Form FDA 1571"),
        (
            desk.effective("RA-LETTER-0000", "Cover letter", "report", "e.okonkwo", (), text=letter),
            "1.2",
            "Cover letter",
        ),
        (_specification(desk, spec), "3.2.P.5.1", "Specification of Velatide tablets 20 mg"),
    ]
    for lot in ("VT-2601", "VT-2602"):
        found = Certificate.objects.get(lot__code=lot, state="signed")
        version = desk.effective(
            found.code, f"Certificate of analysis, lot {lot}", "certificate", "j.novak", [found],
            file=found.copies.get().pdf,
        )  # fmt: skip
        made.append((version, "3.2.P.5.4", f"Certificate of analysis, lot {lot}"))
    made.append((_stability(desk, evaluated=False), "3.2.P.8.1", "Stability summary and conclusion"))
    return made


def studies(desk: Desk) -> list[Study]:
    """Return the reports in force of the program's toxicity studies, each with its number."""
    found = StudyReport.objects.filter(program=desk.program, document__state="effective", is_void=False)
    return [
        Study(
            report.study.code,
            "pre-clinical-study-report",
            ((report.document, "4.2.3.2", report.document.document.title),),
        )
        for report in found.select_related("study", "document__document")
    ]


def stability_evaluated(desk: Desk) -> DocumentVersion:
    """Return the later version of the stability summary, with the evaluation."""
    return _stability(desk, evaluated=True)


def _specification(desk: Desk, spec: Specification) -> DocumentVersion:
    rows = "\n".join(
        f"| {one.name} | {one.method.code} | {one.limit} {one.unit} |"
        for one in spec.criteria.filter(is_void=False).select_related("method").order_by("position")
    )
    text = f"# Specification {spec.code}\n\n| Test | Method | Acceptance criterion |\n|---|---|---|\n{rows}"
    return desk.effective(
        "CMC-SPEC-VT20", "Specification of Velatide tablets 20 mg", "specification", "j.novak", [spec], text=text
    )


def _stability(desk: Desk, *, evaluated: bool) -> DocumentVersion:
    found = ShelfLife.objects.get(program=desk.program)
    text = (
        f"# Stability of Velatide tablets 20 mg\n\nLots are stored as protocol {found.protocol.code} sets out and "
        f"tested for {found.criterion.name.lower()}.\n"
    )
    if evaluated:
        text += (
            f"\n# Evaluation\n\nBy ICH Q1E the lots support {found.estimate} months. "
            f"A shelf life of {found.proposed_months} months is proposed.\n\n{found.rationale}"
        )
    return desk.effective(
        "CMC-STAB-VT20", "Stability of Velatide tablets 20 mg", "report", "p.ferrara", [found], text=text
    )


__all__ = ["Desk", "first", "stability_evaluated", "studies"]
