"""The Merkle tree of RFC 6962: roots, inclusion and consistency proofs, and one proof for many leaves at once.

A tree over n leaves splits at the largest power of two below n. Leaves and nodes are hashed with different prefixes, so
that a node can never be passed off as a leaf.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise


class ProofError(ValueError):
    """A proof does not show what it claims."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two below `size` (2 or more)."""
    return 1 << (size - 1).bit_length() - 1


class Frontier:
    """The right edge of a growing tree: enough to append leaves and to give the root, in a few hashes."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ProofError(f"a frontier of {size} leaves has {size.bit_count()} nodes, not {len(self.nodes)}")

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        size, node = self.size, leaf
        while size & 1:
            node = node_hash(self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add the hashes of the next leaves, by whole subtrees: several times as quick as one at a time."""
        sha256, start = hashlib.sha256, 0
        while start < len(leaves):
            width = 1 << (len(leaves) - start).bit_length() - 1
            if self.size:
                width = min(width, self.size & -self.size)
            level = leaves[start : start + width]
            while len(level) > 1:
                level = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=True)]
            node, place = level[0], self.size // width
            while place & 1:
                node, place = node_hash(self.nodes.pop(), node), place >> 1
            self.nodes.append(node)
            self.size += width
            start += width

    def root(self) -> bytes:
        """Return the root over all leaves so far; of none, the hash of nothing."""
        if not self.nodes:
            return hashlib.sha256(b"").digest()
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node

    def to_json(self) -> str:
        """Return the frontier as JSON text."""
        return json.dumps({"size": self.size, "nodes": [node.hex() for node in self.nodes]})

    @classmethod
    def from_json(cls, text: str) -> Frontier:
        """Return a frontier from its JSON text."""
        found = json.loads(text)
        return cls(found["size"], [bytes.fromhex(node) for node in found["nodes"]])


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaves given by their hashes."""
    edge = Frontier()
    edge.extend(leaf_hashes if isinstance(leaf_hashes, list) else list(leaf_hashes))
    return edge.root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf `index` (from 0), from the leaf upwards.

    Raises:
        ProofError: there is no such leaf.
    """
    size = len(leaf_hashes)
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    if size == 1:
        return []
    middle = split(size)
    if index < middle:
        return [*inclusion_proof(leaf_hashes[:middle], index), root(leaf_hashes[middle:])]
    return [*inclusion_proof(leaf_hashes[middle:], index - middle), root(leaf_hashes[:middle])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Say nothing if the proof shows that `leaf` (its hash) is leaf `index` of the tree of `size` with this root.

    Raises:
        ProofError: it does not.
    """
    _check_hashes([leaf, *proof])
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    node, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    _same(node, expected)


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(found) != 32 for found in hashes):
        raise ProofError("a hash in a proof has 32 bytes")


def _same(found: bytes, expected: bytes) -> None:
    if found != expected:
        raise ProofError(f"the proof leads to root {found.hex()}, not to {expected.hex()}")


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the tree over the first `old_size` leaves is a beginning of the tree over all.

    Raises:
        ProofError: the old size is not between 1 and the new one.
    """
    if not 0 < old_size <= len(leaf_hashes):
        raise ProofError(f"a tree of {old_size} is no beginning of one of {len(leaf_hashes)}")
    return _subproof(leaf_hashes, old_size, True)


def _subproof(leaves: Sequence[bytes], old: int, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return [*_subproof(leaves[:middle], old, whole), root(leaves[middle:])]
    return [*_subproof(leaves[middle:], old - middle, False), root(leaves[:middle])]


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Say nothing if the proof shows that the old tree is a beginning of the new one (RFC 9162, section 2.1.4.2).

    Raises:
        ProofError: it does not.
    """
    _check_hashes(proof)
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {old_size} is no beginning of one of {new_size}")
    if old_size in (0, new_size):
        if proof:
            raise ProofError("this proof must be empty")
        _same(old_root, new_root if old_size == new_size else hashlib.sha256(b"").digest())
        return
    _climb(old_size, new_size, old_root, new_root, proof)


def _climb(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Make both roots from the proof: the old one only from what lies left of, or at, its last leaf."""
    if not proof:
        raise ProofError("the proof is empty")
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    _same(old, old_root)
    _same(new, new_root)


def batch_proof(leaf_hashes: Sequence[bytes], visible: Sequence[int]) -> list[bytes]:
    """Return the one proof that shows many leaves at once: the roots of the largest subtrees without any of them.

    Args:
        leaf_hashes: hashes of all leaves.
        visible: indexes of the leaves shown, rising.

    Raises:
        ProofError: an index is out of range, or they do not rise.
    """
    size = len(leaf_hashes)
    if any(b <= a for a, b in pairwise(visible)) or (visible and not 0 <= visible[0] <= visible[-1] < size):
        raise ProofError("the visible leaves are given rising and within the tree")
    found: list[bytes] = []

    def walk(low: int, high: int, first: int, last: int) -> None:
        if first == last:
            found.append(root(leaf_hashes[low:high]))
        elif high - low > 1:
            middle = low + split(high - low)
            cut = bisect_left(visible, middle, first, last)
            walk(low, middle, first, cut)
            walk(middle, high, cut, last)

    if size:
        walk(0, size, 0, len(visible))
    return found


def batch_root(size: int, visible: Mapping[int, bytes], hashes: Sequence[bytes]) -> bytes:
    """Return the root that visible leaves (index → hash) and the hashes of a batch proof lead to.

    Raises:
        ProofError: hashes are missing or left over.
    """
    _check_hashes([*visible.values(), *hashes])
    order = sorted(visible)
    if order and not 0 <= order[0] <= order[-1] < size:
        raise ProofError("a visible leaf lies outside the tree")
    rest = iter(hashes)

    def walk(low: int, high: int, first: int, last: int) -> bytes:
        if first == last:
            try:
                return next(rest)
            except StopIteration:
                raise ProofError("the proof is too short") from None
        if high - low == 1:
            return visible[low]
        middle = low + split(high - low)
        cut = bisect_left(order, middle, first, last)
        return node_hash(walk(low, middle, first, cut), walk(middle, high, cut, last))

    made = walk(0, size, 0, len(order)) if size else hashlib.sha256(b"").digest()
    if next(rest, None) is not None:
        raise ProofError("the proof is too long")
    return made
