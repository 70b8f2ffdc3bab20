"""Check a proof bundle of OpenCRDMO: one file, Python's standard library only, no server, no trust in the operator.

    python verify.py bundle.zip [--key KEY] [--witness KEY] [--json]

KEY is a line of text, or a file that holds it, which you were given by another way than the bundle.
Exit status 0: everything holds. 4: something does not; the first such thing is named. 2: wrong usage.

What a bundle holds
    manifest.json   what was exported, for whom, when; size and last hash of each stream; SHA-256 of every other file
    entries.txt     the ledger entries shown, a line each:  SEQ PREV STREAM_PREV BODY
                    PREV and STREAM_PREV are the hashes (hex) of the entry before it in the whole ledger and in its own
                    stream (the chain of one program), 64 zeros for the first; BODY is JSON.
                    Hash of an entry = SHA-256(0x00 || PREV || STREAM_PREV || BODY)
    checkpoint.txt  a C2SP signed note: origin, number of entries of the whole ledger, root of their RFC 6962 tree
    key.txt         the public Ed25519 key of the installation
    tree.json       hashes of the parts of the tree that are not shown: with the entries shown they give the root
    blobs/          datasets, documents and results, named by their SHA-256
    personal.jsonl  salt and value of personal data that may be shown; the ledger holds only commitments to them

What is checked, in this order
    1  the zip has exactly the bytes that its files give, unpacked, and these are as the manifest states
    2  the checkpoint is signed by the key (and by the witness, if you give its key)
    3  every entry is in the one canonical form (RFC 8785), in sequence, linked to the one before, and never earlier;
       each stream is whole up to where the manifest says; each record has the versions 1, 2, 3 …, none after a void one
    4  this export to this receiver is itself on record
    5  the entries belong to the ledger whose root was signed
    6  every electronic signature is bound to the very version of the record that it names, and made by its signer
    7  every blob that an entry names is there, or is listed as withheld
    8  personal data shown is what was committed to
What this cannot show: what was written after the last entry shown (compare size and head of the stream with those that
others hold), whether what people wrote was true, and whether the numbers come out again (that is `crdmo recompute`).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import mmap
import pathlib
import re
import struct
import sys
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Tuple  # noqa: UP035 — Python 3.9

GENESIS, NEWLINE, MANIFEST = bytes(32), "\n", "manifest.json"
FILES = {"README.txt", "verify.py", "checkpoint.txt", "key.txt", "entries.txt", "tree.json", "personal.jsonl", MANIFEST}
BLOB, HEX64 = re.compile(rb'"sha256:([0-9a-f]{64})"'), re.compile("[0-9a-f]{64}")
LINE = re.compile(rb"([1-9][0-9]{0,17}) ([0-9a-f]{64}) ([0-9a-f]{64}) (\{.*\})\n")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
# The members of a body in canonical order, and what each is. Only `organization` may be null.
BODY = {
    "act": str, "action": str, "actor": str, "at": str, "name": str, "operation": str, "organization": str,
    "reason": str, "record": str, "role": str, "schema": int, "seq": int, "state": dict, "stream": str,
    "stream_seq": int, "type": str, "v": int, "version": int,
}  # fmt: skip
NOBODY = {**BODY, "organization": type(None)}


class Wrong(Exception):
    """The first thing that does not hold."""


def need(condition: object, message: str, *values: object) -> None:
    """Go on only if the condition holds; else say why. Values are put into the message only then, which is quicker."""
    if not condition:
        raise Wrong(message.format(*[v.hex() if isinstance(v, bytes) else v for v in values]) if values else message)


# --- JSON in the one canonical form (RFC 8785)
WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def usual(value: Any) -> bool:
    """Say whether Python's own writer gives the canonical form: ASCII member names, no large or broken number."""
    if value.__class__ is dict:
        return "".join(value).isascii() and usual(list(value.values()))
    if value.__class__ is list:
        return all([usual(inner) for inner in value if inner.__class__ is not str])
    return value.__class__ is not float and (value.__class__ is not int or abs(value) < 2**53)


def number(value: float) -> str:
    """Return a number as ECMAScript prints it: Python's shortest digits, with the point put by ECMAScript's rule."""
    digits = Decimal(repr(float(value))).normalize().as_tuple()
    text, sign = "".join(map(str, digits.digits)), "-" if value < 0 else ""
    point, power = len(text) + int(digits.exponent), ""  # ValueError for NaN and the infinities
    if not -6 < point <= 21:
        point, power = 1, f"e{point - 1:+d}"
    whole, fraction = text[: max(point, 0)].ljust(point, "0") or "0", "0" * -point + text[max(point, 0) :]
    return sign + whole + ("." + fraction if fraction else "") + power if value else "0"


