"""RFC 8785 canonical bytes: the one form in which a state is stored, hashed and compared."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import rfc8785

SAFE = 2**53 - 1
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _number(text: str) -> int | float:
    """Return a number written without fraction: beyond 2^53 it can only have been a float, such as 1e20."""
    value = int(text)
    return value if -SAFE <= value <= SAFE else float(value)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


_exact = json.JSONDecoder(parse_int=_number, parse_constant=_no_constant)
_quick = json.JSONDecoder(parse_constant=_no_constant)
# A number beyond 2^53 has sixteen digits in a row; where there is none, whole numbers are read several times as quickly.
_may_be_large = re.compile(r"[0-9]{16}").search


class CanonicalError(ValueError):
    """The value cannot be written as RFC 8785 JSON."""

    def __init__(self, what: str, *, given: str = "", allowed: str = "", next: str = "") -> None:
        self.what, self.given, self.allowed, self.next = what, given, allowed, next
        super().__init__(f"{what}. Given: {given}. Allowed: {allowed}. {next}".strip())


def _plain(value: Any) -> bool:
    """Say whether the quick encoder gives the RFC 8785 bytes of a value: only then may it be used."""
    kind = value.__class__
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-SAFE <= value <= SAFE)
    if kind is dict:
        for key, inner in value.items():
            # Sorting by code point equals sorting by UTF-16 unit for ASCII names only.
            if key.__class__ is not str or not key.isascii() or (inner.__class__ is not str and not _plain(inner)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    return False


def encode(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        CanonicalError: NaN or infinity, an integer beyond ±(2^53−1), a lone surrogate, or something that is not JSON.
    """
    try:
        if _plain(value):
            return _encoder.encode(value).encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError, TypeError) as error:
        given = repr(value)
        allowed = "JSON of text, booleans, null, finite numbers, integers within ±(2^53−1), lists and objects"
        raise CanonicalError(
            "this cannot be written as canonical JSON", given=given[:80], allowed=allowed, next=str(error)
        ) from error


def decode(data: bytes | str) -> Any:
    """Return the JSON value of canonical bytes or their text, such that `encode` gives them back.

    Raises:
        ValueError: the bytes are not JSON in UTF-8.
    """
    text = data if isinstance(data, str) else str(data, "utf-8")
    return (_exact if _may_be_large(text) else _quick).decode(text)
