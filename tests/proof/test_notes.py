"""Notes, keys, checkpoints and proofs as text: what is written is read back, what is not of the format is refused."""

from __future__ import annotations

import pytest

from crdmo.proof import merkle, notes
from crdmo.proof.notes import Checkpoint, LogProof, Note, NoteError, Signer, Verifier

SIGNER = Signer.from_seed("lab.example/log", bytes(range(32)))
TEXT = Checkpoint("lab.example/log", 3, bytes(32)).text()


def test_a_signed_note_verifies_and_keeps_its_text() -> None:
    note = Note.parse(SIGNER.sign("a\n\nb\n"))
    assert note.text == "a\n\nb\n" and note.verify(SIGNER.verifier) is None


def test_a_changed_text_does_not_verify() -> None:
    with pytest.raises(NoteError, match="does not hold"):
        Note.parse(SIGNER.sign("a\n").replace("a", "b", 1)).verify(SIGNER.verifier)


def test_a_key_that_did_not_sign_is_named() -> None:
    with pytest.raises(NoteError, match=r"other.example/log with key [0-9a-f]{8} has not signed"):
        Note.parse(SIGNER.sign("a\n")).verify(Signer.generate("other.example/log").verifier)


def test_a_note_ends_in_a_line_feed() -> None:
    with pytest.raises(NoteError, match="ends in a line feed"):
        SIGNER.sign("a")


def test_a_witness_adds_its_line_and_its_time() -> None:
    witness = Signer.generate("witness.example/w")
    note = Note.parse(witness.cosign(SIGNER.sign(TEXT), 1_700_000_000))
    assert note.verify(SIGNER.verifier) is None and note.verify(witness.witness) == 1_700_000_000
    assert witness.witness.key_id != witness.verifier.key_id


def test_a_witness_signs_checkpoints_only() -> None:
    with pytest.raises(NoteError, match="a checkpoint is"):
        SIGNER.cosign(SIGNER.sign("hello\n"), 1)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a",
        "a\n",
        "a\n\n",
        "a\n\nb\n",
        "a\n\n\u2014 x\n",
        "a\n\n\u2014 x AA==\n",
        "a\x07\n\n\u2014 x AAAAAAA=\n",
        "a\n\n\u2014 x !!!!\n",
        "a\n\n- x AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError, match=r"a note is|no signature line|not base64"):
        Note.parse(note)


def test_keys_are_written_and_read_as_text() -> None:
    assert Verifier.parse(SIGNER.verifier.text()) == SIGNER.verifier
    again = Signer.parse(SIGNER.text() + "\n")
    assert (again.name, again.seed) == (SIGNER.name, SIGNER.seed)
    assert SIGNER.text().startswith("PRIVATE+KEY+lab.example/log+")


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+00000000+AAAA", "a+00000000+" + "A" * 44, SIGNER.verifier.text()[:-4] + "AAAA"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match=r"a key is|unknown kind|the id of"):
        Verifier.parse(text)


@pytest.mark.parametrize(
    "text", ["", SIGNER.verifier.text(), "PRIVATE+KEY+a", "PRIVATE+KEY+a+b+AAAA", SIGNER.text()[:-8] + "AAAAAAA="]
)
def test_what_is_no_private_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(NoteError, match="private key") as refused:
        Signer.parse(text)
    assert SIGNER.text()[-44:-8] not in str(refused.value)


def test_a_private_key_given_as_a_public_one_is_not_repeated() -> None:
    with pytest.raises(NoteError, match="given: 'PRIVATE'"):
        Verifier.parse(SIGNER.text())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb"])
def test_a_key_has_a_name_without_space_and_plus(name: str) -> None:
    with pytest.raises(NoteError, match="no space and no plus"):
        Signer.generate(name)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "a\nx\nAAAA\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match="a checkpoint"):
        Checkpoint.parse(text)


def test_a_checkpoint_may_have_lines_that_we_do_not_know() -> None:
    assert Checkpoint.parse(TEXT + "extension\n") == Checkpoint("lab.example/log", 3, bytes(32))


def test_a_proof_of_one_entry_is_written_and_read_as_text() -> None:
    hashes = [merkle.leaf_hash(b"%d" % n) for n in range(7)]
    note = SIGNER.sign(Checkpoint(SIGNER.name, 7, merkle.root(hashes)).text())
    proof = LogProof.parse(LogProof(4, tuple(merkle.inclusion_proof(hashes, 4)), note).text())
    found = Note.parse(proof.checkpoint)
    found.verify(SIGNER.verifier)
    checkpoint = Checkpoint.parse(found.text)
    merkle.verify_inclusion(hashes[4], proof.index, checkpoint.size, proof.path, checkpoint.root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex x\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\n?\n\nx",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match=r"a tlog-proof|not base64"):
        LogProof.parse(text)


def test_the_kinds_are_those_of_c2sp() -> None:
    assert (notes.ED25519, notes.COSIGNATURE) == (1, 4)
