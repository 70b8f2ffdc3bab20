"""UUIDv7: keys that rise within a process and say when they were made."""

from __future__ import annotations

import threading
import time
from uuid import UUID, uuid4

import pytest

from crdmo.proof.identifiers import uuid7, uuid7_milliseconds


def test_version_and_variant_are_those_of_rfc_9562() -> None:
    made = uuid7()
    assert made.version == 7 and made.int >> 62 & 3 == 2


def test_it_holds_the_present_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    assert before - 1 <= uuid7_milliseconds(uuid7()) <= time.time_ns() // 1_000_000 + 50


def test_ten_thousand_rise() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(made) and len(set(made)) == 10_000


def test_they_rise_though_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert uuid7() > before


def test_threads_never_get_the_same_one() -> None:
    made: list[UUID] = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({key.int >> 64 for key in made}) == 8000


@pytest.mark.parametrize("ms", [0, 1645557742000, 2**48 - 1])
def test_a_given_millisecond_is_kept(ms: int) -> None:
    assert uuid7_milliseconds(uuid7(ms)) == ms


@pytest.mark.parametrize("ms", [-1, 2**48])
def test_milliseconds_that_do_not_fit_are_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="48 bits of milliseconds"):
        uuid7(ms)


def test_a_key_of_another_version_has_no_milliseconds() -> None:
    with pytest.raises(ValueError, match="version 4; allowed: version 7"):
        uuid7_milliseconds(uuid4())
