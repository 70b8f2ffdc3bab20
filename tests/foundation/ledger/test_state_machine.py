"""Whatever people do, in whatever order: the rows are what a simple model says, and the ledger verifies.

Hypothesis plays random sequences of acts, failures, stale writes, erasures and checkpoints against a dictionary.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.ledger import acts, checkpoints
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Checkpoint, Entry, Personal
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Conflict, Invalid, Refused

NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=30)
REASONS = st.text(max_size=10)


class Stop(Exception):
    """What makes an act fail halfway."""


class House(RuleBasedStateMachine):
    """The ledger beside a dictionary of what must be there: key → (name, version, void)."""

    organizations: Bundle[Any] = Bundle("organizations")
    stale: Bundle[Any] = Bundle("stale")
    people: Bundle[Any] = Bundle("people")

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block._from_testcase = True  # as the block around each of Django's tests: a checkpoint may be signed in it
        self.block.__enter__()
        self.home = tempfile.TemporaryDirectory()
        settings.HOME = Path(self.home.name)
        self.expected: dict[Any, tuple[str, int, bool]] = {}
        self.emails: dict[Any, str | None] = {}
        self.entries = self.number = 0

    def teardown(self) -> None:
        assert verify().holds, verify().problems
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        self.home.cleanup()

    def code(self) -> str:
        self.number += 1
        return f"C{self.number}"

    @rule(target=organizations, name=NAMES)
    def create(self, name: str) -> Organization:
        with act(SYSTEM, "machine.create") as opened:
            made = opened.create(Organization, code=self.code(), name=name, kind="site")
        self.expected[made.id] = (name, 1, False)
        self.entries += 1
        return made

    @rule(names=st.lists(NAMES, min_size=1, max_size=5))
    def create_many(self, names: list[str]) -> None:
        with act(SYSTEM, "machine.create") as opened:
            made = opened.create_many(Organization, [{"code": self.code(), "name": n, "kind": "site"} for n in names])
        self.expected |= {m.id: (n, 1, False) for m, n in zip(made, names, strict=True)}
        self.entries += len(names)

    @rule(target=stale, which=organizations)
    def read_once(self, which: Organization) -> Organization:
        return Organization.objects.get(pk=which.pk)

    @rule(which=organizations, name=NAMES, reason=REASONS)
    def change(self, which: Organization, name: str, reason: str) -> None:
        _, version, void = self.expected[which.id]
        try:
            with act(SYSTEM, "machine.change", reason) as opened:
                opened.change(which, name=name)
        except Invalid:
            assert not reason.strip() and not void
        except Refused:
            assert void
        else:
            assert reason.strip() and not void
            self.expected[which.id] = (name, version + 1, False)
            self.entries += 1

    @rule(which=consumes(stale), name=NAMES)
    def change_what_was_read_long_ago(self, which: Organization, name: str) -> None:
        _, version, void = self.expected[which.id]
        try:
            with act(SYSTEM, "machine.change", "why") as opened:
                opened.change(which, name=name)
        except Conflict:
            assert which.version != version
        except Refused:
            assert void
        else:
            self.expected[which.id] = (name, version + 1, False)
            self.entries += 1

    @rule(which=organizations)
    def void(self, which: Organization) -> None:
        name, version, void = self.expected[which.id]
        which.refresh_from_db()
        if not void:
            with act(SYSTEM, "machine.void", "why") as opened:
                opened.void(which)
            self.expected[which.id] = (name, version + 1, True)
            self.entries += 1

    @rule(which=organizations, name=NAMES)
    def fail_halfway(self, which: Organization, name: str) -> None:
        which.refresh_from_db()
        with pytest.raises((Stop, Refused)), act(SYSTEM, "machine.fail", "why") as opened:
            opened.create(Organization, code=self.code(), name=name, kind="site")
            opened.change(which, name=name)
            raise Stop
        which.refresh_from_db()

    @precondition(lambda self: self.expected)
    @rule()
    def write_around_the_ledger(self) -> None:
        with pytest.raises(DatabaseError, match="ledger:"), transaction.atomic():
            Organization.objects.update(name="Other")

    @rule(target=people, email=st.emails())
    def employ(self, email: str) -> Person:
        with act(SYSTEM, "machine.employ") as opened:
            made = opened.create(Person, user_id=self.code(), printed_name="P", email=email[:200])
        self.emails[made.id] = email[:200]
        self.entries += 1
        return made

    @rule(who=people)
    def erase(self, who: Person) -> None:
        if self.emails[who.id] is None:
            with pytest.raises(Refused, match="holds no email"):
                acts.erase(SYSTEM, who, "email", "request")
        else:
            acts.erase(SYSTEM, who, "email", "request")
            self.emails[who.id] = None
            self.entries += 1

    @precondition(lambda self: self.entries)
    @rule()
    def sign_a_checkpoint(self) -> None:
        assert checkpoints.sign().size == self.entries

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        rows = Organization.objects.values_list("id", "name", "version", "is_void")
        assert {key: (name, version, void) for key, name, version, void in rows} == self.expected

    @invariant()
    def the_sequence_has_no_gap(self) -> None:
        assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, self.entries + 1))

    @invariant()
    def personal_values_are_there_until_erased(self) -> None:
        kept = {key for key, email in self.emails.items() if email is not None}
        assert set(Personal.objects.values_list("record_id", flat=True)) == kept
        assert Checkpoint.objects.count() <= self.entries


@pytest.mark.django_db
def test_any_sequence_of_acts_leaves_what_the_model_says(settings: Any) -> None:
    run_state_machine_as_test(
        House,
        settings=hypothesis_settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
