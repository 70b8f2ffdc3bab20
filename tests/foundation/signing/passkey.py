"""A passkey in software: what an authenticator does, after WebAuthn level 2, for the tests."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from crdmo.foundation.accounts.models import Login

HOST = "testserver"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One key pair, registered for one log-in."""

    def __init__(self, login: Login) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.counter = 0
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(bytes(16), self.id, public)
        data = AuthenticatorData.create(self._rp(), PRESENT | VERIFIED | ATTESTED, 0, credential)
        attested = AttestationObject.create("none", data, {})
        answer = {"attestationObject": websafe_encode(bytes(attested)), "clientDataJSON": self._client("create", "AA")}
        Authenticator.objects.create(
            user=login, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": self._sent(answer)}
        )

    def _rp(self) -> bytes:
        return hashlib.sha256(HOST.encode()).digest()

    def _client(self, verb: str, challenge: str) -> str:
        told = {"type": f"webauthn.{verb}", "challenge": challenge, "origin": f"https://{HOST}", "crossOrigin": False}
        return websafe_encode(json.dumps(told).encode())

    def _sent(self, answer: dict[str, Any]) -> dict[str, Any]:
        key = websafe_encode(self.id)
        return {"id": key, "rawId": key, "type": "public-key", "response": answer, "clientExtensionResults": {}}

    def answer(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the signed answer to a challenge, as a browser sends it."""
        challenge = options["publicKey"]["challenge"]
        text = challenge if isinstance(challenge, str) else websafe_encode(challenge)
        client = self._client("get", text)
        self.counter += 1
        data = bytes(AuthenticatorData.create(self._rp(), PRESENT | VERIFIED, self.counter))
        signature = self.key.sign(data + hashlib.sha256(websafe_decode(client)).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"authenticatorData": websafe_encode(data), "signature": websafe_encode(signature)}
        return self._sent({"clientDataJSON": client, **told})
