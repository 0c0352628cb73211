"""Ask an outside platform: at its pace, signed, and again where it fails for now."""

import hmac
import json
import random
import time
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.connectors.mapping import Mapping, at, filled
from app.core.errors import AppError
from app.core.outgoing import FAILURES, Reply, Request, ask
from app.core.settings import Settings

LARGEST_REPLY = 10_000_000
ATTEMPTS, LONGEST_PAUSE = 6, 60
FOR_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})


class Broken(AppError):
    """The platform cannot be worked with at the moment; a later run goes on from here."""

    status = 502
    title = "外部平台无法使用"


@dataclass
class Platform:
    """One outside platform, for the length of a run."""

    settings: Settings
    url: str
    mapping: Mapping
    account: str
    secret: str
    token: str = ""
    _last: float = field(default=0.0)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a reply; Broken when it has failed too often, or for good."""
        if self.mapping.token is not None and not self.token:
            self._fetch_token()
        sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        reply = self._until_answered(method, path, sent, headers)
        if reply.status == 401 and self.mapping.token is not None:
            self._fetch_token()
            reply = self._until_answered(method, path, sent, headers)
        return _json(reply, path)

    def _fetch_token(self) -> None:
        asked, self.token = self.mapping.token, ""
        assert asked is not None
        form = {name: filled(value, self._known()) for name, value in asked.form.items()}
        reply = self._until_answered("POST", asked.path, urlencode(form).encode(), {
            "Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        token = at(_json(reply, asked.path), asked.field)
        if not isinstance(token, str) or not token:
            raise Broken(f"{asked.path} 没有给出令牌 {asked.field}：请核对账号和密钥 (no token)")
        self.token = token

    def _until_answered(self, method: str, path: str, body: bytes, more: dict[str, str]) -> Reply:
        """The first reply that is not a failure for now."""
        told = ""
        for attempt in range(ATTEMPTS):
            self._wait_for_turn()
            pause = 0
            try:
                reply = ask(self.settings, self._request(method, path, body, more), LARGEST_REPLY)
            except FAILURES as error:
                told = type(error).__name__
            else:
                whole = not reply.cut and (reply.status >= 300 or _is_json(reply.body))
                if reply.status not in FOR_NOW and whole:
                    return reply
                told = f"HTTP {reply.status}" if whole else "答复不完整 (incomplete)"
                pause = min(reply.retry_after or 0, LONGEST_PAUSE)
            if attempt + 1 < ATTEMPTS:
                later = 2**attempt * self.settings.connector_pause_seconds
                time.sleep(max(pause, later * random.uniform(0.5, 1)))  # noqa: S311 - no secret
        raise Broken(f"{path}：连续 {ATTEMPTS} 次失败，最后一次 {told} (failed {ATTEMPTS} times)")

    def _wait_for_turn(self) -> None:
        free = self._last + 60 / self.mapping.per_minute
        if (wait := free - time.monotonic()) > 0:
            time.sleep(wait)
        self._last = time.monotonic()

    def _known(self) -> dict[str, str]:
        return {"account": self.account, "secret": self.secret, "token": self.token}

    def _request(self, method: str, path: str, body: bytes, more: dict[str, str]) -> Request:
        url = self.url.rstrip("/") + path
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.mapping.token is None or self.token:  # else it is the token that is asked for
            headers |= {name: filled(value, self._known())
                        for name, value in self.mapping.headers.items()}  # fmt: skip
            headers |= self._signed(method, url, body)
        return Request(method, url, headers | more, body)

    def _signed(self, method: str, url: str, body: bytes) -> dict[str, str]:
        how = self.mapping.signature
        if how is None:
            return {}
        parts = urlsplit(url)
        stamp = str(int(time.time()))
        said = {"method": method, "path": parts.path, "query": parts.query, "timestamp": stamp,
                "body": body.decode()}  # fmt: skip
        digest = hmac.new(self.secret.encode(), filled(how.of, said).encode(), sha256)
        sign = digest.hexdigest() if how.encoding == "hex" else b64encode(digest.digest()).decode()
        return {how.header: sign, how.timestamp_header: stamp}


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _json(reply: Reply, path: str) -> Any:
    if not 200 <= reply.status < 300:
        said = reply.body[:200].decode("utf-8", "replace")
        raise Broken(f"{path}：HTTP {reply.status} {said}：请核对地址、账号和映射 (refused)")
    return json.loads(reply.body)