def canonical(value: Any) -> str:
    """Return a value in canonical form: no space, members sorted by UTF-16 units, numbers as in ECMAScript."""
    if usual(value):
        return WRITER.encode(value)
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{WRITER.encode(name)}:{canonical(value[name])}" for name in names) + "}"
    return "[" + ",".join(map(canonical, value)) + "]" if isinstance(value, list) else number(value)


def read_json(data: bytes, place: str) -> Any:
    """Return JSON after checking that its bytes are the canonical form: so it has one reading and no member twice."""
    try:
        text = data.decode()
        value = json.loads(text)
        again = canonical(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Wrong(f"{place}: not JSON ({type(error).__name__}: {error})") from None
    need(again == text, "{}: not in canonical form: {:.300} should be {:.300}", place, text, again)
    return value


# --- Ed25519 (RFC 8032), verification only, in plain integers
Point = Tuple[int, int, int, int]  # noqa: UP006 — (X, Y, Z, T): x = X/Z, y = Y/Z, T = XY/Z
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def point_add(p: Point, q: Point) -> Point:
    """Add two points of the curve."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar: int, point: Point) -> Point:
    """Return scalar × point by doubling and adding; nothing here is secret."""
    result: Point = (0, 1, 1, 0)
    for bit in f"{scalar:b}":
        result = point_add(result, result)
        result = point_add(result, point) if bit == "1" else result
    return result


def point_decode(data: bytes) -> Point:
    """Return the point that 32 bytes stand for; ValueError if they stand for none, or not in the one right form."""
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        raise ValueError("32 bytes of a key or signature stand for no point")
    x = x if x & 1 == odd else P - x
    return x, y, 1, x * y % P


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature over a message is that of a public key; ValueError if one of them is malformed."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or scalar >= L:
        return False
    key, commitment = point_decode(public), point_decode(signature[:32])
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left = point_multiply(scalar, point_decode(BASE_Y.to_bytes(32, "little")))
    right = point_add(commitment, point_multiply(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- 1: the zip and its files
FULL, DATE = 0xFFFFFFFF, 0x21  # "see the 64-bit field", always there; 1 January 1980: equal contents give equal bytes


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return the bytes of a zip before a file that is stored as it is."""
    extra = struct.pack("<2H2Q", 1, 16, size, size)
    fixed = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, 0, 0, DATE, crc, FULL, FULL, len(name), len(extra))
    return fixed + name.encode() + extra


def directory(members: Sequence[tuple[str, int, int, int]], start: int) -> bytes:
    """Return the bytes of a zip after its files (name, checksum, size, offset), which end at `start`."""
    parts = []
    for name, crc, size, offset in members:
        made = (b"PK\1\2", 0x32D, 45, 0, 0, 0, DATE, crc, FULL, FULL, len(name), 28, 0, 0, 0, 0o100644 << 16, FULL)
        extra = struct.pack("<2H3Q", 1, 24, size, size, offset)
        parts.append(struct.pack("<4s6H3I5H2I", *made) + name.encode() + extra)
    size, count = sum(map(len, parts)), len(members)
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x32D, 45, 0, 0, count, count, size, start)
    end += struct.pack("<4sIQI4s4H2IH", b"PK\6\7", 0, start + size, 1, b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, FULL, FULL, 0)
    return b"".join(parts) + end


