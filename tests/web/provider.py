"""A small OpenID Connect provider on this machine: what a company's single sign-on answers, for the tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "crdmo-test"


class Provider:
    """Says about whoever comes what `claims` hold."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {"sub": "s-1", "preferred_username": "ann", "name": "Ann Analyst"}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        if path.startswith("/.well-known/"):
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path.startswith("/token"):
            now = int(time.time())
            told = {**self.claims, "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60}
            signed = jwt.encode(told, self.key, algorithm="RS256")
            return {"access_token": "a", "token_type": "Bearer", "id_token": signed}
        if path.startswith("/userinfo"):
            return self.claims
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]}


@contextmanager
def running() -> Iterator[Provider]:
    """Serve a provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(provider.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _reply

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
