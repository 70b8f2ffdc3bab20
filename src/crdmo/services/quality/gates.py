"""What stands between a lot and its release: every gate with what is open, and who can close it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from crdmo.common.gates import Gate
from crdmo.common.materials.models import Lot

from .facts import Facts, facts_of
from .models import Certificate, Criterion, Result, Specification, Test

UNSEEN = (Result.State.ENTERED, Result.State.RETURNED)


def release_specification(lot: Lot) -> Specification | None:
    """Return the release specification in force for a lot's product."""
    return facts_of([lot])[lot.id].specification


def tests_of(lot: Lot) -> dict[Criterion, Test | None]:
    """Return, for each line of the specification in force, the latest test of it on a release sample of the lot."""
    return facts_of([lot])[lot.id].by_line()


def results_of(lot: Lot) -> list[Result]:
    """Return every result on release samples of a lot, originals and retests, none left out."""
    return facts_of([lot])[lot.id].release_results


def current_certificate(lot: Lot) -> Certificate | None:
    """Return the signed certificate that no later one replaces."""
    return Certificate.objects.filter(lot=lot, state="signed", is_void=False).order_by("-issue").first()


def last_lot_entry(lot: Lot) -> int:
    """Return the last ledger entry on a result, reading, test or investigation of a lot: what a review must reach."""
    return facts_of([lot])[lot.id].last_entry


def gates_for_release(lot: Lot) -> list[Gate]:
    """Return every gate of a lot's release, met or not."""
    return gates(facts_of([lot])[lot.id])


def gates_of(lots: Iterable[Lot]) -> dict[UUID, list[Gate]]:
    """Return the gates of many lots, by the lot's key."""
    return {key: gates(facts) for key, facts in facts_of(lots).items()}


def gates(facts: Facts) -> list[Gate]:
    """Return every gate of a lot of which the facts are known."""
    found = [_specification(facts)]
    if facts.specification is not None:
        found.append(_tests(facts))
    found += [_investigations(facts), _stale(facts), _certificate(facts), _review(facts), _expiry(facts)]
    return [*found, *facts.joined]


def _specification(facts: Facts) -> Gate:
    in_force = facts.specification
    return Gate(
        "Specification",
        in_force is not None,
        f"{in_force} is in force" if in_force else "no release specification is approved",
        "QA",
    )


def _tests(facts: Facts) -> Gate:
    """Every line is tested, and nothing that was tested besides is left without a second look."""
    lines = facts.by_line()
    still = [
        f"{line.name}: {test.get_state_display() if test else 'no test assigned'}"
        for line, test in lines.items()
        if test is None or test.state != Test.State.VERIFIED
    ]
    counted = {test.id for test in lines.values() if test}
    # A test that another one on a second sample seems to replace still has to come to its end.
    still += [
        f"{test}: {test.get_state_display()}"
        for test in facts.release_tests
        if test.id not in counted and test.state != Test.State.VERIFIED
    ]
    still += [
        f"{result.test}: {result.verdict}, not verified"
        for result in facts.results
        if not result.passes and result.state in UNSEEN and result.test_id not in counted
    ]
    text = "; ".join(still) if still else f"all {len(lines)} lines of {facts.specification} are tested and verified"
    return Gate("Tests", not still, text, "QC analyst, QC reviewer", tuple(str(key) for key in counted))


def _investigations(facts: Facts) -> Gate:
    still = [i for i in facts.investigations if i.outcome == "open"]
    confirmed = [i for i in facts.investigations if i.outcome == "confirmed"]
    for rows, words, who in ((still, "open", "QC supervisor, QA"), (confirmed, "out of specification confirmed", "")):
        if rows:
            return Gate(
                "Investigations",
                False,
                f"{words}: " + ", ".join(i.code for i in rows),
                who,
                tuple(str(i.id) for i in rows),
            )
    count = len(facts.investigations)
    return Gate("Investigations", True, f"{count} concluded, none open" if count else "none was needed")


def _stale(facts: Facts) -> Gate:
    named = [str(r) for r in facts.release_results if r.id in facts.stale]
    text = (
        "stand on data changed since: " + ", ".join(named) if named else "every result stands on what is recorded now"
    )
    return Gate("Results current", not named, text, "QC analyst")


def _certificate(facts: Facts) -> Gate:
    if not facts.certificates:
        return Gate("Certificate", False, "no certificate of analysis is signed", "QA")
    found = facts.certificates[-1]
    key = (str(found.id),)
    if found.id in facts.stale:
        return Gate("Certificate", False, f"{found} stands on data changed since", "QA", key)
    shown = {(one["id"], one["entry"]) for line in found.lines for one in line["results"]}
    own = {line.id for line in facts.criteria}
    if later := [
        str(r) for r in facts.release_results if r.test.criterion_id in own and (str(r.id), r.entry) not in shown
    ]:
        return Gate(
            "Certificate", False, f"{found} does not show results as they stand now: {', '.join(later)}", "QA", key
        )
    signed = any(m.holds for m in facts.signatures.get(found.id, ()))
    return Gate(
        "Certificate",
        signed,
        f"{found} is signed" if signed else f"the signature of {found} no longer holds",
        "QA",
        key,
    )


def _review(facts: Facts) -> Gate:
    if not facts.reviews:
        return Gate("Audit trail", False, "the audit trail of the lot was not reviewed", "QA")
    last = facts.reviews[0]
    met = last.up_to_entry >= facts.last_entry
    text = f"reviewed by {last.reviewer} up to entry {last.up_to_entry}" + (
        "" if met else f"; the lot has entries up to {facts.last_entry}"
    )
    return Gate("Audit trail", met, text, "QA", (str(last.id),))


def _expiry(facts: Facts) -> Gate:
    lot = facts.lot
    text = (
        f"expires {lot.expires_on}"
        if lot.expires_on
        else f"retest {lot.retest_on}"
        if lot.retest_on
        else "no expiry or retest date"
    )
    return Gate("Expiry", bool(lot.expires_on or lot.retest_on), text, "QA")
