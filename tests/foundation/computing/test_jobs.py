"""A job is queued, done, told and stopped; what goes wrong is said."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import uuid

import pytest
from django.db import transaction

from crdmo.foundation.accounts.models import Notice
from crdmo.foundation.computing import Job, cancel, enqueue, job_state, jobs, progress
from crdmo.foundation.computing.jobs import job, perform
from crdmo.foundation.computing.progress import Cancelled, Interrupted, Progress
from crdmo.foundation.computing.worker import ATTEMPTS, Chore, Loop, chores, recover
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from tests import factories

from . import sample_jobs  # noqa: F401 — registers the jobs

pytestmark = pytest.mark.django_db
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """Keep the test's own connection: a worker closes its connection between jobs, and with it the transaction."""
    for module in ("crdmo.foundation.computing.worker", "django_tasks_db.management.commands.db_worker"):
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)


@pytest.fixture
def every_step(monkeypatch):
    """Write every step at once, although each test runs in a transaction of its own."""
    monkeypatch.setattr("crdmo.foundation.computing.progress.OFTEN", 0.0)
    monkeypatch.setattr("crdmo.foundation.computing.progress._in_act", lambda: False)


@pytest.fixture
def ann():
    return factories.person("analyst", factories.program())


def work() -> None:
    Loop(interval=0, beside=[]).run(batch=True)


def after_work(made: Job) -> Job:
    work()
    made.refresh_from_db()
    return made


class TestDoing:
    def test_a_job_waits_until_a_worker_does_it(self, ann):
        made = enqueue(ann, "tests.count", upto=3)
        assert made.state == Job.State.QUEUED
        done = after_work(made)
        assert (done.state, done.done, done.total, done.url) == (Job.State.DONE, 3, 3, "/counted/")
        assert done.message == "3 counted"
        assert done.started is not None
        assert done.finished is not None

    def test_who_asked_is_told(self, ann):
        after_work(enqueue(ann, "tests.count", upto=1))
        told = Notice.objects.get(person=ann)
        assert (told.text, told.url, told.why) == ("tests.count is done", "/counted/", "you asked for this job")

    def test_a_refusal_is_the_jobs_error(self, ann):
        done = after_work(enqueue(ann, "tests.refused"))
        assert (done.state, done.error) == (Job.State.FAILED, "this cannot be done. Do something else.")
        assert Notice.objects.get(person=ann).text.startswith("tests.refused failed: this cannot be done")

    def test_a_defect_is_told_with_the_jobs_number_and_does_not_end_the_worker(self, ann):
        broken, good = enqueue(ann, "tests.broken"), enqueue(ann, "tests.count", upto=1)
        done = after_work(broken)
        assert done.state == Job.State.FAILED
        assert done.error == f"ZeroDivisionError: division by zero (job {broken.id})"
        good.refresh_from_db()
        assert good.state == Job.State.DONE

    def test_a_job_asked_for_in_an_act_that_is_undone_is_never_done(self, ann):
        with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
            enqueue(ann, "tests.count", upto=1)
            raise RuntimeError("undone")
        work()
        assert not Job.objects.exists()

    def test_a_job_is_done_once_however_often_it_is_scheduled(self, ann):
        made = enqueue(ann, "tests.count", upto=1)
        perform.enqueue(str(made.id))
        done = after_work(made)
        assert done.attempts == 1
        assert Notice.objects.filter(person=ann).count() == 1

    def test_a_job_of_the_system_has_no_person(self):
        assert after_work(enqueue(None, "tests.count", upto=1)).state == Job.State.DONE

    def test_an_unknown_job_is_refused(self, ann):
        with pytest.raises(Invalid, match="there is no such job"):
            enqueue(ann, "tests.nothing")

    def test_arguments_that_are_no_json_are_refused(self, ann):
        with pytest.raises(Invalid, match="arguments of a job are plain JSON"):
            enqueue(ann, "tests.count", upto=ann)
        assert not Job.objects.exists()

    def test_a_kind_has_one_handler(self):
        with pytest.raises(ValueError, match="declared twice"):
            job("tests.count")(lambda progress: "")


class TestStopping:
    def test_one_that_waits_is_cancelled_at_once(self, ann):
        made = enqueue(ann, "tests.count", upto=1)
        assert cancel(ann, made.id).state == Job.State.CANCELLED
        assert after_work(made).state == Job.State.CANCELLED
        assert not Notice.objects.filter(person=ann).exists()

    def test_one_that_runs_stops_at_its_next_step(self, ann, monkeypatch, every_step):
        made = enqueue(ann, "tests.count", upto=10_000)
        seen = []

        def stop_at_third(progress, *, upto):
            for number in range(1, upto + 1):
                seen.append(number)
                if number == 3:
                    cancel(ann, progress.job.id)
                progress.step(number, upto)

        monkeypatch.setitem(jobs._HANDLERS, "tests.count", stop_at_third)
        done = after_work(made)
        assert (done.state, done.done) == (Job.State.CANCELLED, 3)
        assert seen == [1, 2, 3]

    def test_one_that_is_over_cannot_be_stopped(self, ann):
        made = after_work(enqueue(ann, "tests.count", upto=1))
        with pytest.raises(Refused, match="this job is over"):
            cancel(ann, made.id)

    def test_somebody_elses_job_is_not_found(self, ann):
        made = enqueue(ann, "tests.count", upto=1)
        with pytest.raises(NotFound, match="no such job"):
            cancel(factories.person("analyst", factories.program()), made.id)

    def test_a_job_that_is_not_there_answers_the_same(self, ann):
        with pytest.raises(NotFound, match="no such job"):
            cancel(ann, uuid.uuid4())


