"""Salted commitments: what stands in the ledger for a personal value that may have to be erased."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from .canonical import encode


def commit(salt: bytes, value: Any) -> str:
    """Return hex SHA-256(salt || canonical value). The salt has 32 random bytes, so the value cannot be guessed.

    Raises:
        ValueError: the salt has another length.
    """
    if len(salt) != 32:
        raise ValueError(f"a salt has 32 bytes; given: {len(salt)}")
    return hashlib.sha256(salt + encode(value)).hexdigest()


def check(commitment: str, salt: bytes, value: Any) -> bool:
    """Say whether a value is the one committed to."""
    return hmac.compare_digest(commit(salt, value), commitment)
