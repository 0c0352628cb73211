"""An outside platform as they are: it pages, throttles, hangs, drops, repeats and reorders."""

import hmac
import json
import random
import sys
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET, ACCOUNT, TOKEN = "s3cret", "tidu", "t0ken"
PAGE = 20


class Platform(ThreadingHTTPServer):
    """What it holds, what it was told, and how it misbehaves: by the dice, or not at all.

    A trouble beyond 1 is that it hangs whatever is asked, until `/log` is asked for with `wake`.
    """

    def __init__(self, trouble: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.dice, self.trouble = random.Random(5), trouble  # noqa: S311 - no secret
        self.records: list[dict[str, Any]] = []
        self.told: dict[str, dict[str, Any]] = {}
        self.log: list[float] = []


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Platform
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`/log` tells the test what was seen; the rest is the interface."""
        parts = urlsplit(self.path)
        if parts.path == "/log":
            if parts.query == "wake":
                self.server.trouble = 0
            return self._answer({"told": self.server.told, "times": self.server.log})
        if self._misbehaves():
            return None
        if self.headers["authorization"] != f"Bearer {SECRET}":
            return self._answer({"error": "who are you"}, 401)
        query = dict(parse_qsl(parts.query))
        found = self._since(query.get("updated_since", ""))
        start = (int(query["page"]) - 1) * PAGE
        return self._answer({"data": {"list": self._shuffled(found[start : start + PAGE])}})

    def do_POST(self) -> None:
        """Take records in, give a token, or list by cursor."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/records":
            self.server.records += json.loads(body)
            return self._answer({})
        if self._misbehaves():
            return None
        if self.path == "/oauth/token":
            sound = dict(parse_qsl(body.decode()))["client_secret"] == SECRET
            return self._answer({"access_token": TOKEN} if sound else {})
        if self.path.startswith("/v1") and not self._signed(body):
            return self._answer({"error": "bad signature"}, 401)
        given = json.loads(body)
        if self.path == "/v1/ip/list":
            found = self._since(given.get("updatedFrom", ""))
            start = int(given.get("cursor", 0))
            after = start + PAGE
            more = str(after) if after < len(found) else None
            items = self._shuffled(found[start:after])
            return self._answer({"result": {"items": items, "next": more}})
        return self._take(given)

    def _take(self, given: dict[str, Any]) -> None:
        results = []
        for row in given.get("rows") or given["items"]:
            key = row.get("uscc") or row["creditCode"]
            refused = key.endswith("7")
            if not refused:
                self.server.told[key] = row
            taken = not refused
            results.append({"uscc": key, "creditCode": key, "ok": taken, "success": taken,
                            "message": "编号未备案", "reason": "编号未备案"})  # fmt: skip
        self._answer({"results": results, "result": {"items": results}})

    def _signed(self, body: bytes) -> bool:
        stamp = self.headers["x-timestamp"]
        said = f"{self.command}\n{self.path}\n{stamp}\n{body.decode()}"
        expected = hmac.new(SECRET.encode(), said.encode(), sha256).hexdigest()
        bearer = self.headers["authorization"] == f"Bearer {TOKEN}"
        return bearer and abs(time.time() - int(stamp)) < 60 and (
            self.headers["x-signature"] == expected)  # fmt: skip

    def _since(self, since: str) -> list[dict[str, Any]]:
        return [one for one in self.server.records if one["updatedAt"] >= since]

    def _shuffled(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Out of order, and some of them twice, once in an older state."""
        if self.server.trouble and rows:
            again = dict(rows[0]) | {"updatedAt": "2020-01-01T00:00:00+08:00", "name": "旧名称公司"}
            rows = [*rows, rows[-1], again]
        self.server.dice.shuffle(rows)
        return rows

    def _misbehaves(self) -> bool:
        self.server.log.append(time.time())
        if self.server.trouble > 1:  # it takes the request, and says nothing until nobody waits
            self.rfile.read(1)
            self.close_connection = True
            return True
        if self.server.dice.random() >= self.server.trouble:
            return False
        match self.server.dice.choice(["busy", "error", "drop", "half"]):
            case "busy":
                self.send_response(429)
                self.send_header("retry-after", "0")
                self.send_header("content-length", "0")
                self.end_headers()
            case "error":
                self._answer({"error": "internal"}, 500)
            case "drop":
                self.close_connection = True
            case "half":
                self.send_response(200)
                self.send_header("content-length", "5000")
                self.end_headers()
                self.wfile.write(b'{"data": {"list": [')
                self.close_connection = True
        return True

    def _answer(self, said: Any, status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    with Platform(float(sys.argv[1])) as platform:
        print(platform.server_address[1], flush=True)
        platform.serve_forever()
