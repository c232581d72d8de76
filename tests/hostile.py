"""Documents sent to hurt, by name; each takes a size. `SIZED` gives one for a size."""

from collections.abc import Callable, Mapping


def chain(levels: int, spreads: int, on: str = "Query", leaf: str = "viewer") -> str:
    """Fragments that each spread the next several times: spreads ** levels when written out."""
    links = " ".join(
        f"fragment F{i} on {on} {{{f'...F{i + 1} ' * spreads}}}" for i in range(levels)
    )
    return f"{links} fragment F{levels} on {on} {{{leaf}}}"


def nested(levels: int, opening: str, leaf: str) -> str:
    return "{" + opening * levels + leaf + "}" * levels + "}"


def complete(count: int) -> str:
    """Fragments that each spread all of them."""
    everyone = " ".join(f"...A{i}" for i in range(count))
    return " ".join(f"fragment A{i} on Query {{{everyone}}}" for i in range(count))


SIZED: Mapping[str, Callable[[int], str]] = {
    "bomb": lambda n: "{...F0} " + chain(n, 2),
    "wide_bomb": lambda n: "{...F0} " + chain(n // 4, 20),
    "unused_bomb": lambda n: "{viewer} " + chain(n, 2),
    "chain": lambda n: "{...F0} " + chain(n, 1),
    "operations_sharing_a_chain": lambda n: (
        " ".join(f"query Q{i} {{...F0}}" for i in range(n)) + " " + chain(n, 1)
    ),
    "bomb_through_fields": lambda n: (
        "{tenant(by:{id:1}){...F0}} "
        + " ".join(
            f"fragment F{i} on Tenant {{a:tenant{{...F{i + 1}}} b:tenant{{...F{i + 1}}}}}"
            for i in range(n)
        )
        + f" fragment F{n} on Tenant {{id}}"
    ),
    "nested_fields": lambda n: nested(n, "tenant(by:{id:1}){", "id"),
    "nested_inline_fragments": lambda n: nested(n, "...{", "viewer"),
    "nested_typed_fragments": lambda n: nested(n, "...on Query{", "viewer"),
    "same_field": lambda n: "{" + "viewer " * n + "}",
    "same_field_with_arguments": lambda n: "{" + 'on(day:"2026-01-01") ' * n + "}",
    "conflicting_fields": lambda n: (
        "{" + "".join(f"a:many(count:{i}){{id}} " for i in range(n)) + "}"
    ),
    "overlapping_objects": lambda n: "{" + "tenant(by:{id:1}){id name} " * n + "}",
    "overlapping_depth": lambda n: (
        "{" + ("many(count:1){" + "tenant{" * 5 + "id" + "}" * 6) * (n // 8) + "}"
    ),
    "same_leaf": lambda n: "{tenant(by:{id:1}){" + "name " * n + "}}",
    "same_branches": lambda n: (
        "{tenant(by:{id:1}){" + "tenant{" * 8 + "tenant{name} " * n + "}" * 8 + "}}"
    ),
    "branches_of_fragments": lambda n: (
        "{tenant(by:{id:1}){" + "...A ...B " * n + "}} "
        "fragment A on Tenant {tenant{tenant{tenant{...C}}}} "
        "fragment B on Tenant {tenant{tenant{tenant{...C}}}} "
        "fragment C on Tenant {tenant{tenant{tenant{id name}}}}"
    ),
    "overlapping_fragments": lambda n: (
        "{"
        + "".join(f"...A{i} " for i in range(n))
        + "} "
        + " ".join(f"fragment A{i} on Query{{viewer}}" for i in range(n))
    ),
    "overlapping_inline_fragments": lambda n: "{" + "...{viewer} " * n + "}",
    "aliases": lambda n: "{" + "".join(f"a{i}:viewer " for i in range(n)) + "}",
    "aliases_in_a_fragment": lambda n: (
        "{...A} fragment A on Query {" + "".join(f"a{i}:viewer " for i in range(n)) + "}"
    ),
    "roots": lambda n: "{" + "".join(f"a{i % 30}:viewer " for i in range(n)) + "}",
    "directives": lambda n: "{viewer" + " @skip(if:false)" * n + "}",
    "unknown_directives": lambda n: "{viewer" + "".join(f" @d{i}" for i in range(n)) + "}",
    "directives_on_the_operation": lambda n: "query" + " @a" * n + "{viewer}",
    "directives_on_variables": lambda n: "query($a:Int" + " @a" * n + "){viewer}",
    "directives_on_a_fragment": lambda n: "{...A} fragment A on Query" + " @a" * n + "{viewer}",
    "directives_on_spreads": lambda n: (
        "{" + "...A @include(if:true) " * n + "} fragment A on Query {viewer}"
    ),
    "directives_on_inline_fragments": lambda n: "{" + "...@skip(if:false){viewer} " * n + "}",
    "variables": lambda n: "query(" + "".join(f"$v{i}:Int " for i in range(n)) + "){viewer}",
    "variables_of_no_type": lambda n: (
        "query(" + "".join(f"$v{i}:X{i} " for i in range(n)) + "){viewer}"
    ),
    "variables_by_one_name": lambda n: "query(" + "$v:Int " * n + "){viewer}",
    "variables_in_fragments": lambda n: (
        "query($v:Int){...F0} " + chain(n // 2, 1, leaf="many(count:$v){id}")
    ),
    "undefined_variables": lambda n: "{" + "".join(f"a:on(day:$v{i}) " for i in range(n)) + "}",
    "undefined_one_of": lambda n: "{...A} fragment A on Query {tenant(by:{id:$no}){id}}" + " " * n,
    "operations": lambda n: " ".join(f"query Q{i}{{viewer}}" for i in range(n)),
    "operations_by_one_name": lambda n: "query Q{viewer} " * n,
    "anonymous_operations": lambda n: "{viewer} " * n,
    "fragments_by_one_name": lambda n: "{...A} " + "fragment A on Query{viewer} " * n,
    "unused_fragments": lambda n: (
        "{viewer} " + " ".join(f"fragment A{i} on Query{{viewer}}" for i in range(n))
    ),
    "unknown_fragments": lambda n: "{" + "".join(f"...A{i} " for i in range(n)) + "}",
    "cycle_of_one": lambda n: "{...A} fragment A on Query {" + "...A " * n + "viewer}",
    "cycle_of_many": lambda n: (
        "{...A0} " + " ".join(f"fragment A{i} on Query {{...A{(i + 1) % n}}}" for i in range(n))
    ),
    "cycles_everywhere": lambda n: "{...A0} " + complete(int(n**0.5)),
    "unknown_fields": lambda n: "{" + "".join(f"x{i} " for i in range(n)) + "}",
    "unknown_arguments": lambda n: "{viewer(" + "".join(f"x{i}:1 " for i in range(n)) + ")}",
    "same_argument": lambda n: "{viewer(" + "x:1 " * n + ")}",
    "unknown_types": lambda n: "{" + "".join(f"...on X{i}{{a}} " for i in range(n)) + "}",
    "impossible_spreads": lambda n: "{" + "...on Tenant{id} " * n + "}",
    "list_literal": lambda n: "{tenants(filter:{ids:[" + "1 " * n + "]}){nodes{id}}}",
    "nested_list_literal": lambda n: (
        "{tenants(filter:{ids:" + "[" * n + "1" + "]" * n + "}){nodes{id}}}"
    ),
    "nested_object_literal": lambda n: (
        "{tenants(filter:" + "{ids:" * n + "1" + "}" * n + "){nodes{id}}}"
    ),
    "object_literal": lambda n: (
        "{tenants(filter:{" + "".join(f"x{i}:1 " for i in range(n)) + "}){nodes{id}}}"
    ),
    "enum_literals": lambda n: "{" + "tenants(orderBy:NAME_AS){nodes{id}} " * n + "}",
    "pages_in_pages": lambda n: (
        "{tenants(first:500){nodes{users(first:5000){nodes{id}}}}}" + " " * n
    ),
    "page_of_many_digits": lambda n: "{tenants(first:" + "9" * (n * 60) + "){nodes{id}}}",
    "introspection_loop": lambda n: nested(
        n, "__schema{types{fields{type{fields{type{fields{type{", "name"
    ).replace("}" * n + "}", "}" * 8 * n + "}"),
    "introspection_loop_in_fragments": lambda n: (
        "{__schema{types{...F0}}} "
        + " ".join(f"fragment F{i} on __Type {{fields{{type{{...F{i + 1}}}}}}}" for i in range(n))
        + f" fragment F{n} on __Type {{name}}"
    ),
    "introspection_aliases": lambda n: (
        "{"
        + "".join(
            f"a{i}:__schema{{types{{fields{{args{{type{{ofType{{name}}}}}}}}}}}} " for i in range(n)
        )
        + "}"
    ),
    "introspection_chain": lambda n: (
        nested(n, "ofType{", "name").replace("{", '{__type(name:"Query"){fields{type{', 1) + "}}}"
    ),
    "white_space": lambda n: "{" + " ," * n * 500 + "viewer}",
    "comments": lambda n: "#\n" * n + "{viewer}",
    "long_comment": lambda n: "#" + "x" * n * 500 + "\n{viewer}",
    "long_string": lambda n: '{on(day:"' + "x" * n * 500 + '")}',
    "escapes": lambda n: '{on(day:"' + "\\u0041" * n * 80 + '")}',
    "block_string": lambda n: '{on(day:"""' + "\n x" * n * 160 + '""")}',
    "long_name": lambda n: "{" + "x" * n * 500 + "}",
    "unterminated": lambda n: "{a" * n,
    "brackets": lambda n: "[" * n,
}
