"""Fields guarded by permissions: checked by the permissions' own methods, in their order, without
the chain of functions that Strawberry puts around such a field.

Only a plain `PermissionExtension` that stands alone on its field is taken apart; it must not fail
silently. As there, an answer that is not a bool lets nobody pass.
"""

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any

from graphql.pyutils import is_awaitable
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types.field import StrawberryField

from graph.execution.fallback import Fallback

Permissions = tuple[BasePermission, ...]
PASSED = object()


def permissions(field: StrawberryField) -> Permissions | None:
    """Of a field whose only extension, if any, is a guard; None for any other."""
    if not field.extensions:
        return ()
    if len(field.extensions) > 1 or type(field.extensions[0]) is not PermissionExtension:
        return None
    guard = field.extensions[0]
    return None if guard.fail_silently else tuple(guard.permissions)


def are_sync(permissions: Permissions) -> bool:
    return not any(iscoroutinefunction(each.has_permission) for each in permissions)


def check(permissions: Permissions, source: Any, info: Any, arguments: Mapping[str, Any]) -> object:
    """PASSED, or what the field's value is for the one who may not see it."""
    for permission in permissions:
        allowed: object = permission.has_permission(source, info, **arguments)
        if allowed is not True:
            if allowed is not False:
                if hasattr(allowed, "close"):
                    allowed.close()  # A coroutine that nobody will await.
                raise Fallback("error")
            refused: object = permission.on_unauthorized()  # type: ignore[func-returns-value]
            return refused
    return PASSED


def guarded(
    permissions: Permissions, function: Callable[..., Any], takes_self: bool, info_name: str | None
) -> Callable[..., Any]:
    """`(source, info, **arguments)`, which checks and then calls the Python function."""

    def call(source: Any, info: Any, arguments: dict[str, Any]) -> Any:
        given = arguments if info_name is None else {**arguments, info_name: info}
        return function(source, **given) if takes_self else function(**given)

    if not iscoroutinefunction(function):

        def resolve(source: Any, info: Any, **arguments: Any) -> Any:
            outcome = check(permissions, source, info, arguments)
            return call(source, info, arguments) if outcome is PASSED else outcome

        return resolve

    checks = [
        (each.has_permission, iscoroutinefunction(each.has_permission), each)
        for each in permissions
    ]

    async def resolve_async(source: Any, info: Any, **arguments: Any) -> Any:
        for has_permission, is_async, permission in checks:
            allowed: object = has_permission(source, info, **arguments)
            if is_async or (type(allowed) is not bool and is_awaitable(allowed)):
                allowed = await allowed  # type: ignore[misc] # it was asked
            if allowed is not True:
                if allowed is not False:
                    raise Fallback("error")
                refused: object = permission.on_unauthorized()  # type: ignore[func-returns-value]
                return refused
        awaitable: Awaitable[Any] = call(source, info, arguments)
        return await awaitable

    return resolve_async
