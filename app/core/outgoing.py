"""Requests to places that somebody typed in: checked first, and then only there.

The name is looked up once; every address it has must be allowed, and the connection goes to the
address that was checked, so a name that changes its address in between reaches nothing. Redirects
are not followed, proxies of the environment not used; slow and endless answers are cut off.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpx

from app.core.addresses import Address
from app.core.errors import Invalid
from app.core.settings import Settings

SECONDS, CONNECT_SECONDS = 20, 5
LONGEST_URL = 2_000
FAILURES = (httpx.HTTPError, TimeoutError, OSError, ValueError)


class Refused(Invalid):
    """This is no place to send to."""


@dataclass(frozen=True)
class Request:
    """What is to be sent where."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What came back, as far as it was read; `cut` says that there was more."""

    status: int
    headers: httpx.Headers
    body: bytes
    cut: bool

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the other side wants to be asked again."""
        header = self.headers.get("retry-after")
        return int(header[:9]) if header and header.isascii() and header.isdigit() else None


def ask(settings: Settings, request: Request, largest: int) -> Reply:
    """One request within its time, whatever the other side does; Refused or one of FAILURES."""
    url = check_url(settings, request.url)
    told = _exchange(url, address_of(settings, url), request, largest)
    # In a thread of its own: whoever calls may be inside an event loop already.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, told).result()


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


async def _exchange(url: httpx.URL, address: Address, request: Request, largest: int) -> Reply:
    there = url.copy_with(host=str(address))
    # What is packed could unpack without end.
    named = {"accept-encoding": "identity", **request.headers, "host": url.netloc.decode("ascii")}
    timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    async with asyncio.timeout(SECONDS):
        async with (
            httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                request.method, there, headers=named, content=request.body,
                extensions={"sni_hostname": url.host},
            ) as reply,
        ):  # fmt: skip
            read = b""
            async for part in reply.aiter_raw():
                read += part
                if len(read) > largest:
                    return Reply(reply.status_code, reply.headers, read[:largest], cut=True)
            return Reply(reply.status_code, reply.headers, read, cut=False)
