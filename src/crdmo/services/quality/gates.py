"""What stands between a lot and its release: every gate with what is open, and who can close it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from crdmo.common.materials.models import Lot, Sample
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.signing import signatures_of

from .models import Certificate, Criterion, Investigation, Result, Specification, Test, TrailReview

DECISIONS = ("quality.release_lot", "quality.reject_lot", "quality.hold_lot")


@dataclass(frozen=True)
class Gate:
    """One condition of release: whether it is met, what is open, and who can close it."""

    name: str
    met: bool
    text: str
    who: str = ""
    records: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the gate as JSON."""
        return {**asdict(self), "records": list(self.records)}


def release_specification(lot: Lot) -> Specification | None:
    """Return the release specification in force for a lot's product."""
    found = Specification.objects.filter(substance=lot.substance, stage="release", state="approved", is_void=False)
    return found.order_by("-number").first()


def tests_of(lot: Lot, specification: Specification) -> dict[Criterion, Test | None]:
    """Return, for each line of a specification, the latest test of it on a release sample of the lot."""
    tests = Test.objects.filter(sample__lot=lot, sample__purpose=Sample.Purpose.RELEASE, is_void=False).exclude(state="cancelled")
    by_line = {test.criterion_id: test for test in tests.select_related("criterion", "sample").order_by("entry")}
    lines = specification.criteria.filter(is_void=False).select_related("method").order_by("position")
    return {line: by_line.get(line.id) for line in lines}


def results_of(lot: Lot) -> list[Result]:
    """Return every result on release samples of a lot, originals and retests, none left out."""
    found = Result.objects.filter(test__sample__lot=lot, test__sample__purpose=Sample.Purpose.RELEASE, is_void=False)
    return list(found.select_related("test__criterion", "test__sample").order_by("test__criterion__position", "round", "replicate"))


def current_certificate(lot: Lot) -> Certificate | None:
    """Return the signed certificate that no later one replaces."""
    return Certificate.objects.filter(lot=lot, state="signed", is_void=False).order_by("-issue").first()


def last_lot_entry(lot: Lot) -> int:
    """Return the last entry on a lot and its results, readings, tests and investigations: what a review must reach.

    The decisions over the lot come after the review and do not call for another one.
    """
    ids: list[Any] = [lot.id]
    ids += Test.objects.filter(sample__lot=lot).values_list("id", flat=True)
    for relation in ("results", "readings", "investigations"):
        ids += [key for key in Test.objects.filter(sample__lot=lot).values_list(f"{relation}__id", flat=True) if key]
    return Entry.objects.filter(record_id__in=ids).exclude(action__in=DECISIONS).order_by("-seq").values_list("seq", flat=True).first() or 0


def gates_for_release(lot: Lot) -> list[Gate]:
    """Return every gate of a lot's release, met or not."""
    specification = release_specification(lot)
    gates = [Gate("Specification", specification is not None, f"{specification} is in force" if specification else "no release specification is approved", "QA")]
    if specification is not None:
        gates.append(_tests(lot, specification))
    gates += [_investigations(lot), _stale(lot), _certificate(lot), _review(lot), _expiry(lot)]
    return gates


def _tests(lot: Lot, specification: Specification) -> Gate:
    wanted = tests_of(lot, specification)
    open_ones = [f"{line.name}: {test.get_state_display() if test else 'no test assigned'}" for line, test in wanted.items()
                 if test is None or test.state != Test.State.VERIFIED]  # fmt: skip
    text = "; ".join(open_ones) if open_ones else f"all {len(wanted)} lines of {specification} are tested and verified"
    return Gate("Tests", not open_ones, text, "QC analyst, QC reviewer", tuple(str(t.id) for t in wanted.values() if t))


def _investigations(lot: Lot) -> Gate:
    open_ones = list(lot.investigations.filter(outcome="open", is_void=False))
    confirmed = list(lot.investigations.filter(outcome="confirmed", is_void=False))
    if open_ones:
        return Gate("Investigations", False, "open: " + ", ".join(i.code for i in open_ones), "QC supervisor, QA", tuple(str(i.id) for i in open_ones))
    if confirmed:
        return Gate("Investigations", False, "out of specification confirmed: " + ", ".join(i.code for i in confirmed), "", tuple(str(i.id) for i in confirmed))
    count = Investigation.objects.filter(lot=lot, is_void=False).count()
    return Gate("Investigations", True, f"{count} concluded, none open" if count else "none was needed")


def _stale(lot: Lot) -> Gate:
    results = results_of(lot)
    stale = stale_causes([r.id for r in results])
    named = [str(r) for r in results if r.id in stale]
    return Gate("Results current", not named, "stand on data changed since: " + ", ".join(named) if named else "every result stands on what is recorded now", "QC analyst")


def _certificate(lot: Lot) -> Gate:
    found = current_certificate(lot)
    if found is None:
        return Gate("Certificate", False, "no certificate of analysis is signed", "QA")
    if stale_causes([found.id]):
        return Gate("Certificate", False, f"{found} stands on data changed since", "QA", (str(found.id),))
    signed = [m for m in signatures_of(found) if m.holds]
    return Gate("Certificate", bool(signed), f"{found} is signed" if signed else f"the signature of {found} no longer holds", "QA", (str(found.id),))


def _review(lot: Lot) -> Gate:
    last = TrailReview.objects.filter(lot=lot, is_void=False).order_by("-up_to_entry").first()
    reached = last_lot_entry(lot)
    if last is None:
        return Gate("Audit trail", False, "the audit trail of the lot was not reviewed", "QA")
    met = last.up_to_entry >= reached
    text = f"reviewed by {last.reviewer} up to entry {last.up_to_entry}" + ("" if met else f"; the lot has entries up to {reached}")
    return Gate("Audit trail", met, text, "QA", (str(last.id),))


def _expiry(lot: Lot) -> Gate:
    return Gate("Expiry", lot.expires_on is not None or lot.retest_on is not None,
                f"expires {lot.expires_on}" if lot.expires_on else f"retest {lot.retest_on}" if lot.retest_on else "no expiry or retest date", "QA")  # fmt: skip
