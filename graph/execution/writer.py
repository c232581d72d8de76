"""Writing the source of a plan.

Every type position of the operation becomes one function `(value, request, path, pending)` that
returns the completed value, with holes where something is still awaited; each hole is noted in
`pending`. Of the document only response names reach the source, as string constants written by
`repr`; all else is bound to generated names in the namespace the source runs in.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import strawberry
from graphql import (
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    GroupedFieldSet,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from graph.execution import fields, leaves, steps
from graph.execution.arguments import Arguments
from graph.execution.fallback import Fallback
from graph.execution.outlines import Outline
from graph.execution.steps import Inline, Step

# Fields a plan may have, all fragments spread. Compiling costs up to 0.1 ms a field: a document
# with many is compiled when it comes a second time, so that no stranger's costs us more than 10 ms.
MOST_FIELDS = 1000
MOST_FIELDS_AT_FIRST = 100


class Body(NamedTuple):
    """How an object named `value` is completed: statements, then the expression for the answer."""

    lines: list[str]
    expression: str
    located: bool
    inline: bool
    #: Attributes and the dict made of them, when there is nothing else to it.
    columns: tuple[list[str], str] | None = None


class Function(NamedTuple):
    """A completion that was written; `located` when something below it asks for its path."""

    name: str
    located: bool
    body: Body | None = None


class Writer:
    def __init__(
        self,
        schema: strawberry.Schema,
        outline: Outline,
        variables: VariableValues,
        most_fields: int,
    ) -> None:
        self.schema = schema
        self.names: dict[str, Any] = {}
        self.arguments: list[Arguments] = []
        self.outline = outline
        self._variables = variables
        self._functions: list[list[str]] = []
        self._leaves: dict[tuple[GraphQLLeafType, bool], str] = {}
        self._most_fields = most_fields
        self._fields = 0
        self._locals = 0

    def source(self) -> str:
        return "\n\n".join("\n".join(lines) for lines in self._functions) + "\n"

    def bind(self, kind: str, value: object) -> str:
        name = f"{kind}_{len(self.names)}"
        self.names[name] = value
        return name

    def new_variable(self) -> str:
        self._locals += 1
        return f"v{self._locals}"

    def root(self, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> str:
        body = self._body(type_, grouped)
        return self._write("root", [*body.lines, f"return {body.expression}"])

    def completion(self, type_: Any, details: FieldDetailsList) -> Function:
        """Write what completes values of a type, with the selections of these field nodes."""
        nullable = not isinstance(type_, GraphQLNonNull)
        inner = type_ if nullable else type_.of_type
        none = ["if value is None: " + ("return None" if nullable else "null()")]
        if is_leaf_type(inner):
            return Function(self.leaf(type_), located=False)
        if isinstance(inner, GraphQLList):
            return self._list(inner.of_type, details, none)
        if not isinstance(inner, GraphQLObjectType):
            raise Fallback("abstract")
        body = self._body(inner, self._subfields(inner, details))
        name = self._write("object", [*none, *body.lines, f"return {body.expression}"])
        return Function(name, body.located, body)

    def leaf(self, type_: Any) -> str:
        nullable = not isinstance(type_, GraphQLNonNull)
        inner = type_ if nullable else type_.of_type
        key = (inner, nullable)
        if key not in self._leaves:
            complete = leaves.completion(inner, nullable=nullable)
            self._leaves[key] = self.bind("leaf", complete)
        return self._leaves[key]

    def leaf_check(self, variable: str, type_: Any) -> str:
        """Statement that completes a leaf in place, without a call for the usual value."""
        nullable = not isinstance(type_, GraphQLNonNull)
        test = leaves.unchanged_test(type_ if nullable else type_.of_type)
        conditions = [f"not ({test.format(variable)})"] if test else []
        conditions += [f"{variable} is not None"] if nullable else []
        call = f"{variable} = {self.leaf(type_)}({variable})"
        return f"if {' and '.join(conditions)}: {call}" if conditions else call

    def _write(self, kind: str, lines: Iterable[str]) -> str:
        name = f"{kind}_{len(self._functions)}"
        head = f"def {name}(value, request, path, pending):"
        self._functions.append([head, *_indented(lines)])
        return name

    def _list(self, type_: Any, details: FieldDetailsList, none: list[str]) -> Function:
        item = self.completion(type_, details)
        columns = item.body.columns if item.body else None
        lines = [
            *none,
            "if type(value) is not list and type(value) is not tuple:",
            "    value = as_sequence(value)",
            *([f"    if is_columnar(value): return {columns[1]}"] if columns else []),
            "items = value",
            "out = []",
            "append = out.append",
            "try:",
            "    for value in items:",
            *_indented(_indented(self._item(type_, item))),
            "except Exception:",
            "    abandon(items, pending)",
            "    raise",
            "return out",
        ]
        return Function(self._write("list", lines), item.located)

    def _item(self, type_: Any, item: Function) -> list[str]:
        nullable = not isinstance(type_, GraphQLNonNull)
        if is_leaf_type(type_ if nullable else type_.of_type):
            return [self.leaf_check("value", type_), "append(value)"]
        path = "Path(path, len(out), None)" if item.located else "None"
        lines = [
            "if type(value) not in PLAIN and not is_plain(value):",
            f"    pending.append((value, {item.name}, out, len(out), {path}))",
            "    append(None)",
            "    continue",
        ]
        if item.body is None or not item.body.inline:
            return [*lines, f"append({item.name}(value, request, {path}, pending))"]
        absent = ["    append(None)", "    continue"] if nullable else ["    null()"]
        completed = [*item.body.lines, f"append({item.body.expression})"]
        return [*lines, "if value is None:", *absent, *completed]

    def _subfields(self, type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        outline = self.outline
        return collect_subfields(
            outline.schema, outline.fragments, self._variables, outline.operation, type_, details
        ).grouped_field_set

    def _body(self, type_: GraphQLObjectType, grouped: GroupedFieldSet) -> Body:
        self._fields += len(grouped)
        if self._fields > self._most_fields:
            raise Fallback("large" if self._most_fields < MOST_FIELDS else "unsupported")
        written = [steps.write(self, type_, key, details) for key, details in grouped.items()]
        test = self._type_test(type_)
        inline = [step for step in written if isinstance(step, Inline)]
        if len(inline) == len(written):
            pairs = ", ".join(f"{step.key!r}: {step.expression}" for step in inline)
            lines = [*test, *(line for step in inline for line in step.lines)]
            return Body(lines, f"{{{pairs}}}", False, True, self._columns(inline, test))
        lines = [*test, "out = {}", *(line for step in written for line in _stored(step))]
        located = any(isinstance(step, Step) and step.located for step in written)
        return Body(lines, "out", located, inline=False)

    def _columns(self, fields: list[Inline], test: list[str]) -> tuple[list[str], str] | None:
        attributes = [field.attribute for field in fields if field.lines]
        names = [name for name in attributes if name is not None]
        if test or not names or len(names) < len(attributes):
            return None
        pairs = ", ".join(f"{field.key!r}: {field.expression}" for field in fields)
        variables = "".join(f"{field.expression}, " for field in fields if field.lines)
        return names, f"[{{{pairs}}} for {variables}in value.rows_of({tuple(names)!r})]"

    def _type_test(self, type_: GraphQLObjectType) -> list[str]:
        if type_.is_type_of is None:
            return []
        if not fields.is_stock_type_test(type_.is_type_of):
            raise Fallback("unsupported")
        return [f"if not {self.bind('is_type_of', type_.is_type_of)}(value, None): unexpected()"]


def _stored(step: Inline | Step) -> list[str]:
    if isinstance(step, Step):
        return step.lines
    return [*step.lines, f"out[{step.key!r}] = {step.expression}"]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
