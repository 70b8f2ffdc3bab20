#!/usr/bin/env python3
"""Check a proof bundle of OpenCRDMO: one file, Python's standard library only, no server, no trust in the operator.

    python verify.py bundle.zip [--key KEY] [--json]

Exit status 0: everything holds. 4: something does not; the first thing that is wrong is named. 2: wrong usage.

What a bundle holds
    manifest.json   what was exported, for whom, when; SHA-256 and size of every other file
    entries.txt     the ledger entries shown, a line each:  SEQ PREV STREAM_PREV BODY
                    BODY is RFC 8785 JSON; PREV and STREAM_PREV are the hashes (hex) of the entry before it in the whole
                    ledger and in its own stream (a stream is the chain of one program)
    checkpoint.txt  a C2SP signed note: origin, number of entries of the whole ledger, root of their RFC 6962 tree
    key.txt         the public Ed25519 key of the installation. Compare it with the one you were given by another way.
    tree.json       hashes of the parts of the tree that are not shown: with the entries shown they give the root
    blobs/          datasets, documents and results, named by their SHA-256
    personal.jsonl  salt and value of personal data that may be shown; the ledger holds only commitments to them

What is checked, in this order
    1  the zip is sound and holds exactly the files of the manifest, with their digests
    2  the checkpoint is signed by the key
    3  every entry is canonical, hashed right, in sequence; time never runs backwards; each stream is complete, from its
       first entry to the head that the manifest states, so that nothing was left out or put between
    4  the entries belong to the ledger whose root was signed
    5  every record has the versions 1, 2, 3 … and nothing after it was voided
    6  every electronic signature is bound to the very version of the record that it names
    7  every blob that an entry names is there and is what its name says, or is listed as withheld
    8  personal data shown is what was committed to

What this cannot show: entries made after the export, and whether what people wrote was true.
"""

import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib

MOST_BYTES = 64 * 2**30  # a bundle that unpacks to more is refused before it is read
MOST_RATIO = 2000
GENESIS = "0" * 64
BLOB = re.compile(r"sha256:([0-9a-f]{64})\Z")
HEX64 = re.compile(r"[0-9a-f]{64}\Z")


class Wrong(Exception):
    """The first thing that does not hold."""


def need(condition, message):
    """Go on only if the condition holds."""
    if not condition:
        raise Wrong(message)


