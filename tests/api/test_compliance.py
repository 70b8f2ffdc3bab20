"""The quality system by program: report, look up, complete an action; nothing is signed by a token."""

from __future__ import annotations

import pytest

from crdmo.foundation.ledger.models import Entry
from crdmo.services.compliance.models import Deviation
from tests.services.compliance.conftest import System

HOME = "programs/CRD-101/compliance/"
SEEN = {
    "title": "Refrigerator 3 above 8 °C",
    "facts": "9.2 °C for 12 minutes.",
    "happened_at": "2026-01-05T05:00:00Z",
    "found_at": "2026-01-05T07:10:00+01:00",
}


@pytest.fixture
def system(lab) -> System:
    return System(lab)


def test_a_walk_from_an_alarm_to_a_gate_to_a_completed_action(system: System, ask) -> None:
    system.lab.lot()
    analyst = ask(system.lab.analyst)
    made = analyst.post(HOME + "deviations/new", {**SEEN, "records": ["L-1", "HPLC-1"]})
    assert made.status_code == 200, made.content
    code = made.json()["code"]
    assert made.json()["found_at"] == "2026-01-05T06:10:00+00:00"
    gates = analyst.get("programs/CRD-101/quality/lots/L-1/gates").json()["gates"]
    assert [g["text"] for g in gates if g["name"] == "Deviations"] == [f"open: {code} (not classified)"]
    read = analyst.get(HOME + f"deviations/{code}")
    assert read["ETag"] == '"1"'
    assert [(one["type"], one["lot"]) for one in read.json()["touches"]] == [
        ("materials.lot", "L-1"),
        ("quality.instrument", None),
    ]
    assert [one["code"] for one in analyst.get(HOME + "deviations?state=open").json()["items"]] == [code]
    running = system.running()
    done = analyst.post(HOME + f"capas/{running.code}/actions/1/done", {"evidence": "Work order 17"})
    assert done.json()["state"] == "done"
    assert analyst.get(HOME + "capas").json()["items"][0]["state"] == "pending"


def test_lists_are_given_by_page_and_as_file(system: System, ask) -> None:
    system.change()
    system.material()
    asker = ask(system.lab.qa)
    assert asker.get(HOME + "changes").json()["items"][0]["areas"] == "Quality control, Regulatory affairs"
    assert asker.get(HOME + "suppliers").json()["items"][0]["standing"] == "proposed"
    assert b"HPLC columns" in asker.get(HOME + "suppliers?format=csv").content
    assert asker.get(HOME + "training").json() == {"items": []}
    assert asker.get(HOME + "reviews").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"records": ["L-404"]}, 422),
        ({"facts": " "}, 422),
        ({"happened_at": "2026-01-05T05:00:00"}, 422),
        ({"happened_at": "2026-01-06T05:00:00Z"}, 422),
        ({"severity": "huge"}, 422),
    ],
)
def test_what_cannot_be_reported_leaves_nothing(system: System, ask, given: dict, status: int) -> None:
    asker, before = ask(system.lab.analyst), Entry.objects.count()
    assert asker.post(HOME + "deviations/new", {**SEEN, **given}).status_code == status
    assert not Deviation.objects.exists() and Entry.objects.count() == before


def test_a_sponsor_reads_and_reports_nothing(system: System, ask) -> None:
    system.report()
    asker = ask(system.lab.sponsor)
    assert len(asker.get(HOME + "deviations").json()["items"]) == 1
    assert asker.post(HOME + "deviations/new", SEEN).status_code == 403
    assert asker.get(HOME + "suppliers").status_code == 403
    assert asker.get(HOME + "deviations/DEV-00-0001").status_code == 404


def test_an_action_that_is_anothers_is_refused(system: System, ask) -> None:
    running = system.running()
    colleague = ask(system.lab.colleague)
    assert colleague.post(HOME + f"capas/{running.code}/actions/1/done", {"evidence": "x"}).status_code == 409
    assert colleague.post(HOME + f"capas/{running.code}/actions/2/done", {"evidence": "x"}).status_code == 404
