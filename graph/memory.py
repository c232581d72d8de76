"""How Python and the C library keep memory, in processes that handle much of it and hold little."""

import ctypes
import gc
import sys

_TRIM_THRESHOLD = -1
"""M_TRIM_THRESHOLD of glibc's malloc.h."""


def spare_collector() -> None:
    """What is there by now stays until the end: no collection need look at it again. A request
    leaves next to no cycles behind, and so do the rows of a file; a collection in their middle is
    what makes them slow."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def hand_back_freed() -> None:
    """Where the C library is glibc, keep at most 4 MiB that are free at the end of the heap.

    By itself it raises its thresholds to the largest block that was ever freed. Answers of some
    hundred KiB then share the heap with small objects and leave gaps that nothing else fills.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_TRIM_THRESHOLD, 4 * 1024 * 1024)
