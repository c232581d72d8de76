"""How many objects a field can give: the size of its page, or of a list of introspection."""

from collections.abc import Mapping

from graphql import (
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)

from resolvers import billing_window

MANY = 1_000_000_000
"""Counting stops here, so that a bomb of fragments does not make a number of 300 digits."""

ENTITIES = "_entities"
"""The field of a subgraph that gives one object for each of its `representations`."""

SIZED_BY = ("first", "representations")
"""Arguments that say how many objects their field gives: a number, or a list of one for each."""

Sizes = Mapping[tuple[str, str], int]
"""Lengths of lists that have no `first`, by type and field."""


def number(node: IntValueNode) -> int:
    """A page size; a literal too long for a number (Python refuses 4,301 digits) is MANY."""
    return max(0, min(MANY, int(node.value))) if len(node.value) < 11 else MANY


def default_page_size(definition: GraphQLField | None) -> int | None:
    """The default of a field's page size; 1 when it has none, None when it has no page size."""
    arguments = definition.args if definition else {}
    argument = next((arguments[name] for name in SIZED_BY if name in arguments), None)
    if argument is None:
        return None
    return argument.default_value if isinstance(argument.default_value, int) else 1


LONGEST_LISTS: Sizes = {("BillingTrend", "points"): billing_window.LONGEST}
"""Lists of our own schema that have no `first`, with their longest: a point for each date."""


def introspection_sizes(schema: GraphQLSchema) -> Sizes:
    """How long the lists of introspection are: loops through them cost nodes like any page."""
    types = schema.type_map.values()
    fields = [t.fields for t in types if is_object_type(t) or is_interface_type(t)]
    arguments = [len(each.args) for group in fields for each in group.values()]
    return {
        ("__Schema", "types"): len(schema.type_map),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): max(map(len, fields), default=0),
        ("__Type", "interfaces"): max(
            (len(t.interfaces) for t in types if is_object_type(t)), default=0
        ),
        ("__Type", "possibleTypes"): len(fields),
        ("__Type", "enumValues"): max((len(t.values) for t in types if is_enum_type(t)), default=0),
        ("__Type", "inputFields"): max(
            (len(t.fields) for t in types if is_input_object_type(t)), default=0
        ),
        ("__Field", "args"): max(arguments, default=0),
        ("__Directive", "args"): max((len(each.args) for each in schema.directives), default=0),
    }
