"""Records as the identity providers export them, shortened nowhere that matters for reading."""

from typing import Any

Record = dict[str, Any]

ENTRA_TENANT = "7b1c6f0e-8a4e-4d0b-9a53-0c2f5b9d8e11"


def okta(
    user: object = "ada@example.com",
    at: object = "2026-02-14T20:18:57.718Z",
    event: str = "user.session.start",
    result: str = "SUCCESS",
) -> Record:
    return {
        "actor": {
            "id": "00u1abcd2EFGHijkl3m4",
            "type": "User",
            "alternateId": user,
            "displayName": "Ada Lovelace",
            "detailEntry": None,
        },
        "client": {
            "userAgent": {
                "rawUserAgent": 'Mozilla/5.0 (X11; Linux x86_64) {not [a bracket]} \\ "quoted"',
                "os": "Linux",
                "browser": "FIREFOX",
            },
            "zone": "null",
            "device": "Computer",
            "id": None,
            "ipAddress": "203.0.113.7",
            "geographicalContext": {
                "city": "Zürich",
                "state": None,
                "country": "Switzerland",
                "postalCode": "8001",
                "geolocation": {"lat": 47.3667, "lon": 8.55},
            },
        },
        "device": None,
        "authenticationContext": {
            "authenticationProvider": None,
            "credentialProvider": None,
            "credentialType": None,
            "issuer": None,
            "interface": None,
            "authenticationStep": 0,
            "rootSessionId": "102abcDEFghiJKLmno",
            "externalSessionId": "102abcDEFghiJKLmno",
        },
        "displayMessage": "User login to Okta",
        "eventType": event,
        "outcome": {"result": result, "reason": None if result == "SUCCESS" else "LOCKED_OUT"},
        "published": at,
        "securityContext": {"asNumber": 3303, "asOrg": "isp", "isp": "isp", "isProxy": False},
        "severity": "INFO",
        "debugContext": {"debugData": {"requestId": "aZ", "threatSuspected": "false"}},
        "legacyEventType": "core.user_auth.login_success",
        "transaction": {"type": "WEB", "id": "aZ", "detail": {}},
        "uuid": "0d9a1f3e-09e1-11f1-9d6f-6f3a7e6a1f2b",
        "version": "0",
        "request": {"ipChain": [{"ip": "203.0.113.7", "version": "V4", "source": None}]},
        "target": [
            {"id": "0oa1", "type": "AppInstance", "alternateId": "Okta Dashboard"},
            {"id": "00u1", "type": "User", "alternateId": "ada@example.com"},
        ],
    }


def okta_on_event_bridge(record: Record) -> Record:
    return {
        "version": "0",
        "id": "41fa2ce5-0f5c-2a3e-b2d1-1f3f1a2b3c4d",
        "detail-type": "SystemLog",
        "source": "aws.partner/okta.com/example/log",
        "account": "123456789012",
        "time": "2026-02-14T20:19:03Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": record,
    }


def graph(
    user: object = "ada@example.com",
    at: object = "2026-02-14T20:18:57Z",
    error: object = 0,
    events: object = None,
) -> Record:
    """A sign-in as Microsoft Graph lists it; version 1.0 has no event types."""
    record: Record = {
        "id": "66ea54eb-6301-4ee5-be62-ff5a759b0100",
        "createdDateTime": at,
        "userDisplayName": "Ada Lovelace",
        "userPrincipalName": user,
        "userId": "26be570a-ae82-4189-b4e2-a37c6808512d",
        "appId": "de8bc8b5-d9f9-48b1-a8ad-b748da725064",
        "appDisplayName": "Graph explorer",
        "ipAddress": "203.0.113.7",
        "clientAppUsed": "Browser",
        "correlationId": "d79f5bee-5860-4832-928f-3133e22ae912",
        "conditionalAccessStatus": "notApplied",
        "isInteractive": True,
        "riskDetail": "none",
        "riskEventTypes": [],
        "riskEventTypes_v2": [],
        "resourceDisplayName": "Microsoft Graph",
        "status": {
            "errorCode": error,
            "failureReason": None if error == 0 else "Invalid username or password.",
            "additionalDetails": None,
        },
        "deviceDetail": {"deviceId": "", "operatingSystem": "Linux", "browser": "Firefox"},
        "location": {
            "city": "Zürich",
            "countryOrRegion": "CH",
            "geoCoordinates": {"altitude": None, "latitude": 47.3, "longitude": 8.5},
        },
        "appliedConditionalAccessPolicies": [
            {"id": "de7e60eb", "displayName": "Require MFA", "result": "notEnabled"},
            {"id": "6701123a", "displayName": "Block {legacy}", "result": "notEnabled"},
        ],
    }
    return record if events is None else {**record, "signInEventTypes": events}


