"""Proof that anyone can check: canonical bytes, hash chain, Merkle tree, signed checkpoints, the offline verifier."""
