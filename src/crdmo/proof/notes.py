"""Signed notes and checkpoints in the C2SP text formats, so that anyone's verifier reads ours.

A note is text that ends in a line feed, an empty line, and one line a signature: `— NAME base64(key id || signature)`.
A checkpoint is a note of three lines: origin, number of leaves, root in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
DASH = "\u2014 "
PRIVATE = "PRIVATE+KEY+"


class NoteError(ValueError):
    """A note, key or proof is not of the format, or a signature does not hold."""


@dataclass(frozen=True)
class Verifier:
    """A public key with its name; `kind` 1 signs notes, 4 cosigns checkpoints with a time."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Return the key of a text `NAME+ID+BASE64`.

        Raises:
            NoteError: the text is not of that form, or the id does not belong to the key.
        """
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3 or vkey.startswith(PRIVATE):
            raise NoteError(f"a key is NAME+ID+BASE64; given: {parts[0][:60]!r}")
        name, key_id, text = parts
        data = _decoded(text)
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise NoteError(f"the key {name} is of an unknown kind")
        found = cls(name, key_identifier(name, data), data[0], data[1:])
        if found.key_id.hex() != key_id:
            raise NoteError(f"the id of the key {name} is {found.key_id.hex()}, not {key_id}")
        return found

    def text(self) -> str:
        """Return the key as text."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def check(self, signature: bytes, message: bytes) -> None:
        """Say nothing if the signature holds.

        Raises:
            NoteError: it does not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise NoteError(f"the signature of {self.name} does not hold") from error


def key_identifier(name: str, key: bytes) -> bytes:
    """Return SHA-256(name || 0x0A || kind and key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]


def _checked(name: str) -> str:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"a key's name has no space and no plus; given: {name!r}")
    return name


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"this is not base64: {text[:40]!r}") from error


@dataclass(frozen=True)
class Signer:
    """A private Ed25519 key with its name."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> Signer:
        """Return a new key.

        Raises:
            NoteError: the name is empty or holds a space or a plus.
        """
        return cls(_checked(name), Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Signer:
        """Return the key of a 32-byte seed."""
        return cls(_checked(name), Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def parse(cls, skey: str) -> Signer:
        """Return the key of a text `PRIVATE+KEY+NAME+ID+BASE64`.

        Raises:
            NoteError: the text is not of that form, or the id does not belong to the key. The key is not repeated.
        """
        parts = skey.strip().removeprefix(PRIVATE).split("+", 2)
        if not skey.startswith(PRIVATE) or len(parts) != 3:
            raise NoteError("a private key is PRIVATE+KEY+NAME+ID+BASE64")
        try:
            data = base64.b64decode(parts[2], validate=True)
        except ValueError:
            data = b""
        if len(data) != 33 or data[0] != ED25519:
            raise NoteError(f"the private key {parts[0]} is no Ed25519 key")
        found = cls.from_seed(parts[0], data[1:])
        if found.verifier.key_id.hex() != parts[1]:
            raise NoteError(f"the id of the private key {parts[0]} is {found.verifier.key_id.hex()}, not {parts[1]}")
        return found

    def text(self) -> str:
        """Return the private key as text: keep it where only its owner reads."""
        secret = base64.b64encode(bytes([ED25519]) + self.seed).decode()
        return f"{PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{secret}"

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return self.private.private_bytes_raw()

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        public = self.private.public_key().public_bytes_raw()
        return Verifier(self.name, key_identifier(self.name, bytes([ED25519]) + public), ED25519, public)

    def sign(self, text: str) -> str:
        """Return the signed note over a text that ends in a line feed."""
        if not text.endswith("\n"):
            raise NoteError("the text of a note ends in a line feed")
        signature = self.verifier.key_id + self.private.sign(text.encode())
        return f"{text}\n{DASH}{self.name} {base64.b64encode(signature).decode()}\n"

    @property
    def witness(self) -> Verifier:
        """The public half under which this key cosigns checkpoints."""
        public = self.private.public_key().public_bytes_raw()
        return Verifier(self.name, key_identifier(self.name, bytes([COSIGNATURE]) + public), COSIGNATURE, public)

    def cosign(self, note: str, seconds: int) -> str:
        """Return a checkpoint note with this key's cosignature/v1 added, made at a time in seconds since 1970.

        Raises:
            NoteError: the note is none, or not of a checkpoint.
        """
        text = Note.parse(note).text
        Checkpoint.parse(text)
        signed = self.private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        data = self.witness.key_id + struct.pack(">Q", seconds) + signed
        return f"{note}{DASH}{self.name} {base64.b64encode(data).decode()}\n"


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True)
class Note:
    """A note taken apart. Nothing of it is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Return a note taken apart.

        Raises:
            NoteError: it is not of the format.
        """
        text, found, lines = note.rpartition("\n\n")
        if not found or not lines.endswith("\n") or any(ord(c) < 0x20 and c != "\n" for c in note):
            raise NoteError("a note is text, an empty line, and signature lines")
        signatures = []
        for line in lines[:-1].split("\n"):
            name, _, data = line.removeprefix(DASH).partition(" ")
            raw = _decoded(data)
            if not line.startswith(DASH) or not name or len(raw) < 5:
                raise NoteError(f"this is no signature line: {line[:60]!r}")
            signatures.append(Signature(name, raw[:4], raw[4:]))
        return cls(text + "\n", tuple(signatures))

    def verify(self, verifier: Verifier) -> int | None:
        """Check the signature of a key. Returns the time of a cosignature in seconds since 1970, else None.

        Raises:
            NoteError: the key has not signed, or the signature does not hold.
        """
        for signature in self.signatures:
            if (signature.name, signature.key_id) == (verifier.name, verifier.key_id):
                if verifier.kind == ED25519:
                    verifier.check(signature.data, self.text.encode())
                    return None
                if len(signature.data) != 72:
                    raise NoteError(f"the cosignature of {verifier.name} has another length than 72 bytes")
                (time,) = struct.unpack(">Q", signature.data[:8])
                verifier.check(signature.data[8:], f"cosignature/v1\ntime {time}\n{self.text}".encode())
                return int(time)
        raise NoteError(f"{verifier.name} with key {verifier.key_id.hex()} has not signed this note")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: a log's origin, its number of leaves, their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint that a note's text states.

        Raises:
            NoteError: it is not of the format.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise NoteError("a checkpoint is an origin, a number of leaves and a root, a line each")
        root = _decoded(lines[2])
        if str(int(lines[1])) != lines[1] or len(root) != 32:
            raise NoteError("a checkpoint's number has no leading zeros, its root 32 bytes")
        return cls(lines[0], int(lines[1]), root)


@dataclass(frozen=True)
class LogProof:
    """A C2SP tlog-proof: the index of a leaf, its audit path, the checkpoint that it leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """Return the proof as text."""
        path = "".join(base64.b64encode(node).decode() + "\n" for node in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.index}\n{path}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> LogProof:
        """Return a proof from its text.

        Raises:
            NoteError: it is not of the format.
        """
        head, found, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not found or lines[0] != "c2sp.org/tlog-proof@v1":
            raise NoteError("a tlog-proof begins with c2sp.org/tlog-proof@v1")
        rest = [line for line in lines[1:] if not line.startswith("extra ")]
        if not rest or not rest[0].startswith("index ") or not rest[0][6:].isdigit():
            raise NoteError("a tlog-proof names the index of its leaf")
        return cls(int(rest[0][6:]), tuple(_decoded(line) for line in rest[1:]), checkpoint)
