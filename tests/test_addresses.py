"""Whose address a request has: the client's, as far as trusted proxies tell it."""

import pytest

from graph.addresses import MOST_HOPS, Proxies, network_of

PROXIES = Proxies(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Who is no proxy is not believed.
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),
        ("192.0.2.2", "198.51.100.7", "192.0.2.2"),
        # A proxy tells; what stands before its word is the client's own invention.
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "10.9.9.9, 198.51.100.7, 10.4.4.4", "198.51.100.7"),
        ("10.1.2.3", "198.51.100.7 ,10.4.4.4,2001:db8::5", "198.51.100.7"),
        ("2001:db8::1", "2001:470::7", "2001:470::7"),
        ("::ffff:10.1.2.3", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "198.51.100.7:4711", "198.51.100.7"),
        ("10.1.2.3", "[2001:470::7]:4711", "2001:470::7"),
        # Proxies among themselves, and what is no address.
        ("10.1.2.3", "10.4.4.4", "10.4.4.4"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "198.51.100.7, unknown", "10.1.2.3"),
        ("10.1.2.3", "unknown, 10.4.4.4", "10.4.4.4"),
        ("10.1.2.3", "198.51.100.7" + ", 10.4.4.4" * MOST_HOPS, "10.4.4.4"),
        ("testclient", "198.51.100.7", "testclient"),
    ],
)
def test_the_last_address_that_is_no_trusted_proxys_is_the_clients(
    peer: str, forwarded: str, client: str
) -> None:
    assert PROXIES.client_of(peer, {b"x-forwarded-for": forwarded.encode()}) == client


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    fields = {b"x-forwarded-for": b"198.51.100.7"}

    assert Proxies().client_of("127.0.0.1", fields) == "127.0.0.1"
    assert PROXIES.client_of("10.1.2.3", {}) == "10.1.2.3"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:0db8:0000:0000"),
        ("2001:db8:0:0:ffff::2", "2001:0db8:0000:0000"),
        ("2001:db8:0:1::1", "2001:0db8:0000:0001"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_counts_with_those_its_holder_has(address: str, network: str) -> None:
    assert network_of(address) == network
