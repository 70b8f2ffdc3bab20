"""Sealed bids: encrypted until the opening, with a commitment that shows afterwards that nothing was exchanged.

The key is the installation's own. A sealed bid is safe from every person, also from the sponsor; who has the server's key
file could read it, as every host of a tender can.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from crdmo.foundation.refusals import Invalid, Refused
from crdmo.proof import canonical, commitments

# Bids are filled up to a multiple of this, so that the length of the seal says little about the number of words.
BLOCK = 4096


class Sealed(NamedTuple):
    """An encrypted bid and the commitment to it."""

    text: str
    commitment: str


class Opened(NamedTuple):
    """A bid with the salt of its commitment."""

    contents: dict[str, Any]
    salt: str


def _cipher() -> Fernet:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"crdmo sealed bids").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(contents: Mapping[str, Any]) -> Sealed:
    """Encrypt a bid and commit to it.

    Raises:
        Invalid: it holds a character that no text may hold.
    """
    salt = secrets.token_bytes(32)
    try:
        commitment = commitments.commit(salt, dict(contents))
    except canonical.CanonicalError as error:
        raise Invalid(
            "this is no text that can be kept", given=str(error)[:120], allowed="text without torn characters"
        ) from error
    plain = canonical.encode({"contents": dict(contents), "salt": salt.hex()})
    filled = plain + b" " * (-len(plain) % BLOCK)
    return Sealed(_cipher().encrypt(filled).decode(), commitment)


def unseal(sealed: str, commitment: str) -> Opened:
    """Decrypt a bid and check it against its commitment.

    Raises:
        Refused: the seal was made by another installation, or its contents are not those that were committed to.
    """
    try:
        told = json.loads(_cipher().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise Refused(
            "this seal cannot be opened here", given="another key or an altered text", next="Run crdmo verify"
        ) from error
    if not commitments.check(commitment, bytes.fromhex(told["salt"]), told["contents"]):
        raise Refused("what is in this envelope is not what was committed to", given=commitment)
    return Opened(told["contents"], told["salt"])
