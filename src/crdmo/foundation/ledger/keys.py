"""The installation's Ed25519 key, which signs checkpoints. It lies outside the database, readable by its owner only.

The key carries the installation's origin as its name. Both are fixed when the key is made: a log whose name changes is
another log. Public keys of former keys stay in the folder, so that old checkpoints go on being verified.
"""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path

from django.conf import settings

from crdmo.proof.notes import ED25519, NoteError, Signer, Verifier

from ..refusals import Refused

SECRET = "checkpoint.key"  # noqa: S105 — the name of a file
PUBLIC = "checkpoint.vkey"
MARK = "PRIVATE+KEY+"


def folder() -> Path:
    """Return the folder of keys."""
    return Path(settings.HOME) / "keys"


def signer() -> Signer:
    """Return the installation's key; the first call ever makes it.

    Raises:
        Refused: the file is gone, torn, or readable by others.
    """
    place, public = folder() / SECRET, folder() / PUBLIC
    if not place.exists():
        if public.exists():
            raise _lost(place, "it is gone, its public half is still there")
        _make(place)
    if place.stat().st_mode & 0o077:
        raise Refused(
            "the installation's key is readable by others", given=f"{place} with mode {place.stat().st_mode & 0o777:o}",
            allowed="mode 600", next=f"chmod 600 {place}, find out who could read it, and renew the key if in doubt",
        )  # fmt: skip
    found = _parsed(place)
    if not public.exists():
        public.write_text(found.verifier.text() + "\n", encoding="utf-8")
    return found


def verifiers() -> list[Verifier]:
    """Return the public keys under which this installation signs and has signed, the present one first."""
    places = sorted(folder().glob("*.vkey"), key=lambda place: (place.name != PUBLIC, place.name))
    return [Verifier.parse(place.read_text(encoding="utf-8")) for place in places]


def renew() -> Signer:
    """Make a new key of the same name, after a suspicion or a loss. The former public key stays, to verify with."""
    public = folder() / PUBLIC
    former = Verifier.parse(public.read_text(encoding="utf-8"))
    public.rename(folder() / f"former-{former.key_id.hex()}.vkey")
    (folder() / SECRET).unlink(missing_ok=True)
    _make(folder() / SECRET, former.name)
    return signer()


def _make(place: Path, name: str = "") -> None:
    made = Signer.generate(name or settings.ORIGIN)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_name(f"{place.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        secret = base64.b64encode(bytes([ED25519]) + made.seed).decode()
        file.write(f"{MARK}{made.name}+{made.verifier.key_id.hex()}+{secret}\n")
        file.flush()
        os.fsync(file.fileno())
    # A link is refused when another process was first; a rename would replace the key it already signs with.
    with contextlib.suppress(FileExistsError):
        os.link(part, place)
    part.unlink()


def _parsed(place: Path) -> Signer:
    text = place.read_text(encoding="utf-8").strip()
    try:
        # A name holds no plus; base64 may.
        name, key_id, secret = text.removeprefix(MARK).split("+", 2)
        data = base64.b64decode(secret, validate=True)
        found = Signer.from_seed(name, data[1:])
        if not text.startswith(MARK) or data[0] != ED25519 or found.verifier.key_id.hex() != key_id:
            raise NoteError("its parts do not belong together")
    except (ValueError, IndexError) as error:
        raise _lost(place, str(error)) from error
    return found


def _lost(place: Path, why: str) -> Refused:
    return Refused(
        "the installation's key cannot be read", given=f"{place}: {why}",
        next="Restore the file from its backup; if there is none, renew the key and tell those who hold the old one",
    )  # fmt: skip
