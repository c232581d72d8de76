"""Permission classes: the rules of who may see what, stated on the fields they guard.

Each asks the one place in `resolvers/` that decides. They stand on a field in the order in
which they are checked: what the caller is, which tenant, is it billable, is the date in the
window. Leaf fields have none: a check for each of 2,000 users would cost more than the report.
"""

from typing import Any, NoReturn

from strawberry.permission import BasePermission, PermissionExtension

from graph import auditing
from graph.context import Info
from graph.types.keys import tenant_key
from models import Tenant
from resolvers import access, billing_window
from resolvers.access import Scope
from resolvers.audit import Action
from resolvers.errors import Refusal, TenantNotBillable, Unauthenticated
from resolvers.viewers import Viewer


class Rule(BasePermission):
    """A permission whose refusals stand in the audit log, as those of an action."""

    action: Action | None = None

    def note(self, refusal: Refusal, source: Any, info: Info, arguments: dict[str, Any]) -> None:
        if self.action is not None:
            auditing.refused(info, self.action, refusal, source, arguments)


def guard(*permissions: BasePermission, action: Action | None = None) -> PermissionExtension:
    """Put permissions on a field, in the order they are checked. One guard for a field: several
    extensions would run from the last to the first."""
    for permission in permissions:
        if isinstance(permission, Rule):
            permission.action = action
    return PermissionExtension(list(permissions), use_directives=False)


class IsAuthenticated(BasePermission):
    """Somebody known is asking. The endpoint refuses others before GraphQL is parsed; this
    holds should a field ever be reached another way."""

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return isinstance(info.context.viewer, Viewer)

    def on_unauthorized(self) -> NoReturn:
        raise Unauthenticated("Sign in first.")


class HasScope(Rule):
    """The viewer's role or scopes allow it; speaks of the caller only."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        try:
            access.require_scope(info.context.viewer, self.scope)
        except Refusal as refusal:
            self.note(refusal, source, info, kwargs)
            raise
        return True


class CanSeeTenant(Rule):
    """The tenant that the arguments name is among those the viewer may see."""

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        try:
            await info.context.hold(tenant_key(kwargs))
        except Refusal as refusal:
            self.note(refusal, source, info, kwargs)
            raise
        return True


class TenantIsBillable(Rule):
    """The tenant is configured as PureConnect billable.

    `or_null` makes the field null otherwise, without an error: a list of tenants shows those
    that are not billable too.
    """

    def __init__(self, *, or_null: bool = False) -> None:
        self.or_null = or_null

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        shown = access.shows_billing(_tenant(source, info, kwargs))
        if not shown and not self.or_null:
            self.note(TenantNotBillable(), source, info, kwargs)
        return shown

    def on_unauthorized(self) -> None:
        if not self.or_null:
            raise TenantNotBillable


class WithinBillingWindow(Rule):
    """The date is one of the past six months, in the tenant's time zone."""

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        tenant = _tenant(source, info, kwargs)
        try:
            billing_window.at(info.context.now, tenant.time_zone).require(kwargs["date"])
        except Refusal as refusal:
            self.note(refusal, source, info, kwargs)
            raise
        return True


def _tenant(source: Any, info: Info, kwargs: dict[str, Any]) -> Tenant:
    """The tenant a field is about: its own object, or the one CanSeeTenant let pass."""
    row: Tenant = source.row if source is not None else info.context.held[tenant_key(kwargs)]
    return row
