"""All that the gates of release look at, read for many lots in a few queries: a list of lots costs no more than one lot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Max

from crdmo.common import gates
from crdmo.common.materials.models import Lot, Sample
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.signing import Manifestation, signatures_of_many

from .models import (
    Certificate,
    Criterion,
    Disposition,
    Investigation,
    Reading,
    Result,
    Specification,
    Test,
    TrailReview,
)

DECISIONS = ("quality.release_lot", "quality.reject_lot", "quality.hold_lot")


@dataclass
class Facts:
    """What is on record about one lot.

    `tests`, `results` and `investigations` are those of all its samples, whatever their purpose; `issues` are its
    certificates in every state; `stale` holds the keys
    of what stands on data changed since; `last_entry` is the last ledger entry that a review of the trail must reach;
    `joined` are the gates of other services.
    """

    lot: Lot
    specification: Specification | None = None
    criteria: list[Criterion] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    investigations: list[Investigation] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    issues: list[Certificate] = field(default_factory=list)
    dispositions: list[Disposition] = field(default_factory=list)
    reviews: list[TrailReview] = field(default_factory=list)
    signatures: dict[UUID, list[Manifestation]] = field(default_factory=dict)
    stale: set[UUID] = field(default_factory=set)
    last_entry: int = 0
    joined: list[gates.Gate] = field(default_factory=list)

    @property
    def certificates(self) -> list[Certificate]:
        """The signed certificates, the last issue last."""
        return [one for one in self.issues if one.state == "signed"]

    @property
    def release_tests(self) -> list[Test]:
        """The tests on release samples that were not cancelled, in the order in which they were assigned."""
        return [t for t in self.tests if t.sample.purpose == Sample.Purpose.RELEASE and t.state != Test.State.CANCELLED]

    @property
    def release_results(self) -> list[Result]:
        """Every result on release samples, originals and retests, none left out."""
        return [r for r in self.results if r.test.sample.purpose == Sample.Purpose.RELEASE]

    def by_line(self) -> dict[Criterion, Test | None]:
        """Return the latest test of each line of the specification on a release sample."""
        latest = {test.criterion_id: test for test in self.release_tests}
        return {line: latest.get(line.id) for line in self.criteria}


def facts_of(lots: Iterable[Lot]) -> dict[UUID, Facts]:
    """Return the facts of each lot, by its key."""
    found = {lot.id: Facts(lot) for lot in lots}
    # A decision over a lot comes after the review of its trail and calls for no other one.
    rows = Entry.objects.filter(record_id__in=list(found)).exclude(action__in=DECISIONS).values_list("record_id")
    for key, last in rows.annotate(last=Max("seq")).order_by():
        found[key].last_entry = last
    _specifications(list(found.values()))
    _tested(found)
    _decided(found)
    marked = set(stale_causes([r.id for facts in found.values() for r in facts.results + facts.certificates]))
    others = gates.joined([facts.lot for facts in found.values()])
    for key, facts in found.items():
        facts.stale = marked
        facts.joined = others[key]
        _at_home(facts)
    return found


def _at_home(facts: Facts) -> None:
    """Let every record know its program, which is the lot's, without asking for it once more."""
    if not Lot._meta.get_field("program").is_cached(facts.lot):
        return
    home = facts.lot.program
    own = (facts.samples, facts.tests, facts.results, facts.investigations, facts.issues, facts.criteria)
    for record in (one for records in own for one in records):
        record.program = home
    if facts.specification is not None:
        facts.specification.program = home
        for line in facts.criteria:
            line.specification = facts.specification


def _specifications(facts: Sequence[Facts]) -> None:
    """Find the release specification in force for each product, with its lines."""
    wanted = {one.lot.substance_id for one in facts}
    rows = Specification.objects.filter(
        substance__in=wanted, stage="release", state="approved", is_void=False
    ).order_by("number")
    in_force = {row.substance_id: row for row in rows}
    lines: dict[UUID, list[Criterion]] = {row.id: [] for row in in_force.values()}
    for line in (
        Criterion.objects.filter(specification__in=list(lines), is_void=False)
        .select_related("method")
        .order_by("position")
    ):
        lines[line.specification_id].append(line)
    for one in facts:
        one.specification = in_force.get(one.lot.substance_id)
        one.criteria = lines[one.specification.id] if one.specification else []


def _tested(found: dict[UUID, Facts]) -> None:
    samples = {sample.id: sample for sample in Sample.objects.filter(lot__in=list(found)).order_by("code")}
    for sample in samples.values():
        sample.lot = found[sample.lot_id].lot
        found[sample.lot_id].samples += [] if sample.is_void else [sample]
    tests = Test.objects.filter(sample__in=list(samples), is_void=False).select_related("criterion")
    by_key: dict[UUID, Test] = {}
    for test in sorted(tests, key=lambda t: t.id):
        # UUIDv7: in the order in which they were assigned, whatever happened to them since.
        test.sample = samples[test.sample_id]
        by_key[test.id] = test
        found[test.sample.lot_id].tests.append(test)
        _reach(found[test.sample.lot_id], test)
    for result in Result.objects.filter(test__in=list(by_key), is_void=False).order_by(
        "test__criterion__position", "round", "replicate"
    ):
        result.test = by_key[result.test_id]
        found[result.test.sample.lot_id].results.append(result)
        _reach(found[result.test.sample.lot_id], result)
    rows = (
        Reading.objects.filter(test__sample__lot__in=list(found))
        .values_list("test__sample__lot")
        .annotate(last=Max("entry"))
    )
    for lot, last in rows.order_by():
        found[lot].last_entry = max(found[lot].last_entry, last)
    for investigation in Investigation.objects.filter(lot__in=list(found), is_void=False).order_by("code"):
        investigation.test = by_key[investigation.test_id]
        found[investigation.lot_id].investigations.append(investigation)
        _reach(found[investigation.lot_id], investigation)


def _reach(facts: Facts, record: Any) -> None:
    facts.last_entry = max(facts.last_entry, record.entry)


def _decided(found: dict[UUID, Facts]) -> None:
    lots = list(found)
    for certificate in Certificate.objects.filter(lot__in=lots, is_void=False).order_by("issue"):
        certificate.lot = found[certificate.lot_id].lot
        found[certificate.lot_id].issues.append(certificate)
    for decision in (
        Disposition.objects.filter(lot__in=lots, is_void=False)
        .select_related("decided_by", "certificate")
        .order_by("-entry")
    ):
        found[decision.lot_id].dispositions.append(decision)
    for review in (
        TrailReview.objects.filter(lot__in=lots, is_void=False).select_related("reviewer").order_by("-up_to_entry")
    ):
        found[review.lot_id].reviews.append(review)
    signed = [record for one in found.values() for record in (*one.certificates, *one.dispositions, *one.reviews)]
    signatures = signatures_of_many(signed)
    for one in found.values():
        one.signatures = signatures
