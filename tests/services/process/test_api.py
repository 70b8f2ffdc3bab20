"""A program at process development: it reads, records runs and fits models; what is signed or judged stays with people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from crdmo.foundation.accounts.models import Person
from crdmo.services.process.workflow import studies
from crdmo.web import door
from tests import factories
from tests.api.asker import Asker
from tests.services.process.desk import Desk

HOME = "programs/CRD-101/process/"


@pytest.fixture
def ask(desk: Desk, settings: Any) -> Iterator[Callable[[Person], Asker]]:
    settings.DOOR_STRICT = True
    cache.clear()
    yield Asker
    door.table.cache_clear()


def test_a_study_is_run_by_a_program_up_to_where_people_judge(desk: Desk, ask: Callable[[Person], Asker]) -> None:
    engineer, sponsor = ask(desk.engineer), ask(desk.sponsor)
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    address = f"{HOME}studies/{study.code}"
    first, *rest = desk.rows(study)
    assert engineer.post(address + "/models", {}).status_code == 409
    assert sponsor.post(address + "/runs", {"runs": [first]}).status_code == 403
    assert engineer.post(address + "/runs", {"runs": [first]}).json()["state"] == "running"
    assert engineer.post(address + "/runs", {"runs": [first]}).status_code == 409
    assert engineer.post(address + "/runs", {"runs": [{**rest[0], "values": {"Hardness": "x"}}]}).status_code == 422
    assert engineer.post(address + "/runs", {"runs": rest}).json()["state"] == "completed"
    assert engineer.post(address + "/models", {"model": "third"}).status_code == 422
    fitted = engineer.post(address + "/models", {}).json()["items"]
    assert {(m["response"], m["state"]) for m in fitted} == {("Hardness", "proposed"), ("Dissolution", "proposed")}
    told = sponsor.get(address).json()
    assert told["seed"] == 5 and len(told["runs"]) == 12 and told["design_space"] is None


def test_lists_are_read_as_pages_and_as_files(desk: Desk, ask: Callable[[Person], Asker]) -> None:
    desk.effective(desk.lines(desk.space()))
    sponsor = ask(desk.sponsor)
    assert [a["critical"] for a in sponsor.get(HOME + "attributes").json()["items"]] == [True, True]
    assert b"Force" in sponsor.get(HOME + "parameters?format=csv").content
    (strategy,) = sponsor.get(HOME + "strategies").json()["items"]
    whole = sponsor.get(f"{HOME}strategies/{strategy['code']}/1").json()
    assert [line["name"] for line in whole["lines"]] == ["Force", "Hardness", "Dissolution"]
    assert sponsor.get(HOME + "risks").json()["items"] == []
    assert len(sponsor.get(HOME + "studies").json()["items"]) == 1


def test_another_sponsors_study_is_not_there(desk: Desk, ask: Callable[[Person], Asker]) -> None:
    study = desk.draft()
    other = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    factories.member(other, "process_engineer", desk.engineer)
    engineer = ask(desk.engineer)
    assert engineer.get(f"programs/LQ-7/process/studies/{study.code}").status_code == 404
    stranger = ask(factories.person("sponsor_lead", organization=factories.sponsor("OTHER")))
    assert stranger.get(f"{HOME}studies/{study.code}").status_code == 404
    assert stranger.get(f"{HOME}attributes").status_code == 404
