"""Documents, parsed, held against the limits and validated once, then kept."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValuesOfCorrectTypeRule,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from graph import errors
from graph.foresight import Foresight, foresee
from graph.limits import Limits, Measure, Measurer

RULES = (
    *(errors.Literals if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
)
"""All rules of the specification, the depth of introspection lists, and Strawberry's Maybe."""

MOST_FOUND = 20
"""Validation stops here: each error costs time, and only a few are told."""

MOST_PAGES = 32
"""How many combinations of page sizes are remembered of one document."""


class RequestRefused(Exception):
    """The request cannot be executed: its document, operation or variables are wrong."""

    def __init__(self, told: list[errors.Error]) -> None:
        super().__init__()
        self.told = told


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document within the limits, apart from what depends on its variables."""

    text: str
    node: DocumentNode
    measure: Measure
    operations: Mapping[str | None, OperationDefinitionNode]
    foresights: dict[int, Foresight | None] = field(default_factory=dict, compare=False)
    #: Nodes, by the page sizes that were given.
    measured_pages: dict[tuple[object, ...], int] = field(default_factory=dict, compare=False)

    def nodes(self, variables: Mapping[str, object]) -> int:
        """The list items that its page sizes add up to, after `Documents.prepare` has measured
        these; of its first request's when it has no others."""
        names = self.measure.page_variables
        if not names:
            return self.measure.nodes
        return self.measured_pages.get(_sizes(names, variables), self.measure.nodes)

    def foresight(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode
    ) -> Foresight | None:
        """What signing in can bring along for an operation of this document."""
        key = id(operation)
        if key not in self.foresights:
            self.foresights[key] = foresee(schema, self.node, operation)
        return self.foresights[key]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute; without a name there must be exactly one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is not None and name in self.operations:
            return self.operations[name]
        message = (
            "The document has no operation of the name in operationName."
            if name is not None
            else "The document has several operations; operationName must say which to execute."
        )
        raise RequestRefused(
            [{"message": message, "extensions": {"code": errors.VALIDATION_FAILED}}]
        )


class Prepared(NamedTuple):
    """A request that can be executed."""

    document: Document
    operation: OperationDefinitionNode
    variables: dict[str, object]


class Documents:
    """The documents of one schema; those asked for last are kept, within two bounds.

    `entries` bounds their number and `characters` the sum of their lengths: a syntax tree takes
    about a hundred times the memory of its text.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        entries: int = 1_000,
        characters: int = 500_000,
    ) -> None:
        self.schema = schema
        self.measurer = Measurer(schema, limits)
        self.entries = entries
        self.characters = characters
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._length = 0

    def knows(self, text: str) -> bool:
        """Whether the document was asked for before and is kept."""
        return text in self._kept

    def prepare(self, text: str, variables: Mapping[str, object]) -> Document:
        """The document of a request; raises TooComplex or RequestRefused."""
        document = self._kept.get(text)
        if document is None:
            document = self._read(text, variables)
            self._keep(document)
        else:
            self._kept.move_to_end(text)
            self._measure_pages(document, variables)
        self.measurer.check_variables(variables, document.measure.longer_lists)
        return document

    def _read(self, text: str, variables: Mapping[str, object]) -> Document:
        try:
            node = self.measurer.parse(text)
        except GraphQLSyntaxError as error:
            raise RequestRefused([errors.of_syntax(error)]) from None
        measure = self.measurer.measure(node, variables)
        found = validate(self.schema, node, RULES, MOST_FOUND, hide_suggestions=True)
        if found:
            raise RequestRefused(errors.of_validation(found, self.schema))
        operations = {
            each.name.value if each.name else None: each
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        return Document(text, node, measure, operations)

    def _measure_pages(self, document: Document, variables: Mapping[str, object]) -> None:
        """Measure a known document anew when its page sizes are given and not known yet."""
        names = document.measure.page_variables
        if not names:
            return
        sizes = _sizes(names, variables)
        if sizes in document.measured_pages:
            return
        nodes = self.measurer.measure(document.node, variables).nodes
        document.measured_pages[sizes] = nodes
        if len(document.measured_pages) > MOST_PAGES:
            del document.measured_pages[next(iter(document.measured_pages))]

    def _keep(self, document: Document) -> None:
        self._kept[document.text] = document
        self._length += len(document.text)
        while len(self._kept) > self.entries or self._length > self.characters:
            text, _ = self._kept.popitem(last=False)
            self._length -= len(text)


def _sizes(names: Iterable[str], variables: Mapping[str, object]) -> tuple[object, ...]:
    """All that counts of the values of page sizes, and no more of what was sent is kept."""
    return tuple(_size(variables[name]) if name in variables else None for name in names)


def _size(value: object) -> object:
    if isinstance(value, list):
        return f"{len(value)} items"
    return value if isinstance(value, int | float) else type(value)
