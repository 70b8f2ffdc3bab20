"""A changed input makes stale what stands on it; a result is made anew as a new version, and nothing else moves."""

from __future__ import annotations

import dataclasses

import pytest

from crdmo.foundation import computing
from crdmo.foundation.computing import Verdict
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger import state, thread
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.proof import canonical
from crdmo.science import method as methods
from tests import factories

from .test_recompute import _altered_code, _with_factor
from .test_run import LIMIT, VALUES, make_dataset, run


@pytest.fixture
def program(db):
    return factories.program()


def rerun(result, reason="the code was repaired", **more):
    with act(SYSTEM, "computing.rerun", reason) as opened:
        return computing.rerun(opened, result, **more)


def correct(dataset: Dataset) -> Dataset:
    with act(SYSTEM, "datasets.correct", "the wrong plate was named") as opened:
        return opened.change(dataset, note="plate 8")


def chain(program):
    """Return a dataset, a result of it, and a result of that result."""
    dataset = make_dataset(program)
    first = run(program, sources=[dataset])
    return dataset, first, run(program, sources=[first])


class TestStale:
    def test_nothing_is_stale_at_first(self, program):
        assert not any(computing.is_stale(record) for record in chain(program))

    def test_a_correction_makes_all_downstream_stale_and_nothing_else(self, program):
        dataset, first, second = chain(program)
        beside = run(program, sources=[make_dataset(program, name="Plate 9")])
        correct(dataset)
        assert [computing.is_stale(r) for r in (dataset, first, second, beside)] == [False, True, True, False]

    def test_the_cause_is_named(self, program):
        dataset, _, second = chain(program)
        correct(dataset)
        assert computing.stale(second) == [dataset]
        assert computing.stale(dataset) == []

    def test_a_stale_result_does_not_change_by_itself(self, program):
        dataset, first, _ = chain(program)
        correct(dataset)
        first.refresh_from_db()
        assert first.version == 1
        assert first.output["mean"] == 3

    def test_making_it_anew_from_what_stands_now_clears_the_mark(self, program):
        dataset, first, second = chain(program)
        corrected = correct(dataset)
        renewed = rerun(first, inputs={"values": [1.0, 2.0, 9.0]}, sources=[corrected]).result
        assert not computing.is_stale(renewed)
        assert computing.is_stale(second)
        rerun(second, inputs=VALUES, sources=[renewed])
        assert not computing.is_stale(second)


class TestRerun:
    def test_the_new_version_stands_beside_the_old_one(self, program, monkeypatch):
        made = run(program)
        _altered_code(monkeypatch, function=_with_factor(2.0), version="1.1")
        again = rerun(made)
        assert again.outcome.verdict is Verdict.DIFFERENT
        assert (again.result.version, again.result.output["mean"], again.result.method_version) == (2, 6, "1.1")
        old = Entry.objects.get(record_id=made.id, version=1)
        assert canonical.decode(bytes(old.body))["state"]["output_here"]["mean"] == 3

    def test_a_reason_is_asked_for(self, program):
        with pytest.raises(Invalid, match="made anew with a reason"):
            rerun(run(program), reason="")

    def test_a_stale_result_is_not_made_anew_from_old_inputs(self, program):
        dataset, first, _ = chain(program)
        correct(dataset)
        with pytest.raises(Refused, match="stands on data changed since"):
            rerun(first)

    def test_inputs_without_their_sources_are_refused(self, program):
        with pytest.raises(Invalid, match="given together"):
            rerun(run(program), inputs=VALUES)

    def test_new_parameters_make_a_new_version(self, program):
        again = rerun(run(program), parameters={"limit": 99.0})
        assert again.result.output["finding"] == "low"
        assert again.result.parameters == {"limit": 99}

    def test_the_same_number_from_other_code_makes_nothing_downstream_stale(self, program, monkeypatch):
        _, first, second = chain(program)
        _altered_code(monkeypatch, version="1.1")
        again = rerun(first)
        assert again.outcome.verdict is Verdict.IDENTICAL
        assert again.result.version == 2
        assert not computing.is_stale(second)

    def test_another_number_makes_what_stands_on_it_stale_and_lists_it(self, program, monkeypatch):
        _, first, second = chain(program)
        _altered_code(monkeypatch, function=_with_factor(2.0))
        again = rerun(first)
        assert computing.is_stale(second)
        assert [one.key for one in again.impact.results] == [second.id]

    def test_nothing_new_writes_nothing(self, program):
        made = run(program)
        assert rerun(made).result.version == 1

    def test_the_seed_stays(self, program):
        made = run(program, name="tests.draw", inputs={"count": 5}, parameters={}, seed=7)
        assert rerun(made).outcome.verdict is Verdict.IDENTICAL
        assert made.seed == 7

    def test_datasets_stay_readable_to_a_result_made_anew(self, program):
        dataset = make_dataset(program)
        made = run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
        assert rerun(made).outcome.verdict is Verdict.IDENTICAL

    def test_what_the_method_refuses_leaves_the_old_version(self, program, monkeypatch):
        made = run(program)

        def refuses(*, values, limit):
            raise methods.MethodError("not with these values")

        _altered_code(monkeypatch, function=refuses)
        with pytest.raises(methods.MethodError, match="not with these values"):
            rerun(made)
        made.refresh_from_db()
        assert made.version == 1


