"""Folders for files on their way: gone after use, or taken away after whoever used one was killed.

A folder is locked for as long as its process lives; the system lets the lock go however that ends.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "tidu-files-"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of one's own for as long as the block lasts."""
    path, held = _claimed()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _claimed() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):  # cleared away before it was locked
            held = os.open(path, os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_EX)
            if path.exists():
                return path, held
            os.close(held)


def clear() -> int:
    """Take away the folders of processes that were killed; how many."""
    return sum(map(_abandoned, Path(tempfile.gettempdir()).glob(f"{PREFIX}*")))


def _abandoned(path: Path) -> bool:
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError:  # gone by now, or another user's
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