class TestTakingUpAgain:
    def lost(self, ann, **values) -> Job:
        made = enqueue(ann, "tests.count", upto=2)
        Job.objects.filter(pk=made.pk).update(
            **{"state": Job.State.RUNNING, "heartbeat": LONG_AGO, "worker": "elsewhere 17", "attempts": 1, **values}
        )
        return made

    def test_a_job_without_a_sign_of_life_is_done_again(self, ann):
        made = self.lost(ann)
        done = after_work(made)
        assert (done.state, done.attempts) == (Job.State.DONE, 2)

    def test_a_job_that_lives_is_left_alone(self, ann):
        made = self.lost(ann, heartbeat=dt.datetime.now(dt.UTC))
        assert recover() == []
        made.refresh_from_db()
        assert made.state == Job.State.RUNNING

    def test_a_process_that_is_gone_from_this_machine_is_seen_at_once(self, ann):
        gone = subprocess.Popen(["true"])
        gone.wait()
        made = self.lost(ann, heartbeat=dt.datetime.now(dt.UTC), worker=f"{socket.gethostname()} {gone.pid}")
        assert [found.pk for found in recover()] == [made.pk]

    def test_a_job_that_kills_its_workers_is_failed_in_the_end(self, ann):
        made = self.lost(ann, attempts=ATTEMPTS)
        done = after_work(made)
        assert done.state == Job.State.FAILED
        assert "The worker died 3 times" in done.error

    def test_a_lost_job_that_was_to_be_stopped_is_cancelled(self, ann):
        made = self.lost(ann, cancel_asked=True)
        assert after_work(made).state == Job.State.CANCELLED

    def test_a_waiting_job_that_nothing_is_scheduled_for_is_scheduled(self, ann):
        made = Job.objects.create(kind="tests.count", person=ann, arguments={"upto": 1}, queued=LONG_AGO)
        assert after_work(made).state == Job.State.DONE

    def test_who_lost_a_job_does_not_write_over_who_took_it_up(self, ann, every_step):
        made = self.lost(ann)
        made.refresh_from_db()
        slow = Progress(made)
        Job.objects.filter(pk=made.pk).update(attempts=2, heartbeat=dt.datetime.now(dt.UTC))
        with pytest.raises(Interrupted):
            slow.step(1, 2)
        made.refresh_from_db()
        assert (made.done, made.attempts) == (0, 2)

    def test_a_worker_that_ends_gives_its_job_back(self, ann):
        made = enqueue(ann, "tests.count", upto=5)
        progress.ENDING.set()
        try:
            perform.func(str(made.id))
        finally:
            progress.ENDING.clear()
        made.refresh_from_db()
        assert (made.state, made.attempts) == (Job.State.QUEUED, 0)
        assert after_work(made).state == Job.State.DONE


class TestChores:
    def test_they_are_done_between_jobs(self, ann):
        done = []
        made = enqueue(ann, "tests.count", upto=1)
        Loop(interval=0, beside=[Chore("noting", lambda: done.append(1))]).run(batch=True)
        made.refresh_from_db()
        assert made.state == Job.State.DONE
        assert len(done) == 2

    def test_some_are_done_seldom(self):
        done = []
        loop = Loop(interval=0, beside=[Chore("noting", lambda: done.append(1), every=3600.0)])
        loop.run(batch=True)
        loop.run(batch=True)
        assert done == [1]

    def test_one_that_fails_is_told_and_does_not_end_the_worker(self, ann, caplog):
        def fails():
            raise OSError("no space left on device")

        made = enqueue(ann, "tests.count", upto=1)
        Loop(interval=0, beside=[Chore("sweeping", fails)]).run(batch=True)
        made.refresh_from_db()
        assert made.state == Job.State.DONE
        assert "sweeping did not succeed" in caplog.text

    def test_a_worker_signs_checkpoints_and_sweeps(self):
        assert [chore.name for chore in chores()] == ["signing a checkpoint", "sweeping unfinished files"]


class TestShowing:
    def test_what_a_page_shows(self, ann):
        made = enqueue(ann, "tests.count", upto=4)
        Job.objects.filter(pk=made.pk).update(state=Job.State.RUNNING, done=1, total=4, message="1 counted")
        made.refresh_from_db()
        told = job_state(made)
        assert (told["state"], told["word"], told["percent"], told["open"]) == ("running", "Running", 25, True)
        assert told["can_cancel"] is True
        assert told["queued"].endswith("Z")

    def test_a_finished_job_is_at_hundred_percent(self, ann):
        told = job_state(after_work(enqueue(ann, "tests.count", upto=1)))
        assert (told["percent"], told["open"], told["can_cancel"]) == (100, False, False)

    def test_without_total_there_is_no_percentage(self, ann):
        assert job_state(enqueue(ann, "tests.count", upto=1))["percent"] is None


def test_a_step_hears_that_the_job_is_to_stop(ann, every_step):
    made = enqueue(ann, "tests.count", upto=1)
    Job.objects.filter(pk=made.pk).update(state=Job.State.RUNNING, cancel_asked=True)
    made.refresh_from_db()
    with pytest.raises(Cancelled):
        Progress(made).step(1, 1)
