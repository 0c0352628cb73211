"""Where a request comes from, believing forwarded headers only from proxies that are trusted."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Whoever has an IPv6 line commands a whole network of this size.
ONE_LINE = 64


def client_address(scope: Mapping[str, Any], trusted: Sequence[Network]) -> Address | None:
    """The socket's peer; behind trusted proxies the rightmost address they did not add themselves.

    Whatever stands left of it was written by the client. None: the peer has no address.
    """
    peer = scope.get("client")
    found = parsed(peer[0]) if peer else None
    for hop in reversed(_forwarded(scope.get("headers", ()))):
        if found is None or not any(found in network for network in trusted):
            break
        before = parsed(hop)
        if before is None:
            break  # what a trusted proxy did not write as an address is not taken for one
        found = before
    return found


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Every hop of every X-Forwarded-For, in order."""
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return [hop for line in lines for hop in line.split(",")]


def parsed(text: str) -> Address | None:
    """An address as proxies write it: plain, `[v6]`, or with a port."""
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def line_of(address: Address) -> str:
    """The line an address belongs to: itself, or its IPv6 network."""
    if address.version == 4:
        return str(address)
    return str(ip_network((address, ONE_LINE), strict=False))
