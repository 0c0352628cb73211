"""Work that waits for the database, off the event loop.

The framework takes a thread for each dependency and for the route; on a request of some
milliseconds, going to and fro is half of the server's work. So a route of the interface for
programs is run in one thread, together with the transaction that it reads in.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

# The gate lets in as many requests as there are connections, and each holds one thread at a time;
# a number that no setting of theirs reaches.
THREADS = ThreadPoolExecutor(max_workers=128, thread_name_prefix="tidu")
Endpoint = Callable[..., Any]


@dataclass(frozen=True)
class Later:
    """Something that is opened in the thread in which it is used, and closed there."""

    opened: Callable[[], AbstractContextManager[Any]]


async def in_thread(call: Callable[..., Any], *given: Any) -> Any:
    """What a call returns, or raises, in a thread of its own."""
    run = partial(copy_context().run, call, *given)
    return await asyncio.get_running_loop().run_in_executor(THREADS, run)


def in_one_thread(endpoint: Endpoint) -> Endpoint:
    """A route's function that waits in a thread, where what comes `Later` is opened; one that does
    not wait stays as it is.
    """
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def call(**given: Any) -> Any:
        return await in_thread(_run, endpoint, given)

    return call


def _run(endpoint: Endpoint, given: dict[str, Any]) -> Any:
    with ExitStack() as stack:
        opened = {name: stack.enter_context(one.opened()) if isinstance(one, Later) else one
                  for name, one in given.items()}  # fmt: skip
        return endpoint(**opened)
