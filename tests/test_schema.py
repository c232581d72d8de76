"""The public schema: what stands in schema.graphql is what is served."""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
    validate_schema,
)
from strawberry.permission import PermissionExtension
from strawberry.types.base import get_object_definition

from graph.permissions import CanSeeTenant, HasScope, TenantIsBillable, WithinBillingWindow
from graph.schema import Mutation, Query, schema
from graph.types.billing import BillingReport
from graph.types.problem import ErrorCode, UserErrorCode
from graph.types.tenant import Tenant, TenantOrder
from resolvers import access, errors, problems, tenants

FILE = Path(__file__).parent.parent / "schema.graphql"


def test_the_schema_file_is_the_served_schema() -> None:
    assert FILE.read_text(encoding="utf-8") == schema.as_str() + "\n"


def test_the_schema_file_stands_on_its_own() -> None:
    built = build_schema(FILE.read_text(encoding="utf-8"))

    assert validate_schema(built) == []
    assert set(built.type_map) == set(schema._schema.type_map)


def test_everything_in_the_schema_is_described() -> None:
    described = dict(_descriptions(schema._schema))

    assert [name for name, text in described.items() if not text] == []
    # Each kind of item was looked at.
    assert {
        *("Tenant", "Tenant.name", "Query.tenants(first:)", "TenantFilter.ids"),
        *("TenantOrder.NAME_ASC", "Date"),
    } <= described.keys()


def test_a_guarded_field_says_who_may_ask_and_what_is_refused() -> None:
    guarded = {}
    for type_ in (Query, Mutation, Tenant, BillingReport):
        for field in get_object_definition(type_, strict=True).fields:
            told = {
                text
                for extension in field.extensions
                if isinstance(extension, PermissionExtension)
                for permission in extension.permissions
                for text in _told_of(permission)
            }
            if told:
                guarded[f"{type_.__name__}.{field.python_name}"] = (field.description or "", told)

    assert len(guarded) >= 10
    assert {
        name: text
        for name, (description, told) in guarded.items()
        for text in told
        if text not in description
    } == {}


def _told_of(permission: object) -> Iterator[str]:
    """What the description of a field must say."""
    if isinstance(permission, HasScope):
        yield permission.scope.value if permission.scope in access.GRANTABLE else "andlords"
    elif isinstance(permission, CanSeeTenant):
        yield "TENANT_NOT_FOUND"
    elif isinstance(permission, TenantIsBillable):
        yield "Null without an error" if permission.or_null else "TENANT_NOT_BILLABLE"
    elif isinstance(permission, WithinBillingWindow):
        yield "DATE_OUT_OF_WINDOW"


def _descriptions(of: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Each item's schema coordinate and description, without those of GraphQL itself."""
    for name, kind in of.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument_name}:)", argument.description
        elif isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


def test_the_codes_of_the_schema_are_those_of_the_program() -> None:
    def codes(of: type[errors.Refusal]) -> set[str]:
        own = {of.code} if hasattr(of, "code") else set()
        return own.union(*(codes(below) for below in of.__subclasses__()))

    of_graphql = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"}
    assert set(ErrorCode.__members__) == codes(errors.Refusal) | of_graphql
    assert set(UserErrorCode.__members__) == set(problems.ProblemCode.__members__)
    assert set(TenantOrder.__members__) == set(tenants.TenantOrder.__members__)