class Bundle:
    """The zip, compared byte for byte with what its files give: nothing hides before, between or after them."""

    def __init__(self, file: BinaryIO) -> None:
        self.where: dict[str, tuple[int, int]] = {}
        members, at = [], 0
        listing, self.data = zipfile.ZipFile(file), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for member in listing.infolist():
            name, crc, size = member.filename, member.CRC, member.file_size
            known = name in FILES or (name.startswith("blobs/") and HEX64.fullmatch(name[6:]))
            need(known, f"zip: {name!r} is no file of a bundle")
            need(name not in self.where, f"zip: {name} is there twice")
            need(member.compress_type == 0 and member.compress_size == size, f"zip: {name} is packed; a bundle is not")
            header = local_header(name, crc, size)
            begin = at + len(header)
            need(self.data[at:begin] == header, f"zip: at byte {at} there is not the header of {name}")
            found = zlib.crc32(memoryview(self.data)[begin : begin + size])
            need(found == crc, f"{name}: altered, its checksum is {found}, the zip says {crc}")
            members.append((name, crc, size, at))
            self.where[name] = (begin, begin + size)
            at = begin + size
        need(self.data[at:] == directory(members, at), f"zip: what follows byte {at} is not the directory of its files")

    def read(self, name: str) -> bytes:
        """Return a file."""
        begin, end = self.where[name]
        return self.data[begin:end]

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield offset and bytes of each line of a file."""
        at, end = self.where[name]
        while at < end:
            after = self.data.find(b"\n", at, end) + 1 or end
            yield at, self.data[at:after]
            at = after


def check_files(bundle: Bundle) -> dict[str, Any]:
    """Check the files against the manifest and return it."""
    need(bundle.where.keys() >= FILES, f"zip: {', '.join(sorted(FILES - bundle.where.keys()))} missing")
    manifest: dict[str, Any] = read_json(bundle.read("manifest.json"), "manifest.json")
    need(manifest["format"] == "crdmo.bundle/1", f"manifest.json: format {manifest['format']!r}, not 'crdmo.bundle/1'")
    listed = manifest["files"]
    odd = bundle.where.keys() ^ {*listed, "manifest.json"}
    need(not odd, f"{', '.join(odd)}: in the zip or in the manifest, but not in both")
    for name, stated in listed.items():
        begin, end = bundle.where[name]
        need(end - begin == stated["bytes"], f"{name}: {end - begin} bytes, the manifest says {stated['bytes']}")
        found = hashlib.sha256(memoryview(bundle.data)[begin:end]).hexdigest()
        need(found == stated["sha256"], f"{name}: its SHA-256 is {found}, the manifest says {stated['sha256']}")
        need(not name.startswith("blobs/") or name[6:] == found, f"{name}: its SHA-256 is {found}")
    return manifest


# --- 2: the checkpoint and its key
def check_signature(note: str, key: str, kind: int) -> str:
    """Check that a key `NAME+ID+BASE64` (kind 1: of a log, 4: of a witness) signed a note; return the text signed."""
    name, key_id, encoded = [*key.strip().split("+", 2), "", ""][:3]
    data = base64.b64decode(encoded, validate=True)
    made = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
    need(data[:1] == bytes([kind]) and made == key_id, f"key: {key[:60]!r} is not of kind {kind} or id {made}")
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.split("\n"):
        dash, signer, encoded = [*line.split(" ", 2), "", ""][:3]
        if (dash, signer) == ("\u2014", name):
            signature, message = base64.b64decode(encoded, validate=True), text
            if kind == 4:  # a witness signs the time too, in seconds since 1970
                message = f"cosignature/v1\ntime {int.from_bytes(signature[4:12], 'big')}\n{text}"
                signature = signature[:4] + signature[12:]
            if signature[:4].hex() == key_id:
                holds = ed25519_holds(data[1:], message.encode(), signature[4:])
                need(holds, f"checkpoint.txt: the signature of {name} does not hold")
                return text
    raise Wrong(f"checkpoint.txt: not signed by {name} with the key {key_id}")


def check_checkpoint(note: str, key: str, witness: str) -> tuple[str, int, str]:
    """Check the signatures of a checkpoint and return its origin, its number of entries and its root in hex."""
    origin, size, root = [*check_signature(note, key, 1).split("\n"), "", ""][:3]
    need(not witness or check_signature(note, witness, 4), "checkpoint.txt: no witness")
    need(re.fullmatch("0|[1-9][0-9]{0,17}", size), f"checkpoint.txt: its number of entries is {size!r}")
    need(key.startswith(origin + "+"), f"checkpoint.txt: it is about {origin}, its key is {key}")
    return origin, int(size), base64.b64decode(root, validate=True).hex()


# --- 3 and 4: the entries
class Shown:
    """What the one pass over the entries finds; bodies are not kept, so that a long ledger fits into memory."""

    def __init__(self) -> None:
        self.seqs, self.offsets, self.hashes = array("Q"), array("Q"), bytearray()
        self.streams: dict[str, tuple[int, bytes]] = {}
        self.records: dict[str, tuple[int, str, str, str]] = {}  # version, operation, type, stream
        self.first, self.last = "", ""  # times
        self.special: dict[str, list[dict[str, Any]]] = {"signing.signature": [], "ledger.export": []}
        self.blobs: dict[str, int] = {}

    def add(self, offset: int, line: bytes) -> None:
        """Check one entry against those before."""
        parts = LINE.fullmatch(line)
        if parts is None:
            raise Wrong(f"entries.txt: after entry {self.seqs[-1] if self.seqs else 0}: not an entry: {line[:60]!r}")
        prev, stream_prev, raw = bytes.fromhex(parts[2].decode()), bytes.fromhex(parts[3].decode()), parts[4]
        place, body = f"entry {int(parts[1])}", read_json(raw, f"entry {int(parts[1])}")
        kinds = {name: value.__class__ for name, value in body.items()}
        need(kinds in (BODY, NOBODY), "{}: a member is missing, unknown or not of its kind: {}", place, body)
        need((body["v"], body["seq"]) == (1, int(parts[1])), f"{place}: its body says entry {body['seq']}")
        self.check_place(body, prev, stream_prev, place)
        digest = hashlib.sha256(b"\x00" + prev + stream_prev + raw).digest()
        self.streams[body["stream"]] = (body["stream_seq"], digest)
        self.seqs.append(body["seq"])
        self.offsets.append(offset)
        self.hashes += digest
        if body["type"] in self.special:
            self.special[body["type"]].append(body)
        for digest in BLOB.findall(raw):
            self.blobs.setdefault(digest.decode(), body["seq"])

    def check_place(self, body: dict[str, Any], prev: bytes, stream_prev: bytes, place: str) -> None:
        """Check sequence, time, links and the version of the record."""
        last, at, head = self.seqs[-1] if self.seqs else 0, body["at"], bytes(self.hashes[-32:]) or GENESIS
        need(body["seq"] > last, "{}: comes after entry {}", place, last)
        if body["seq"] == last + 1:  # else the entry before is not shown
            need(prev == head, "{}: does not follow entry {}: it names {}, that is {}", place, last, prev, head)
        need(at == self.last or INSTANT.fullmatch(at), "{}: {!r} is no time", place, at)
        need(at >= self.last, "{}: its time {} lies before {}", place, at, self.last)
        self.first, self.last = self.first or at, at
        (size, head), number = self.streams.get(body["stream"], (0, GENESIS)), body["stream_seq"]
        need(number == size + 1, "{}: number {} of its stream comes after {}", place, number, size)
        need(stream_prev == head, "{}: its stream_prev is {}, number {} is {}", place, stream_prev, size, head)
        record, now = body["record"], (body["version"], body["operation"], body["type"], body["stream"])
        before = self.records.get(record, (0, "", *now[2:]))
        allowed = ("change", "void") if before[0] else ("create", "event")
        need(now[0] == before[0] + 1, "{}: version {} of {} comes after {}", place, now[0], record, before[0])
        need(now[1] in allowed, "{}: {} as version {}, allowed: {} or {}", place, now[1], now[0], *allowed)
        need(before[1] not in ("void", "event"), "{}: {} of {}, which was {} before", place, now[1], record, before[1])
        need(now[2:] == before[2:], "{}: {} is in {}, it was in {}", place, record, now[2:], before[2:])
        self.records[record] = now


def check_entries(bundle: Bundle, manifest: dict[str, Any]) -> Shown:
    """Check the entries one by one, the streams as the manifest states them, and that the export is on record."""
    shown = Shown()
    for offset, line in bundle.lines("entries.txt"):
        shown.add(offset, line)
    for name in sorted({*manifest["streams"], *shown.streams}):
        size, head = shown.streams.get(name, (0, GENESIS))
        found, stated = {"size": size, "head": head.hex()}, manifest["streams"].get(name)
        need(found == stated, f"stream {name}: it is {found}, the manifest says {stated}")
    told = {"program": manifest["program"]["id"], "for": manifest["for"]["id"]}
    exports = [body["state"] for body in shown.special["ledger.export"]]
    need(told in exports, f"manifest.json: no entry records an export of {told}")
    return shown


# --- 5 to 8: the tree, signatures, blobs, personal data
def subtree(shown: Shown, hidden: Iterator[bytes], low: int, high: int, first: int, last: int) -> bytes:
    """Return the RFC 6962 root over leaves low to high, of which the entries first to last are shown."""
    if first == last:  # none is shown: the hash of this part is given
        part = next(hidden, b"")
        need(part, "tree.json: a hash is missing")
        return part
    if high - low == 1:
        return bytes(shown.hashes[32 * first : 32 * last])
    middle = low + (1 << (high - low - 1).bit_length() - 1)
    cut = bisect_left(shown.seqs, middle + 1, first, last)  # leaf 0 is entry 1
    left = subtree(shown, hidden, low, middle, first, cut)
    return hashlib.sha256(b"\x01" + left + subtree(shown, hidden, middle, high, cut, last)).digest()


def check_tree(bundle: Bundle, shown: Shown, size: int, root: str) -> None:
    """Check that the entries shown, with the hashes of the parts not shown, give the root that was signed."""
    tree, last = read_json(bundle.read("tree.json"), "tree.json"), max(shown.seqs, default=0)
    need(tree["size"] == size, f"tree.json: {tree['size']} leaves, the checkpoint says {size}")
    need(last <= size, f"entry {last}: beyond the checkpoint over {size}")
    need(all(map(HEX64.fullmatch, tree["hashes"])), "tree.json: a hash has not 64 digits")
    hidden = map(bytes.fromhex, tree["hashes"])
    found = subtree(shown, hidden, 0, size, 0, len(shown.seqs)).hex()
    need(next(hidden, None) is None, "tree.json: a hash is left over")
    need(found == root, f"checkpoint.txt: its root is {root}, the entries lead to {found}")


def check_signatures(bundle: Bundle, shown: Shown) -> list[tuple[str, str, str, str, str]]:
    """Check that each signature is bound to what it names; return meaning, name, time, type and what came after."""
    made = []
    for body in shown.special["signing.signature"]:
        said, place = body["state"], f"entry {body['seq']} (signature)"
        need(body["operation"] in ("create", "void"), f"{place}: {body['operation']}; a signature is made or revoked")
        if body["operation"] == "void":
            continue
        index = bisect_left(shown.seqs, int(said["target_entry"]))
        there = index < len(shown.seqs) and shown.seqs[index] == said["target_entry"] < body["seq"]
        need(there, f"{place}: it signs entry {said['target_entry']}, which is not in the bundle before it")
        bundle.data.seek(shown.offsets[index])
        target = json.loads(bundle.data.readline().split(b" ", 3)[3])
        for name, found in {
            "target_id": target["record"], "target_version": target["version"], "target_type": target["type"],
            "target_hash": shown.hashes[32 * index : 32 * index + 32].hex(),
            "content_hash": hashlib.sha256(canonical(target["state"]).encode()).hexdigest(),
            "signer": body["actor"], "printed_name": body["name"],
        }.items():  # fmt: skip
            need(said[name] == found, f"{place}: its {name} is {said[name]}, it should be {found}")
        at, between = said["signed_at"], f"between {target['at']} and {body['at']}"
        need(INSTANT.fullmatch(at) and target["at"] <= at <= body["at"], f"{place}: signed at {at}, not {between}")
        now, then = shown.records[said["target_id"]][0], said["target_version"]
        changed = "" if now == then else f"signed version {then}, the record is now at {now}"
        note = "revoked" if shown.records[body["record"]][1] == "void" else changed
        made.append((said["meaning"], said["printed_name"], at, said["target_type"], note))
    return made


def check_data(bundle: Bundle, shown: Shown, withheld: dict[str, str]) -> tuple[int, int]:
    """Check that blobs named are there or withheld, and personal data is what was committed to; count them."""
    there = {name[6:] for name in bundle.where if name.startswith("blobs/")}
    for digest, seq in shown.blobs.items():
        need(digest in there or f"sha256:{digest}" in withheld, f"entry {seq}: the blob {digest} is missing")
    need(shown.blobs.keys() >= there, f"blobs/{min(there - shown.blobs.keys(), default='')}: no entry names it")
    opened: set[str] = set()
    for count, (_, line) in enumerate(bundle.lines("personal.jsonl"), 1):
        value = read_json(line[:-1], f"personal.jsonl line {count}")
        made = hashlib.sha256(bytes.fromhex(value["salt"]) + canonical(value["value"]).encode()).hexdigest()
        need(made == value["commitment"], f"personal.jsonl line {count}: it gives {made}, not {value['commitment']}")
        opened.add(made)
    left = set(opened)
    for _, line in bundle.lines("entries.txt") if left else ():
        left.difference_update(re.findall('"([0-9a-f]{64})"', line.decode()))
    need(not left, f"personal.jsonl: no entry holds the commitment {min(left, default='')}")
    return len(there), len(opened)


# --- all of it
def verify(path: str, key: str = "", witness: str = "") -> dict[str, Any]:
    """Check a bundle whole and return a summary; raises Wrong with the first thing that does not hold."""
    try:
        with open(path, "rb") as file:
            bundle = Bundle(file)
            manifest = check_files(bundle)
            carried = bundle.read("key.txt").decode().strip()
            need(not key or key.strip() == carried, f"key.txt: it holds {carried}, you gave {key.strip()}")
            origin, size, root = check_checkpoint(bundle.read("checkpoint.txt").decode(), carried, witness)
            said = (manifest["origin"], manifest["checkpoint_size"])
            need(said == (origin, size), f"manifest.json: names checkpoint {said}, signed is {(origin, size)}")
            shown = check_entries(bundle, manifest)
            check_tree(bundle, shown, size, root)
            signatures, withheld = check_signatures(bundle, shown), manifest["withheld"]
            blobs, personal = check_data(bundle, shown, withheld)
    except (zipfile.BadZipFile, struct.error, LookupError, TypeError, AttributeError, ValueError, RuntimeError) as odd:
        raise Wrong(f"this is not of the format of a bundle: {type(odd).__name__} {odd}") from None
    return {
        "verified": True, "origin": origin, "checkpoint": size, "root": root, "key": carried, "key_given": bool(key),
        "fingerprint": hashlib.sha256(carried.encode()).hexdigest(), "witnessed": bool(witness),
        "program": manifest["program"], "for": manifest["for"], "exported": manifest["exported_at"],
        "entries": len(shown.seqs), "records": sum(kept[1] != "event" for kept in shown.records.values()),
        "streams": manifest["streams"], "first": shown.first, "last": shown.last, "signatures": signatures,
        "blobs": blobs, "withheld": len(withheld), "withheld_because": withheld, "personal": personal,
    }  # fmt: skip


def report(found: dict[str, Any]) -> str:
    """Return in plain words what was verified."""
    trust = "the one you gave" if found["key_given"] else "FROM THE BUNDLE ITSELF: compare it with one you were given"
    kinds = sorted(Counter((made[0], made[1], made[3]) for made in found["signatures"]).items())
    counts = [f"    {count} × {meaning:<12} {name}  {kind}" for (meaning, name, kind), count in kinds]
    notes = ["    {2}  {0:<12} {1}  {3}  ({4})".format(*made) for made in found["signatures"] if made[4]]
    return f"""VERIFIED  {found["entries"]} entries, {found["records"]} records, {found["blobs"]} files
  program     {json.dumps(found["program"], ensure_ascii=False)}
  for         {json.dumps(found["for"], ensure_ascii=False)}, exported {found["exported"]}
  written     {found["first"]} to {found["last"]}
  streams     {json.dumps(found["streams"])}
  checkpoint  {found["origin"]}, {found["checkpoint"]} entries, root {found["root"]}
  witness     {"its signature holds" if found["witnessed"] else "not asked for"}
  key         {found["key"]}
              {trust}; SHA-256 of this line {found["fingerprint"]}
  signatures  {NEWLINE.join([str(len(found["signatures"])), *counts, *notes])}
  withheld    {found["withheld"]} files {json.dumps(found["withheld_because"])}; personal: {found["personal"]} shown
Nothing in here was altered, removed, put between or back-dated after its checkpoint was signed. What was written after
the last entry is not covered. Recomputing the numbers is a step of its own: crdmo recompute BUNDLE."""


def main(arguments: Sequence[str]) -> int:
    """Run the check from the command line."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a proof bundle of OpenCRDMO.")
    parser.add_argument("bundle")
    parser.add_argument("--key", default="", help="public key of the installation: text, or a file that holds it")
    parser.add_argument("--witness", default="", help="public key of a witness who must have signed too")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    try:
        keys = [pathlib.Path(key).read_text() if key and "+" not in key else key for key in (given.key, given.witness)]
        found = verify(given.bundle, *keys)
    except (OSError, UnicodeDecodeError) as error:
        print(f"this cannot be read: {error}", file=sys.stderr)
        return 2
    except Wrong as wrong:
        print(json.dumps({"verified": False, "wrong": str(wrong)}) if given.json else f"NOT VERIFIED  {wrong}")
        return 4
    print(json.dumps(found, ensure_ascii=False) if given.json else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
