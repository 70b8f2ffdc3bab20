"""The demo as a whole: played by verbs, verified, replayed, exported, checked by the verifier, recomputed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crdmo.common.engagements import queries as contracts
from crdmo.common.engagements.measures import scoreboard
from crdmo.common.engagements.models import Request, WorkOrder
from crdmo.common.materials.models import Lot
from crdmo.common.materials.queries import balance
from crdmo.demo import people
from crdmo.demo.play import play
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing import recompute_bundle
from crdmo.foundation.ledger import bundles
from crdmo.foundation.ledger.models import Entry, record_types
from crdmo.foundation.ledger.replay import replay
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import NotPermitted, Refused
from crdmo.foundation.signing import Credentials, signatures_of
from crdmo.services.compliance.models import PeriodicReview
from crdmo.services.quality.gates import gates_for_release
from crdmo.services.quality.models import Certificate, Investigation, Reagent, Result, ShelfLife
from crdmo.services.quality.workflow import bench, disposition
from crdmo.services.regulatory import build, staleness
from crdmo.services.regulatory.models import Leaf
from crdmo.services.regulatory.models import Sequence as DossierSequence
from crdmo.standards import ectd
from tests import databases, factories

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def played(
    house_factory: databases.Factory, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """Play the demo once into an installation of its own."""
    from django.test import override_settings

    home = tmp_path_factory.mktemp("home")
    with (
        override_settings(HOME=home, STORAGE_URL=f"file://{home}/files", ORIGIN="test.example/log"),
        django_db_blocker.unblock(),
    ):
        name = house_factory.copy()
        try:
            with databases.pointed(name):
                yield play(lambda text: None)
        finally:
            house_factory.drop(name)


def _lot(code: str) -> Lot:
    return Lot.objects.get(code=code)


def _sign(user_id: str) -> Credentials:
    return Credentials(user_id=user_id, password=people.PASSWORD, session_key=f"test-{user_id}")


def test_the_ledger_of_the_demo_verifies(played: Program) -> None:
    found = verify()
    assert found.holds, found.sentence()
    assert found.entries == Entry.objects.count() > 700
    assert found.signatures > 50


def test_the_demo_is_played_into_an_empty_installation_only(played: Program) -> None:
    with pytest.raises(Refused, match="empty installation"):
        play(lambda text: None)


def test_two_lots_are_released_with_every_gate_met_and_one_waits(played: Program) -> None:
    assert [_lot(code).status for code in ("VT-2601", "VT-2602", "VT-2603")] == ["released", "released", "quarantine"]
    assert all(gate.met for gate in gates_for_release(_lot("VT-2601")))
    assert {gate.name for gate in gates_for_release(_lot("VT-2603")) if not gate.met} >= {
        "Tests",
        "Certificate",
        "Audit trail",
    }


def test_a_lot_with_an_open_gate_cannot_be_released(played: Program) -> None:
    before = Entry.objects.count()
    with pytest.raises(Refused, match="cannot be released"):
        disposition.release_lot(
            Person.objects.get(user_id="l.adeyemi"), _lot("VT-2603"), credentials=_sign("l.adeyemi")
        )
    assert _lot("VT-2603").status == "quarantine"
    assert Entry.objects.count() == before + 1  # the refusal itself


def test_a_deviation_holds_the_fourth_lot_and_the_trail_was_reviewed(played: Program) -> None:
    held = next(gate for gate in gates_for_release(_lot("VT-2604")) if gate.name == "Deviations")
    assert not held.met and "(major)" in held.text
    review = PeriodicReview.objects.get()
    assert review.after_entry == 0 and review.exceptions
    assert [m.meaning for m in signatures_of(review) if m.holds] == ["reviewed"]


def test_the_original_out_of_specification_stays_on_the_certificate(played: Program) -> None:
    line = next(x for x in Certificate.objects.get(lot__code="VT-2602").lines if x["test"] == "Assay")
    kinds = [one["kind"] for one in line["results"]]
    assert kinds == ["original", "retest 1", "retest 2", "retest 3"]
    assert line["results"][0]["rounded"] == "93.1"
    assert line["results"][0]["state"] == "invalidated"
    assert line["result"] == "99.4 / 99.1 / 99.7"
    assert Investigation.objects.get(lot__code="VT-2602").outcome == "laboratory_error"


def test_the_shelf_life_is_the_published_one(played: Program) -> None:
    """Velagaleti 2008, p. 609: pooled, 32.80181 months, 32 whole months."""
    found = ShelfLife.objects.get()
    assert found.estimate == "32.80181"
    assert found.proposed_months == 32
    assert [m.meaning for m in signatures_of(found) if m.holds] == ["approved"]


def test_every_quantity_of_the_demo_adds_up(played: Program) -> None:
    assert all(balance(lot).holds for lot in Lot.objects.all())


def test_the_contract_is_worth_its_lines_and_earns_by_records(played: Program) -> None:
    order = WorkOrder.objects.get()
    assert str(contracts.original_value(order)) == "73\u202f200.00 EUR"
    assert str(contracts.value(order)) == "83\u202f800.00 EUR"
    assert [str(step.adds.amount) for step in contracts.value_history(order)] == ["73200.00", "10600.00"]
    met = {m.milestone.name: m.is_met for m in contracts.milestones(order)}
    assert met["Lot VT-2602 released"] and not met["Lot VT-2603 released"]


def test_the_order_comes_from_the_better_of_two_sealed_bids(played: Program) -> None:
    request = Request.objects.get()
    grid = contracts.side_by_side(request)
    ours, theirs = grid.columns
    assert (ours.bidder, theirs.bidder, request.awarded_to.code) == ("Northbridge CRDMO", "Halden Labs", "NORTHBRIDGE")
    assert ours.points > theirs.points
    assert theirs.by_quantity.amount < 0 == ours.by_quantity.amount
    assert WorkOrder.objects.get().proposal.bidder == request.awarded_to


def test_who_lost_the_bid_sees_its_own_room_and_nothing_else(played: Program) -> None:
    loser = Person.objects.get(user_id="g.osei")
    (room,) = authority.programs_of(loser)
    bodies = b"".join(bytes(e.body) for e in Entry.objects.filter(stream__in=authority.streams_of(loser)))
    assert room.is_bidding_room and room.partner == loser.organization
    assert b"18500.00" not in bodies and b"Northbridge" not in bodies and str(played.id).encode() not in bodies


def test_invoices_are_of_evidence_and_within_the_contract(played: Program) -> None:
    order = WorkOrder.objects.get()
    assert {one.state for one in contracts.invoices(played)} == {"accepted", "issued"}
    assert all(match.holds for one in contracts.invoices(played) for match in contracts.three_way(one))
    assert contracts.invoiced(order) == contracts.earned(order)
    assert contracts.invoiced(order).amount < contracts.value(order).amount
    assert not contracts.billable(order)


@pytest.mark.clause("EU GMP 7")
def test_the_sponsors_own_qualified_person_does_not_release_what_the_partner_certifies(played: Program) -> None:
    before = Entry.objects.count()
    sponsor = Organization.objects.get(code="AURELIA")
    person = factories.person(Role.QUALIFIED_PERSON, organization=sponsor)
    factories.login(person, people.PASSWORD)
    with pytest.raises(NotPermitted, match=r"Annex 16; 21 CFR 211\.22\(a\).*RM-"):
        disposition.release_lot(person, _lot("VT-2603"), credentials=_sign(person.user_id))
    assert _lot("VT-2603").status == "quarantine" and Entry.objects.count() > before


def test_the_scoreboard_stands_on_a_signed_baseline(played: Program) -> None:
    baseline, rows = scoreboard(played)
    assert baseline is not None and len(signatures_of(baseline)) == 2
    found = {row.measure.name: row for row in rows}
    assert found["engagements.contract_value"].now == Decimal("83800.00")
    assert all(row.now is not None for row in rows)


def test_the_ind_is_published_byte_for_byte_and_its_amendment_replaces_one_leaf(played: Program) -> None:
    first, second = DossierSequence.objects.order_by("number")
    assert first.package is not None and build.package_of(first).digest == first.digest
    assert [m.meaning for m in signatures_of(first) if m.holds] == ["approved"]
    found = build.published_sequences(first.application)
    assert [one.criterion for one in ectd.validate(found)] == ["ECTD-A08", "ECTD-A08"]  # no official files in the demo
    assert {leaf.study for leaf in first.leaves.filter(section="4.2.3.2")} == {"TOX-101-28D"}
    assert {leaf.operation for leaf in second.leaves.all()} == {"replace"}
    stale = {leaf.section: why for leaf, why in _stale(first).items() if why}
    assert list(stale) == ["3.2.P.8.1"]


def _stale(sequence: DossierSequence) -> dict[Leaf, list[str]]:
    leaves = build.leaves_of(sequence)
    why = staleness.reasons(leaves)
    return {leaf: why[leaf.pk] for leaf in leaves}


def test_replay_gives_the_same_digest_for_every_table(played: Program, house_factory: databases.Factory) -> None:
    name = house_factory.copy()
    with databases.pointed(name, "empty"):
        found = replay("default", "empty")
    house_factory.drop(name)
    assert found.equal, found.differing
    assert len(found.digests) == len(record_types())


def test_the_sponsors_bundle_verifies_without_this_program_and_recomputes(played: Program, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    sponsor = Organization.objects.get(code="AURELIA")
    made = bundles.export(Person.objects.get(user_id="k.yamada"), played, sponsor, path)
    with zipfile.ZipFile(path) as archive:
        archive.extract("verify.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(run.stdout)
    assert run.returncode == 0 and told["verified"]
    assert told["entries"] == made.entries
    report = recompute_bundle(path)
    assert report.came_out
    assert len(report.items) >= 30


def test_a_bundle_shows_nothing_of_another_sponsor(played: Program, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    bundles.export(Person.objects.get(user_id="k.yamada"), played, Organization.objects.get(code="AURELIA"), path)
    other = Program.objects.get(code="LQ-7")
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert str(other.id).encode() not in everything
    assert b"LQ-0001" not in everything


def test_a_sponsor_exports_its_own_program_only(played: Program, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        bundles.export(
            Person.objects.get(user_id="o.lund"), played, Organization.objects.get(code="LINDQVIST"), tmp_path / "x.zip"
        )
    assert not list(tmp_path.iterdir())


def test_a_corrected_potency_makes_what_stands_on_it_stale(played: Program) -> None:
    """The last test of this module: it changes the demo."""
    standard = Reagent.objects.get(kind="standard")
    bench.correct_potency(
        Person.objects.get(user_id="j.novak"), standard, potency="99.1", reason="Recertified by the supplier"
    )
    assays = Result.objects.filter(test__criterion__name="Assay", test__criterion__method__code="M-HPLC-01")
    stale = stale_causes([result.pk for result in assays])
    assert set(stale) == {result.pk for result in assays}
    assert Certificate.objects.get(lot__code="VT-2601").pk in stale_causes([c.pk for c in Certificate.objects.all()])
    assert all(
        m.holds for m in signatures_of(Certificate.objects.get(lot__code="VT-2601"))
    )  # nothing signed changes by itself
    assert not next(g for g in gates_for_release(_lot("VT-2601")) if g.name == "Results current").met
    stale = _stale(DossierSequence.objects.get(number="0000"))
    assert {leaf.section for leaf, why in stale.items() if any("was changed" in one for one in why)} >= {"3.2.P.5.4"}
