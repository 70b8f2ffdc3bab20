"""From plates to the candidate: the path that goes well, every refusal, no path around a gate."""

from __future__ import annotations

import math

import pytest

from crdmo.common.engagements import conditions
from crdmo.common.materials.models import Substance
from crdmo.foundation.computing import recompute
from crdmo.foundation.ledger import thread
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.discovery import conditions as ours
from crdmo.services.discovery.models import Compound, Curve, Form, Nomination, Plate, Potency, Run
from crdmo.services.discovery.potency import shown
from crdmo.services.discovery.workflow import assays, candidates, registration
from tests import factories
from tests.services.discovery.chemistry import DOSES, HEAD, Lab


@pytest.fixture
def run(lab: Lab) -> Run:
    lab.register("CCCN(C)C.Cl good\nCCCCN(C)C weak")
    return lab.run(lab.assay())


def test_two_runs_become_a_potency_and_the_candidate_a_substance(lab: Lab, run: Run) -> None:
    good, weak = lab.lots()
    lab.accepted(lab.measured(run, {good: 20.0, weak: 400.0}))
    lab.accepted(lab.measured(lab.run(run.assay), {good: 24.0, weak: 440.0}, "P2"))
    potency = Potency.objects.get(compound__name="good")
    told = shown(potency.computed.output)
    assert told.n == 2
    assert told.value == pytest.approx(9 - math.log10(math.sqrt(20 * 24)), abs=0.08)
    assert told.lower is not None
    assert told.lower < told.value < (told.upper or 0)
    assert recompute(potency.computed).sentence().startswith("identical")
    candidates.set_profile_line(lab.lead, lab.program, kind="potency", limit="7.5", assay=run.assay)
    candidates.set_profile_line(lab.lead, lab.program, kind="weight", limit="500")
    form = Form.objects.get(compound__name="good")
    proposed = lab.propose(form)
    assert ours.candidate_nominated(lab.program, {"substance": "API-1"}) is None
    nomination = lab.nominate(proposed)
    substance = Substance.objects.get(code="API-1")
    assert nomination.substance == substance
    assert substance.smiles == "CCCN(C)C"
    assert [line["met"] for line in nomination.profile] == [True, True]
    above = thread.upstream(substance.id)
    assert {form.id, form.compound_id, nomination.id, potency.id, Plate.objects.get(code="P1").dataset_id} <= set(above)
    assert ours.candidate_nominated(lab.program, {"substance": "API-1"}) == nomination
    assert ours.candidate_nominated(lab.program, {"substance": "NONE"}) is None
    assert ours.run_accepted(lab.program, {"assay": "ENZ"}) == run
    assert "discovery.candidate_nominated" in conditions.CONDITIONS


def test_a_candidate_needs_results_a_profile_and_reasons(lab: Lab, run: Run) -> None:
    good, weak = lab.lots()
    form = Form.objects.get(compound__name="weak")
    with pytest.raises(Refused, match="no reported potency"):
        lab.propose(form)
    lab.accepted(lab.measured(run, {good: 20.0, weak: 400.0}))
    with pytest.raises(Refused, match="no target profile"):
        lab.propose(form)
    candidates.set_profile_line(lab.lead, lab.program, kind="potency", limit="7.5", assay=run.assay)
    with pytest.raises(Invalid, match="asks for its reason"):
        lab.propose(form)
    assert not Substance.objects.exists()
    assert not Nomination.objects.exists()
    made = lab.propose(form, deviations="Selectivity counts more.")
    with pytest.raises(Refused, match="nominated already"):
        lab.propose(form, code="API-2")
    with pytest.raises(NotPermitted):
        candidates.nominate(lab.chemist, made, credentials=lab.sign(lab.chemist))
    assert not Substance.objects.exists()
    candidates.withdraw_proposal(lab.chemist, Nomination.objects.get(), reason="Another one is better")
    own = candidates.propose_candidate(
        lab.lead, Form.objects.select_related("compound__computed", "program").get(compound__name="good"), code="A",
        name="A", statement="x",
    )  # fmt: skip
    with pytest.raises(NotPermitted, match="second person"):
        lab.nominate(own)
    assert not Substance.objects.exists()


def test_a_run_is_accepted_only_when_everything_is_decided_and_its_plates_are_good(lab: Lab, run: Run) -> None:
    good, _ = lab.lots()
    with pytest.raises(Refused, match="not ready"):
        lab.accepted(run)
    assays.add_plate(lab.biologist, run, code="P1", data=lab.plate({good: 20.0}), file_name="P1.csv")
    with pytest.raises(Refused, match="not ready"):
        lab.accepted(run)
    assays.approve_curves(lab.biologist, run)
    with pytest.raises(NotPermitted):
        assays.accept_run(lab.biologist, run, conclusion="x", credentials=lab.sign(lab.biologist))
    run.refresh_from_db()
    with pytest.raises(Invalid, match="not said"):
        assays.accept_run(lab.lead, run, conclusion=" ", credentials=lab.sign(lab.lead))
    assays.add_plate(lab.biologist, run, code="P2", data=lab.plate({good: 20.0}, noise=12.0), file_name="P2.csv")
    for curve in Curve.objects.filter(state="open").select_related("plate__run", "computed"):
        assays.review_curve(lab.biologist, curve, approve=False, comment="Noisy plate")
    with pytest.raises(Refused, match="below its Z'"):
        lab.accepted(run)
    assays.reject_run(lab.lead, run, conclusion="Noisy plate", credentials=lab.sign(lab.lead))
    assert not Potency.objects.exists()
    with pytest.raises(Refused, match="another state"):
        assays.add_plate(lab.biologist, run, code="P3", data=lab.plate({good: 20.0}), file_name="P3.csv")


