"""The tree of RFC 6962: proofs hold for what they show and for nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.proof import merkle
from crdmo.proof.merkle import Frontier, ProofError


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(count)]


def by_definition(hashes: list[bytes]) -> bytes:
    """Return the root as RFC 6962 section 2.1 defines it."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    k = max(2**i for i in range(20) if 2**i < len(hashes))
    return hashlib.sha256(b"\1" + by_definition(hashes[:k]) + by_definition(hashes[k:])).digest()


SIZES = st.integers(1, 70)


@given(st.integers(0, 200))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert merkle.root(leaves(size)) == by_definition(leaves(size))


def test_the_odd_leaf_is_not_doubled() -> None:
    three = leaves(3)
    assert merkle.root(three) != merkle.root([*three, three[2]])


def test_a_node_is_no_leaf() -> None:
    a, b = leaves(2)
    assert merkle.leaf_hash(a + b) != merkle.node_hash(a, b)


@given(SIZES, st.data())
def test_an_inclusion_proof_shows_its_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(hashes), merkle.inclusion_proof(hashes, index)
    merkle.verify_inclusion(hashes[index], index, size, proof, root)
    for other in {0, index - 1, index + 1, size - 1} - {index}:
        with pytest.raises(ProofError, match=r"proof|not in a tree"):
            merkle.verify_inclusion(hashes[index], other, size, proof, root)


@given(SIZES, st.data())
def test_a_consistency_proof_shows_a_beginning(size: int, data: st.DataObject) -> None:
    hashes, old = leaves(size), data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(hashes, old)
    merkle.verify_consistency(old, size, merkle.root(hashes[:old]), merkle.root(hashes), proof)
    changed = [*hashes[: old - 1], bytes(32)]
    with pytest.raises(ProofError, match="leads to root"):
        merkle.verify_consistency(old, size, merkle.root(changed), merkle.root(hashes), proof)


def test_nothing_is_a_beginning_of_everything() -> None:
    merkle.verify_consistency(0, 5, merkle.root([]), merkle.root(leaves(5)), [])
    with pytest.raises(ProofError, match="must be empty"):
        merkle.verify_consistency(0, 5, merkle.root([]), merkle.root(leaves(5)), [bytes(32)])


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_frontier_grows_one_by_one_and_in_pieces_alike(first: int, more: int) -> None:
    hashes, single, pieces = leaves(first + more), Frontier(), Frontier()
    for leaf in hashes:
        single.append(leaf)
    pieces.extend(hashes[:first])
    pieces = Frontier.from_json(pieces.to_json())
    pieces.extend(hashes[first:])
    assert (pieces.size, pieces.nodes) == (single.size, single.nodes)
    assert pieces.root() == by_definition(hashes)


def test_a_frontier_with_a_node_missing_is_refused() -> None:
    with pytest.raises(ProofError, match="a frontier of 7 leaves has 3 nodes, not 2"):
        Frontier(7, leaves(2))


@given(SIZES, st.data())
def test_one_proof_shows_many_leaves(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    shown = sorted(data.draw(st.sets(st.integers(0, size - 1))))
    proof, visible = merkle.batch_proof(hashes, shown), {i: hashes[i] for i in shown}
    assert merkle.batch_root(size, visible, proof) == merkle.root(hashes)
    with pytest.raises(ProofError, match="too long"):
        merkle.batch_root(size, visible, [*proof, bytes(32)])
    if proof:
        with pytest.raises(ProofError, match="too short"):
            merkle.batch_root(size, visible, proof[:-1])
    if shown:
        assert merkle.batch_root(size, {**visible, shown[0]: bytes(32)}, proof) != merkle.root(hashes)


def test_a_proof_of_all_leaves_needs_no_hash_and_of_none_only_the_root() -> None:
    hashes = leaves(11)
    assert merkle.batch_proof(hashes, range(11)) == []
    assert merkle.batch_proof(hashes, []) == [merkle.root(hashes)]
    assert merkle.batch_root(0, {}, []) == merkle.root([])


@pytest.mark.parametrize("shown", [[1, 0], [1, 1], [-1], [5], [0, 9]])
def test_leaves_shown_rise_and_lie_within_the_tree(shown: list[int]) -> None:
    with pytest.raises(ProofError, match="rising and within the tree"):
        merkle.batch_proof(leaves(5), shown)


def test_a_leaf_beyond_the_tree_has_no_root() -> None:
    with pytest.raises(ProofError, match="outside the tree"):
        merkle.batch_root(5, {5: bytes(32)}, [])


@pytest.mark.parametrize("index", [-1, 5, 2**64 - 1])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ProofError, match="is not in a tree of 5"):
        merkle.inclusion_proof(leaves(5), index)


@pytest.mark.parametrize("old", [0, 6, -1])
def test_a_beginning_that_is_none_has_no_proof(old: int) -> None:
    with pytest.raises(ProofError, match="is no beginning"):
        merkle.consistency_proof(leaves(5), old)
