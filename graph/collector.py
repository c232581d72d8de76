"""The garbage collector's settings, for processes that make many objects and few cycles."""

import gc


def spare() -> None:
    """What is there by now stays until the end: no collection need look at it again. A request
    leaves next to no cycles behind, and so do the rows of a file; a collection in their middle is
    what makes them slow."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
