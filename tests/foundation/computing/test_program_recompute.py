"""All results of a program are recomputed as a job, and what was found is on record."""

from __future__ import annotations

import pytest

from crdmo.foundation import computing
from crdmo.foundation.computing import Job, enqueue, recompute_program
from crdmo.foundation.computing.jobs import perform
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.models import Entry
from crdmo.proof import canonical
from tests import factories

from .test_recompute import _altered_code, _with_factor
from .test_run import make_dataset, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return factories.program()


def do(person, program) -> Job:
    made = enqueue(person, "computing.recompute", program_id=str(program.id))
    perform.func(str(made.id))
    made.refresh_from_db()
    return made


def test_every_result_of_the_program_is_recomputed(program):
    run(program)
    run(program, name="tests.draw", inputs={"count": 3}, parameters={})
    run(factories.program("CRD-202", owner=factories.sponsor("RIVAL")))
    report = recompute_program(program)
    assert report.counts == {"identical": 2}
    assert report.came_out


def test_what_did_not_come_out_is_named(program, monkeypatch):
    made = run(program)
    run(program, name="tests.draw", inputs={"count": 3}, parameters={})
    _altered_code(monkeypatch, function=_with_factor(2.0))
    report = recompute_program(program)
    assert report.counts == {"identical": 1, "different": 1}
    assert [one.result for one in report.exceptions] == [made]


def test_an_altered_dataset_is_told_and_the_rest_is_done(program):
    dataset = make_dataset(program)
    run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
    run(program)
    place = store.path(dataset.blob)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"X")
    report = recompute_program(program)
    assert report.counts == {"cannot be recomputed here": 1, "identical": 1}
    assert "a sealed file was altered" in report.exceptions[0].outcome.sentence()


def test_progress_is_told(program):
    run(program)
    told = []
    recompute_program(program, lambda *step: told.append(step))
    assert told == [(1, 1, "1 of 1 results recomputed")]


def test_the_job_writes_what_it_found(program):
    run(program)
    person = factories.person("qa", program)
    done = do(person, program)
    assert (done.state, done.message) == (Job.State.DONE, "1 identical")
    entry = Entry.objects.get(record_type="computing.recomputation")
    assert (entry.stream, entry.actor) == (str(program.id), str(person.id))
    state = canonical.decode(bytes(entry.body))["state"]
    assert state == {"counts": {"identical": 1}, "exceptions": [], "exception_count": 0}


def test_to_who_may_not_see_the_program_it_is_not_there(program):
    run(program)
    rival = factories.person("sponsor_lead", organization=factories.sponsor("RIVAL"))
    done = do(rival, program)
    assert done.state == Job.State.FAILED
    assert (done.error, done.total) == (f"there is no such program. Given: {program.id}.", 0)
    assert not Entry.objects.filter(record_type="computing.recomputation").exists()


def test_the_job_is_known_without_being_imported():
    assert computing.jobs.handler("computing.recompute").__name__ == "recompute_job"
