"""The interpreter's search for garbage, kept away from what stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settled() -> Iterator[None]:
    """Make what stays until the process ends, such as modules and routes, and never search it.

    Looking through it again and again while it grows takes a third of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
