"""Compiled execution: queries answered by generated Python instead of an interpreter.

A document, the name of one of its operations and the values of the variables used by `@skip` and
`@include` are compiled, once, into functions that call the schema's own resolvers and copy what
these return straight into the dicts and lists of the answer. There is no info object, path or
awaitable check for a value that needs none. `CompiledExecutor` keeps the compiled plans; the
caller hands it documents that are parsed, limited and validated already, and should keep parsed
documents between requests: plans are found by the identity of the document. (A document parsed
again is planned again; only the byte code is shared, by the text of the generated source.)

Covered: queries; objects, lists, leaves (built in, enums, custom scalars with their own
serialiser), nullable or not; sync and async resolvers, with permissions, field extensions and
exception handlers, which run unchanged because the field's own `resolve` is called; a resolver
without any of these, and with plain arguments, is called directly. Fragments, aliases, merged
fields, `@skip`, `@include`, `__typename`, variables and arguments as graphql-core coerces them.
Async siblings run concurrently, and everything that one walk finds starts in the same tick of
the loop, so that data loaders see all keys of a level at once.

Left to graphql-core, which then answers the **whole** request anew: mutations and subscriptions,
introspection, interfaces and unions, any other directive, fragment arguments, many fields when
they are asked for the first time, and very many always; and, at run time, whatever would become
an error or is not certain to come out the same: a resolver, serialiser or permission that raises,
a null in a non-null place, a variable or argument that does not coerce, an iterator where a list
is expected (it is not touched, for it could be read once only), an awaitable where a leaf is
expected. So error messages, paths and partial answers are graphql-core's own, always. `Reason` is
the closed list of causes.

Answering twice is safe because only queries are compiled, and a query's resolvers only read. A
resolver that counts, bills or writes an audit row must not live below `Query`, or must bear to
run twice in one request. The second try gets the same context: per-request loaders hold rows of
the first, which for reads is a saving, not a fault. (With rows at hand it takes fewer ticks; when
several concurrent fields fail and a null bubbles up past them, which of their errors are reported
is a matter of ticks, here as in graphql-core alone.) Nothing of the first try runs on beside the
second: its tasks have ended by then. When the request is cancelled, its tasks are cancelled and
awaited. Asking twice costs twice, so limits on load must count requests, not resolver calls.

A schema extension with a `resolve` hook, a custom executor class and operation directives would
be passed over, so a schema that has one is refused when the executor is made. The other hooks of
schema extensions, masking of errors among them, are the caller's to run.

Rows are read by attribute: classes with `__slots__` and plain classes cost least, named tuples
twice as much. Dicts and orjson come out ahead of writing bytes by hand, so data is plain dicts.
"""

from graph.execution.batches import batched
from graph.execution.executor import CompiledExecutor, Counts
from graph.execution.fallback import Reason
from graph.execution.info import CompiledInfo
from graph.execution.leaves import passes_text

__all__ = [
    "CompiledExecutor",
    "CompiledInfo",
    "Counts",
    "Reason",
    "batched",
    "passes_text",
]
