"""A small ledger made by hand, its bundle, and ways to forge the bundle so that only the deeper checks can tell."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crdmo.proof import bundle, canonical, commitments, merkle, notes, verify
from crdmo.proof.chain import GENESIS, entry_hash

PROGRAM, OTHER, SPONSOR = "01890000-0000-7000-8000-00000000000a", "01890000-0000-7000-8000-00000000000b", "sponsor-1"
ANALYST, REVIEWER = "01890000-0000-7000-8000-0000000000f1", "01890000-0000-7000-8000-0000000000f2"
RAW = b"raw data of the balance"
KEPT_BACK = b"a dataset of another owner"
SALT = bytes(range(32))
SIGNER = notes.Signer.from_seed("lab.example/log", bytes(range(32)))
WITNESS = notes.Signer.from_seed("witness.example/w1", bytes(range(1, 33)))


def name_of(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


@dataclass
class Ledger:
    """Bodies chained one after the other; `rechain` makes all hashes anew after a body was forged."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    entries: list[bundle.Entry] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def add(self, record: str, version: int, operation: str, state: dict[str, Any], **more: Any) -> int:
        seq = len(self.bodies) + 1
        self.bodies.append(
            {
                "v": 1,
                "seq": seq,
                "stream": PROGRAM,
                "at": f"2026-11-24T11:00:{seq % 60:02d}.000000Z",
                "act": f"act-{seq}",
                "actor": ANALYST,
                "name": "Ana Lyst",
                "role": "analyst",
                "action": "quality.record_result",
                "operation": operation,
                "reason": "",
                "type": "quality.result",
                "schema": 1,
                "record": record,
                "version": version,
                "organization": None,
                "state": state,
                "stream_seq": 0,
                **more,
            }
        )
        self._chain(self.bodies[-1])
        return seq

    def _chain(self, body: dict[str, Any]) -> None:
        number, stream_prev = self.heads.get(body["stream"], (0, GENESIS))
        body["stream_seq"] = number + 1
        raw, prev = canonical.encode(body), self.hashes[-1] if self.hashes else GENESIS
        self.entries.append(bundle.Entry(body["seq"], prev, stream_prev, raw))
        self.hashes.append(entry_hash(prev, stream_prev, raw))
        self.heads[body["stream"]] = (number + 1, self.hashes[-1])

    def rechain(self) -> None:
        """Chain all bodies again, as somebody would who owns the database."""
        self.entries, self.hashes, self.heads = [], [], {}
        for number, body in enumerate(self.bodies, 1):
            body["seq"] = number
            self._chain(body)

    def sign(self, target: int, record: str, *, meaning: str = "reviewed", **forged: Any) -> int:
        body, seq = self.bodies[target - 1], len(self.bodies) + 1
        state = {
            "target_type": body["type"],
            "target_id": body["record"],
            "target_version": body["version"],
            "target_entry": target,
            "target_hash": self.hashes[target - 1].hex(),
            "content_hash": hashlib.sha256(canonical.encode(body["state"])).hexdigest(),
            "meaning": meaning,
            "printed_name": "Rita Viewer",
            "signer": REVIEWER,
            "signed_at": f"2026-11-24T11:00:{seq:02d}.000000Z",
            **forged,
        }
        return self.add(
            record,
            1,
            "create",
            state,
            type="signing.signature",
            actor=REVIEWER,
            name="Rita Viewer",
            action="quality.review_result",
        )


def small() -> Ledger:
    """Return a ledger of two programs with corrections, a void record, signatures, a file, a person and an export."""
    made = Ledger()
    made.add("installation", 1, "event", {}, type="ledger.begin", stream="installation")
    made.add("r1", 1, "create", {"value": "99.80", "unit": "%", "raw": name_of(RAW), "peaks": [0.1, 1e21, -0.0, 1e20]})
    made.add("x1", 1, "create", {"secret": "of another program"}, stream=OTHER)
    made.add("r2", 1, "create", {"value": "12", "unit": "µg/mL", "note": "Müller"})
    made.add("p1", 1, "create", {"name": commitments.commit(SALT, "Subject Ö")}, type="accounts.person")
    made.sign(2, "s1")
    made.add("r1", 2, "change", {"value": "99.81", "unit": "%", "raw": name_of(KEPT_BACK)}, reason="transcription")
    made.sign(7, "s2", meaning="approved")
    made.add("x1", 2, "change", {"secret": "still of another program"}, stream=OTHER, reason="typing error")
    made.sign(4, "s3")
    state = made.bodies[9]["state"]
    made.add("s3", 2, "void", {**state, "is_void": True}, type="signing.signature", reason="wrong lot", actor=REVIEWER)
    made.add("r2", 2, "void", {"value": "12", "unit": "µg/mL", "note": "Müller", "is_void": True}, reason="wrong lot")
    made.add("e1", 1, "event", {"program": PROGRAM, "for": SPONSOR}, type="ledger.export", action="ledger.export")
    made.add("x2", 1, "create", {"secret": "later"}, stream=OTHER)
    return made


def write(
    ledger: Ledger, path: Path, *, signer: notes.Signer = SIGNER, visible: Sequence[int] | None = None, **more: Any
) -> Path:
    """Write the bundle of the program's stream."""
    shown = [i for i, b in enumerate(ledger.bodies) if b["stream"] == PROGRAM] if visible is None else list(visible)
    size = len(ledger.hashes)
    checkpoint = signer.sign(notes.Checkpoint(signer.name, size, merkle.root(ledger.hashes)).text())
    number, head = ledger.heads[PROGRAM]
    given: dict[str, Any] = {
        "manifest": {
            "origin": signer.name,
            "exported_at": "2026-11-24T12:00:00.000000Z",
            "checkpoint_size": size,
            "withheld": {name_of(KEPT_BACK): "confidential"},
            "program": {"id": PROGRAM, "code": "CRD-101"},
            "for": {"id": SPONSOR, "name": "Sponsor Ltd"},
            "streams": {PROGRAM: {"size": number, "head": head.hex()}},
        },
        "checkpoint": checkpoint,
        "vkey": signer.verifier.text(),
        "entries": [ledger.entries[i] for i in shown],
        "tree_size": size,
        "tree_hashes": merkle.batch_proof(ledger.hashes, shown),
        "blobs": {name_of(RAW)[7:]: RAW},
        "readme": "Read me.\n",
        "openings": [{"commitment": commitments.commit(SALT, "Subject Ö"), "salt": SALT.hex(), "value": "Subject Ö"}],
    }
    bundle.write_bundle(path, **{**given, **more})
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """Write files as a bundle's zip, whatever they say."""
    with io.BytesIO() as sink:
        writer = bundle._Writer(sink)
        for name, data in files.items():
            writer.add(name, [data])
        writer.close()
        path.write_bytes(sink.getvalue())
    return path


def repack(path: Path, change: Callable[[dict[str, bytes], dict[str, Any]], Any]) -> Path:
    """Change the files and the manifest, and make every digest in the manifest fit: a forger would."""
    files = contents(path)
    manifest = json.loads(files.pop("manifest.json"))
    change(files, manifest)
    manifest["files"] = {n: {"sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in files.items()}
    return pack(path, {**files, "manifest.json": canonical.encode(manifest)})


def wrong(path: Path, *keys: str) -> str:
    """Return what the verifier finds wrong, or nothing."""
    try:
        verify.verify(str(path), *keys)
    except verify.Wrong as found:
        return str(found)
    return ""
