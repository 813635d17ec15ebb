"""A real OpenID Connect provider for tests: discovery, authorisation code with PKCE, signed ID tokens.

Comes in: people by subject, with their claims. Goes out: an issuer on a socket of its own that refuses
what a good provider refuses: another secret, address, verifier, or a code used twice (Core 1.0, RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "planbank", "not guessed"


@dataclass
class Provider:
    """Who is known there; `userinfo` may tell another subject than the token does, as a bad one would."""

    claims: dict[str, dict[str, Any]]
    redirect: str
    issuer: str = ""
    userinfo_sub: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def discovery(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]}

    def authorize(self, asked: dict[str, str], sub: str) -> str:
        """Where the browser is sent after `sub` agreed ('' denies)."""
        assert asked["client_id"] == CLIENT and asked["redirect_uri"] == self.redirect, asked
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split(), asked
        if not sub:
            return f"{self.redirect}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "sub": sub}
        return f"{self.redirect}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code; None where anything is not as it was."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != self.redirect
        ):
            return None
        sub, now, access = asked["sub"], int(time.time()), secrets.token_urlsafe(16)
        self.tokens[access] = sub
        told = {"iss": self.issuer, "sub": sub, "aud": CLIENT, "iat": now, "exp": now + 300}
        signed = jwt.encode({**told, **self.claims[sub]}, self.key, "RS256", headers={"kid": "1"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def userinfo(self, authorization: str) -> dict[str, Any] | None:
        sub = self.tokens.get(authorization.removeprefix("Bearer "))
        return None if sub is None else {"sub": self.userinfo_sub or sub, **self.claims[sub]}


@contextmanager
def serve(provider: Provider) -> Iterator[Provider]:
    """Answer until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/.well-known/openid-configuration":
                self._answer(provider.discovery())
            elif path == "/keys":
                self._answer(provider.keys())
            elif path == "/userinfo":
                self._answer(provider.userinfo(self.headers.get("Authorization", "")))
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer(provider.token(dict(parse_qsl(text))) if self.path == "/token" else None)

        def _answer(self, told: dict[str, Any] | None) -> None:
            body = json.dumps(told if told is not None else {"error": "invalid_grant"}).encode()
            self.send_response(200 if told is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
