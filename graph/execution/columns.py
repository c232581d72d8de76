"""Lists that are kept as columns, whose items need not be made to be written out.

A sequence takes part when it has `rows_of(names)`: an iterator over its items as tuples of these
attributes. It is trusted, as `passes_text` is: every column holds values of its field's type in
their final form and no null. Where a field of the items is more than such an attribute, and for
graphql-core, it is a sequence of items like any other.
"""

from collections.abc import Sequence
from typing import Any


def is_columnar(value: Any) -> bool:
    return isinstance(value, Sequence) and hasattr(type(value), "rows_of")
