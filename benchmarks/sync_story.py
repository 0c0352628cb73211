"""The example client syncs a real register file while everything around it fails; by hand.

    python -m benchmarks.sync_story registry.csv [--client ANOTHER.py]

The file's firms and 20,000 figures go in over a line that delays and drops answers; client and
server are killed ten times each at random, the database twice. Both sides are equal at the end,
and each change is in the feed once, or it exits with an error. The suite tells it in small. Any
client that takes the example's arguments and keeps what it was refused and told of in the same
tables (`refused`, `event`) can be put in its place.
"""

import argparse
import csv
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.db import make_engine
from app.core.postgres import running
from app.core.settings import Settings
from app.start import migrate
from tests.examples.flaky import flaky
from tests.examples.test_sync import (
    EXAMPLE,
    INDICATORS,
    check,
    client,
    free_port,
    rows_of,
    start_server,
)

KILLS, DATABASE_AT, FIGURES = 10, (5, 13), 20_000
YEARS = (2024, 2025)


@contextmanager
def database(folder: Path) -> Iterator[tuple[Settings, Engine]]:
    """A database of its own in a folder of its own."""
    settings = Settings(data_dir=folder)
    with running(settings) as url:
        engine = make_engine(url, settings)
        migrate(engine)
        yield settings, engine
        engine.dispose()


def restart(settings: Settings) -> None:
    """Stop the database as a crash would, and start it again."""
    pid = int((settings.data_dir / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    time.sleep(1)
    with running(settings):
        pass


def figures_of(firms: Path, file: Path) -> None:
    """Figures of the file's first firms with a code, two years and two indicators each."""
    codes = [row["统一社会信用代码"] for row in rows_of(firms)]
    sound = [code for code in codes if len(code) == 18 and code.isalnum()]
    with file.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["credit_code", "year", *INDICATORS])
        rows = [[code, year, 20 + n % 80, n % 20]
                for n, code in enumerate(sound) for year in YEARS]  # fmt: skip
        out.writerows(rows[: FIGURES // len(INDICATORS)])


class Story:
    """Server, client and database, and what happens to them."""

    def __init__(self, settings: Settings, engine: Engine, token: str, program: Path) -> None:
        self.settings, self.engine, self.token, self.program = settings, engine, token, program
        self.folder, self.port = settings.data_dir, free_port()
        self.dice = random.Random(11)  # noqa: S311 - no secret
        self.server: subprocess.Popen[bytes] = start_server(engine, self.folder, self.port)

    def tell(self, firms: Path, figures: Path) -> float:
        """Push and follow until both are through; the seconds it took."""
        began = time.monotonic()
        pushing = ("push", "--firms", str(firms), "--figures", str(figures))
        with flaky(self.port, seed=11) as line:
            for n in range(2 * KILLS):
                self._interrupted(line, pushing if n % 3 else ("follow", "--seconds", "5"), n)
            for last in (pushing, ("follow", "--seconds", "3")):
                assert self._client(line, *last).wait(1_200) == 0
        return time.monotonic() - began

    def _client(self, line: int, *doing: str) -> "subprocess.Popen[bytes]":
        return client(line, self.token, self.folder, *doing, program=self.program)

    def _interrupted(self, line: int, doing: tuple[str, ...], n: int) -> None:
        process = self._client(line, *doing)
        time.sleep(self.dice.uniform(0.5, 4))
        if n in DATABASE_AT:
            restart(self.settings)
            time.sleep(self.dice.uniform(0.5, 3))
        if n % 2:
            self.server.send_signal(signal.SIGKILL)
            self.server.wait()
            self.server = start_server(self.engine, self.folder, self.port)
            time.sleep(self.dice.uniform(0.5, 3))
        process.kill()
        process.wait()


def counts(state: sqlite3.Connection) -> dict[str, Any]:
    """What the client holds at the end."""
    tables = ("refused", "event")
    return {name: state.execute(f"select count(*) from {name}").fetchone()[0]
            for name in tables}  # fmt: skip


def main() -> None:
    """Tell the story and check its end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("firms", type=Path)
    parser.add_argument("--client", type=Path, default=EXAMPLE)
    given = parser.parse_args()
    firms = given.firms.resolve()
    with tempfile.TemporaryDirectory() as made, database(Path(made)) as (settings, engine):
        with Session(engine) as session, session.begin():
            session.add(Organisation(code="sync", name="数据平台", kind="department"))
            session.flush()
            wanted = Wanted("sync", "sync", SCOPES, requests_per_minute=60_000)
            token = issue(session, wanted, SYSTEM).secret
        figures = Path(made) / "figures.csv"
        figures_of(firms, figures)
        story = Story(settings, engine, token, given.client.resolve())
        try:
            seconds = story.tell(firms, figures)
        finally:
            story.server.kill()
            story.server.wait()
        with closing(sqlite3.connect(Path(made) / "sync.db")) as state:
            check(engine, state, (firms, figures))
            print(f"equal after {seconds:.0f} s, {2 * KILLS} kills, {len(DATABASE_AT)} crashes of "
                  f"the database: {counts(state)}")  # fmt: skip


if __name__ == "__main__":
    main()
