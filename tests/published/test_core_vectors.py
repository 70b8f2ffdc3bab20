"""CORE: canonical JSON (RFC 8785, cyberphone/json-canonicalization), RFC 6962 (transparency-dev/merkle), UUIDv7.

Answers are exact: bytes, hashes and refusals.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

import pytest

from crdmo.proof import canonical, merkle, verify
from crdmo.proof.canonical import CanonicalError
from crdmo.proof.identifiers import uuid7, uuid7_milliseconds
from crdmo.proof.merkle import ProofError
from tests import shared_data

# The test tree of transparency-dev/merkle (cmd/proofgen): leaves, and the roots over the first 1, 2, 3 … of them.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def leaves(size: int = 8) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]


@pytest.mark.parametrize("name", ["arrays", "french", "unicode", "values"])
def test_core_jcs_files(name: str) -> None:
    value = json.loads(shared_data.path(f"core/jcs/input/{name}.json").read_bytes())
    output = shared_data.path(f"core/jcs/output/{name}.json").read_bytes()
    assert (
        canonical.encode(value) == output == bytes.fromhex(shared_data.path(f"core/jcs/outhex/{name}.txt").read_text())
    )
    assert verify.canonical(value).encode() == output


def test_core_jcs_numbers() -> None:
    """RFC 8785 section 3.2.2.3: numbers as ECMAScript prints them."""
    printed = b"[100000000000000000000,1e-7,100,0.30000000000000004,0]"
    numbers = [1e20, 1e-7, 100.0, 0.1 + 0.2, -0.0]
    assert canonical.encode(numbers) == printed == verify.canonical(numbers).encode()
    assert canonical.encode(9007199254740991) == b"9007199254740991"


@pytest.mark.parametrize("value", [9007199254740992, -9007199254740992, float("nan"), "\ud800"])
def test_core_jcs_refusals(value: object) -> None:
    with pytest.raises(CanonicalError, match="cannot be written as canonical JSON"):
        canonical.encode(value)


@pytest.mark.parametrize("size", range(1, 9))
def test_core_merkle_roots(size: int) -> None:
    assert merkle.root(leaves(size)).hex() == ROOTS[size - 1]


def test_core_merkle_empty_root() -> None:
    assert merkle.root([]).hex() == merkle.Frontier().root().hex() == EMPTY


def test_core_merkle_vectors_are_those_of_the_file() -> None:
    found = json.loads(shared_data.path("core/merkle/rfc6962_vectors.json").read_text())
    assert (found["leaves_hex"], found["roots_hex_by_size"], found["empty_root_hex"]) == (LEAVES, ROOTS, EMPTY)


def test_core_merkle_inclusion_proofs() -> None:
    cases = json.loads(shared_data.path("core/merkle/rfc6962_vectors.json").read_text())["inclusion_proofs"]
    assert [(c["leaf_index_1based"], c["tree_size"]) for c in cases] == [(1, 1), (1, 8), (6, 8), (3, 3), (2, 5)]
    for case in cases:
        index, size = case["leaf_index_1based"] - 1, case["tree_size"]
        proof = merkle.inclusion_proof(leaves(size), index)
        assert [node.hex() for node in proof] == case["proof_hex"]
        merkle.verify_inclusion(leaves()[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


def test_core_merkle_consistency_proofs() -> None:
    cases = json.loads(shared_data.path("core/merkle/rfc6962_vectors.json").read_text())["consistency_proofs"]
    assert [(c["size1"], c["size2"]) for c in cases] == [(1, 8), (2, 5)]
    for case in cases:
        old, new = case["size1"], case["size2"]
        proof = merkle.consistency_proof(leaves(new), old)
        assert [node.hex() for node in proof] == case["proof_hex"]
        merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), proof)


def holds(case: dict[str, Any]) -> bool:
    proof = [base64.b64decode(node) for node in case["proof"] or []]
    try:
        if case["kind"] == "inclusion":
            leaf, root = base64.b64decode(case["leafHash"] or ""), base64.b64decode(case["root"] or "")
            merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        else:
            old, new = base64.b64decode(case["root1"] or ""), base64.b64decode(case["root2"] or "")
            merkle.verify_consistency(case["size1"], case["size2"], old, new, proof)
    except ProofError:
        return False
    return True


def test_core_merkle_110_proof_cases() -> None:
    cases = json.loads(shared_data.path("core/merkle/proof_cases.json").read_text())
    assert (len(cases), sum(case["kind"] == "inclusion" for case in cases)) == (110, 68)
    judged = {case["case"]: holds(case) for case in cases}
    assert judged == {case["case"]: not case["wantErr"] for case in cases}
    assert sum(judged.values()) == 8


def test_core_uuid7() -> None:
    """RFC 9562 appendix A.6."""
    assert uuid7_milliseconds(UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")) == 1645557742000
    assert str(uuid7(1645557742000)).startswith("017f22e2-79b0-7")


def test_core_leaf_prefix() -> None:
    """RFC 6962 section 2.1: 0x00 before a leaf, 0x01 before a node."""
    a, b = leaves(2)
    assert a == hashlib.sha256(b"\x00").digest()
    assert merkle.node_hash(a, b) == hashlib.sha256(b"\x01" + a + b).digest()
