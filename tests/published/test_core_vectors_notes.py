"""CORE: Ed25519 (RFC 8032), C2SP notes, checkpoints, cosignatures and proofs, a real log (transparency-dev/tessera)."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crdmo.proof import merkle, verify
from crdmo.proof.notes import Checkpoint, LogProof, Note, NoteError, Verifier
from tests import shared_data

# RFC 8032 section 7.1, tests 1 and 2: secret, public, message, signature.
ED25519 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]
ROOTS = {
    0: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    5: "gy5gl3aksFyiCO95a/1vLXz88A3dRq+0l9Sxte8ZqZQ=",
    10: "y8/gZsZCtitsMan09tY+k8I7Qpr7Y5fbO2tLi9GQnfU=",
}
# C2SP tlog-cosignature (CC BY 4.0), example: the text cosigned and the witness's line. The keys are not published.
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


@pytest.mark.parametrize(("secret", "public", "message", "signature"), ED25519)
def test_core_ed25519_both_ways(secret: str, public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert (private.public_key().public_bytes_raw(), private.sign(text)) == (key, signed)
    assert verify.ed25519_holds(key, text, signed)
    assert not verify.ed25519_holds(key, text + b"\0", signed)
    assert not verify.ed25519_holds(key, text, signed[:32] + bytes([signed[32] ^ 1]) + signed[33:])


def test_core_ed25519_a_scalar_beyond_the_order_is_refused() -> None:
    """RFC 8032 section 5.1.7: S is below L; S + L would be a second signature of the same message."""
    _, public, message, signature = ED25519[1]
    signed = bytes.fromhex(signature)
    malleable = signed[:32] + (int.from_bytes(signed[32:], "little") + verify.L).to_bytes(32, "little")
    assert not verify.ed25519_holds(bytes.fromhex(public), bytes.fromhex(message), malleable)


@pytest.mark.parametrize("point", [verify.P, verify.P + 1, 2**255 - 1, 1 | 1 << 255, 2])
def test_core_ed25519_points_in_another_form_are_refused(point: int) -> None:
    """RFC 8032 section 5.1.3: y is below p, there is no minus zero, and x must exist."""
    with pytest.raises(ValueError, match="stand for no point"):
        verify.point_decode(point.to_bytes(32, "little"))


def test_core_ed25519_the_readable_verifier_agrees_with_the_library() -> None:
    for number in range(20):
        private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public, message = private.public_key().public_bytes_raw(), bytes(number)
        assert verify.ed25519_holds(public, message, private.sign(message))
        assert not verify.ed25519_holds(public, message, private.sign(message + b"x"))


def test_core_signed_note() -> None:
    """C2SP signed-note, section Example."""
    found = json.loads(shared_data.path("core/notes/signed_note_example.json").read_text())
    key, note = Verifier.parse(found["vkey"]), Note.parse(found["note"])
    assert (key.name, key.key_id.hex(), note.text) == ("example.com/foo", "530d903a", "This is an example message.\n")
    note.verify(key)
    assert verify.check_signature(found["note"], found["vkey"], 1) == note.text
    with pytest.raises(NoteError, match="does not hold"):
        Note.parse(found["note"].replace("example message", "exemple message")).verify(key)


def log(name: str) -> Path:
    return shared_data.path(f"core/tlog/{name}")


def tile() -> list[bytes]:
    data = log("tile/0/000.p/10").read_bytes()
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def bundled_entries() -> list[bytes]:
    data, found = log("tile/entries/000.p/10").read_bytes(), []
    while data:
        (length,) = struct.unpack(">H", data[:2])
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found


@pytest.mark.parametrize("size", range(11))
def test_core_checkpoints_of_a_real_log(size: int) -> None:
    text, vkey = log(f"checkpoint.{size}").read_text(encoding="utf-8"), log("vkey.txt").read_text()
    note, key = Note.parse(text), Verifier.parse(vkey)
    note.verify(key)
    checkpoint = Checkpoint.parse(note.text)
    assert (key.key_id.hex(), checkpoint.origin, checkpoint.size) == ("33d7b496", "example.com/log/testdata", size)
    assert checkpoint.root == merkle.root(tile()[:size])
    assert verify.check_checkpoint(text, vkey.strip(), "") == (checkpoint.origin, size, checkpoint.root.hex())
    if size in ROOTS:
        assert base64.b64encode(checkpoint.root).decode() == ROOTS[size]


def test_core_leaves_of_a_real_log_are_the_hashes_of_its_entries() -> None:
    assert [merkle.leaf_hash(entry) for entry in bundled_entries()] == tile()


def test_core_consistency_in_a_real_log() -> None:
    proof = merkle.consistency_proof(tile(), 4)
    assert [base64.b64encode(node).decode() for node in proof] == [
        "g0ZoeYWtIV8Q8i+4CmgqPnBvH2il107lyCgTQsyB7H4=",
        "+aOLtO2sRhNENZkJokiDScXfm3SIduSzvll41DTaUUI=",
    ]
    merkle.verify_consistency(4, 10, merkle.root(tile()[:4]), merkle.root(tile()), proof)


def test_core_tlog_proof_with_a_witness() -> None:
    text = log("index3_size10.tlog-proof").read_text(encoding="utf-8")
    proof = LogProof.parse(text)
    assert proof.text() == text
    note, witness = Note.parse(proof.checkpoint), log("witness_vkey.txt").read_text()
    note.verify(Verifier.parse(log("vkey.txt").read_text()))
    assert note.verify(Verifier.parse(witness)) == 1_700_000_000
    assert verify.check_signature(proof.checkpoint, witness, 4) == note.text
    checkpoint = Checkpoint.parse(note.text)
    merkle.verify_inclusion(merkle.leaf_hash(b"four"), proof.index, checkpoint.size, proof.path, checkpoint.root)
    with pytest.raises(merkle.ProofError, match="leads to root"):
        merkle.verify_inclusion(merkle.leaf_hash(b"five"), proof.index, checkpoint.size, proof.path, checkpoint.root)


def test_core_checkpoint_to_parse() -> None:
    note = Note.parse(EXAMPLE)
    (signature,) = note.signatures
    assert Checkpoint.parse(note.text).size == 20852163
    assert Checkpoint.parse(note.text).origin == "example.com/behind-the-sofa"
    assert signature.key_id.hex() == "8d66cf3f" and len(signature.data) == 72
    assert struct.unpack(">Q", signature.data[:8]) == (1679315147,)
