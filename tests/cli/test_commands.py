"""Commands at the demo: one object in JSON, a clean pipe, honest exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crdmo.cli import common
from crdmo.foundation.accounts import lockout, tokens
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Entry
from crdmo.services.quality.models import Analysis
from tests.api.tables import TABLES, Published
from tests.api.test_tables import GOOD, HOSTILE
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.drill


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(GOOD)
    return path


def imported(table: Path, *more: str) -> list[str]:
    return ["import", str(table), "--program", "CRD-101", "--kind", "shelf_life", "--option", "lower_limit=95", *more]


def test_list_of_people(terminal: Terminal) -> None:
    assert {p["user_id"] for p in terminal.json("user", "list")["people"]} >= {"a.lindgren", "k.yamada"}


def test_a_locked_account_is_unlocked_with_a_reason_that_is_on_record(terminal: Terminal) -> None:
    for _ in range(5):
        lockout.count("k.yamada", "log-in")
    assert lockout.is_locked("k.yamada")
    assert terminal.run("user", "unlock", "k.yamada").exit_code != 0
    assert terminal.run("user", "unlock", "nobody.here", "--reason", "looked").exit_code != 0
    assert lockout.is_locked("k.yamada")
    assert terminal.json("user", "unlock", "K.Yamada", "--reason", "typed on a foreign keyboard")["unlocked"]
    assert not lockout.is_locked("k.yamada")
    body = json.loads(bytes(Entry.objects.filter(record_type="accounts.unlocked").latest("seq").body))
    assert (body["actor"], body["reason"]) == ("system", "typed on a foreign keyboard")


def test_the_installation_verifies(terminal: Terminal) -> None:
    found = terminal.json("verify")
    assert found["holds"] if "holds" in found else found["verified"]


def test_a_checkpoint_covers_every_entry(terminal: Terminal) -> None:
    assert terminal.json("checkpoint")["size"] == Entry.objects.count()


def test_every_number_of_a_program_is_recomputed(terminal: Terminal) -> None:
    found = terminal.json("recompute", "--program", "CRD-101")
    assert found["results"] > 30 and found["different"] == []


def test_replay_into_sqlite_gives_every_table_again(terminal: Terminal, tmp_path: Path) -> None:
    run = terminal.process("replay", "--into", f"sqlite:///{tmp_path}/again.sqlite3", "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["equal"] and found["differing"] == []
    assert found["entries"] == Entry.objects.count()


def test_the_sponsor_exports_verifies_and_recomputes_its_bundle(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "bundle.zip"
    made = terminal.log_in().json(
        "export", "--program", "CRD-101", "--for", "AURELIA", "--user", "k.yamada", "--out", out
    )
    assert terminal.json("verify", out, "--key", made["key"])["verified"]
    assert terminal.run("recompute", out).exit_code == common.DONE
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    (torn := tmp_path / "torn.zip").write_bytes(data)
    assert terminal.run("verify", torn, "--key", made["key"]).exit_code in (common.USAGE, common.NOT_VERIFIED)


def test_the_way_from_the_substance_to_a_certificate_is_told(terminal: Terminal) -> None:
    user = ("--user", "k.yamada")
    inside = terminal.log_in()
    told = inside.json("thread", "CRD-101", "--from", "VT-API", "--to", "COA-26-0003", *user)
    assert [step["type"] for step in told["way"]][:2] == ["materials.substance", "materials.lot"]
    assert told["way"][-1]["type"] == "quality.certificate"
    assert inside.run("thread", "CRD-101", "--from", "VT-2604", *user).exit_code == common.FINDINGS
    assert inside.run("thread", "LQ-7", *user).exit_code == common.USAGE
    assert inside.run("thread", "CRD-101", "--from", "VT-API", "--user", "y.cho").exit_code == common.USAGE


def test_a_pipe_holds_the_object_and_nothing_else(terminal: Terminal, table: Path) -> None:
    for arguments in (
        ["user", "list"],
        ["references", "list"],
        ["checkpoint"],
        imported(table, "--dry-run", "--user", "a.lindgren"),
    ):
        run = terminal.log_in().process(*arguments, "--json")
        assert run.returncode == 0, run.stderr
        assert isinstance(json.loads(run.stdout), dict)
        assert "\x1b" not in run.stdout + run.stderr


@pytest.mark.parametrize("published", TABLES, ids=lambda one: one.kind)
def test_a_published_table_gives_the_printed_answer(terminal: Terminal, tmp_path: Path, published: Published) -> None:
    (path := tmp_path / Path(published.file).name).write_bytes(published.data)
    options = [word for option in published.options for word in ("--option", option)]
    made = terminal.log_in().json(
        "import",
        path,
        "--program",
        "CRD-101",
        "--kind",
        published.kind,
        *options,
        "--title",
        published.source,
        "--user",
        "a.lindgren",
    )
    assert published.found(Analysis.objects.get(pk=made["id"]).computed.output) == published.answer


def test_a_dry_run_reads_and_writes_nothing(terminal: Terminal, table: Path) -> None:
    before = Entry.objects.count()
    found = terminal.log_in().json(*imported(table, "--dry-run", "--user", "a.lindgren"))
    assert (found["rows"], found["columns"]) == (10, ["batch", "month", "potency"])
    assert Entry.objects.count() == before


@pytest.mark.parametrize("what", [name for name in HOSTILE if "parquet" not in name and "workbook" not in name])
def test_a_table_that_cannot_be_taken_is_refused_and_leaves_nothing(terminal: Terminal, table: Path, what: str) -> None:
    data, why = HOSTILE[what]
    table.write_bytes(data)
    before = Entry.objects.count()
    for more in ([], ["--dry-run"]):
        found = terminal.log_in().run(*imported(table, "--user", "a.lindgren", "--json", *more))
        assert found.exit_code == common.FINDINGS, found.output
        assert why in json.loads(found.stdout)["what"] + found.stderr
    assert Entry.objects.count() == before


def test_a_table_comes_with_a_token_of_a_person_who_may(terminal: Terminal, table: Path) -> None:
    _, text = tokens.issue(Person.objects.get(user_id="a.lindgren"), name="script", scopes=["write"], days=1)
    terminal.environment["CRDMO_TOKEN"] = text
    assert terminal.json(*imported(table))["analysis"].startswith("AN-")


def test_a_token_that_only_reads_imports_nothing(terminal: Terminal, table: Path) -> None:
    _, text = tokens.issue(Person.objects.get(user_id="a.lindgren"), name="script", scopes=["read"], days=1)
    terminal.environment["CRDMO_TOKEN"] = text
    assert terminal.run(*imported(table)).exit_code == common.NOT_PERMITTED


def test_structures_are_looked_at_then_registered_all_or_none(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "designs.smi"
    path.write_text("CCCCN(C)C new\nC(C)(C)(C)(C)C impossible\n")
    terminal = terminal.log_in()
    command = ["import", str(path), "--program", "CRD-101", "--kind", "structures", "--user"]
    told = terminal.json(*command, "w.tanaka", "--dry-run")
    assert [row["decision"] for row in told["records"]] == ["new", "refused"]
    assert terminal.run(*command, "w.tanaka").exit_code == common.FINDINGS
    assert terminal.run(*command, "e.castro", "--dry-run").exit_code == common.NOT_PERMITTED
    path.write_text("CCCCN(C)C new\n")
    assert terminal.json(*command, "w.tanaka")["records"] == 1


CODES = [
    ("done", common.DONE, lambda t: imported(t, "--dry-run", "--user", "a.lindgren")),
    ("refused: the demo is played into an empty installation", common.REFUSED, lambda t: ["demo"]),
    ("usage: an option is missing", common.USAGE, lambda t: ["import", str(t)]),
    ("usage: no such program", common.USAGE, lambda t: ["recompute", "--program", "NONE"]),
    (
        "usage: a foreign program is not there",
        common.USAGE,
        lambda t: ["export", "--program", "LQ-7", "--for", "AURELIA", "--user", "k.yamada"],
    ),
    ("findings: no such file", common.FINDINGS, lambda t: imported(t.with_name("none.csv"), "--user", "a.lindgren")),
    (
        "findings: no such kind",
        common.FINDINGS,
        lambda t: ["import", str(t), "--program", "CRD-101", "--kind", "horoscope", "--user", "a.lindgren"],
    ),
    ("not permitted: nobody acts", common.NOT_PERMITTED, imported),
    ("not permitted: a sponsor enters no tables", common.NOT_PERMITTED, lambda t: imported(t, "--user", "e.castro")),
    (
        "not permitted: a bundle goes to its own sponsor",
        common.NOT_PERMITTED,
        lambda t: ["export", "--program", "CRD-101", "--for", "LINDQVIST", "--user", "k.yamada"],
    ),
]


@pytest.mark.parametrize(("said", "code", "arguments"), CODES, ids=[one[0] for one in CODES])
def test_exit_codes_say_what_happened(terminal: Terminal, table: Path, said: str, code: int, arguments) -> None:
    found = terminal.log_in().run(*arguments(table))
    assert found.exit_code == code, (said, found.output)
    assert "Traceback" not in found.output


def test_a_wrong_password_is_not_permitted(terminal: Terminal, table: Path) -> None:
    terminal.environment["CRDMO_PASSWORD"] = "not this one"
    assert terminal.run(*imported(table, "--user", "a.lindgren")).exit_code == common.NOT_PERMITTED


def test_a_conflict_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    from crdmo.foundation.refusals import Conflict

    with pytest.raises(typer.Exit) as ended, common.refusals(True):
        raise Conflict("this was changed since it was read", given="version 1")
    assert ended.value.exit_code == common.CONFLICT
    assert json.loads(capsys.readouterr().out)["error"] == "conflict"


def test_a_database_that_does_not_answer_is_unavailable(terminal: Terminal, tmp_path: Path) -> None:
    run = terminal.process(
        "user", "list", CRDMO_DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3", CRDMO_HOME=str(tmp_path)
    )
    assert run.returncode == common.UNAVAILABLE
    assert "crdmo migrate" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.postgresql
def test_replay_into_postgresql_gives_every_table_again(terminal: Terminal) -> None:
    import os

    if not (url := os.environ.get("CRDMO_REPLAY_POSTGRESQL")):
        pytest.skip("CRDMO_REPLAY_POSTGRESQL names no empty PostgreSQL database")
    run = terminal.process("replay", "--into", url, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["equal"]