def test_a_curve_that_never_bends_is_a_bound_and_no_number(lab: Lab, run: Run) -> None:
    good, weak = lab.lots()
    lab.accepted(lab.measured(run, {good: 20.0, weak: 60_000.0}))
    told = shown(Potency.objects.get(compound__name="weak").computed.output)
    assert told.qualifier == "<"
    assert told.value == pytest.approx(9 - math.log10(max(DOSES)))


def test_a_rejection_says_why_and_what_is_no_curve_is_not_approved(lab: Lab, run: Run) -> None:
    good, _ = lab.lots()
    few = lab.plate({}).decode() + "".join(f"\nA{c},sample,{good},{d},nM,500" for c, d in ((2, 1), (3, 10)))
    assays.add_plate(lab.biologist, run, code="P1", data=few.encode(), file_name="P1.csv")
    curve = Curve.objects.select_related("plate__run", "computed").get()
    assert "too few" in curve.no_curve
    with pytest.raises(Refused, match="no fit"):
        assays.review_curve(lab.biologist, curve, approve=True)
    with pytest.raises(Invalid):
        assays.review_curve(lab.biologist, curve, approve=False)
    with pytest.raises(Refused, match="without a flag"):
        assays.approve_curves(lab.biologist, run)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("nM", "mg/L"), "unit 'mg/L'"),
        (("negative", "sample"), "lot"),
        (("A12,positive", "A1,positive"), "stands twice"),
        (("A2,sample", "Z2,sample"), "no such well"),
        (("A2,sample", "A2,pet"), "role 'pet'"),
        ((",1,nM", ",-1,nM"), "dose above 0"),
        ((",1,nM", ",=1,nM"), "formula"),
        (("well,role", "place,role"), "lacks a column"),
    ],
)
def test_a_plate_is_taken_whole_or_refused_with_its_rows(lab: Lab, run: Run, change: tuple[str, str], why: str) -> None:
    good, _ = lab.lots()
    data = lab.plate({good: 20.0}).decode().replace(*change)
    with pytest.raises(Invalid) as refused:
        assays.add_plate(lab.biologist, run, code="P1", data=data.encode(), file_name="P1.csv")
    assert why in f"{refused.value.sentence()} {refused.value.errors}"
    assert not Plate.objects.exists()


def test_a_plate_without_controls_or_with_an_unknown_lot_is_refused(lab: Lab, run: Run) -> None:
    good, _ = lab.lots()
    other = factories.program("LQ-7", owner=factories.sponsor("RIVAL"))
    lab.register("CCCCCN theirs", program=other)
    theirs = "RIV-000001-A-01"
    for lot in (theirs, "NO-SUCH-LOT"):
        with pytest.raises(Invalid) as refused:
            assays.add_plate(lab.biologist, run, code="P1", data=lab.plate({lot: 20.0}), file_name="P1.csv")
        assert refused.value.errors == {lot: "no such lot in this program"}
    lines = [one for one in lab.plate({good: 20.0}).decode().splitlines() if ",positive," not in one]
    with pytest.raises(Invalid, match="lacks positive control wells"):
        assays.add_plate(lab.biologist, run, code="P1", data="\n".join(lines).encode(), file_name="P1.csv")
    assert not Plate.objects.exists()


def test_a_readers_grid_with_its_layout_gives_the_same_curve(lab: Lab, run: Run) -> None:
    good, _ = lab.lots()
    long = lab.plate({good: 20.0})
    cells = {line.split(",")[0]: line.split(",") for line in long.decode().splitlines()[1:]}
    layout = "\n".join([HEAD.rpartition(",")[0], *(",".join(one[:5]) for one in cells.values())])
    grid = [",".join(["", *map(str, range(1, 13))])]
    grid += [",".join([row, *(cells.get(f"{row}{c}", [""])[-1] for c in range(1, 13))]) for row in "ABCDEFGH"]
    text = "\n".join(grid).replace(",1,", "row,1,", 1) if grid[0].startswith(",") else "\n".join(grid)
    assays.add_plate(lab.biologist, run, code="P1", data=long, file_name="P1.csv")
    assays.add_plate(
        lab.biologist, run, code="P2", data=text.encode(), file_name="P2.csv", layout=(layout.encode(), "layout.csv")
    )
    one, two = Curve.objects.order_by("entry")
    assert one.computed is not None
    assert two.computed is not None
    assert one.computed.output["ec50"] == pytest.approx(two.computed.output["ec50"])


def test_lots_are_linked_to_the_stores_once(lab: Lab, run: Run) -> None:
    from crdmo.common.materials import workflow as stock
    from crdmo.foundation.accounts.roles import Role
    from crdmo.services.discovery.models import CompoundLot

    keeper = factories.person(Role.SAMPLE_MANAGER)
    substance = stock.register_substance(keeper, lab.program, code="S", name="S", kind="material")
    material = stock.register_lot(keeper, substance, amount="1", unit="g")
    lot = CompoundLot.objects.first()
    assert lot is not None
    registration.link_lot(lab.chemist, lot, material=material, reason="The same flask")
    with pytest.raises(Refused, match="linked already"):
        registration.link_lot(lab.chemist, lot, material=material, reason="Again")
    assert Compound.objects.count() == 2
