"""Writing the statements for one field of an object named `value`."""

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.types.field import StrawberryField

from graph.execution import leaves
from graph.execution.arguments import Arguments
from graph.execution.batches import Batch
from graph.execution.fallback import Fallback
from graph.execution.fields import Attribute, Call, Reading, Resolve, reading
from graph.execution.guards import guarded
from graph.execution.request import Place

if TYPE_CHECKING:
    from graph.execution.writer import Function, Writer


class Inline(NamedTuple):
    """A leaf read from the object: statements, then the expression for its completed value."""

    key: str
    lines: list[str]
    expression: str
    #: The attribute it is, when values in their final form are taken as they are.
    attribute: str | None = None


class Step(NamedTuple):
    """Statements that store the field in `out`, or note in `pending` that it is awaited."""

    lines: list[str]
    located: bool


def write(
    writer: "Writer", type_: GraphQLObjectType, key: str, details: FieldDetailsList
) -> Inline | Step:
    node = details[0].node
    if node.name.value == "__typename":
        return Inline(key, [], repr(type_.name))
    definition = writer.outline.schema.get_field(type_, node.name.value)
    if definition is SchemaMetaFieldDef or definition is TypeMetaFieldDef:
        raise Fallback("introspection")
    given = [argument.name.value for argument in details[0].node.arguments or ()]
    how = reading(definition, given) if definition else None
    if definition is None or how is None:
        raise Fallback("unsupported")
    if isinstance(how, Attribute) and _is_leaf(definition.type):
        variable = writer.new_variable()
        check = writer.leaf_check(variable, definition.type)
        final = leaves.unchanged_test(_named(definition.type)) is not None
        attribute = how.name if final else None
        lines = [f"{variable} = {how.expression('value')}", check]
        return Inline(key, lines, variable, attribute)
    place = Place(definition, [each.node for each in details], type_)
    done = writer.completion(definition.type, details)
    return _step(writer, key, place, how, done)


def _named(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _is_leaf(type_: object) -> bool:
    return is_leaf_type(_named(type_))


def _step(writer: "Writer", key: str, place: Place, how: Reading, done: "Function") -> Step:
    located = done.located or _asks_for_path(how)
    at = "at" if located else "None"
    lines = [f"at = Path(path, {key!r}, {place.parent.name!r})"] if located else []
    if isinstance(how, Call) and how.batch is not None:
        batch = writer.bind("batch", Batch(how, _arguments(writer, place, how.field), place))
        lines += [f"out[{key!r}] = None"]
        lines += [f"pending.join({batch}, (value, {done.name}, out, {key!r}, {at}))"]
        return Step(lines, located)
    expression = _expression(writer, place, how)
    if not isinstance(how, Attribute) and how.is_async:
        lines += [f"out[{key!r}] = None"]
        lines += [f"pending.append(({expression}, {done.name}, out, {key!r}, {at}))"]
        return Step(lines, located)
    lines += [
        f"field = {expression}",
        "if type(field) in PLAIN or is_plain(field):",
        f"    out[{key!r}] = {done.name}(field, request, {at}, pending)",
        "else:",
        f"    out[{key!r}] = None",
        f"    pending.append((field, {done.name}, out, {key!r}, {at}))",
    ]
    return Step(lines, located)


def _asks_for_path(how: Reading) -> bool:
    if isinstance(how, Call):
        return how.info is not None or how.batch is not None or bool(how.permissions)
    return isinstance(how, Resolve)


def _expression(writer: "Writer", place: Place, how: Reading) -> str:
    if isinstance(how, Attribute):
        return how.expression("value")
    function = writer.bind("resolve", how.function)
    if isinstance(how, Resolve):
        info = f"request.info({writer.bind('place', place)}, at)"
        given = ["value", info, *_given(writer, place, None)]
        return f"{function}({', '.join(given)})"
    if how.permissions:
        return _guarded(writer, place, how)
    given = ["value"] if how.takes_self else []
    given += _given(writer, place, how.field)
    if how.info is not None:
        names = f"{writer.bind('place', place)}, {writer.bind('field', how.field)}"
        given.append(f"{how.info}=request.strawberry_info({names}, at)")
    return f"{function}({', '.join(given)})"


def _guarded(writer: "Writer", place: Place, how: Call) -> str:
    function = guarded(how.permissions, how.function, how.takes_self, how.info)
    names = f"{writer.bind('place', place)}, {writer.bind('field', how.field)}"
    info = f"request.strawberry_info({names}, at)"
    given = ["value", info, *_given(writer, place, how.field)]
    return f"{writer.bind('guarded', function)}({', '.join(given)})"


def _given(writer: "Writer", place: Place, field: StrawberryField | None) -> list[str]:
    """The keyword arguments of a call: a constant, or coerced in each request."""
    index = _arguments(writer, place, field)
    if index is None:
        return []
    constant = writer.arguments[index].constant()
    if constant is None:
        return [f"**request.arguments({index})"]
    return [f"**{writer.bind('constant', constant)}"] if constant else []


def _arguments(writer: "Writer", place: Place, field: StrawberryField | None) -> int | None:
    if not place.definition.args:
        return None
    arguments = Arguments(writer.schema, place.definition, place.nodes[0], field)
    writer.arguments.append(arguments)
    return len(writer.arguments) - 1
