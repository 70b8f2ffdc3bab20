"""Real workers in processes of their own: they are killed, ended and started again, on a database file of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.drill
START = "import django; django.setup(); from tests.foundation.computing import sample_jobs, sample_methods\n"
SETUP = (
    "from django.core.management import call_command; call_command('migrate', run_syncdb=True, verbosity=0)\n"
    "from tests import factories\n"
    "print(factories.person('analyst', factories.program()).id)\n"
)
WORKER = START + (
    "import sys; from crdmo.foundation.computing import progress; progress.BEAT = 0.2\n"
    "from crdmo.foundation.computing.worker import main; sys.exit(main(sys.argv[1:]))\n"
)


class Installation:
    """A database, a store, and a way to run Python against them; the first is prepared, others are copies of it."""

    def __init__(self, home: Path, like: Installation | None = None) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "CRDMO_HOME": str(home),
            "CRDMO_STORAGE_URL": f"file://{home / 'files'}",
            "CRDMO_DATABASE_URL": f"sqlite:///{home / 'jobs.sqlite3'}",
        }
        if like is not None:
            shutil.copytree(like.home, home)
        self.person = like.person if like else self.python(START + SETUP).strip()

    def python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def enqueue(self, kind: str, **arguments) -> str:
        return self.python(
            START + "from crdmo.foundation.accounts.models import Person, Program\n"
            "from crdmo.foundation.computing import enqueue\n"
            f"person = Person.objects.get(pk={self.person!r})\n"
            f"print(enqueue(person, {kind!r}, program=Program.objects.get(), **{arguments!r}).id)\n"
        ).strip()

    def state(self, job: str) -> dict:
        return json.loads(
            self.python(
                START + "import json; from crdmo.foundation.computing import Job, job_state\n"
                f"job = Job.objects.get(pk={job!r})\n"
                "print(json.dumps({**job_state(job), 'attempts': job.attempts}))\n"
            )
        )

    def worker(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", WORKER, *arguments], env=self.environment)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("prepared") / "home")


@pytest.fixture
def installation(prepared: Installation, tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home", prepared)


def _wait_for(place: Path, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not place.exists():
        assert time.monotonic() < until, f"{place} did not appear"
        time.sleep(0.01)


def test_a_worker_in_a_process_of_its_own_does_what_waits(installation: Installation):
    job = installation.enqueue("tests.count", upto=5)
    assert installation.worker("--batch").wait(60) == 0
    assert installation.state(job)["state"] == "done"


@pytest.mark.clause("EU Annex 11 §16")
def test_a_killed_worker_is_followed_by_one_that_goes_on(installation: Installation, tmp_path: Path):
    job = installation.enqueue("tests.wait", steps=60, folder=str(tmp_path))
    first = installation.worker()
    _wait_for(tmp_path / "step-9")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert installation.state(job)["state"] == "running"
    assert installation.worker("--batch").wait(60) == 0
    told = installation.state(job)
    assert (told["state"], told["done"], told["attempts"]) == ("done", 60, 2)
    assert {(tmp_path / f"step-{i}").read_text() for i in range(9)} == {str(first.pid)}


def test_a_worker_that_is_ended_gives_its_job_back_and_exits_well(installation: Installation, tmp_path: Path):
    job = installation.enqueue("tests.wait", steps=200, folder=str(tmp_path))
    worker = installation.worker()
    _wait_for(tmp_path / "step-5")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    told = installation.state(job)
    assert (told["state"], told["attempts"]) == ("queued", 0)


def test_a_job_that_kills_every_worker_is_given_up(installation: Installation):
    job, good = installation.enqueue("tests.die"), installation.enqueue("tests.count", upto=1)
    for _ in range(3):
        assert installation.worker("--batch").wait(60) == -signal.SIGKILL
    assert installation.worker("--batch").wait(60) == 0
    told = installation.state(job)
    assert told["state"] == "failed"
    assert "The worker died 3 times" in told["error"]
    assert installation.state(good)["state"] == "done"


def test_two_workers_share_the_work_and_do_nothing_twice(installation: Installation, tmp_path: Path):
    jobs = []
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        jobs.append(installation.enqueue("tests.wait", steps=10, folder=str(folder)))
    workers = [installation.worker("--batch"), installation.worker("--batch")]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert [installation.state(job)["attempts"] for job in jobs] == [1, 1, 1, 1]
    pids = {(tmp_path / str(number) / f"step-{i}").read_text() for number in range(4) for i in range(10)}
    assert pids == {str(worker.pid) for worker in workers}


def test_a_job_inside_one_long_act_neither_loses_it_nor_is_lost(installation: Installation):
    job = installation.enqueue("tests.long_act", seconds=2.5)
    assert installation.worker("--batch", "--lost-after", "1").wait(60) == 0
    told = installation.state(job)
    assert (told["state"], told["attempts"]) == ("done", 1)


@pytest.mark.clause("21 CFR 11.10(c)")
def test_a_worker_signs_the_checkpoint_that_is_due(installation: Installation):
    assert installation.worker("--batch").wait(60) == 0
    assert len(list((installation.home / "checkpoints").glob("*.note"))) == 1
