"""Where a request comes from: what proxies say, and what clients only pretend that they say."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from app.core.addresses import client_address, line_of

PROXIES = ("10.0.0.0/8", "2001:db8:a::/48")


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    """A request of a peer, with X-Forwarded-For lines."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return {"client": None if peer is None else (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("198.51.100.7", ("192.0.2.1",), "198.51.100.7"),
        ("10.1.1.1", (), "10.1.1.1"),
        ("10.1.1.1", ("192.0.2.1",), "192.0.2.1"),
        ("10.1.1.1", ("203.0.113.9, 192.0.2.1",), "192.0.2.1"),
        ("10.1.1.1", ("10.9.9.9, 192.0.2.1",), "192.0.2.1"),
        ("10.1.1.1", ("192.0.2.1, 10.2.2.2",), "192.0.2.1"),
        ("10.1.1.1", ("203.0.113.9", "192.0.2.1, 10.2.2.2"), "192.0.2.1"),
        ("10.1.1.1", ("10.3.3.3, 10.2.2.2",), "10.3.3.3"),
        ("10.1.1.1", ("192.0.2.1, unknown",), "10.1.1.1"),
        ("10.1.1.1", ("192.0.2.1,",), "10.1.1.1"),
        ("10.1.1.1", ("192.0.2.1:4711",), "192.0.2.1"),
        ("10.1.1.1", ("[2001:db8::1]:4711",), "2001:db8::1"),
        ("10.1.1.1", ("2001:db8::1",), "2001:db8::1"),
        ("10.1.1.1", ("::ffff:192.0.2.1",), "192.0.2.1"),
        ("::ffff:10.1.1.1", ("192.0.2.1",), "192.0.2.1"),
        ("2001:db8:a::5", ("2001:db8:b::1",), "2001:db8:b::1"),
        ("10.1.1.1", ("192.0.2.1\r\n10.0.0.1",), "10.1.1.1"),
        ("a-socket", ("192.0.2.1",), None),
        (None, ("192.0.2.1",), None),
    ],
)
def test_the_rightmost_address_that_no_proxy_is(
    peer: str | None, forwarded: tuple[str, ...], found: str | None
) -> None:
    trusted = [ip_network(network) for network in PROXIES]
    expected = None if found is None else ip_address(found)
    assert client_address(scope(peer, *forwarded), trusted) == expected


def test_an_ipv6_address_stands_for_its_line() -> None:
    assert line_of(ip_address("192.0.2.1")) == "192.0.2.1"
    lines = {line_of(ip_address(a)) for a in ("2001:db8::1", "2001:db8::ffff:1")}
    assert lines == {"2001:db8::/64"}
    assert line_of(ip_address("2001:db8:0:1::1")) not in lines
