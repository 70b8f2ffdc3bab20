"""`run` writes a result that says where it came from, and refuses what it could not stand on."""

from __future__ import annotations

import polars as pl
import pytest

from crdmo.foundation import computing, datasets
from crdmo.foundation.computing import Result
from crdmo.foundation.computing.environment import code_hash, environment
from crdmo.foundation.computing.execution import digest
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.science import method as methods
from crdmo.science.method import MethodError
from tests import factories

pytestmark = pytest.mark.django_db
VALUES = {"values": [1.0, 2.0, 6.0]}
LIMIT = {"limit": 2.5}


def make_dataset(program, name="Plate 7", **columns) -> Dataset:
    frame = pl.DataFrame(columns or {"signal": [1.0, 2.0, 6.0], "batch": ["A", "A", "B"]})
    with act(SYSTEM, "datasets.seal") as opened:
        return datasets.seal(opened, program=program, name=name, kind="plate_readings", data=frame)


def run(program, name="tests.summary", inputs=VALUES, parameters=LIMIT, **more) -> Result:
    with act(SYSTEM, "computing.run") as opened:
        return computing.run(opened, name, inputs, parameters, program=program, **more)


@pytest.fixture
def program():
    return factories.program()


def test_the_output_is_the_methods_json(program):
    assert run(program).output == {"mean": 3, "spread": [-2, -1, 3], "finding": "high"}


def test_the_output_read_from_the_database_is_the_output_that_was_returned(program):
    made = run(program)
    found = Result.objects.get(pk=made.pk)
    assert (found.output, found.inputs, found.parameters) == (made.output, made.inputs, made.parameters)


@pytest.mark.clause("21 CFR 11.10(e)")
def test_a_result_is_one_entry_with_method_inputs_code_and_machine(program):
    before = Entry.objects.count()
    made = run(program)
    assert Entry.objects.count() == before + 1
    method = methods.find("tests.summary")
    assert (made.method, made.method_version, made.title) == ("tests.summary", "1.0", "Summary of values")
    assert made.citation == method.source
    assert made.input_hash == digest(VALUES)
    assert made.output_hash == digest(made.output)
    assert made.code_hash == code_hash(method)
    assert made.environment == environment()
    assert {"python", "numpy", "scipy", "polars", "platform", "threads", "blas"} <= set(made.environment)


def test_sources_are_named_with_version_and_digest_and_lie_on_the_thread(program):
    dataset = make_dataset(program)
    made = run(program, sources=[dataset])
    assert made.sources == thread.sources_of([dataset])
    assert dataset.id in thread.upstream(made.id, only_data=True)


def test_a_column_of_a_dataset_is_an_input(program):
    dataset = make_dataset(program)
    made = run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
    assert made.output["mean"] == 3
    assert made.inputs == {"values": {"dataset": dataset.blob, "column": "signal"}}
    assert made.datasets == [dataset.blob]


def test_a_column_can_be_narrowed_to_some_rows(program):
    dataset = make_dataset(program)
    made = run(program, inputs={"values": computing.column(dataset, "signal", batch="A")}, sources=[dataset])
    assert made.output["mean"] == 1.5


def test_a_dataset_that_is_not_among_the_sources_is_refused(program):
    other = factories.program("CRD-202", owner=factories.sponsor("RIVAL"))
    foreign = make_dataset(other)
    with pytest.raises(Invalid, match="a dataset that is not among the sources"):
        run(program, inputs={"values": computing.column(foreign, "signal")})


def test_a_source_of_another_program_is_refused(program):
    other = factories.program("CRD-202", owner=factories.sponsor("RIVAL"))
    with pytest.raises(Refused, match="belongs to another program"):
        run(program, sources=[make_dataset(other)])


def test_a_void_source_is_refused(program):
    dataset = make_dataset(program)
    with act(SYSTEM, "datasets.void", "sealed by mistake") as opened:
        opened.void(dataset)
    with pytest.raises(Refused, match="is void"):
        run(program, sources=[dataset])


def test_a_source_that_was_changed_since_it_was_read_is_refused(program):
    dataset = make_dataset(program)
    newer = Dataset.objects.get(pk=dataset.pk)
    with act(SYSTEM, "datasets.note", "the note was wrong") as opened:
        opened.change(newer, note="right")
    with pytest.raises(Conflict, match="was changed since it was read"):
        run(program, sources=[dataset])


def test_a_stale_source_is_refused(program):
    dataset = make_dataset(program)
    first = run(program, sources=[dataset])
    with act(SYSTEM, "datasets.note", "the note was wrong") as opened:
        opened.change(dataset, note="right")
    with pytest.raises(Refused, match="stands on data changed since"):
        run(program, sources=[first])


def test_a_missing_column_is_refused(program):
    dataset = make_dataset(program)
    with pytest.raises(MethodError, match="the dataset has no such column"):
        run(program, inputs={"values": computing.column(dataset, "signl")}, sources=[dataset])


def test_what_the_method_refuses_leaves_nothing_behind(program):
    before = Entry.objects.count()
    with pytest.raises(MethodError, match="there are no values"):
        run(program, inputs={"values": []})
    assert Entry.objects.count() == before


def test_an_unknown_method_is_refused(program):
    with pytest.raises(MethodError, match="there is no such method"):
        run(program, name="tests.nothing")


def test_inputs_that_are_no_json_are_refused(program):
    with pytest.raises(Invalid, match="the inputs are not plain JSON"):
        run(program, inputs={"values": [float("nan")]})


def test_a_large_output_is_kept_as_a_blob(program):
    made = run(program, name="tests.many", inputs={"count": 50_000}, parameters={})
    assert made.output_here is None
    assert made.output_blob.startswith("sha256:")
    assert Result.objects.get(pk=made.pk).output == list(range(50_000))


def test_large_inputs_are_kept_as_a_blob(program):
    values = {"values": [float(i) for i in range(30_000)]}
    made = run(program, inputs=values)
    assert made.inputs_here is None
    assert Result.objects.get(pk=made.pk).inputs == values
    assert made.input_hash == digest(values)


def test_infinite_and_undefined_numbers_are_kept_as_text(program):
    made = run(program, name="tests.undefined", inputs=VALUES, parameters={})
    assert made.output == {"largest": 6, "ratio": "inf", "nothing": "nan"}


class TestSeeds:
    def test_the_seed_that_was_given_is_kept(self, program):
        assert run(program, name="tests.draw", inputs={"count": 3}, parameters={}, seed=42).seed == 42

    def test_without_seed_it_follows_from_the_data(self, program):
        one, same, other = (run(program, name="tests.draw", inputs={"count": n}, parameters={}) for n in (3, 3, 4))
        assert one.seed == same.seed
        assert one.output == same.output
        assert one.seed != other.seed

    def test_a_method_without_chance_takes_no_seed(self, program):
        with pytest.raises(Invalid, match="has no random part"):
            run(program, seed=1)

    def test_the_seed_is_no_parameter(self, program):
        with pytest.raises(Invalid, match="the seed is not a parameter"):
            run(program, name="tests.draw", inputs={"count": 3}, parameters={"seed": 1})


def test_a_registered_method_of_the_house_runs_with_its_published_example(program):
    inputs = {
        "x": [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
        "y": [3060, 3522, 3707, 4280, 5058, 5510, 5703, 6205, 7156, 7178],
    }
    made = run(program, name="quality.calibration_line", inputs=inputs, parameters={})
    assert round(made.output["intercept"], 3) == 2480.867
    assert round(made.output["slope"], 3) == 9661.939
