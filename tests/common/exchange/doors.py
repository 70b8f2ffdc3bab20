"""The three doors by which a file comes in, asked alike: the page, the API, the command."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from typer.main import get_command

from crdmo.cli import app
from crdmo.foundation.accounts import tokens
from crdmo.foundation.accounts.models import Person


class Sent(NamedTuple):
    """A file that is brought: its name and bytes, a second one, and what is said beside it."""

    name: str
    data: bytes
    options: Mapping[str, str] = {}
    beside: tuple[str, bytes] | None = None

    def changed(self, **parts: Any) -> Sent:
        """Return it with other parts."""
        return self._replace(**parts)


class Answer(NamedTuple):
    """Whether a door took the file, whether it stays up (no server error), and what it said."""

    taken: bool
    sound: bool
    says: str


@dataclass
class Doors:
    """The doors of one installation, for whoever asks."""

    folder: Path
    made: dict[Any, str] = field(default_factory=dict)

    def token(self, person: Person) -> str:
        """Return a token of a person, made once."""
        if person.pk not in self.made:
            self.made[person.pk] = tokens.issue(person, name="t", scopes=["read", "write"], days=1)[1]
        return self.made[person.pk]

    def bring(self, door: str, person: Person, program: str, kind: str, sent: Sent, *, look: bool = False) -> Answer:
        """Bring a file through a door."""
        found: Answer = getattr(self, door)(person, program, kind, sent, look)
        return found

    def page(self, person: Person, program: str, kind: str, sent: Sent, look: bool) -> Answer:
        """Send the form of the page."""
        client = Client(raise_request_exception=False)
        client.force_login(person.login, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post(
            f"/{program}/files/{kind}/", {**_parts(sent), **sent.options, **({"look": "1"} if look else {})}
        )
        text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
        done = answer.status_code == 302 or (look and answer.status_code == 200 and "Nothing was saved yet" in text)
        return Answer(done, answer.status_code < 500, f"{answer.status_code} {text}")

    def api(self, person: Person, program: str, kind: str, sent: Sent, look: bool) -> Answer:
        """Post to the route."""
        options = "\n".join(f"{name}={value}" for name, value in sent.options.items())
        answer = Client(raise_request_exception=False).post(
            f"/api/v1/programs/{program}/files/{kind}", {**_parts(sent), "options": options, "look": str(look).lower()},
            headers={"Authorization": f"Bearer {self.token(person)}"},
        )  # fmt: skip
        text = answer.content.decode().encode().decode("unicode_escape", errors="replace")
        return Answer(answer.status_code == 200, answer.status_code < 500, f"{answer.status_code} {text}")

    def command(self, person: Person, program: str, kind: str, sent: Sent, look: bool) -> Answer:
        """Run the command, as a script with a token does."""
        (path := self.folder / "sent").mkdir(exist_ok=True)
        (path / sent.name).write_bytes(sent.data)
        arguments = ["import", str(path / sent.name), "--program", program, "--kind", kind]
        for name, value in sent.options.items():
            arguments += ["--option", f"{name}={value}"]
        if sent.beside:
            (path / sent.beside[0]).write_bytes(sent.beside[1])
            arguments += ["--beside", str(path / sent.beside[0])]
        return self.run(person, *arguments, *(["--dry-run"] if look else []))

    def run(self, person: Person, *arguments: str) -> Answer:
        """Run any command."""
        run = CliRunner(env={"CRDMO_TOKEN": self.token(person)}).invoke(get_command(app), list(arguments))
        sound = run.exception is None or isinstance(run.exception, SystemExit)
        return Answer(run.exit_code == 0, sound, f"{run.output}{run.stderr}{'' if sound else run.exception!r}")


def _parts(sent: Sent) -> dict[str, Any]:
    parts: dict[str, Any] = {"file": SimpleUploadedFile(sent.name, sent.data)}
    if sent.beside:
        parts["beside"] = SimpleUploadedFile(*sent.beside)
    return parts


DOORS = ("page", "api", "command")
