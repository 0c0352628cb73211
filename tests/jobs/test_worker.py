"""A job survives the death of who does it, and is done once; the worker goes with its server."""

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.exports import service as exports
from app.jobs.service import enqueue
from app.worker import EVALUATION_LOCK, take_up_stalled
from tests.factories import make_firm
from tests.jobs.working import ROOT, eventually, start, working

HELD = 8_915
# A file being written stops where its first page is counted, for as long as a lock is held.
HOLD = f"""
create function hold() returns trigger language plpgsql as $$
  begin perform pg_advisory_xact_lock({HELD}); return new; end $$;
create trigger hold before update of done on export_file for each row when (new.done > 0)
  execute function hold()
"""
WAITS = text("select count(*) from pg_locks where locktype = 'advisory' and objid = :l "
             "and not granted")  # fmt: skip
WRITTEN = text("select state, rows, (select count(*) from export_part where export_id = id) "
               "from export_file where id = :n")  # fmt: skip


def state(engine: Engine, job: int) -> str:
    with engine.connect() as connection:
        found = connection.scalar(
            text("select status::text from procrastinate_jobs where id = :j"), {"j": job}
        )
    return str(found)


def left(engine: Engine) -> int:
    with Session(engine) as session, session.begin():
        make_firm(session)
        job = enqueue(session, "evaluate_all", only_one="evaluate_all", one_by_one="evaluate_all")
    if job is None:  # the worker's schedule was quicker
        with engine.connect() as connection:
            job = connection.scalar(text(
                "select id from procrastinate_jobs where queueing_lock = 'evaluate_all' "
                "order by id desc limit 1"))  # fmt: skip
    assert job is not None
    return job


def asked(engine: Engine) -> int:
    """A file to be written; its writer will be held."""
    with Session(engine) as session, session.begin():
        session.execute(text(HOLD))
        make_firm(session)
        analyst = Actor(Role.ANALYST, None, "analyst")
        return exports.ask(session, analyst, "firms", "", "csv", "zh")[0].id


def written(engine: Engine, export: int) -> tuple[object, ...]:
    """How an export stands: its state, its rows, and the parts of its file."""
    with engine.connect() as connection:
        return tuple(connection.execute(WRITTEN, {"n": export}).one())


def is_held(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(WAITS, {"l": HELD}))


def runs(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("select count(*) from evaluation")) or 0


def test_a_job_is_there_only_if_its_transaction_commits(db: Session) -> None:
    count = text("select count(*) from procrastinate_jobs")
    with db.begin_nested() as point:
        assert enqueue(db, "make_trail_months", only_one="x") is not None
        assert enqueue(db, "make_trail_months", only_one="x") is None
        assert db.scalar(count) == 1
        point.rollback()
    assert db.scalar(count) == 0


@pytest.mark.timeout(180)
def test_jobs_of_a_killed_worker_are_taken_up_and_done_once(clone: Engine, tmp_path: Path) -> None:
    export, job = asked(clone), left(clone)
    with clone.connect() as held:
        held.execute(text("select pg_advisory_lock(l) from unnest(cast(:l as int[])) as l"),
                     {"l": [EVALUATION_LOCK, HELD]})  # fmt: skip
        killed = start(clone, tmp_path)
        eventually(lambda: state(clone, job) == "doing" and is_held(clone))
        killed.kill()
        killed.wait()
        assert killed.stdin is not None
        killed.stdin.close()
        assert take_up_stalled(clone) == 0  # its worker may still be alive
        assert written(clone, export) == ("running", 1, 0), "half a file is no file"
        held.execute(text("select pg_advisory_unlock_all()"))
        held.commit()
    with working(clone, tmp_path) as worker:
        # Its own schedule may have left the same work meanwhile; then that one does it.
        eventually(lambda: state(clone, job) in ("succeeded", "aborted") and runs(clone) == 1)
        eventually(lambda: written(clone, export) == ("ready", 2, 1))
        again = left(clone)
        eventually(lambda: state(clone, again) == "succeeded")
        assert runs(clone) == 1
        worker.terminate()
        assert worker.wait(30) == 0


@pytest.mark.timeout(180)
def test_server_and_worker_outlive_each_other_as_they_should(tmp_path: Path) -> None:
    env = os.environ | {"TIDU_DATA_DIR": str(tmp_path / "data"), "TIDU_PORT": "8915",
                        "TIDU_DURABLE": "false", "PYTHONPATH": str(ROOT)}  # fmt: skip
    env.pop("DATABASE_URL", None)
    server = subprocess.Popen([sys.executable, "-m", "app.cli", "serve"], env=env, cwd=ROOT,
                              stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        eventually(answers)
        first = eventually(lambda: children(server.pid))
        os.kill(first[0], signal.SIGKILL)
        second = eventually(lambda: [p for p in children(server.pid) if p not in first])
        server.kill()
        server.wait()
        eventually(lambda: not Path(f"/proc/{second[0]}/cmdline").exists())
    finally:
        server.kill()


def answers() -> bool:
    try:
        return httpx.get("http://127.0.0.1:8915/health/ready", timeout=2).is_success
    except httpx.HTTPError:
        return False


def children(parent: int) -> list[int]:
    """The workers of a server."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            same = f"PPid:\t{parent}\n" in (process / "status").read_text()
            if same and b"--with-parent" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_the_queue_has_the_tables_of_the_version_that_is_installed() -> None:
    """Another version brings migrations of its own: say so in one of ours, then change this."""
    assert version("procrastinate").startswith("3.10.")
