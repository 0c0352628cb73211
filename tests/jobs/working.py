"""Real workers: processes of their own on the database of a test."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parents[2]


def start(engine: Engine, folder: Path, **settings: str) -> "subprocess.Popen[bytes]":
    """A worker; it ends with us, whatever happens."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    env = os.environ | {"DATABASE_URL": url, "TIDU_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT),
                        **settings}  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "app", "worker", "--with-parent"],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Tell it to stop; how it ended."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(40)


@contextmanager
def working(engine: Engine, folder: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker for as long as the block lasts."""
    process = start(engine, folder, **settings)
    try:
        yield process
    finally:
        stop(process)


def eventually(true: Callable[[], Any], seconds: float = 60) -> Any:
    """What comes true in time."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.2)
    return found