def entra(
    user: object = "ada@example.com",
    at: object = "2026-02-14T20:18:57.7189999+00:00",
    error: object = 0,
    category: str = "SignInLogs",
) -> Record:
    """A sign-in as Azure diagnostic settings deliver it."""
    return {
        "time": "2026-02-14T20:24:01.1234567Z",
        "resourceId": f"/tenants/{ENTRA_TENANT}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": category,
        "tenantId": ENTRA_TENANT,
        "resultType": str(error),
        "resultSignature": "None",
        "durationMs": 0,
        "callerIpAddress": "203.0.113.7",
        "identity": "Ada Lovelace",
        "Level": 4,
        "location": "CH",
        "properties": graph(user, at, error),
    }


def auth0(
    user: object = "ada@example.com",
    at: object = "2026-02-14T20:18:57.718Z",
    kind: str = "s",
) -> Record:
    return {
        "date": at,
        "type": kind,
        "description": "Successful login",
        "connection": "Username-Password-Authentication",
        "connection_id": "con_a1b2c3d4",
        "client_id": "Qw3rTy",
        "client_name": "My App",
        "ip": "203.0.113.7",
        "user_agent": "Firefox 135.0.0 / Linux 0.0.0",
        "details": {
            "prompts": [{"name": "lock-password-authenticate", "initiatedAt": 1771100337}],
            "stats": {"loginsCount": 12},
            "session_id": "s-1",
        },
        "hostname": "example.eu.auth0.com",
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "user_name": user,
        "strategy": "auth0",
        "strategy_type": "database",
        "log_id": "90020260214201857718000000000000001223372037486059520",
        "_id": "90020260214201857718000000000000001223372037486059520",
        "isMobile": False,
    }


def auth0_stream(record: Record) -> Record:
    return {"log_id": record["log_id"], "data": record}


def keycloak(
    user: object = "ada@example.com", at: object = 1771100337718, kind: str = "LOGIN"
) -> Record:
    return {
        "id": "3f9c1a4e-5a0c-4f5e-8a4f-9d2f7f1b6c3d",
        "time": at,
        "type": kind,
        "realmId": "9b6f0d0e-0a51-4e0e-9a8e-4b0a2c1d3e4f",
        "clientId": "account-console",
        "userId": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "sessionId": "1c2b3a49-5867-7685-94a3-b2c1d0e0f9a8",
        "ipAddress": "203.0.113.7",
        "details": {
            "auth_method": "openid-connect",
            "auth_type": "code",
            "redirect_uri": "https://app.example.com/callback?state={x}&scope=[openid]",
            "consent": "no_consent_required",
            "code_id": "1c2b3a49",
            "username": user,
        },
    }


def keycloak_admin_event() -> Record:
    return {
        "time": 1771100337719,
        "realmId": "9b6f0d0e",
        "authDetails": {"realmId": "master", "userId": "0f1e", "ipAddress": "203.0.113.7"},
        "operationType": "UPDATE",
        "resourceType": "USER",
        "resourcePath": "users/0f1e2d3c",
    }
