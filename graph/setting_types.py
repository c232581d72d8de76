"""Types of settings that are more than a number or a text, and what is said of what they refuse."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

# Nobody can listen in between a machine and itself: an issuer under plain http is safe there, and a
# rehearsal with a provider in a container needs it.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def _beginning_with(*schemes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(schemes):
            raise ValueError(f"must start with one of {', '.join(schemes)}")
        return value

    return AfterValidator(check)


def _listed(read: Callable[[list[str]], tuple[str, ...]]) -> BeforeValidator:
    """Items separated by commas, or as a list; what is neither is left to pydantic's words."""

    def split(value: object) -> object:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            return value
        return read([item.strip() for item in items])

    return BeforeValidator(split)


def _media_types(items: list[str]) -> tuple[str, ...]:
    """In the form they are compared in: lower case, `application/` left out (RFC 7515)."""
    types = [item.lower().removeprefix("application/") for item in items]
    if not all(types):
        raise ValueError("has an empty item: list types like at+jwt,JWT")
    return tuple(types)


def _origins(items: list[str]) -> tuple[str, ...]:
    origins = tuple(item.lower() for item in items)
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("lists origins like https://app.example.com, without a path or *")
    return origins


def _networks(items: list[str]) -> tuple[str, ...]:
    try:
        networks = [ip_network(item) for item in items]
    except ValueError:
        raise ValueError("lists addresses and networks like 192.0.2.7,10.0.0.0/8") from None
    if not all(network.prefixlen for network in networks):
        raise ValueError("trusts everybody, who may then choose their address: name the proxies")
    return tuple(str(network) for network in networks)


DatabaseAddress = Annotated[SecretStr, _beginning_with("sqlite://", "postgresql://", "postgres://")]
StorageAddress = Annotated[SecretStr, _beginning_with("redis://", "rediss://")]
MediaTypes = Annotated[tuple[str, ...], NoDecode, _listed(_media_types)]
Origins = Annotated[tuple[str, ...], NoDecode, _listed(_origins)]
Networks = Annotated[tuple[str, ...], NoDecode, _listed(_networks)]
