"""Processor time, which other work on the machine does not lengthen."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def of_server(session: Session) -> Iterator[Callable[[], float]]:
    """Seconds spent so far by the server of this session, its finished processes included."""
    backend = session.scalar(select(func.pg_backend_pid()))
    server = int(_stat(Path(f"/proc/{backend}/stat"))[1])
    session.rollback()

    def spent() -> float:
        stats = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
        living = [s for s in stats if s and int(s[1]) == server]
        ended = _stat(Path(f"/proc/{server}/stat"))
        ticks = sum(int(s[11]) + int(s[12]) for s in living) + int(ended[13]) + int(ended[14])
        return ticks / TICK

    yield spent


def of_call(session: Session) -> Callable[[], float]:
    """A clock for `milliseconds`: what this process and the one that serves its session computed.

    Workers of a parallel query are not counted; a page's statements have none.
    """
    backend = session.scalar(select(func.pg_backend_pid()))
    served = Path(f"/proc/{backend}/schedstat")
    return lambda: time.process_time() + int(served.read_text().split()[0]) / 1e9


def _stat(path: Path) -> list[str]:
    """The fields after the name, from the state on; none for a process that has just ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []
