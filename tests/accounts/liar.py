"""A provider that can be made to lie: tokens for others, of others, outdated, or badly signed."""

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "tidu", "a secret of the tests for the client"


class Liar:
    """What it says next; `faults` replace claims (None removes one) or whole answers."""

    def __init__(self) -> None:
        self.issuer = ""
        self.nonce = ""
        self.faults: dict[str, Any] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
        self.other_key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})

    def discovery(self) -> dict[str, Any]:
        """Its description of itself."""
        found: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        found.update(self.faults.get("discovery", {}))
        return found

    def token(self) -> dict[str, Any]:
        """Its answer to a code."""
        at = int(time.time())
        claims = {"iss": self.issuer, "sub": "li.na", "aud": CLIENT, "exp": at + 300, "iat": at,
                  "nonce": self.nonce, "email": "li.na@example.cn",
                  "email_verified": True} | self.faults.get("claims", {})  # fmt: skip
        told = {name: value for name, value in claims.items() if value is not None}
        answer: dict[str, Any] = {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": self.signed(told),
        }
        answer.update(self.faults.get("token", {}))
        return answer

    def signed(self, claims: dict[str, Any]) -> str:
        """An ID token, signed as it should be or in a way that proves nothing."""
        header = {"alg": "RS256", "kid": "one"}
        match self.faults.get("signed_by"):
            case "nobody":
                parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
                return ".".join(urlsafe_b64encode(p).decode().rstrip("=") for p in parts) + "."
            case "another":
                return jwt.encode(header, claims, self.other_key)
            case "the client secret":
                shared = OctKey.import_key(SECRET)
                return jwt.encode({"alg": "HS256"}, claims, shared, algorithms=["HS256"])
            case "the public key":
                # The library refuses to do this by itself.
                parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims))
                body = ".".join(urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
                mac = hmac.digest(self.key.as_pem(private=False), body.encode(), "sha256")
                return f"{body}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
            case _:
                return jwt.encode(header, claims, self.key)

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        return {"keys": [self.key.as_dict(private=False)]}

    def userinfo(self) -> dict[str, Any]:
        """What it says of whoever holds the token."""
        usual: dict[str, Any] = {
            "sub": "li.na",
            "email": "li.na@example.cn",
            "email_verified": True,
        }
        usual.update(self.faults.get("userinfo", {}))
        return usual


@contextmanager
def lying() -> Iterator[Liar]:
    """A liar that listens."""
    liar = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            liar.asked.append(parse_qs(body))
            self.say()

        def say(self) -> None:
            answers = {"/.well-known/openid-configuration": liar.discovery, "/token": liar.token,
                       "/jwks": liar.keys, "/userinfo": liar.userinfo}  # fmt: skip
            raw: bytes = liar.faults.get(self.path) or json.dumps(answers[self.path]()).encode()
            self.send_response(liar.faults.get("status", {}).get(self.path, 200))
            self.send_header("content-type", "application/json")
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()
            try:
                for n in range(0, len(raw), 65536):
                    self.wfile.write(raw[n : n + 65536])
                    time.sleep(liar.faults.get("pause", 0))
            except OSError:
                pass  # the other side has heard enough

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield liar
    finally:
        server.shutdown()
        server.server_close()
