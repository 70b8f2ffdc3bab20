"""Certificates of analysis: every line as it was found, originals beside retests, signed, printed once, kept for ever."""

from __future__ import annotations

from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from .. import certificate_print
from ..facts import facts_of
from ..models import Analysis, Certificate, CertificateCopy, Criterion, Investigation, Result, Test
from .desks import CHECKERS, QUALITY_UNIT, Seen

DRAFTERS = (*CHECKERS, *QUALITY_UNIT)


@verb("quality.draft_certificate", "draft a certificate of analysis", roles=DRAFTERS)
def draft_certificate(act: Act, lot: Lot, *, reissue_reason: str = "") -> Certificate:
    """Draft a certificate from verified results. A lot with a signed one gets the next issue, with a reason."""
    facts = facts_of([lot])[lot.id]
    specification = facts.specification
    if specification is None:
        raise Refused(f"{lot.substance} has no release specification in force", next="QA approves one first")
    before = Certificate.objects.filter(lot=lot, is_void=False).exclude(state="replaced").order_by("-issue").first()
    if before is not None and before.state == "draft":
        raise Refused(f"{before} is being drafted", next="Sign it, or void it with a reason")
    if before is not None and not reissue_reason.strip():
        raise Invalid("a re-issue says why", errors={"reissue_reason": "needed"}, given=str(before))
    results = facts.release_results
    lines = _lines(facts.by_line(), results, facts.investigations)
    analyses = list(Analysis.objects.filter(lot=lot, state="signed", is_void=False).order_by("entry"))
    good = all(line["passes"] for line in lines)
    assert lot.program is not None
    return act.create(
        Certificate,
        program=lot.program,
        lot=lot,
        specification=specification,
        issued_at=act.now,
        code=before.code if before else next_code(act, Certificate, "COA", lot.program),
        issue=before.issue + 1 if before else 1,
        lines=[*lines, *(_analysis_line(analysis) for analysis in analyses)],
        replaces=before,
        reissue_reason=reissue_reason.strip(),
        conclusion=f"The lot {'meets' if good else 'does not meet'} {specification}.",
        sources=sources_of([*results, *analyses]),
    )


def _lines(
    wanted: dict[Criterion, Test | None], results: list[Result], investigations: list[Investigation]
) -> list[dict[str, Any]]:
    """Return a line for each criterion: what decides, and every result on any release sample of the lot beside it."""
    lines = []
    for criterion, test in wanted.items():
        if test is None or test.state not in (Test.State.VERIFIED, Test.State.CONFIRMED):
            raise Refused(
                f"{criterion.name} is not finished",
                given=test.get_state_display() if test else "no test assigned",
                allowed="Verified",
                next="Finish the tests of the lot first",
            )
        own = [r for r in results if r.test.criterion_id == criterion.id]
        if stale := stale_causes([r.id for r in own]):
            raise Refused(
                f"{criterion.name} stands on data changed since",
                given=f"{len(stale)} results",
                next="Calculate it anew first",
            )
        last = [r for r in own if r.test_id == test.id]
        decided = [r for r in last if r.passes is not None]
        decisive = [r for r in decided if r.state == Result.State.VERIFIED and r.round > 0] or [
            r for r in decided if r.round == 0
        ]
        passes = test.state == Test.State.VERIFIED
        lines.append(
            {
                "test": criterion.name,
                "method": f"{criterion.method.code} version {criterion.method.number}",
                "limit": criterion.limit,
                "unit": criterion.unit,
                "result": " / ".join(f"{r.rounded} ({r.stage})" if r.stage else r.rounded for r in decisive),
                "passes": passes,
                "criterion": str(criterion.id),
                "results": [_one(r) for r in own],
                "investigations": [i.code for i in investigations if i.test.criterion_id == criterion.id],
            }
        )
    return lines


def _one(result: Result) -> dict[str, Any]:
    kind = "original" if result.round == 0 else f"retest {result.round}"
    kind += f", {result.stage}" if result.stage else ""
    return {
        "id": str(result.id),
        "kind": kind,
        "calculated": result.calculated,
        "rounded": result.rounded,
        "passes": result.passes,
        "state": result.state,
        "entry": result.entry,
        "sample": result.test.sample.code,
    }


def _analysis_line(analysis: Analysis) -> dict[str, Any]:
    return {
        "test": analysis.title,
        "method": analysis.computed.method,
        "limit": "",
        "unit": "",
        "result": analysis.finding,
        "passes": True,
        "analysis": str(analysis.id),
        "conclusion": analysis.conclusion,
        "results": [],
        "investigations": [],
    }


@verb("quality.sign_certificate", "sign a certificate of analysis", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
def sign_certificate(
    act: Act, certificate: Certificate, *, credentials: Credentials, seen: Seen | None = None
) -> Certificate:
    """Sign a certificate; its PDF and JSON are made once and kept, and the issue before is marked replaced."""
    if certificate.state != "draft":
        raise Refused(f"{certificate} is no draft", given=certificate.get_state_display())
    if stale_causes([certificate.id]):
        raise Refused(
            f"{certificate} stands on data changed since it was drafted",
            next="Void it with a reason and draft it again",
        )
    _current(certificate)
    act.change(certificate, state="signed")
    if certificate.replaces is not None:
        act.change(certificate.replaces, state="replaced")
    sign(act, [certificate], Meaning.APPROVED, credentials, seen=seen)
    printed = certificate_print.make(certificate)
    act.create(
        CertificateCopy,
        program=certificate.program,
        certificate=certificate,
        pdf=store.put(printed.pdf),
        json=store.put(printed.json),
    )
    return certificate


def _current(certificate: Certificate) -> None:
    """Refuse a draft that does not show the results as they stand."""
    shown = {(one["id"], one["entry"]) for line in certificate.lines for one in line["results"]}
    facts = facts_of([certificate.lot])[certificate.lot_id]
    own = {line.id for line in facts.criteria}
    if later := [
        str(r) for r in facts.release_results if r.test.criterion_id in own and (str(r.id), r.entry) not in shown
    ]:
        raise Refused(
            f"{certificate} does not show every result as it stands now",
            given=", ".join(later),
            next="Void it with a reason and draft it again",
        )


@verb("quality.void_certificate", "void a draft certificate", roles=DRAFTERS)
def void_certificate(act: Act, certificate: Certificate) -> Certificate:
    """Void a draft, with a reason. A signed one is replaced by a re-issue instead."""
    if certificate.state != "draft":
        raise Refused(f"{certificate} is signed", next="Re-issue it; the old one stays readable")
    return act.void(certificate)