# --- Ed25519 (RFC 8032), verification only, in plain integers -----------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    """Add two points of the curve in extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, T = XY/Z."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    """Return scalar × point by doubling and adding; nothing here is secret."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decode(data):
    """Return the point that 32 bytes stand for, or None if they stand for none (or not in the one right form)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else (0, y, 1, 0)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_holds(public, message, signature):
    """Say whether a signature of 64 bytes over a message is that of the public key of 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = point_decode(public), point_decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = point_multiply(scalar, BASE), point_add(commitment, point_multiply(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- 1: the zip and its files --------------------------------------------------------------------------------------


def read_json(data, place):
    """Return JSON that has no member twice."""

    def once(pairs):
        found = dict(pairs)
        need(len(found) == len(pairs), f"{place}: a member stands twice in one object")
        return found

    try:
        return json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{place}: not JSON ({error})") from None


def digest_of(archive, name):
    """Return SHA-256 and size of a file in the zip, read piece by piece."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as file:
        while True:
            piece = file.read(1 << 20)
            if not piece:
                return digest.hexdigest(), size
            digest.update(piece)
            size += len(piece)


def check_files(archive):
    """Check the zip against its manifest and return the manifest."""
    members = archive.infolist()
    names = [member.filename for member in members]
    for member in members:
        name = member.filename
        odd = name.startswith("/") or ".." in name.split("/") or "\\" in name or name.endswith("/")
        need(not odd, f"zip: the name {name!r} is not one of a bundle")
        need(member.file_size <= max(member.compress_size, 1024) * MOST_RATIO, f"zip: {name} unpacks to too much")
    need(len(set(names)) == len(names), "zip: a file is there twice")
    need(sum(member.file_size for member in members) <= MOST_BYTES, "zip: it unpacks to too much")
    need("manifest.json" in names, "zip: manifest.json is missing")
    manifest = read_json(archive.read("manifest.json"), "manifest.json")
    need(manifest.get("format") == "crdmo.bundle/1", f"manifest.json: unknown format {manifest.get('format')!r}")
    listed = manifest["files"]
    for name in names:
        need(name == "manifest.json" or name in listed, f"zip: {name} is not in the manifest")
    for name in sorted(listed):
        need(name in names, f"{name}: listed in the manifest, but not there")
        found, size = digest_of(archive, name)
        stated = listed[name]
        need(size == stated["bytes"], f"{name}: {size} bytes, the manifest says {stated['bytes']}")
        need(found == stated["sha256"], f"{name}: SHA-256 is {found}, the manifest says {stated['sha256']}")
    for name in ("entries.txt", "checkpoint.txt", "key.txt", "tree.json", "personal.jsonl"):
        need(name in listed, f"{name}: missing")
    return manifest


# --- 2: the checkpoint and its key ---------------------------------------------------------------------------------


def parse_key(text):
    """Return name, id and 32 bytes of a key `NAME+ID+BASE64`."""
    parts = text.strip().split("+", 2)
    need(len(parts) == 3, "key: not of the form NAME+ID+BASE64")
    name, key_id, encoded = parts
    data = decode64(encoded, "key")
    need(len(data) == 33 and data[0] == 1, "key: not an Ed25519 key")
    computed = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
    need(computed == key_id, f"key: its id is {computed}, not {key_id}")
    return name, key_id, data[1:]


def decode64(text, place):
    """Return the bytes of base64 text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong(f"{place}: not base64") from None


def check_checkpoint(note, key):
    """Check the signature of a checkpoint and return its number of entries and its root in hex."""
    name, key_id, public = parse_key(key)
    text, found, lines = note.rpartition("\n\n")
    need(found and lines.endswith("\n"), "checkpoint.txt: not a signed note")
    text += "\n"
    for line in lines[:-1].split("\n"):
        need(line.startswith("\u2014 "), "checkpoint.txt: a line after the text is no signature")
        signer, _, encoded = line[2:].partition(" ")
        data = decode64(encoded, "checkpoint.txt")
        if signer == name and data[:4].hex() == key_id:
            need(ed25519_holds(public, text.encode(), data[4:]), "checkpoint.txt: the signature does not hold")
            break
    else:
        raise Wrong(f"checkpoint.txt: not signed by the key {name} {key_id}")
    parts = text.split("\n")
    need(len(parts) >= 4 and parts[1].isdigit() and str(int(parts[1])) == parts[1], "checkpoint.txt: not a checkpoint")
    root = decode64(parts[2], "checkpoint.txt")
    need(len(root) == 32, "checkpoint.txt: the root has not 32 bytes")
    return parts[0], int(parts[1]), root.hex()


# --- 3: the entries ------------------------------------------------------------------------------------------------

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_plain(value):
    """Say whether Python's own JSON writer gives the RFC 8785 form of a value (no floats, ASCII member names)."""
    if isinstance(value, dict):
        return all(name.isascii() and is_plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return not isinstance(value, float)


class Entry:
    """One entry as shown."""

    __slots__ = ("body", "hash", "prev", "seq", "stream_prev")

    def __init__(self, line):
        parts = line.split(b" ", 3)
        need(len(parts) == 4 and parts[0].isdigit(), f"entries.txt: not an entry: {line[:60]!r}")
        self.seq = int(parts[0])
        self.prev, self.stream_prev = parts[1].decode("latin-1"), parts[2].decode("latin-1")
        for link in (self.prev, self.stream_prev):
            need(HEX64.match(link), f"entry {self.seq}: a link to the entry before is not a hash")
        raw = bytes.fromhex(self.prev) + bytes.fromhex(self.stream_prev) + parts[3]
        self.hash = hashlib.sha256(b"\x00" + raw).hexdigest()
        place = f"entry {self.seq}"
        self.body = read_json(parts[3], place)
        if is_plain(self.body):
            need(CANONICAL.encode(self.body).encode() == parts[3], f"{place}: not in canonical form")
        need(self.body.get("seq") == self.seq and self.body.get("v") == 1, f"{place}: its body says {self.body.get('seq')}")


def check_entries(archive, manifest):
    """Check sequence, time and streams; return the entries."""
    entries, streams, last_time = [], {}, ""
    with archive.open("entries.txt") as lines:
        for line in lines:
            need(line.endswith(b"\n"), "entries.txt: the last line is torn")
            entry = Entry(line[:-1])
            body, place = entry.body, f"entry {entry.seq}"
            if entries:
                before = entries[-1]
                need(entry.seq > before.seq, f"{place}: comes after entry {before.seq}")
                if entry.seq == before.seq + 1:
                    need(entry.prev == before.hash, f"{place}: does not follow entry {before.seq}")
            need(body["at"] >= last_time, f"{place}: its time {body['at']} lies before {last_time}")
            last_time = body["at"]
            size, head = streams.get(body["stream"], (0, GENESIS))
            need(body["stream_seq"] == size + 1, f"{place}: number {body['stream_seq']} of its stream follows {size}")
            need(entry.stream_prev == head, f"{place}: does not follow number {size} of its stream")
            streams[body["stream"]] = (size + 1, entry.hash)
            entries.append(entry)
    stated = {name: (head["size"], head["head"]) for name, head in manifest["streams"].items()}
    for name in sorted(set(stated) | set(streams)):
        found, said = streams.get(name, (0, GENESIS)), stated.get(name)
        need(said is not None, f"stream {name}: shown, but not in the manifest")
        need(found[0] == said[0], f"stream {name}: {found[0]} entries, the manifest says {said[0]}: some were left out")
        need(found[1] == said[1], f"stream {name}: ends in {found[1]}, the manifest says {said[1]}")
    return entries


# --- 4: the tree ---------------------------------------------------------------------------------------------------


def tree_root(size, visible, hidden):
    """Return the RFC 6962 root that visible leaves (index → hash) and hidden parts, in order, lead to."""
    hidden = iter(hidden)
    order = sorted(visible)

    def walk(low, high, first, last):
        if first == last:  # no visible leaf in here: its hash is given
            part = next(hidden, None)
            need(part is not None, "tree.json: a hash is missing")
            return part
        if high - low == 1:
            return visible[low]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        cut = first
        a, b = first, last
        while a < b:  # the first visible leaf at or after the middle
            cut = (a + b) // 2
            a, b = (cut + 1, b) if order[cut] < middle else (a, cut)
        left, right = walk(low, middle, first, a), walk(middle, high, a, last)
        return hashlib.sha256(b"\x01" + left + right).digest()

    root = walk(0, size, 0, len(order)) if size else hashlib.sha256(b"").digest()
    need(next(hidden, None) is None, "tree.json: a hash is left over")
    return root.hex()


def check_tree(archive, entries, size, root):
    """Check that the entries belong to the ledger whose root was signed."""
    tree = read_json(archive.read("tree.json"), "tree.json")
    need(tree["size"] == size, f"tree.json: {tree['size']} leaves, the checkpoint says {size}")
    need(all(HEX64.match(node) for node in tree["hashes"]), "tree.json: not a hash")
    need(not entries or entries[-1].seq <= size, f"entry {entries[-1].seq if entries else 0}: beyond the checkpoint")
    visible = {entry.seq - 1: bytes.fromhex(entry.hash) for entry in entries}
    found = tree_root(size, visible, [bytes.fromhex(node) for node in tree["hashes"]])
    need(found == root, f"the entries lead to root {found}, the signed checkpoint says {root}")


# --- 5 to 8: records, signatures, blobs, personal data -------------------------------------------------------------


def check_records(entries):
    """Check that versions follow each other; return the entries by (record, version) and the last of each record."""
    versions, last = {}, {}
    for entry in entries:
        body, place = entry.body, f"entry {entry.seq}"
        record, version, operation = body["record"], body["version"], body["operation"]
        before = last.get(record)
        need(version == (before.body["version"] + 1 if before else 1), f"{place}: version {version} of {record} is out of turn")
        need((operation in ("create", "event")) == (version == 1), f"{place}: {operation} as version {version}")
        if before:
            need(before.body["operation"] != "void", f"{place}: {record} was void before")
            need(before.body["type"] == body["type"], f"{place}: {record} changed its type")
            need(before.body["stream"] == body["stream"], f"{place}: {record} changed its stream")
        versions[record, version] = last[record] = entry
    return versions, last


def content_hash(state):
    """Return SHA-256 of the canonical state."""
    return hashlib.sha256(CANONICAL.encode(state).encode()).hexdigest()


def check_signatures(versions, last):
    """Check that each signature is bound to what it names; return one line of text a signature."""
    made = []
    for entry in [e for e in versions.values() if e.body["type"] == "signing.signature" and e.body["operation"] == "create"]:
        state, place = entry.body["state"], f"entry {entry.seq} (signature)"
        target = versions.get((state["target_id"], state["target_version"]))
        need(target is not None, f"{place}: the record it signs is not in the bundle")
        need(target.seq == state["target_entry"], f"{place}: it names entry {state['target_entry']}, the record is {target.seq}")
        need(target.hash == state["target_hash"], f"{place}: the hash it names is not that of entry {target.seq}")
        need(target.body["type"] == state["target_type"], f"{place}: it names another type of record")
        if is_plain(target.body["state"]):
            found = content_hash(target.body["state"])
            need(found == state["content_hash"], f"{place}: content {found}, it signed {state['content_hash']}")
        need(state["signer"] == entry.body["actor"], f"{place}: signed for another: {state['signer']}")
        need(state["printed_name"] == entry.body["name"], f"{place}: the printed name is not that of the actor")
        need(state["signed_at"] <= entry.body["at"], f"{place}: signed later than written")
        need(target.seq < entry.seq, f"{place}: signed before the record was there")
        now = last[state["target_id"]].body["version"]
        note = "revoked" if last[entry.body["record"]].body["operation"] == "void" else ""
        if not note and now != state["target_version"]:
            note = f"signed version {state['target_version']}, the record is now at {now}"
        made.append((state["meaning"], state["printed_name"], state["signed_at"], state["target_type"], note))
    return made


def blobs_of(value):
    """Yield the digests of all blobs that a state names."""
    if isinstance(value, str):
        found = BLOB.match(value)
        if found:
            yield found.group(1)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from blobs_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from blobs_of(inner)


def check_blobs(entries, manifest):
    """Check that every blob named is there (its digest was checked with the files) or listed as withheld."""
    names = {name[6:] for name in manifest["files"] if name.startswith("blobs/")}
    for name in names:
        need(manifest["files"]["blobs/" + name]["sha256"] == name, f"blobs/{name}: its contents are not what its name says")
    withheld, named = {key[7:] for key in manifest.get("withheld", {})}, set()
    for entry in entries:
        for digest in blobs_of(entry.body["state"]):
            named.add(digest)
            need(digest in names or digest in withheld, f"entry {entry.seq}: the blob {digest} is missing")
    return len(named & names), len(named & withheld)


def check_personal(archive, entries):
    """Check that personal data shown is what an entry committed to."""
    lines = archive.read("personal.jsonl").splitlines()
    if not lines:
        return 0
    committed = {v for e in entries for v in e.body["state"].values() if isinstance(v, str) and HEX64.match(v)}
    for number, line in enumerate(lines, 1):
        place = f"personal.jsonl line {number}"
        shown = read_json(line, place)
        made = hashlib.sha256(bytes.fromhex(shown["salt"]) + CANONICAL.encode(shown["value"]).encode()).hexdigest()
        need(made == shown["commitment"], f"{place}: the value is not the one committed to")
        need(made in committed, f"{place}: no entry holds this commitment")
    return len(lines)


# --- all of it -----------------------------------------------------------------------------------------------------


def verify(path, key=""):
    """Check a bundle whole and return a summary; raises Wrong with the first thing that does not hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = check_files(archive)
            carried = archive.read("key.txt").decode()
            need(not key or key.strip() == carried.strip(), "key.txt: not the key that you gave")
            origin, size, root = check_checkpoint(archive.read("checkpoint.txt").decode(), key or carried)
            need(manifest["checkpoint_size"] == size, "manifest.json: names another checkpoint")
            entries = check_entries(archive, manifest)
            check_tree(archive, entries, size, root)
            versions, last = check_records(entries)
            signatures = check_signatures(versions, last)
            blobs, withheld = check_blobs(entries, manifest)
            personal = check_personal(archive, entries)
    except (OSError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Wrong(f"the zip cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, ValueError) as error:
        raise Wrong(f"the bundle is not of its format: {type(error).__name__} {error}") from None
    return {
        "verified": True, "origin": origin, "key": carried.strip(), "key_given": bool(key), "checkpoint": size,
        "root": root, "program": manifest.get("program"), "for": manifest.get("for"), "exported": manifest.get("exported_at"),
        "entries": len(entries), "records": len(last), "first": entries[0].body["at"] if entries else None,
        "last": entries[-1].body["at"] if entries else None, "signatures": signatures, "blobs": blobs,
        "withheld": withheld, "personal": personal,
    }  # fmt: skip


def report(found):
    """Print what was verified in plain words."""
    print(f"VERIFIED  {found['entries']} entries, {found['records']} records, {found['blobs']} files")
    print(f"  program     {json.dumps(found['program'], ensure_ascii=False)}")
    print(f"  written     {found['first']} to {found['last']}")
    print(f"  checkpoint  {found['origin']}, {found['checkpoint']} entries, root {found['root']}")
    trust = "the one you gave" if found["key_given"] else "from the bundle itself: compare it with the one you were given"
    print(f"  key         {found['key']}\n              {trust}")
    print(f"  signatures  {len(found['signatures'])}")
    for meaning, name, when, kind, note in found["signatures"]:
        print(f"    {when}  {meaning:<12} {name}  {kind}{'  (' + note + ')' if note else ''}")
    print(f"  withheld    {found['withheld']} files; personal values shown: {found['personal']}")
    print("Nothing in here was altered, removed, put between or back-dated after its checkpoint was signed. Entries after")
    print("the export are not covered. Recomputing the numbers is a step of its own: crdmo recompute BUNDLE.")


def main(arguments):
    """Run the check from the command line."""
    as_json = "--json" in arguments
    rest = [a for a in arguments if a != "--json"]
    key = ""
    if "--key" in rest:
        at = rest.index("--key")
        if at + 1 >= len(rest):
            print("--key needs the key, or a file that holds it", file=sys.stderr)
            return 2
        key = rest[at + 1]
        del rest[at : at + 2]
        if "+" not in key:
            with open(key, encoding="utf-8") as file:
                key = file.read()
    if len(rest) != 1:
        print("usage: python verify.py bundle.zip [--key KEY] [--json]", file=sys.stderr)
        return 2
    try:
        found = verify(rest[0], key)
    except Wrong as wrong:
        print(json.dumps({"verified": False, "wrong": str(wrong)}) if as_json else f"NOT VERIFIED  {wrong}")
        return 4
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        report(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
