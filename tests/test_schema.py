"""The public schema: what stands in schema.graphql is what is served."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    validate_schema,
)

from graph.schema import schema
from graph.types.problem import ErrorCode, UserErrorCode
from graph.types.tenant import TenantOrder
from resolvers import errors, problems, tenants

FILE = Path(__file__).parent.parent / "schema.graphql"


def test_the_schema_file_is_the_served_schema() -> None:
    assert FILE.read_text(encoding="utf-8") == schema.as_str() + "\n"


def test_the_schema_file_stands_on_its_own() -> None:
    built = build_schema(FILE.read_text(encoding="utf-8"))

    assert validate_schema(built) == []
    assert set(built.type_map) == set(schema._schema.type_map)


def test_everything_in_the_schema_is_described() -> None:
    bare = []
    for name, kind in schema._schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            bare.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            bare += [f"{name}.{field}" for field, it in kind.fields.items() if not it.description]
        elif isinstance(kind, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, it in kind.values.items() if not it.description]

    assert bare == []


def test_the_codes_of_the_schema_are_those_of_the_program() -> None:
    def codes(of: type[errors.Refusal]) -> set[str]:
        own = {of.code} if hasattr(of, "code") else set()
        return own.union(*(codes(below) for below in of.__subclasses__()))

    of_graphql = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"}
    assert set(ErrorCode.__members__) == codes(errors.Refusal) | of_graphql
    assert set(UserErrorCode.__members__) == set(problems.ProblemCode.__members__)
    assert set(TenantOrder.__members__) == set(tenants.TenantOrder.__members__)
