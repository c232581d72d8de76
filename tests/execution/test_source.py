"""Nothing of a document reaches the generated source but response names, as constants."""

import ast
import builtins
import keyword

import pytest
import strawberry
from graphql import DocumentNode, FieldNode, NameNode, OperationDefinitionNode, parse
from graphql.language import OperationType, SelectionSetNode

from graph.execution import CompiledExecutor
from graph.execution.fields import Attribute, Call, Resolve, reading
from tests.execution.world import Context, schema

HOSTILE = [
    "'); raise SystemExit #",
    '"""',
    "\\",
    "\n    raise SystemExit",
    "{0}",
    "%s",
    "\ud800",
    "None",
    "__import__('os')",
]


def document_of(alias: str) -> DocumentNode:
    """A document no parser would make."""
    field = FieldNode(alias=NameNode(value=alias), name=NameNode(value="number"))
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY, selection_set=SelectionSetNode(selections=(field,))
    )
    return DocumentNode(definitions=(operation,))


@pytest.mark.parametrize("alias", HOSTILE)
async def test_a_hostile_alias_is_a_key_and_nothing_more(alias: str) -> None:
    executor = CompiledExecutor(schema)
    document = document_of(alias)

    answer = await executor.execute(document, context_value=Context())

    assert (answer.data, answer.errors) == ({alias: 42}, None)
    assert executor.counts().compiled == 1
    assert shape_of(executor.plan(document).source) == shape_of(
        executor.plan(parse("{ harmless: number }")).source
    )


def shape_of(source: str) -> str:
    """The source's syntax, with every constant blanked out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


@pytest.mark.parametrize(
    "alias", ["value", "request", "pending", "path", "out", "at", "field", "PLAIN", "null", "v1"]
)
async def test_an_alias_does_not_collide_with_names_of_the_source(alias: str) -> None:
    executor = CompiledExecutor(schema)
    document = parse(f"{{ {alias}: thing {{ {alias}: echo then: number }} }}")

    answer = await executor.execute(document, context_value=Context())

    assert answer.data is not None
    assert list(answer.data) == [alias]
    assert list(answer.data[alias]) == [alias, "then"]
    assert executor.counts().compiled == 1


def test_literals_and_names_of_fragments_and_variables_stay_out_of_the_source() -> None:
    text = """
        query Operation ($variable: String = "default") { ...Fragment }
        fragment Fragment on Query {
            thing(name: "literal") {
                a: echo(value: $variable)
                b: echo(value: "other", times: 77)
            }
        }
    """

    source = CompiledExecutor(schema).plan(parse(text)).source

    for word in ("Operation", "variable", "default", "Fragment", "literal", "other", "77"):
        assert word not in source


def test_documents_that_differ_in_literals_share_their_code() -> None:
    executor = CompiledExecutor(schema)
    one, two = (
        executor.plan(parse(f'{{ thing(name: "{name}") {{ echo(value: "{name}") }} }}'))
        for name in ("one", "two")
    )

    assert one.source == two.source
    assert one.walk.__code__ is two.walk.__code__  # type: ignore[attr-defined]
    assert one.walk is not two.walk


@pytest.mark.parametrize("name", ["class", "not_é", "two words", "ﬁ", "x; y", *HOSTILE[:3]])
def test_an_attribute_that_is_no_plain_name_is_read_by_getattr(name: str) -> None:
    expression = Attribute(name).expression("value")

    assert keyword.iskeyword(name) or not name.isascii() or not name.isidentifier()
    tree = ast.parse(expression, mode="eval").body
    assert isinstance(tree, ast.Call)
    assert [ast.unparse(tree.func), ast.literal_eval(tree.args[1])] == ["getattr", name]
    assert builtins.getattr is getattr


def test_a_plain_attribute_is_read_directly() -> None:
    assert Attribute("user_id").expression("value") == "value.user_id"


def test_fields_are_read_in_the_cheapest_way_that_leaves_nothing_out() -> None:
    """Fails when a release of Strawberry changes what we look into: slower, never wrong."""
    fields = schema._schema.type_map["Thing"].fields  # type: ignore[attr-defined]

    assert reading(fields["textOrNull"]) == Attribute("text_or_null")
    for name in ("doubled", "echo", "where", "later", "loaded", "batch", "guarded", "guardedLater"):
        assert isinstance(reading(fields[name]), Call), name
    for name in ("silent", "shouted", "ranged", "by"):
        assert isinstance(reading(fields[name], fields[name].args), Resolve), name


def test_a_custom_default_resolver_is_called() -> None:
    def by_key(source: dict[str, str], name: str) -> str:
        return source[name]

    @strawberry.type
    class Query:
        name: str

    config = strawberry.schema.config.StrawberryConfig(default_resolver=by_key)
    fields = strawberry.Schema(Query, config=config)._schema.query_type.fields  # type: ignore[union-attr]

    assert isinstance(reading(fields["name"]), Resolve)
