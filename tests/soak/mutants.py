"""Small changes of a module, one at a time: what a careless edit or a slip of a finger would do."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

#: What is put in the place of a part of the syntax tree, and how to call it.
Change = tuple[str, Callable[[Any], ast.AST | None]]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_SQL = re.compile(r"\b(SELECT|CASE|JOIN|WHERE|AND)\b")
_IN_SQL = (
    (r" = ", " <> "),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bAND\b", "OR"),
    (r"\bfalse\b", "true"),
    (r"\bLEFT JOIN\b", "JOIN"),
)
#: Never run, or without a meaning of their own: annotations, decorators, base classes.
_PASSED_OVER = {"annotation", "returns", "decorator_list", "bases", "ctx", "op", "ops"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`name` says in which function what became what."""

    name: str
    text: str


def mutants(source: str) -> Iterator[Mutant]:
    tree = ast.parse(source)
    places = _places(tree)
    for index, node in enumerate(_walk(tree)):
        for name, position, value in _children(node):
            for label, change in _changes(value):
                changed = ast.parse(source)
                twin = list(_walk(changed))[index]
                _put(twin, name, position, change)
                yield Mutant(
                    f"{places.get(id(node), 'module')}: {label}",
                    ast.unparse(ast.fix_missing_locations(changed)),
                )


def _places(tree: ast.Module) -> dict[int, str]:
    """The innermost function or class of each node."""
    found: dict[int, str] = {}
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= {id(inner): scope.name for inner in ast.walk(scope)}
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that is run, in one order."""
    yield node
    for _, _, child in _children(node):
        yield from _walk(child)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    if _is_docstring(node):
        return
    for name, value in ast.iter_fields(node):
        if name in _PASSED_OVER:
            continue
        if isinstance(value, ast.AST):
            yield name, None, value
        elif isinstance(value, list):
            for position, item in enumerate(value):
                if isinstance(item, ast.AST) and not _is_docstring(item):
                    yield name, position, item


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(parent: ast.AST, name: str, position: int | None, change: Callable[[Any], Any]) -> None:
    if position is None:
        setattr(parent, name, change(getattr(parent, name)))
        return
    items = getattr(parent, name)
    new = change(items[position])
    items[position : position + 1] = [] if new is None else [new]


def _changes(node: ast.AST) -> Iterator[Change]:
    """What may stand in the place of a node."""
    shown = ast.unparse(node).replace("\n", " ")[:90]
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in _COMPARISONS[type(operator)]:
                    yield f"{shown} with {other.__name__} at {at}", _compared(at, other)
        case ast.BoolOp():
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield (
                f"{shown} with {other.__name__}",
                lambda old, op=other: ast.BoolOp(op(), old.values),
            )
            for at in range(len(node.values)):
                yield f"{shown} without part {at}", _without_part(at)
        case ast.UnaryOp(op=ast.Not()):
            yield f"{shown} without not", lambda old: old.operand
        case ast.BinOp() if type(node.op) in _OPERATORS:
            operator = _OPERATORS[type(node.op)]
            yield (
                f"{shown} with {operator.__name__}",
                lambda old, op=operator: ast.BinOp(old.left, op(), old.right),
            )
        case ast.Constant():
            for value in _other_values(node.value):
                yield f"{shown} to {value!r}", lambda _old, value=value: ast.Constant(value)
        case ast.IfExp():
            yield f"{shown} always", lambda old: old.body
            yield f"{shown} never", lambda old: old.orelse
        case ast.If():
            yield f"{shown} always", lambda old: _with_test(old, True)
            yield f"{shown} never", lambda old: _with_test(old, False)
        case ast.Call():
            if len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args):
                yield f"{shown} with arguments turned round", _turned_round
            if len(node.keywords) > 1 or (node.keywords and node.args):
                for at in range(len(node.keywords)):
                    yield f"{shown} without {node.keywords[at].arg}", _without_keyword(at)
        case ast.Return() if node.value is not None and ast.unparse(node.value) != "None":
            yield f"{shown} to nothing", lambda _old: ast.Return(ast.Constant(None))
        case ast.Raise() | ast.AugAssign() | ast.Expr() | ast.Assert():
            yield f"{shown} left out", lambda _old: ast.Pass()
        case ast.MatchOr():
            for at in range(len(node.patterns)):
                yield f"{shown} without part {at}", _without_pattern(at)
        case ast.Set() | ast.Tuple() if len(node.elts) > 1:
            for at in range(len(node.elts)):
                yield f"{shown} without item {at}", _without_item(at)
        case ast.comprehension() if node.ifs:
            yield f"{shown} without its condition", _unconditional


def _compared(at: int, operator: type[ast.cmpop]) -> Callable[[Any], ast.AST]:
    return lambda old: ast.Compare(
        old.left, [*old.ops[:at], operator(), *old.ops[at + 1 :]], old.comparators
    )


def _without_part(at: int) -> Callable[[Any], ast.AST]:
    def change(old: ast.BoolOp) -> ast.AST:
        rest = [*old.values[:at], *old.values[at + 1 :]]
        return rest[0] if len(rest) == 1 else ast.BoolOp(old.op, rest)

    return change


def _without_pattern(at: int) -> Callable[[Any], ast.AST]:
    def change(old: ast.MatchOr) -> ast.AST:
        rest = [*old.patterns[:at], *old.patterns[at + 1 :]]
        return rest[0] if len(rest) == 1 else ast.MatchOr(rest)

    return change


def _without_item(at: int) -> Callable[[Any], ast.AST]:
    def change(old: Any) -> ast.AST:
        del old.elts[at]
        return old  # type: ignore[no-any-return]

    return change


def _without_keyword(at: int) -> Callable[[Any], ast.AST]:
    def change(old: ast.Call) -> ast.AST:
        del old.keywords[at]
        return old

    return change


def _turned_round(old: ast.Call) -> ast.AST:
    old.args[:2] = reversed(old.args[:2])
    return old


def _unconditional(old: ast.comprehension) -> ast.AST:
    old.ifs = []
    return old


def _with_test(old: ast.If, value: bool) -> ast.AST:
    # An assignment within the condition is still made.
    kept = ast.BoolOp(ast.Or() if value else ast.And(), [old.test, ast.Constant(value)])
    old.test = kept
    return old


def _other_values(value: object) -> Iterator[object]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            yield value - 1
        case str() if _SQL.search(value):
            for pattern, other in _IN_SQL:
                for found in re.finditer(pattern, value):
                    yield value[: found.start()] + other + value[found.end() :]
        case str():
            yield f"{value}X"
