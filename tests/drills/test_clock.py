"""The server's clock is set back: time in the ledger does not run backwards, and that it happened is on record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crdmo.foundation.ledger import chainwriter
from crdmo.foundation.ledger.verification import verify
from tests.foundation.ledger import house

pytestmark = [pytest.mark.django_db, pytest.mark.drill, pytest.mark.clause("21 CFR 11.10(e)")]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path


def set_clock(monkeypatch: pytest.MonkeyPatch, **shift: float) -> None:
    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.now(tz) + dt.timedelta(**shift)

    class Module:
        datetime, timedelta, UTC = Clock, dt.timedelta, dt.UTC

    monkeypatch.setattr(chainwriter, "dt", Module)


def types() -> list[str]:
    return [body["type"] for body in house.bodies()]


def test_a_clock_set_back_by_an_hour_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    house.organization("ORG-1")
    set_clock(monkeypatch, hours=-1)
    house.organization("ORG-2")
    assert types() == ["accounts.organization", "ledger.clock_anomaly", "accounts.organization"]
    assert abs(float(house.bodies()[1]["state"]["behind_last_entry_seconds"]) - 3600) < 5


def test_time_in_the_ledger_never_runs_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    house.organization("ORG-1")
    set_clock(monkeypatch, days=-3)
    for number in range(2, 6):
        house.organization(f"ORG-{number}")
    times = [body["at"] for body in house.bodies()]
    assert times == sorted(times) and verify().holds


def test_a_small_step_of_the_clock_is_smoothed_without_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    house.organization("ORG-1")
    set_clock(monkeypatch, seconds=-1)
    house.organization("ORG-2")
    assert types() == ["accounts.organization"] * 2 and verify().holds


def test_a_clock_set_forward_and_right_again_is_on_record_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, hours=5)
    house.organization("ORG-1")
    monkeypatch.undo()
    house.organization("ORG-2")
    assert "ledger.clock_anomaly" in types()
    assert len({body["at"] for body in house.bodies()}) == 1


def test_what_a_client_says_about_the_time_does_not_matter() -> None:
    before = dt.datetime.now(dt.UTC)
    house.organization()
    assert before <= dt.datetime.fromisoformat(house.bodies()[0]["at"]) <= dt.datetime.now(dt.UTC)
