"""A record type changes its layout: old entries stay as they were written, and still verify, show and replay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger import guards, replay, trail
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.ledger.chainwriter import ChainWriter
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Invalid
from crdmo.proof import canonical
from crdmo.proof.identifiers import uuid7
from tests.foundation.ledger import house

pytestmark = [pytest.mark.django_db, pytest.mark.clause("21 CFR 11.10(c)")]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def as_release_one_wrote(code: str, title: str) -> Organization:
    """Write an organization as a first release would have, which had `title` for `name` and knew no kinds."""
    writer = ChainWriter("default")
    made = Organization(id=uuid7(), code=code, name=title, kind="site", version=1)
    contents = {"organization": None, "program": None, "code": code, "title": title}
    header = {"act": str(uuid7()), "actor": "system", "name": "System", "role": "system", "action": "old", "reason": ""}
    made.entry = writer.append(
        header,
        stream="installation",
        operation="create",
        type="accounts.organization",
        schema=1,
        record=made.id,
        version=1,
        organization=None,
        contents=canonical.encode(contents).decode(),
    )
    writer.insert(Organization, [made])
    writer.close()
    return made


@pytest.fixture
def release_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """The present release: two steps of one field each lead from the first layout to this one."""

    def renamed(state: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in state.items() if k != "title"}, "name": state["title"]}

    monkeypatch.setattr(Organization, "schema", 3)
    monkeypatch.setattr(Organization, "upgrades", {1: renamed, 2: lambda state: {**state, "kind": "site"}})


def test_an_entry_of_an_old_layout_still_verifies(release_three: None) -> None:
    as_release_one_wrote("ORG-1", "Acme")
    assert verify().holds


def test_the_stored_bytes_of_an_old_entry_do_not_change(release_three: None) -> None:
    made = as_release_one_wrote("ORG-1", "Acme")
    seq, before = made.entry, bytes(Entry.objects.get(seq=made.entry).body)
    house.renamed(made, "Acme Inc")
    assert bytes(Entry.objects.get(seq=seq).body) == before and b'"title":"Acme"' in before


def test_a_change_after_the_upgrade_writes_the_new_layout(release_three: None) -> None:
    house.renamed(as_release_one_wrote("ORG-1", "Acme"), "Acme Inc")
    body = house.bodies()[-1]
    assert body["schema"] == 3 and body["state"]["name"] == "Acme Inc" and verify().holds


def test_a_change_of_layout_is_shown_as_no_change_of_data(release_three: None) -> None:
    made = house.renamed(as_release_one_wrote("ORG-1", "Acme"), "Acme Inc")
    newest = trail.history(made.id)[0]
    assert [(c.field, c.old, c.new) for c in newest.changes] == [("name", "Acme", "Acme Inc")]


def test_a_record_is_shown_as_it_stood_before_the_upgrade(release_three: None) -> None:
    made = as_release_one_wrote("ORG-1", "Acme")
    then = dt.datetime.now(dt.UTC)
    house.renamed(made, "Acme Inc")
    row = trail.row_as_of(Organization, made.id, then)
    assert row is not None and (row.name, row.kind, row.version) == ("Acme", "site", 1)


def test_a_row_that_was_not_migrated_with_its_layout_is_found(release_three: None) -> None:
    as_release_one_wrote("ORG-1", "Acme")
    with house.guards_down():
        house.run("UPDATE accounts_organization SET kind = 'agency'")
    problem = verify().first("rows")
    assert problem is not None and "kind not as in entry 1" in problem.what


def test_an_old_layout_is_replayed_into_the_new_one(installation: Any, empty: str, release_three: None) -> None:
    house.renamed(as_release_one_wrote("ORG-1", "Acme"), "Acme Inc")
    as_release_one_wrote("ORG-2", "Beta")
    found = replay.replay("default", empty)
    assert found.equal and Organization.objects.using(empty).get(code="ORG-2").name == "Beta"


def test_a_missing_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    as_release_one_wrote("ORG-1", "Acme")
    monkeypatch.setattr(Organization, "schema", 2)
    problem = verify().first("rows")
    assert problem is not None and "has no upgrade from schema 1" in problem.what


def test_an_entry_of_a_newer_release_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Organization, "schema", 4)
    house.organization()
    monkeypatch.setattr(Organization, "schema", 1)
    problem = verify().first("rows")
    assert problem is not None and "written by a newer release" in problem.what


def test_a_state_that_does_not_fit_the_layout_is_not_replayed(installation: Any, empty: str) -> None:
    as_release_one_wrote("ORG-1", "Acme")
    with pytest.raises(Invalid, match="does not fit its present layout"):
        replay.replay("default", empty)


@pytest.mark.skipif(house.NOT_SQLITE, reason="PostgreSQL alters a table in place")
def test_a_table_rebuilt_by_a_migration_loses_its_guards_and_migrate_puts_them_up(installation: Any) -> None:
    made = house.organization()
    with connection.schema_editor() as editor:
        editor._remake_table(Organization)
    assert set(guards.missing()) == {f"accounts_organization_{verb}" for verb in ("no_delete", "created", "changed")}
    problem = verify().first("guards")
    assert problem is not None and problem.place.startswith("trigger accounts_organization_")
    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    made.name = "Other"
    assert guards.missing() == [] and "by an act only" in house.refused(made.save) and verify().holds


def test_guards_survive_a_second_migrate(installation: Any) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    assert guards.missing() == [] and SYSTEM.printed_name == "System"
