"""The address that a request comes from, behind proxies or not."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from graph import wire

MOST_HOPS = 16
"""Proxies in a row that are looked at."""

Address = IPv4Address | IPv6Address


class Proxies:
    """Those whose X-Forwarded-For is believed, as addresses and networks; nobody else's is, for
    whoever sends it chooses what it says."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusted = [ip_network(each) for each in trusted]

    def client_of(self, peer: str, fields: wire.Fields) -> str:
        """Each proxy appends the address it was called from, so the last one that is no trusted
        proxy's is the client's; what stands before it is anybody's invention."""
        client = _parsed(peer)
        if client is None or not self._trusts(client):
            return peer
        forwarded = wire.text_of(fields, b"x-forwarded-for") or ""
        for hop in reversed(forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
            address = _parsed(_without_port(hop.strip()))
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return str(client)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def network_of(address: str) -> str:
    """An IPv6 address by its first 64 bits: a client has all that follow to itself."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    return str(parsed) if parsed.version == 4 else parsed.exploded[:19]


def _parsed(text: str) -> Address | None:
    """IPv4 as IPv4 also when it comes through a socket of IPv6."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _without_port(text: str) -> str:
    """Some proxies write 192.0.2.7:4711 and [2001:db8::7]:4711."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.partition(":")
    return text if ":" in port else host
