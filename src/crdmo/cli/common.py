"""What every command needs: the house opened, a person who acts, answers for people and for programs, honest exit codes."""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from crdmo.foundation.accounts.models import Person, Program

DONE, REFUSED, USAGE, FINDINGS, NOT_VERIFIED, CONFLICT, NOT_PERMITTED, UNAVAILABLE = range(8)


def open_house() -> None:
    """Load the house; only commands that touch the database pay for it."""
    import django  # noqa: PLC0415 — start-up stays quick for commands that need no database

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crdmo.settings")
    django.setup()


def tell(text: str) -> None:
    """Say something to the person at the terminal, never to the pipe."""
    print(text, file=sys.stderr)


def answer(found: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Give the result: one JSON object, or lines of text."""
    print(json.dumps(found, ensure_ascii=False, default=str) if as_json else "\n".join(lines))


@contextmanager
def refusals(as_json: bool = False) -> Iterator[None]:
    """Turn a refusal into its sentence and its exit code."""
    from django.db import OperationalError  # noqa: PLC0415 — see open_house

    from crdmo.foundation.refusals import Refused  # noqa: PLC0415
    from crdmo.science.method import MethodError  # noqa: PLC0415

    try:
        yield
    except Refused as refused:
        if as_json:
            print(json.dumps({"error": refused.kind, **refused.as_json()}, ensure_ascii=False))
        tell(refused.sentence())
        for place, text in getattr(refused, "errors", {}).items():
            tell(f"  {place}: {text}")
        raise typer.Exit(refused.exit_code) from refused
    except MethodError as error:
        tell(str(error))
        raise typer.Exit(REFUSED) from error
    except OperationalError as error:
        tell(f"The database does not answer: {error}. Run `crdmo migrate` first, or see CRDMO_DATABASE_URL.")
        raise typer.Exit(UNAVAILABLE) from error


def acting(user: str) -> Person:
    """Return who acts: the person of the token in CRDMO_TOKEN, or the one who proves the user id by password."""
    from crdmo.foundation.accounts import lockout, tokens  # noqa: PLC0415 — see open_house
    from crdmo.foundation.accounts.models import Login  # noqa: PLC0415
    from crdmo.foundation.refusals import NotPermitted  # noqa: PLC0415

    if token := os.environ.get("CRDMO_TOKEN"):
        bearer = tokens.authenticate(f"Bearer {token}")
        if not bearer.may("write"):
            raise NotPermitted("this token only reads", allowed="a token with the scope write")
        return bearer.person
    if not user:
        raise NotPermitted("nobody acts", allowed="--user USER_ID, or a token in CRDMO_TOKEN")
    login = Login.objects.select_related("person").filter(user_id__iexact=user).first()
    password = os.environ.get("CRDMO_PASSWORD") or getpass.getpass(f"Password of {user}: ")
    if login is None or lockout.is_locked(user) or not login.is_active or not login.check_password(password):
        raise NotPermitted("the user id and password were not accepted", given=user)
    return login.person


def program_of(person: Person | None, code: str) -> Program:
    """Return a program by its code, as far as the person may see it."""
    from crdmo.foundation.accounts import authority  # noqa: PLC0415 — see open_house
    from crdmo.foundation.accounts.models import Program  # noqa: PLC0415
    from crdmo.foundation.refusals import NotFound  # noqa: PLC0415

    rows = authority.programs_of(person) if person else Program.objects.all()
    found = rows.filter(code=code).first()
    if found is None:
        raise NotFound(
            "there is no such program", given=code, allowed=", ".join(rows.values_list("code", flat=True)) or "none"
        )
    return found


def progress(work: str) -> Callable[..., None]:
    """Return a function of (done, total, what) that shows how far the work is, with rate and time left, on a terminal."""
    began, shown = time.monotonic(), 0.0

    def step(done: int, total: int, what: str = "") -> None:
        nonlocal shown
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - shown < 0.2 and done < total):
            return
        shown = now
        rate = done / max(now - began, 1e-6)
        left = (total - done) / rate if rate and total else 0
        print(
            f"\r{work} {what}: {done:,} of {total:,}, {rate:,.0f}/s, {left:.0f} s left ",
            end="\n" if done >= total else "",
            file=sys.stderr,
        )

    return step
