"""Timings of one call, many times over."""

import gc
import statistics
import time
from collections.abc import Callable


def milliseconds(
    call: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Median and 95th percentile over that many calls, after three that do not count.

    The percentile lies between calls that were made: never beyond the slowest of them.
    """
    for _ in range(3):
        call()
    gc.collect()
    gc.freeze()  # as a server does (core/heap.py): modules are not searched for garbage meanwhile
    taken = []
    for _ in range(times):
        start = clock()
        call()
        taken.append((clock() - start) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20, method="inclusive")[18]


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long one call takes."""
    start = clock()
    call()
    return clock() - start
