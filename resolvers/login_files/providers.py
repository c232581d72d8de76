"""Which records of an identity provider are logins, whose, and when.

Each provider is known by the fields its records have, and read as its exports really look:
bare, or in the envelope of the service that delivered them (Amazon EventBridge puts a record
under `detail`, an Auth0 log stream under `data`, Azure diagnostic settings under `properties`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from resolvers import instants
from resolvers.login_files.batch import Defect

Record = dict[str, Any]
# The user and the instant as they stand in the record.
Found = tuple[object, object]
Login = tuple[str, datetime]

_ENTRA_CATEGORIES = frozenset({"SignInLogs", "NonInteractiveUserSignInLogs"})
_ENTRA_EVENTS = frozenset({"interactiveUser", "nonInteractiveUser"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Provider:
    """`login` answers None for a record that is not a successful login of a user."""

    name: str
    recognises: Callable[[Record], bool]
    login: Callable[[Record], Found | None]
    instant: Callable[[Any], datetime]


def _inside(record: Record, key: str) -> Record:
    inner = record.get(key)
    return inner if type(inner) is dict else {}


def _rfc3339(value: object) -> datetime:
    if not isinstance(value, str):
        raise Defect("INVALID", "The instant is not text.")
    return instants.parse(value)


def _milliseconds(value: object) -> datetime:
    if type(value) is not int:
        raise Defect("INVALID", "The instant is not a whole number of milliseconds since 1970.")
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        raise Defect("INVALID", "The instant lies outside the years 1 to 9999.") from None


def _okta_recognises(record: Record) -> bool:
    record = _inside(record, "detail") or record
    return "eventType" in record and "published" in record


def _okta_login(record: Record) -> Found | None:
    record = _inside(record, "detail") or record
    if record.get("eventType") != "user.session.start":
        return None
    if _inside(record, "outcome").get("result") != "SUCCESS":
        return None
    return _inside(record, "actor").get("alternateId"), record.get("published")


def _entra_recognises(record: Record) -> bool:
    if "category" in record and ("properties" in record or "operationName" in record):
        return True
    return "createdDateTime" in record and "appDisplayName" in record


def _entra_login(record: Record) -> Found | None:
    inner = _inside(record, "properties") or record
    status = _inside(inner, "status")
    category = record.get("category", inner.get("category"))
    if category is None:
        # Microsoft Graph has no category; its version 1.0 lists interactive sign-ins only and
        # therefore no event types either.
        events = inner.get("signInEventTypes", ["interactiveUser"])
        if not (status and type(events) is list and _ENTRA_EVENTS.intersection(map(str, events))):
            return None
    elif type(category) is not str or category not in _ENTRA_CATEGORIES:
        return None
    error = status.get("errorCode", record.get("resultType"))
    if error is None:
        raise Defect("BLANK", "The record does not say whether the sign-in succeeded.")
    if str(error) != "0":
        return None
    return inner.get("userPrincipalName"), inner.get("createdDateTime")


def _auth0_record(record: Record) -> Record:
    record = _inside(record, "detail") or record
    return _inside(record, "data") or record


def _auth0_recognises(record: Record) -> bool:
    inner = _auth0_record(record)
    return (
        isinstance(inner.get("type"), str)
        and "date" in inner
        and not {"log_id", "_id", "client_id", "user_id"}.isdisjoint(inner)
    )


def _auth0_login(record: Record) -> Found | None:
    record = _auth0_record(record)
    if record.get("type") != "s":
        return None
    return record.get("user_name") or record.get("user_id"), record.get("date")


def _keycloak_recognises(record: Record) -> bool:
    return (
        type(record.get("time")) is int
        and ("type" in record or "operationType" in record)
        and not {"realmId", "clientId", "realmName", "authDetails"}.isdisjoint(record)
    )


def _keycloak_login(record: Record) -> Found | None:
    if record.get("type") != "LOGIN":
        return None
    user = _inside(record, "details").get("username") or record.get("userId")
    return user, record.get("time")


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider("okta", _okta_recognises, _okta_login, _rfc3339),
        Provider("entra", _entra_recognises, _entra_login, _rfc3339),
        Provider("auth0", _auth0_recognises, _auth0_login, _rfc3339),
        Provider("keycloak", _keycloak_recognises, _keycloak_login, _milliseconds),
    )
}


def of(record: Record) -> Provider | None:
    """Whose record this is, by the fields it has."""
    return next((known for known in PROVIDERS.values() if known.recognises(record)), None)


def read(provider: Provider, record: Record) -> Login | None:
    """The login a record holds, or None; raises Defect when it should be one and is not whole."""
    found = provider.login(record)
    if found is None:
        return None
    user, at = found
    if user is None or user == "":
        raise Defect("BLANK", "The login has no user.")
    if not isinstance(user, str):
        raise Defect("INVALID", "The user is not text.")
    if at is None or at == "":
        raise Defect("BLANK", "The login has no instant.")
    try:
        return user, provider.instant(at)
    except Defect:
        raise
    except ValueError as defect:
        raise Defect("INVALID", str(defect)) from None
