"""What a document asks for, counted before it is validated.

A document is counted as if every fragment were written out at its spreads, but each selection
is visited once: a fragment's cost is worked out before those of its readers and then reused, so
the work is linear in the document, whatever it would grow to. Nothing recurses, and cycles end
(validation, which comes later, refuses them).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from graph.pages import ENTITIES, MANY, SIZED_BY, Sizes, default_page_size, number

LONGER_LISTS: Mapping[str, int] = {"logins": 2_000}
"""Arguments and input fields whose lists may be longer. The mutation takes 1,000 logins and says
so as a user error; what is far more costs too much to read at all."""

Definition = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(slots=True)
class Cost:
    """What a selection set asks for with its fragments written out.

    `roots` are the fields directly in it, `list_items` the items of the longest list literal,
    `nodes` the objects of pages below one parent: 50 tenants with 100 users each are 50 + 5,000.
    `representations` are those of the longest list of them.
    """

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0
    nodes: int = 0
    list_items: int = 0
    representations: int = 0

    def add(self, other: "Cost") -> None:
        """Count the selections of a fragment, which stand beside those counted so far."""
        self.deepen(other.depth, other.introspection_depth)
        self.fields = min(MANY, self.fields + other.fields)
        self.aliases = min(MANY, self.aliases + other.aliases)
        self.directives = min(MANY, self.directives + other.directives)
        self.roots = min(MANY, self.roots + other.roots)
        self.nodes = min(MANY, self.nodes + other.nodes)
        self.list_items = max(self.list_items, other.list_items)
        self.representations = max(self.representations, other.representations)

    def deepen(self, depth: int, introspection_depth: int) -> None:
        self.depth = max(self.depth, depth)
        self.introspection_depth = max(self.introspection_depth, introspection_depth)


@dataclass(frozen=True, slots=True)
class Layout:
    """A definition, its selection sets (each before those inside it) and the spreads in them."""

    definition: Definition
    sets: list[tuple[SelectionSetNode, GraphQLNamedType | None]]
    spreads: list[str]


@dataclass(slots=True)
class Walk:
    """One counting of one document, with the variables of one request.

    Afterwards `page_variables` names the variables that say how many nodes are asked for, and
    `longer_lists` those that stand where LONGER_LISTS makes an exception. `visited` counts the
    selections and values looked at.
    """

    schema: GraphQLSchema
    sizes: Sizes
    variables: Mapping[str, object]
    page_variables: set[str] = field(default_factory=set)
    longer_lists: dict[str, int] = field(default_factory=dict)
    visited: int = 0
    #: How often each field is written, by its name in the answer, and by its type too where it has
    #: no selection of its own: validation compares every two of the same name.
    written: Counter[str] = field(default_factory=Counter)
    _defaults: dict[str, int] = field(default_factory=dict)
    _sets: dict[int, Cost] = field(default_factory=dict)
    _fragments: dict[str, Cost] = field(default_factory=dict)

    def costs(self, document: DocumentNode) -> Iterator[tuple[Definition, Cost]]:
        """The cost of every operation and every fragment, used or not."""
        layouts = []
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._read_defaults(definition)
            if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
                layouts.append(self._lay_out(definition))
        for layout in fragments_first(layouts):
            cost = self._definition(layout)
            if isinstance(layout.definition, FragmentDefinitionNode):
                self._fragments[layout.definition.name.value] = cost
            yield layout.definition, cost

    def _read_defaults(self, operation: OperationDefinitionNode) -> None:
        """Defaults of variables; of several operations' the largest, as fragments are shared."""
        for variable in operation.variable_definitions or ():
            size = _written(variable.default_value)
            if size is not None:
                name = variable.variable.name.value
                self._defaults[name] = max(size, self._defaults.get(name, 0))

    def _lay_out(self, definition: Definition) -> Layout:
        layout = Layout(definition, [], [])
        stack = [(definition.selection_set, self._type_of(definition))]
        while stack:
            selection_set, parent = stack.pop()
            layout.sets.append((selection_set, parent))
            for selection in selection_set.selections:
                if isinstance(selection, FragmentSpreadNode):
                    layout.spreads.append(selection.name.value)
                elif isinstance(selection, InlineFragmentNode):
                    narrowed = selection.type_condition
                    inside = self._named(narrowed) if narrowed else parent
                    stack.append((selection.selection_set, inside))
                elif isinstance(selection, FieldNode) and selection.selection_set:
                    found = self._field(parent, selection)
                    inside = get_named_type(found.type) if found else None
                    stack.append((selection.selection_set, inside))
        return layout

    def _type_of(self, definition: Definition) -> GraphQLNamedType | None:
        if isinstance(definition, OperationDefinitionNode):
            return self.schema.get_root_type(definition.operation)
        return self._named(definition.type_condition)

    def _named(self, condition: NamedTypeNode) -> GraphQLNamedType | None:
        return self.schema.get_type(condition.name.value)

    def _field(self, parent: GraphQLNamedType | None, node: FieldNode) -> GraphQLField | None:
        if parent is None or not is_composite_type(parent):
            return None
        return self.schema.get_field(parent, node.name.value)

    def _definition(self, layout: Layout) -> Cost:
        for selection_set, parent in reversed(layout.sets):
            self._sets[id(selection_set)] = self._selections(selection_set, parent)
        cost = self._sets[id(layout.definition.selection_set)]
        self._directives(layout.definition.directives, cost)
        for variable in layout.definition.variable_definitions or ():
            self._directives(variable.directives, cost)
            if variable.default_value:
                self._values([("", variable.default_value)], cost)
        return cost

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        """The cost of a set whose inner sets and spread fragments have theirs already.

        A fragment without one does not exist, or reads itself.
        """
        cost = Cost()
        for selection in selection_set.selections:
            self.visited += 1
            self._directives(selection.directives, cost)
            if isinstance(selection, FieldNode):
                self._add_field(selection, parent, cost)
            elif isinstance(selection, FragmentSpreadNode):
                cost.add(self._fragments.get(selection.name.value, Cost()))
            elif isinstance(selection, InlineFragmentNode):
                cost.add(self._sets[id(selection.selection_set)])
        return cost

    def _add_field(self, node: FieldNode, parent: GraphQLNamedType | None, cost: Cost) -> None:
        below = self._sets[id(node.selection_set)] if node.selection_set else Cost()
        key = (node.alias or node.name).value
        if node.selection_set:
            self.written[key] += 1
        elif parent is not None:
            self.written[f"{parent.name}.{key}"] += 1
        if parent is not None and parent.name.startswith("__"):
            cost.deepen(below.depth, below.introspection_depth + 1)
        elif node.name.value in ("__schema", "__type"):
            cost.deepen(max(below.depth, 1), below.introspection_depth + 1)
        else:
            cost.deepen(below.depth + 1, below.introspection_depth)
        cost.roots = min(MANY, cost.roots + 1)
        cost.fields = min(MANY, cost.fields + 1 + below.fields)
        cost.aliases = min(MANY, cost.aliases + bool(node.alias) + below.aliases)
        cost.directives = min(MANY, cost.directives + below.directives)
        size = self._page_size(node, parent)
        nodes = below.nodes if size is None else size * (1 + below.nodes)
        cost.nodes = min(MANY, cost.nodes + nodes)
        cost.list_items = max(cost.list_items, below.list_items)
        if size is not None and node.name.value == ENTITIES:
            cost.representations = max(cost.representations, size)
        self._arguments(node.arguments, cost)

    def _page_size(self, node: FieldNode, parent: GraphQLNamedType | None) -> int | None:
        """How many objects a field gives at most, or None when it is not a list of pages."""
        if parent is not None and (parent.name, node.name.value) in self.sizes:
            return self.sizes[parent.name, node.name.value]
        default = default_page_size(self._field(parent, node))
        for argument in node.arguments or ():
            if argument.name.value in SIZED_BY:
                given = self._size(argument.value)
                return default if given is None else given
        return default

    def _size(self, value: ValueNode) -> int | None:
        """The page size that an argument stands for; None means the default."""
        if not isinstance(value, VariableNode):
            return _written(value)
        name = value.name.value
        self.page_variables.add(name)
        given = self.variables.get(name, self._defaults.get(name))
        if isinstance(given, list):
            return len(given)
        # A float such as 50.0 is a valid Int; anything else is refused when it is coerced.
        return int(max(0, min(MANY, given))) if isinstance(given, int | float) else None

    def _directives(self, directives: Iterable[DirectiveNode] | None, cost: Cost) -> None:
        for directive in directives or ():
            cost.directives = min(MANY, cost.directives + 1)
            self._arguments(directive.arguments, cost)

    def _arguments(self, arguments: Iterable[ArgumentNode] | None, cost: Cost) -> None:
        if arguments:
            self._values([(each.name.value, each.value) for each in arguments], cost)

    def _values(self, stack: list[tuple[str, ValueNode]], cost: Cost) -> None:
        """Count list literals. One with a cap of its own is bounded by the tokens already."""
        while stack:
            name, value = stack.pop()
            self.visited += 1
            if isinstance(value, ObjectValueNode):
                stack.extend((each.name.value, each.value) for each in value.fields)
            elif isinstance(value, ListValueNode):
                if name not in LONGER_LISTS:
                    cost.list_items = max(cost.list_items, len(value.values))
                stack.extend(("", item) for item in value.values)
            elif isinstance(value, VariableNode) and name in LONGER_LISTS:
                self.longer_lists[value.name.value] = LONGER_LISTS[name]


def _written(value: ValueNode | None) -> int | None:
    """The page size that a literal stands for, or None when it is no page size."""
    match value:
        case IntValueNode():
            return number(value)
        case ListValueNode():
            return len(value.values)
        case _:
            return None


def fragments_first(layouts: list[Layout]) -> Iterator[Layout]:
    """Each fragment after those it spreads, then everything else; a cycle is cut somewhere."""
    named = {
        layout.definition.name.value: layout
        for layout in layouts
        if isinstance(layout.definition, FragmentDefinitionNode)
    }
    entered: set[str] = set()
    left: set[str] = set()
    stack = list(named)
    while stack:
        name = stack[-1]
        if name not in entered:
            entered.add(name)
            stack.extend(
                each for each in named[name].spreads if each in named and each not in entered
            )
            continue
        stack.pop()
        if name not in left:
            left.add(name)
            yield named[name]
    last = {id(layout) for layout in named.values()}
    yield from (layout for layout in layouts if id(layout) not in last)
