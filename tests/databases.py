"""Databases for tests that need more than the usual rolled-back one: real commits, other processes, a second database.

An *installation* is a database, a home folder and a store of its own, with `default` pointing to it. On SQLite it is a
copy of a file made once a session, on PostgreSQL a copy of a template database made once a session.
"""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.management import call_command
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def pointed(name: str, alias: str = "default") -> Iterator[None]:
    """Point an alias to another database of the same server or folder."""
    before, kept = connections.settings.get(alias), None
    if before is not None:
        kept = connections[alias]
        del connections[alias]
    made = copy.deepcopy(connections.settings["default"])
    connections.settings[alias] = {**made, "NAME": name}
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        if before is None:
            del connections.settings[alias]
        else:
            connections.settings[alias] = before
            connections[alias] = kept


def is_postgresql() -> bool:
    return "postgresql" in connections.settings["default"]["ENGINE"]


def execute(sql: str) -> None:
    """Run a statement about databases, outside of all of them."""
    import psycopg

    with psycopg.connect(**parameters("postgres"), autocommit=True) as connection:
        connection.execute(sql)


def parameters(name: str) -> dict[str, Any]:
    """Return what psycopg needs to connect to a database of the server."""
    said = connections.settings["default"]
    found = {
        "host": said["HOST"],
        "port": said["PORT"],
        "user": said["USER"],
        "password": said["PASSWORD"],
        **said["OPTIONS"],
    }
    return {"dbname": name, **{k: v for k, v in found.items() if v and k in ("host", "port", "user", "password")}}


def url(name: str) -> str:
    """Return CRDMO_DATABASE_URL for a database."""
    if not is_postgresql():
        return f"sqlite:///{name}"
    found = parameters(name)
    host = f"?host={quote(found['host'])}" if found.get("host") else ""
    return f"postgresql://{found.get('user', '')}:{found.get('password', '')}@/{name}{host}"


@dataclass(frozen=True)
class Installation:
    """One database with its home folder."""

    name: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that works in this installation."""
        told = {
            "CRDMO_DATABASE_URL": url(self.name),
            "CRDMO_HOME": str(self.home),
            "CRDMO_STORAGE_URL": f"file://{self.home}/files",
            "CRDMO_ORIGIN": "test.example/log",
            "DJANGO_SETTINGS_MODULE": "crdmo.settings",
            "CRDMO_SECRET_KEY": "test",
            "PYTHONPATH": f"{ROOT}/src:{ROOT}",
        }
        return {**os.environ, **told}

    def start(self, module: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        """Start a module of the tests as a process of its own."""
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, **more)

    def sqlite(self) -> sqlite3.Connection:
        """Connect as another program would that has the file."""
        return sqlite3.connect(self.name, isolation_level=None)


class Factory:
    """Makes installations, all from one template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.made: list[str] = []
        self._template = ""

    def template(self) -> str:
        """Return the migrated, empty database; made at the first call."""
        if not self._template:
            name = self._blank("template")
            with pointed(name):
                call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
            if not is_postgresql():
                with sqlite3.connect(name) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._template = name
        return self._template

    def _blank(self, word: str) -> str:
        self.number += 1
        if not is_postgresql():
            return str(self.folder / f"{word}-{self.number}.sqlite3")
        name = f"crdmo_{word}_{os.getpid()}_{self.number}"
        execute(f'CREATE DATABASE "{name}"')
        self.made.append(name)
        return name

    def copy(self) -> str:
        """Return a new empty database."""
        template = self.template()
        self.number += 1
        if not is_postgresql():
            name = str(self.folder / f"house-{self.number}.sqlite3")
            shutil.copy(template, name)
            return name
        name = f"crdmo_house_{os.getpid()}_{self.number}"
        execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.made.append(name)
        return name

    def drop(self, name: str) -> None:
        """Remove a database."""
        if is_postgresql():
            execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            self.made.remove(name)
        else:
            for suffix in ("", "-wal", "-shm"):
                Path(name + suffix).unlink(missing_ok=True)
