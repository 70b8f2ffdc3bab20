"""A stored number is made again and found identical, within tolerance, or different, and where."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.foundation import computing
from crdmo.foundation.computing.comparison import Outcome, Verdict, compare
from crdmo.foundation.computing.environment import _sources, code_hash
from crdmo.foundation.computing.models import Result
from crdmo.foundation.computing.renewing import stored
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.verification import verify
from crdmo.science import method as methods
from tests import factories

from .test_run import VALUES, make_dataset, run


@pytest.fixture
def program(db):
    return factories.program()


def _altered_code(monkeypatch, **changes):
    """Put another version of the test method in place, as a release with a repaired method would."""
    old = methods.find("tests.summary")
    monkeypatch.setitem(methods._METHODS, "tests.summary", dataclasses.replace(old, **changes))


def _with_factor(factor: float):
    old = methods.find("tests.summary").function

    def summary(*, values, limit):
        return old(values=list(values), limit=limit, factor=factor)

    summary.__module__ = old.__module__
    return summary


def test_the_same_code_gives_the_identical_number(program):
    outcome = computing.recompute(run(program))
    assert outcome == Outcome(Verdict.IDENTICAL, 1e-9)
    assert outcome.sentence() == "identical"


def test_a_random_method_is_identical_by_its_seed(program):
    made = run(program, name="tests.draw", inputs={"count": 100}, parameters={})
    assert computing.recompute(made).verdict is Verdict.IDENTICAL


def test_a_dataset_input_is_read_again(program):
    dataset = make_dataset(program)
    made = run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
    assert computing.recompute(made).verdict is Verdict.IDENTICAL


def test_a_last_digit_is_within_tolerance(program, monkeypatch):
    made = run(program)
    _altered_code(monkeypatch, function=_with_factor(1 + 1e-12))
    outcome = computing.recompute(made)
    assert outcome.verdict is Verdict.WITHIN
    assert "within tolerance: largest relative difference" in outcome.sentence()


def test_a_repaired_method_gives_another_number_and_says_where(program, monkeypatch):
    made = run(program)
    _altered_code(monkeypatch, function=_with_factor(2.0), version="1.1")
    outcome = computing.recompute(made)
    assert outcome.verdict is Verdict.DIFFERENT
    assert ("/mean", 3, 6) in {(d.place, d.stored, d.now) for d in outcome.differences}
    assert "method version was 1.0, is 1.1" in outcome.notes
    assert not outcome.came_out


def test_a_method_that_now_refuses_is_a_difference(program, monkeypatch):
    made = run(program)

    def refuses(*, values, limit):
        raise methods.MethodError("not with these values")

    _altered_code(monkeypatch, function=refuses)
    outcome = computing.recompute(made)
    assert outcome.verdict is Verdict.DIFFERENT
    assert "refused: not with these values" in str(outcome.differences[0].now)


def test_a_method_that_is_gone_cannot_be_recomputed(program, monkeypatch):
    made = run(program)
    monkeypatch.delitem(methods._METHODS, "tests.summary")
    assert computing.recompute(made).verdict is Verdict.IMPOSSIBLE


@pytest.mark.clause("21 CFR 11.10(a)")
@pytest.mark.parametrize("field", ["inputs_here", "output_here"])
def test_an_altered_row_is_found_before_anything_is_computed(program, field):
    made = run(program)
    setattr(made, field, {"values": [9.0]})
    outcome = computing.recompute(made)
    assert outcome.verdict is Verdict.DIFFERENT
    assert outcome.notes == ("the stored computation was altered",)


def test_an_altered_input_blob_is_refused(program, files):
    made = run(program, inputs={"values": [float(i) for i in range(30_000)]})
    place = store.path(made.inputs_blob)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes().replace(b"29999", b"29998"))
    with pytest.raises(store.BlobAltered, match="altered"):
        computing.recompute(made)


def test_changed_code_and_machine_are_noted_even_when_the_number_comes_out(program):
    kept = dataclasses.replace(stored(run(program)), code_hash="0" * 64, environment={"python": "3.9.0"})
    outcome = computing.recomputation.recompute_stored(kept, store.get)
    assert outcome.verdict is Verdict.IDENTICAL
    assert "the code of the method was changed since" in outcome.notes
    assert any(note.startswith("python was 3.9.0, is ") for note in outcome.notes)


class TestTheCodeHash:
    def test_it_covers_the_modules_that_the_method_imports(self):
        sources = _sources(methods.find("quality.calibration_line").function.__module__)
        floor = "crdmo.science"
        assert {f"{floor}.quality.calibration", f"{floor}.checks", f"{floor}.method"} <= set(sources)

    def test_another_module_gives_another_hash(self):
        one, other = methods.find("quality.calibration_line"), methods.find("quality.shelf_life_q1e")
        assert code_hash(one) != code_hash(other)


PLAIN = st.none() | st.booleans() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(max_size=4)


class TestComparing:
    def test_numbers_are_compared_relative_to_their_size(self):
        assert compare(1e-20, 1.0000001e-20, 1e-6).verdict is Verdict.WITHIN
        assert compare(1e-20, 1.1e-20, 1e-6).verdict is Verdict.DIFFERENT

    def test_a_residual_beside_large_values_is_zero(self):
        assert compare([100.0, 1e-15], [100.0, -2e-15], 1e-9).verdict is Verdict.WITHIN

    def test_text_must_be_equal(self):
        assert compare({"a": "99.80"}, {"a": "99.8"}, 1.0).verdict is Verdict.DIFFERENT

    def test_true_is_not_one(self):
        assert compare({"a": True}, {"a": 1}, 1.0).verdict is Verdict.DIFFERENT

    def test_a_key_too_many_or_too_few_is_named(self):
        outcome = compare({"a": 1, "b/c": 2}, {"a": 1, "d": 2}, 1e-9)
        assert [d.place for d in outcome.differences] == ["/b~1c", "/d"]

    def test_lists_of_other_length_differ(self):
        assert compare([1, 2], [1, 2, 3], 1.0).verdict is Verdict.DIFFERENT

    def test_a_number_that_became_undefined_differs(self):
        assert compare([1.0], ["nan"], 1.0).verdict is Verdict.DIFFERENT

    @given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)))
    def test_anything_is_identical_to_itself(self, value):
        assert compare(value, value, 0.0).verdict is Verdict.IDENTICAL

    @given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=8), st.integers(0, 7), st.floats(1e-6, 0.5))
    def test_a_change_beyond_the_tolerance_is_never_missed(self, values, index, change):
        place = values.index(max(values)) if index >= len(values) else index
        changed = [v + max(values) * change if i == place else v for i, v in enumerate(values)]
        outcome = compare(values, changed, 1e-9)
        assert outcome.verdict is Verdict.DIFFERENT
        assert outcome.differences[0].place == f"/{place}"


def test_recomputing_needs_no_django(tmp_path: Path):
    blocked = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'django': raise ImportError('django is blocked')\n"
        "sys.meta_path.insert(0, Block())\n"
        "from crdmo.foundation.computing.bundle_recompute import main\n"
        "sys.exit(main(['missing.zip']))\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, env=environment, check=False)
    assert told.returncode == 2
    assert "missing.zip" in told.stderr
    assert "blocked" not in told.stderr


def test_values_are_the_same_after_a_round_trip(program):
    assert stored(run(program)).inputs == VALUES


@pytest.mark.parametrize("large", [115743757608738540.0, 2.0**53, -1e20, 1e21, 1.7e300])
def test_a_number_beyond_the_whole_ones_that_are_exact_is_kept_verified_and_computed_again(program, large):
    """Such numbers come as ends of intervals that two values cannot bound; JSON writes them without a fraction."""
    made = run(program, inputs={"values": [large, large]}, parameters={"limit": 0.0})
    found = Result.objects.get(pk=made.pk)
    assert found.output["mean"] == pytest.approx(large) and found.inputs == {"values": [large, large]}
    told = verify()
    assert told.holds, told.problems
    assert computing.recompute(found).verdict is Verdict.IDENTICAL


def test_a_recomputation_writes_nothing(program):
    from crdmo.foundation.ledger.models import Entry

    made = run(program)
    before = Entry.objects.count()
    computing.recompute(made)
    assert Entry.objects.count() == before


def test_a_foreign_act_is_not_needed(program):
    with act(SYSTEM, "x") as opened:
        made = computing.run(opened, "tests.summary", VALUES, {"limit": 1}, program=program)
    assert computing.recompute(made).came_out