class TestImpact:
    def test_all_that_stands_on_a_record_is_listed_nearest_first(self, program):
        dataset, first, second = chain(program)
        found = computing.impact(dataset)
        assert [(one.key, one.steps) for one in found.results] == [(first.id, 1), (second.id, 2)]
        assert found.hidden == 0

    def test_stale_ones_are_marked(self, program):
        dataset, *_ = chain(program)
        correct(dataset)
        assert [one.stale for one in computing.impact(dataset).touched] == [True, True]

    def test_nothing_stands_on_the_last(self, program):
        *_, last = chain(program)
        assert computing.impact(last).touched == ()

    def test_other_programs_are_counted_and_not_shown(self, program):
        lab = factories.partner()
        with act(SYSTEM, "datasets.seal") as opened:
            shared = computing.running.run(opened, "tests.summary", VALUES, LIMIT, organization=lab)
        theirs = factories.program("CRD-202", owner=factories.sponsor("RIVAL"))
        run(program, sources=[shared])
        run(theirs, sources=[shared])
        reader = factories.person("sponsor_lead", program)
        found = computing.impact(shared, reader)
        assert len(found.touched) == 1
        assert found.hidden == 1
        assert len(computing.impact(shared).touched) == 2

    def test_the_list_is_plain_json(self, program):
        dataset, first, _ = chain(program)
        told = computing.impact(dataset).as_json()
        assert told["results"][0]["key"] == str(first.id)
        assert set(told) == {"results", "documents", "submissions", "records", "pages", "hidden"}
        canonical.encode(told)

    def test_ten_thousand_results_are_found(self, program):
        dataset = make_dataset(program)
        model = run(program, sources=[dataset])
        names = [codec.name for codec in state.codecs(type(model))]
        row = {name: getattr(model, name) for name in names if name not in ("organization", "program")}
        with act(SYSTEM, "computing.run") as opened:
            opened.create_many(type(model), [{**row, "program": program} for _ in range(10_000)])
        assert len(thread.downstream(dataset.id, limit=100_000)) == 10_001
        assert len(computing.impact(dataset).results) == 10_001


def test_a_tolerance_is_that_of_the_method(program, monkeypatch):
    made = run(program)
    old = methods.find("tests.summary")
    monkeypatch.setitem(
        methods._METHODS,
        "tests.summary",
        dataclasses.replace(old, function=_with_factor(1 + 1e-6), tolerance=1e-3),
    )
    assert computing.recompute(made).verdict is Verdict.WITHIN
