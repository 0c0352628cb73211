"""HTTP's edge: which host, whose page, how large a request; how many at once; headers and log."""

import asyncio
import re
import uuid
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import AppError, Forbidden, Invalid, TooLarge, TooLong, TooSlow, WrongHost
from app.core.settings import Settings
from app.core.web import FILE_TOO_LARGE, HEADERS, SAFE, answer, written

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
LARGEST_BODY = 10 * 1024 * 1024
DEEPEST_JSON = 50
LONGEST_ADDRESS = 16_384
# Bodies are read before a place is taken, so that slow senders keep no connection from others.
BODY_SECONDS, READERS = 60, 50
YEAR = 365 * 24 * 3600
STRICT = {"strict-transport-security": f"max-age={2 * YEAR}; includeSubDomains"}
# The address of a served file carries its digest.
FOR_EVER = {"cache-control": f"public, max-age={YEAR}, immutable"}
NEVER_KEPT = {"cache-control": "no-store"}
# Whoever follows the feed waits without a connection, and takes nobody's place by waiting.
FOLLOWING, FOLLOWERS = "/api/v1/events", 200
# Half of a surrogate pair, escaped: it is no character, and nothing can store it.
HIGH, LOW, REST = rb"\\u[dD][89abAB]", rb"\\u[dD][c-fC-F]", rb"[0-9a-fA-F]{2}"
HALF = re.compile(HIGH + REST + b"(?!" + LOW + REST + b")|(?<!" + HIGH + REST + b")" + LOW + REST)
BRACKETS = bytes(set(range(256)) - set(b'"[]{}'))
log = structlog.get_logger("tidu.access")


