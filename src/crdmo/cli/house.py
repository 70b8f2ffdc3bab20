"""Commands that run the house: migrate, demo, serve, user."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from . import common

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
User = Annotated[
    str, typer.Option("--user", help="User id of who acts; the password is asked for, or CRDMO_TOKEN is used.")
]


def migrate(json: Json = False) -> None:
    """Bring the database to this release and put the guards in place."""
    common.open_house()
    from django.core.management import call_command  # noqa: PLC0415 — see open_house

    from crdmo.foundation.ledger import guards  # noqa: PLC0415

    with common.refusals(json):
        call_command("migrate", interactive=False, verbosity=0)
        count, missing = guards.install(), guards.missing()
    common.answer(
        {"guards": count, "missing": missing}, json, [f"The database is at this release; {count} guards are in place."]
    )
    if missing:
        raise typer.Exit(common.NOT_VERIFIED)


def demo(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing where there is a program already.")] = False,
    json: Json = False,
) -> None:
    """Play the demo program into an empty installation, step by step, signed by its people."""
    common.open_house()
    from crdmo.foundation.accounts.models import Program  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        played = Program.objects.exists()
    if if_empty and played:
        common.tell("There is a program already; the demo was not played again.")
        return
    from crdmo.demo.people import CAST, PASSWORD  # noqa: PLC0415 — see open_house
    from crdmo.demo.play import play  # noqa: PLC0415

    with common.refusals(json):
        program = play(common.tell)
    people = [{"user_id": user_id, "name": name, "title": title} for user_id, name, title, *_ in CAST]
    lines = [f"Program {program.code} is there. Everybody's password: {PASSWORD}", ""]
    lines += [f"  {p['user_id']:<12} {p['name']}, {p['title']}" for p in people]
    common.answer({"program": program.code, "password": PASSWORD, "people": people}, json, lines)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    threads: Annotated[int, typer.Option(help="Requests answered at the same time.")] = 4,
    worker: Annotated[
        bool, typer.Option(help="Run the worker beside it; switch it off where one runs elsewhere.")
    ] = True,
) -> None:
    """Serve the pages and the API, with a worker for jobs and checkpoints beside them."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "crdmo.settings")}
    beside = [sys.executable, "-m", "crdmo.foundation.computing.worker"]
    running = subprocess.Popen(beside, env=environment) if worker else None  # noqa: S603
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104 — only compared
    common.tell(f"OpenCRDMO is served at http://{shown}:{port}/   (Ctrl-C stops it)")
    server = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        str(threads),
        "--log-level",
        "warning",
        "crdmo.wsgi:application",
    ]
    try:
        raise typer.Exit(subprocess.call(server, env=environment))  # noqa: S603
    except KeyboardInterrupt:
        common.tell("Stopped.")
    finally:
        if running is not None:
            running.terminate()
            running.wait(timeout=20)


users = typer.Typer(help="First set-up and emergencies; everything else is done on the pages.", no_args_is_help=True)


@users.command("first")
def first_user(
    organization: Annotated[str, typer.Argument(help="Code of the organization that runs the installation.")],
    name: Annotated[str, typer.Argument(help="Its name.")],
    administrator: Annotated[list[str], typer.Option("--administrator", help="USER_ID:PRINTED NAME; name two.")],
    json: Json = False,
) -> None:
    """Set up a new installation: its organization and its administrators, with temporary passwords."""
    common.open_house()
    from crdmo.foundation.accounts import workflow  # noqa: PLC0415 — see open_house

    pairs = [(user_id, printed) for user_id, _, printed in (text.partition(":") for text in administrator)]
    with common.refusals(json):
        made, people = workflow.bootstrap(code=organization, name=name, administrators=pairs)
    rows = [{"user_id": p.person.user_id, "temporary_password": p.temporary_password} for p in people]
    lines = [f"{made} is set up. Each password must be changed at the first log-in."]
    common.answer(
        {"organization": made.code, "people": rows},
        json,
        [*lines, *(f"  {r['user_id']}: {r['temporary_password']}" for r in rows)],
    )


@users.command("list")
def list_users(json: Json = False) -> None:
    """List people with their organization and whether they are active."""
    common.open_house()
    from crdmo.foundation.accounts.models import Person  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        rows = [
            {"user_id": p.user_id, "name": p.printed_name, "organization": str(p.organization), "active": p.is_active}
            for p in Person.objects.select_related("organization").order_by("user_id")
        ]
    common.answer(
        {"people": rows},
        json,
        [f"{r['user_id']:<20} {r['name']}, {r['organization']}{'' if r['active'] else ' (deactivated)'}" for r in rows],
    )


@users.command("unlock")
def unlock_user(
    user_id: Annotated[str, typer.Argument(help="Whose account is locked.")],
    reason: Annotated[str, typer.Option(help="What was found; it goes into the ledger.")] = "",
    json: Json = False,
) -> None:
    """Unlock an account as whoever runs the machine: for the day on which no administrator can log in."""
    common.open_house()
    from crdmo.foundation.accounts import workflow  # noqa: PLC0415 — see open_house
    from crdmo.foundation.accounts.models import Person  # noqa: PLC0415
    from crdmo.foundation.ledger.acts import SYSTEM  # noqa: PLC0415
    from crdmo.foundation.refusals import Invalid, NotFound  # noqa: PLC0415

    with common.refusals(json):
        person = Person.objects.filter(user_id__iexact=user_id).first()
        if person is None:
            raise NotFound("there is no such person", given=user_id, next="crdmo user list shows who there is")
        if not reason.strip():
            raise Invalid("an account is unlocked with a reason", errors={"reason": "--reason TEXT"})
        workflow.unlock(SYSTEM, person, reason=reason)
    common.answer({"user_id": person.user_id, "unlocked": True}, json, [f"The account of {person} is unlocked."])


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)
    app.command()(demo)
    app.command()(migrate)
    app.add_typer(users, name="user")
