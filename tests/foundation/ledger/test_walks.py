"""Walks along the thread: the shortest way, and a thread summed up by kinds."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from crdmo.foundation.ledger import walks
from crdmo.foundation.ledger.models import Edge

pytestmark = pytest.mark.django_db


def woven(*edges: str) -> dict[str, UUID]:
    """Weave edges given as "ab": a above b; return the keys by letter."""
    keys = {letter: uuid4() for letter in sorted(set("".join(edges)))}
    Edge.objects.bulk_create(Edge(upstream=keys[a], downstream=keys[b], kind="data") for a, b in edges)
    return keys


def test_the_way_is_the_shortest_one_and_runs_down_only() -> None:
    keys = woven("ab", "bc", "cd", "ae", "ed")
    assert walks.way(keys["a"], keys["d"]) == [keys["a"], keys["e"], keys["d"]]
    assert walks.way(keys["d"], keys["a"]) == []
    assert walks.way(keys["a"], keys["a"]) == [keys["a"]]


def test_a_way_through_a_circle_ends() -> None:
    keys = woven("ab", "bc", "ca", "dx")
    assert walks.way(keys["a"], keys["c"]) == [keys["a"], keys["b"], keys["c"]]
    assert walks.way(keys["a"], keys["x"]) == []


def test_no_way_is_looked_for_beyond_the_given_depth() -> None:
    keys = woven("ab", "bc", "cd")
    assert walks.way(keys["a"], keys["d"], depth=2) == []
    assert len(walks.way(keys["a"], keys["d"], depth=3)) == 4


def test_kinds_pass_through_what_is_not_shown_and_stop_at_what_may_not_be_seen() -> None:
    keys = woven("ab", "bc", "ax", "xd")
    kind = {"a": "molecule", "b": "weighing", "c": "certificate", "d": "leaf"}
    walk = {key: n for n, key in enumerate(keys.values())}
    types = {keys[letter]: name for letter, name in kind.items()}
    found = walks.kinds(walk, types, {"molecule", "certificate", "leaf"})
    assert found.records == {"molecule": [keys["a"]], "certificate": [keys["c"]], "leaf": [keys["d"]]}
    assert found.steps == [("molecule", "certificate")], "the way to the leaf leads through a record that is not seen"