class Edge:
    """Lets in as many requests as there are connections, guards them, sets headers, logs.

    Without the gate synchronous routes dead-lock under load: holders of a connection wait for a
    thread while every thread waits for a connection. It is the outermost layer: also the answer
    to an unexpected error passes it.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.gate = asyncio.Semaphore(settings.pool_size)
        self.followers = asyncio.Semaphore(FOLLOWERS)
        self.readers = asyncio.Semaphore(READERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = str(uuid.uuid4())
        answering = Answering(scope, send, https=self.settings.https)
        request = Request(scope)
        try:
            self._check(request)
            body = await self._body(request, receive)
        except AppError as error:
            await answer(request, error)(scope, receive, answering)
            return
        follows = request.scope["path"].startswith(FOLLOWING)
        async with self.followers if follows else self.gate:
            try:
                await self.app(scope, body, answering)
            except Exception:
                # Already logged and answered; what is raised on would be printed with its values.
                if not answering.started:
                    raise

    def _check(self, request: Request) -> None:
        """Refuse what can be refused unread."""
        path: str = request.scope["path"]
        hosts = request.headers.getlist("host")
        if not path.startswith("/health/") and not (len(hosts) == 1 and self._is_ours(hosts[0])):
            raise WrongHost("请求的主机名不在 TIDU_ALLOWED_HOSTS 中 (this host is not served here)")
        if len(path) + len(request.scope.get("query_string", b"")) > LONGEST_ADDRESS:
            raise TooLong(f"地址超过 {LONGEST_ADDRESS} 个字符：请减少筛选条件 (address too long)")
        if not same_origin(request, https=self.settings.https):
            raise Forbidden("请求来自其他网站：请从本系统页面操作 (cross-site request)")

    def _is_ours(self, host: str) -> bool:
        if not HOST.fullmatch(host):
            return False
        name = host.lower() if host.endswith("]") else re.sub(r":[0-9]+$", "", host.lower())
        if self.settings.allowed_hosts:
            return any(_matches(name, pattern.lower()) for pattern in self.settings.allowed_hosts)
        return _is_local(name) or name == self.settings.host

    async def _body(self, request: Request, receive: Receive) -> Receive:
        """The whole body as one message; files, which may be larger, are passed on as they come."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = "transfer-encoding" in request.headers or "content-length" in request.headers
        if not has_body or kind == "multipart/form-data":
            return receive
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > LARGEST_BODY:
            raise _too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS), self.readers:
                last, body = await _read(receive)
        except TimeoutError as error:
            raise TooSlow(
                f"请求内容未在 {BODY_SECONDS} 秒内送达：请重试 (body too slow)"
            ) from error
        if kind.endswith(("/json", "+json")):
            _check_json(body)
        waiting: list[Message] = [{**last, "body": body}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        return replay


class Answering:
    """Completes an answer on its way out, and notes it in the log."""

    def __init__(self, scope: Scope, send: Send, *, https: bool) -> None:
        self.scope = scope
        self.send = send
        self.https = https
        self.started = False
        self.replaced = False

    async def __call__(self, message: Message) -> None:
        """One message of the answer."""
        if self.replaced:
            return
        if message["type"] == "http.response.start" and _is_bare_refusal(message):
            self.replaced = True
            await self._refuse_size()
            return
        if message["type"] == "http.response.start":
            self.started = True
            self._complete(message)
        await self.send(message)

    async def _refuse_size(self) -> None:
        """The framework refuses large files in a shape of its own; each route has its own limit."""
        error = TooLarge(FILE_TOO_LARGE)
        whole: Response = answer(Request(self.scope), error)
        start = {"type": "http.response.start", "status": whole.status_code,
                 "headers": whole.raw_headers}  # fmt: skip
        self.started = True
        self._complete(start)
        await self.send(start)
        await self.send({"type": "http.response.body", "body": whole.body})

    def _complete(self, message: Message) -> None:
        present = {name for name, _ in message["headers"]}
        state = self.scope["state"]
        own = {"x-request-id": state["request_id"]}
        if state.get("allowance") is not None:
            own |= state["allowance"].headers
        extra = [*self._usual(), *_encoded(own)]
        message["headers"] = [*message["headers"], *(x for x in extra if x[0] not in present)]
        log.info("request", method=self.scope["method"], path=written(self.scope),
                 status=message["status"], request_id=state["request_id"])  # fmt: skip

    def _usual(self) -> list[tuple[bytes, bytes]]:
        served = self.scope["path"].startswith("/static/")
        return _usual(self.https, for_ever=served and b"v=" in self.scope["query_string"])


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@cache
def _usual(https: bool, *, for_ever: bool) -> list[tuple[bytes, bytes]]:
    kept = FOR_EVER if for_ever else NEVER_KEPT
    return _encoded(HEADERS | kept | (STRICT if https else {}))


def _is_bare_refusal(message: Message) -> bool:
    plain = any(name == b"content-type" and value.startswith(b"text/plain")
                for name, value in message["headers"])  # fmt: skip
    return message["status"] == 413 and plain


def _too_large() -> TooLarge:
    return TooLarge(f"请求内容超过 {LARGEST_BODY // 1024**2} MB：请分批发送 (body too large)")


# --- hosts and origins --------------------------------------------------------------------------


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _is_local(name: str) -> bool:
    """A name that no stranger's name server gives: without a dot, of localhost, an address."""
    if "." not in name or name.endswith(".localhost"):
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def same_origin(request: Request, *, https: bool) -> bool:
    """Whether an unsafe request comes from our own pages, or from no browser that has a session.

    A bearer token is exempt: no browser sends one by itself.
    """
    headers = request.headers
    bearer = headers.get("authorization", "").lower().startswith("bearer ")
    if request.method in SAFE or bearer:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return "cookie" not in headers
    theirs = urlsplit(origin)
    schemes = ("https",) if https else ("http", "https")
    return theirs.scheme in schemes and _place(theirs.netloc) == _place(headers.get("host", ""))


def _place(host: str) -> str:
    return re.sub(r":(80|443)$", "", host.lower())


# --- bodies -------------------------------------------------------------------------------------


async def _read(receive: Receive) -> tuple[Message, bytes]:
    """The last message and the whole body; bytes are counted as they come."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message, b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return message, b"".join(parts)


def _check_json(body: bytes) -> None:
    if b"\0" in body:
        raise Invalid(
            "JSON 中有空字节：请以 UTF-8 书写，去掉空字节 (a null byte: write UTF-8, without any)"
        )
    if (depth := depth_of(body)) > DEEPEST_JSON:
        raise Invalid(f"JSON 嵌套 {depth} 层，超过 {DEEPEST_JSON} 层 (nested too deeply)")
    if b"\\ud" in body or b"\\uD" in body:
        half = HALF.search(body.replace(b"\\\\", b""))
        if half is not None:
            raise Invalid(
                f"JSON 中的 {half[0].decode()} 只是半个字符：请以 UTF-8 书写 (half a character)"
            )


def depth_of(body: bytes) -> int:
    """How deep a JSON text is nested, without reading it: ten megabytes take some milliseconds."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST_JSON:
        return 0
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, BRACKETS)
    depth = deepest = 0
    for letter in re.sub(rb'"[^"]*"', b"", plain):
        depth += 1 if letter in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
