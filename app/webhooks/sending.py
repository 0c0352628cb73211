"""Send one request to a place that somebody typed in: checked first, and then only there.

The name is looked up once; every address it has must be allowed, and the connection goes to the
address that was checked, so a name that changes its address in between reaches nothing. Redirects
are not followed, proxies of the environment not used; slow and endless answers are cut off.
"""

import asyncio
import hmac
import socket
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address

import httpx

from app.core.addresses import Address
from app.core.errors import Invalid
from app.core.settings import Settings

SECONDS, CONNECT_SECONDS = 20, 5
LARGEST_REPLY, KEPT_REPLY = 65_536, 2_000
SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret
LONGEST_URL = 2_000


@dataclass(frozen=True)
class Outcome:
    """How one request went: the reply, or why there is none."""

    status: int | None
    reply: str | None
    error: str | None
    milliseconds: int
    retry_after: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


class Refused(Invalid):
    """This is no place to send to."""


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode()


def check_url(settings: Settings, text: str) -> httpx.URL:
    """A URL that may be sent to, by its form; Refused names what is wrong."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise _refused(f"{text[:80]!r} 不是网址 (not a URL)") from error
    if len(text) > LONGEST_URL or not url.host or url.scheme not in ("http", "https"):
        raise _refused("网址应以 https:// 开头并含主机名 (an https URL with a host)")
    if url.userinfo or url.fragment:
        raise _refused("网址不能含用户名、密码或 # (no credentials or fragment)")
    if url.scheme == "http" and settings.environment == "production":
        raise _refused("正式环境只能推送到 https:// (https only)")
    return url


def address_of(settings: Settings, url: httpx.URL) -> Address:
    """The address to connect to; Refused if the name has one that is not allowed."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _refused(f"查不到主机 {url.host}：请核对网址 (unknown host)") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not _allowed(settings, address):
            raise _refused(
                f"{url.host} 指向内部地址 {address}：如确需推送，请在 TIDU_OUTGOING_NETWORKS "
                "中列出 (a private address: allow its network there)"
            )
    return addresses[0]


def _allowed(settings: Settings, address: Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in network for network in settings.outgoing_networks):
        return True
    embedded = getattr(plain, "sixtofour", None) or getattr(plain, "teredo", None)
    return plain.is_global and not plain.is_multicast and embedded is None


def _refused(detail: str) -> Refused:
    return Refused(detail, errors=[{"pointer": "/url", "detail": detail}])


def send(settings: Settings, text: str, headers: dict[str, str], body: bytes) -> Outcome:
    """One POST, within its time, whatever the other side does."""
    began = time.monotonic()
    try:
        url = check_url(settings, text)
        address = address_of(settings, url)
        status, reply, later = asyncio.run(_post(url, address, headers, body))
    except (Refused, httpx.HTTPError, TimeoutError, OSError, ValueError) as error:
        told = error.detail if isinstance(error, Refused) else type(error).__name__
        return Outcome(None, None, told, _since(began))
    return Outcome(status, reply, None, _since(began), later)


async def _post(
    url: httpx.URL, address: Address, headers: dict[str, str], body: bytes
) -> tuple[int, str, int | None]:
    there = url.copy_with(host=str(address))
    named = headers | {"host": url.netloc.decode("ascii")}
    timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    async with asyncio.timeout(SECONDS):
        async with (
            httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST", there, headers=named, content=body, extensions={"sni_hostname": url.host}
            ) as reply,
        ):
            read = b""
            async for part in reply.aiter_raw():
                read += part
                if len(read) > LARGEST_REPLY:
                    break
            text = read[:KEPT_REPLY].decode("utf-8", "replace").replace("\0", "\ufffd")
            return reply.status_code, text, _seconds(reply.headers.get("retry-after"))


def _seconds(header: str | None) -> int | None:
    return int(header[:9]) if header and header.isascii() and header.isdigit() else None


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
