"""What can be told from the settings alone. What `serve` refuses is not asked again here."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from graph.cli.doctor.finding import Finding, advice, unsafe
from graph.setting_types import LOOPBACK
from graph.settings import Settings, variable_of


def examine(settings: Settings) -> Iterator[Finding]:
    yield from _who_may_ask(settings)
    yield from _who_may_look(settings)
    yield from _what_is_told(settings)
    yield from _how_long(settings)


def _who_may_ask(settings: Settings) -> Iterator[Finding]:
    if urlsplit(settings.token_issuer or "").hostname in LOOPBACK:
        yield unsafe(
            f"{variable_of('token_issuer')} is an issuer on this machine.",
            "Whoever can start a program here can issue tokens.",
            "Name your provider's issuer, unless this is a rehearsal.",
        )
    if settings.rate_limit == 0:
        yield unsafe(
            f"{variable_of('rate_limit')} is 0: no caller is limited.",
            "One caller can take all of the service from everybody else.",
            "Unset it, or allow a cost in a minute that your integrations need.",
        )
    if settings.rate_limit_unauthenticated == 0:
        yield unsafe(
            f"{variable_of('rate_limit_unauthenticated')} is 0: failed sign-ins are not limited.",
            "Tokens can be tried as fast as the service refuses them.",
            "Unset it, or allow a number in a minute that your clients need.",
        )


def _who_may_look(settings: Settings) -> Iterator[Finding]:
    if settings.graphiql:
        yield advice(
            f"{variable_of('graphiql')} is on.",
            "A page that takes tokens is one more thing that must be kept from strangers.",
            "Unset it where nobody uses the page.",
        )
    if settings.metrics_port is not None and not _is_loopback(settings.metrics_host):
        yield advice(
            f"{variable_of('metrics_host')} is {settings.metrics_host}.",
            "Metrics ask nobody who they are, and tell how much is asked for.",
            "See to it that only Prometheus reaches the port.",
        )


def _what_is_told(settings: Settings) -> Iterator[Finding]:
    if not settings.audit:
        yield unsafe(
            f"{variable_of('audit')} is off.",
            "Nobody can tell afterwards who read which report.",
            "Unset it.",
        )
    if settings.log_level in ("error", "warning"):
        yield advice(
            f"{variable_of('log_level')} is {settings.log_level}.",
            "Failed sign-ins and refused rights are logged as info, and now not at all.",
            "Set it to info.",
        )


def _how_long(settings: Settings) -> Iterator[Finding]:
    if settings.database_timeout >= settings.request_timeout:
        yield advice(
            f"{variable_of('database_timeout')} is not below {variable_of('request_timeout')}.",
            "A slow statement goes on for a caller who was already told TIMEOUT.",
            f"Keep it below {settings.request_timeout:g}.",
        )
    if settings.drain_seconds == 0:
        yield advice(
            f"{variable_of('drain_seconds')} is 0.",
            "A load balancer that asks /readyz learns of a restart from failed requests.",
            "Set it above the interval at which your load balancer asks.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
