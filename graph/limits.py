"""How much one document may ask for; `graph/cost.py` counts.

Every operation and every fragment must stay within the limits, used or not: parsing, validating
and caching deal with the whole document, so whether it is too complex does not depend on
operationName, and an unused definition is no hiding place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)

from graph.cost import LONGER_LISTS, Cost, Walk
from graph.pages import LONGEST_LISTS, introspection_sizes
from resolvers.errors import TooComplex

CHARACTERS_PER_TOKEN = 64
"""A document may be this long for each token it may have: skipping white space costs time too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one document may have of each; a document at its limit is answered."""

    tokens: int = 1_000
    depth: int = 12
    introspection_depth: int = 16
    fields: int = 500
    aliases: int = 30
    directives: int = 20
    roots: int = 20
    nodes: int = 20_000
    list_items: int = 500
    representations: int = 100
    repeats: int = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """What stays true of a document within the limits when it is sent again.

    Its nodes depend on the values of `page_variables`; the variables in `longer_lists` may be
    lists of that many items. `visited` counts the selections and values that were looked at.
    """

    nodes: int
    page_variables: frozenset[str]
    longer_lists: Mapping[str, int]
    visited: int


class Measurer:
    """Holds the documents of one schema against one set of limits."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self.sizes = {**introspection_sizes(schema), **LONGEST_LISTS}

    def parse(self, text: str) -> DocumentNode:
        """Parse a document, reading no further than the limit of tokens."""
        allowed = self.limits.tokens * CHARACTERS_PER_TOKEN
        if len(text) > allowed:
            raise TooComplex("characters", allowed, len(text))
        try:
            return parse(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            if error.description.startswith("Document contains more than"):
                tokens = self.limits.tokens
                raise TooComplex("tokens", tokens, tokens + 1) from None
            raise

    def measure(self, document: DocumentNode, variables: Mapping[str, object]) -> Measure:
        """Refuse a document that asks for too much. It need not be valid."""
        walk = Walk(self.schema, self.sizes, variables)
        nodes = 0
        for definition, cost in walk.costs(document):
            is_operation = isinstance(definition, OperationDefinitionNode)
            self._check(cost, self.limits.roots if is_operation else self.limits.fields)
            nodes = max(nodes, cost.nodes)
        repeats = max(walk.written.values(), default=0)
        if repeats > self.limits.repeats:
            raise TooComplex("repeats", self.limits.repeats, repeats)
        return Measure(nodes, frozenset(walk.page_variables), walk.longer_lists, walk.visited)

    def _check(self, cost: Cost, roots: int) -> None:
        limits = self.limits
        for limit, found, allowed in (
            ("depth", cost.depth, limits.depth),
            ("introspectionDepth", cost.introspection_depth, limits.introspection_depth),
            ("fields", cost.fields, limits.fields),
            ("aliases", cost.aliases, limits.aliases),
            ("directives", cost.directives, limits.directives),
            ("roots", cost.roots, roots),
            ("nodes", cost.nodes, limits.nodes),
            ("listItems", cost.list_items, limits.list_items),
            ("representations", cost.representations, limits.representations),
        ):
            if found > allowed:
                raise TooComplex(limit, allowed, found)

    def check_variables(
        self, variables: Mapping[str, object], longer_lists: Mapping[str, int]
    ) -> None:
        """Refuse a list in the values of the variables, at whatever depth, that is too long."""
        caps = {**LONGER_LISTS, **longer_lists}
        stack: list[tuple[str, object]] = list(variables.items())
        while stack:
            name, value = stack.pop()
            if isinstance(value, dict):
                stack.extend(value.items())
            elif isinstance(value, list):
                allowed = caps.get(name, self.limits.list_items)
                if len(value) > allowed:
                    raise TooComplex("listItems", allowed, len(value))
                stack.extend(("", item) for item in value if isinstance(item, dict | list))
