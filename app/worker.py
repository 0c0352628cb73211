"""The worker: takes jobs off the queue and does them, each in a transaction of its own.

Run by `tidu worker`, or by `tidu serve` as a child process: a killed child is started anew, and
one whose server was killed ends by itself. A job taken twice is done once: every task looks first
whether its work is still to be done.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from sqlalchemy import Engine, delete, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import replies
from app.accounts.models import Invitation, SignInFailure, UserSession
from app.audit.ddl import ensure_months
from app.bulletins import service as bulletins
from app.connectors import service as connectors
from app.connectors.models import Run
from app.core import scratch
from app.core.clock import now, today
from app.core.settings import Settings
from app.duplicates import finding
from app.exports import running as exports
from app.exports import service as export_files
from app.imports import running as imports
from app.imports import service as import_steps
from app.jobs.queries import SILENT_SECONDS
from app.pipeline.models import Evaluation
from app.pipeline.service import evaluate
from app.support import clock, telling
from app.target_lists import telling as supervision
from app.webhooks import service as webhooks

HEARTBEAT_SECONDS = 5
FEED_SECONDS = 1
CONNECTOR_SECONDS = 20
STOP_SECONDS = 20
AGAIN_SECONDS = 2
# Traces of sessions, links and guesses that have run out; the trail keeps what they did.
TRACES_KEPT, JOBS_KEPT, FAILED_KEPT = timedelta(days=30), timedelta(days=7), timedelta(days=90)
EVALUATION_LOCK = 7_301_116
log = structlog.get_logger("tidu.worker")
# Its connector is given when the worker opens it: the database may be our own, started by then.
queue = App(connector=PsycopgConnector(), periodic_defaults={"max_delay": 24 * 3600})


@dataclass
class Tools:
    """What tasks work with, for as long as the worker runs."""

    engine: Engine
    settings: Settings


_tools: list[Tools] = []


def tools() -> Tools:
    """The running worker's."""
    return _tools[0]


@queue.periodic(cron="10 16 * * *")  # ten past midnight in the district, as cron counts in UTC
@queue.task(name="evaluate_all", queueing_lock="evaluate_all", lock="evaluate_all")
def evaluate_all(timestamp: int = 0) -> None:
    """Hold every firm against the criteria, once a day: what lapsed overnight shows."""
    with Session(tools().engine) as session, session.begin():
        session.execute(text("set local statement_timeout = 0"))
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": EVALUATION_LOCK})
        day = today()
        done = session.query(Evaluation.id).where(
            Evaluation.as_of == day, Evaluation.finished_at.is_not(None)
        )
        if done.first() is None:
            evaluate(tools().engine, day)


@queue.periodic(cron="40 16 * * *")
@queue.task(name="make_trail_months", queueing_lock="make_trail_months")
def make_trail_months(timestamp: int = 0) -> None:
    """The trail's tables of the months to come."""
    with tools().engine.begin() as connection:
        ensure_months(connection)


@queue.periodic(cron="30 16 * * *")
@queue.task(name="find_duplicates", queueing_lock="find_duplicates", lock="find_duplicates")
def find_duplicates(timestamp: int = 0) -> None:
    """Look through the whole register for firms that may be one."""
    with Session(tools().engine) as session, session.begin():
        finding.find(session)


@queue.periodic(cron="20 17 * * *")
@queue.task(name="purge_expired", queueing_lock="purge_expired")
def purge_expired(timestamp: int = 0) -> None:
    """Remove what has run out long ago: sessions, links, guesses, imports' files, finished jobs."""
    before = now() - TRACES_KEPT
    with Session(tools().engine) as session, session.begin():
        session.execute(delete(UserSession).where(UserSession.expires_at < before))
        session.execute(delete(Invitation).where(Invitation.expires_at < before))
        session.execute(delete(SignInFailure).where(SignInFailure.last_at < before))
        session.execute(webhooks.PURGE, {"before": before})
        session.execute(delete(Run).where(Run.started_at < before))
        replies.forget_old(session)
        import_steps.forget_old(session)
        export_files.forget_old(session)
        session.execute(PURGE_JOBS, {"done": now() - JOBS_KEPT, "failed": now() - FAILED_KEPT})


PURGE_JOBS = text("""
with old as (
  select job.id from procrastinate_jobs as job
  where job.status not in ('todo', 'doing') and (
    select max(at) from procrastinate_events where job_id = job.id
  ) < case when job.status = 'failed' then cast(:failed as timestamptz)
      else cast(:done as timestamptz) end
), of_schedule as (
  delete from procrastinate_periodic_defers where job_id in (select id from old)
)
delete from procrastinate_jobs where id in (select id from old)
""")
# A worker that fell silent has been killed: its jobs wait again, and the attempt counts.
STALLED = text("""
select job.id from procrastinate_jobs as job
left join procrastinate_workers as worker on worker.id = worker_id
where job.status = 'doing'
  and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => :silent))
for update of job skip locked
""")
WAIT_AGAIN = text("select procrastinate_retry_job_v2(:job, now(), null, null, null)")
END = text("select procrastinate_finish_job_v1(:job, 'aborted', false)")


@queue.periodic(cron="10 0 * * *")  # ten past eight in the district
@queue.task(name="ring", queueing_lock="ring", lock="ring")
def ring(timestamp: int = 0) -> None:
    """Tell of cases that are nearly due or overdue, and of notices of supervision; each once."""
    with Session(tools().engine) as session, session.begin():
        clock.ring(session, today())
        supervision.ring(session, today())


@queue.task(name="mail_notices")
def mail_notices(user: int) -> None:
    """Send a person what waits, in one mail, if that is still to be done."""
    telling.tell(tools().engine, tools().settings, telling.MAIL, user)


@queue.task(name="chat_notices")
def chat_notices(user: int) -> None:
    """Tell a person in their work chat what waits, if that is still to be done."""
    telling.tell(tools().engine, tools().settings, telling.CHAT, user)


@queue.periodic(cron="0 17 * * *")
@queue.task(name="note_errata", queueing_lock="note_errata")
def note_errata(timestamp: int = 0) -> None:
    """What is corrected of approved bulletins, for their public pages."""
    with Session(tools().engine) as session, session.begin():
        session.execute(text("set local statement_timeout = 0"))
        bulletins.note_errata(session, today())


@queue.task(name=supervision.TASK)
def mail_supervision(user: int) -> None:
    """Send a person the notices of supervision that wait, in one mail."""
    supervision.mail(tools().engine, tools().settings, user)


@queue.task(name="deliver")
def deliver(delivery: int) -> None:
    """Send one event to one subscription, if that is still to be done."""
    webhooks.deliver(tools().engine, tools().settings, delivery)


@queue.task(name="import_check")
def import_check(batch: int) -> None:
    """Read an uploaded file and try it."""
    imports.check(tools().engine, batch)


@queue.task(name="import_run")
def import_run(batch: int) -> None:
    """Import a file, if that is still to be done."""
    imports.run(tools().engine, batch)


@queue.task(name="import_undo")
def import_undo(batch: int) -> None:
    """Put back what an import changed."""
    imports.undo(tools().engine, batch)


@queue.task(name="export_write")
def export_write(export: int) -> None:
    """Write a list to a file, if that is still to be done."""
    exports.write(tools().engine, export)


@queue.task(name="run_connector")
def run_connector(connector: int, dry: bool = False) -> None:
    """Exchange with one outside platform, from where it stands."""
    connectors.run(tools().engine, tools().settings, connector, dry=dry)


def take_up_stalled(engine: Engine) -> int:
    """Put the jobs of killed workers back into the queue; how many."""
    with engine.begin() as connection:
        stalled = connection.scalars(STALLED, {"silent": SILENT_SECONDS}).all()
        for job in stalled:
            try:
                with connection.begin_nested():
                    connection.execute(WAIT_AGAIN, {"job": job})
            except IntegrityError:  # the same work already waits, behind this job's lock
                connection.execute(END, {"job": job})
        return len(stalled)


def run(settings: Settings, engine: Engine, *, with_parent: bool = False) -> None:
    """Work until told to stop: by a signal or, as a child, by the end of the parent."""
    scratch.clear()
    _tools[:] = [Tools(engine, settings)]
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=4)
    try:
        asyncio.run(_work(connector, engine, with_parent=with_parent))
    finally:
        _tools.clear()


async def _work(connector: PsycopgConnector, engine: Engine, *, with_parent: bool) -> None:
    with queue.replace_connector(connector):
        async with queue.open_async():
            worker = asyncio.create_task(queue.run_worker_async(
                concurrency=4, fetch_job_polling_interval=2.0, wait=True,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=SILENT_SECONDS, shutdown_graceful_timeout=STOP_SECONDS,
                install_signal_handlers=True,
            ))  # fmt: skip
            beside = [
                asyncio.create_task(_keep(take_up_stalled, engine, HEARTBEAT_SECONDS)),
                asyncio.create_task(_keep(webhooks.fan_out, engine, FEED_SECONDS)),
                asyncio.create_task(_keep(connectors.start_due, engine, CONNECTOR_SECONDS)),
            ]
            if with_parent:
                threading.Thread(
                    target=_stop_with_parent, args=(asyncio.get_running_loop(), worker), daemon=True
                ).start()
            with suppress(asyncio.CancelledError):
                await worker
            for task in beside:
                task.cancel()


async def _keep(act: Callable[[Engine], int], engine: Engine, seconds: float) -> None:
    """Again and again: what depends on time or on others' commits, and not on a job."""
    while True:
        try:
            await asyncio.to_thread(act, engine)
        except Exception as error:
            log.error("beside the queue", exc_info=error)
        await asyncio.sleep(seconds)


def _stop_with_parent(loop: asyncio.AbstractEventLoop, worker: "asyncio.Task[None]") -> None:
    """The parent holds the other end of our standard input: it closes however the parent ends."""
    while os.read(0, 1):  # not through the buffer, whose lock would outlive the interpreter
        pass
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(worker.cancel)


# --- the server's child -------------------------------------------------------------------------


@contextmanager
def child() -> Iterator[None]:
    """A worker beside the server, for as long as the block lasts; a killed one is started anew."""
    ended = threading.Event()
    process: list[Any] = []

    def keep_one() -> None:
        while not ended.is_set():
            process[:] = [_start()]
            process[0].wait()
            ended.wait(AGAIN_SECONDS)

    keeper = threading.Thread(target=keep_one, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        for running in process:
            with suppress(OSError):
                running.stdin.close()
            try:
                running.wait(STOP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                running.kill()
        keeper.join(5)


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "app", "worker", "--with-parent"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=os.environ.copy(),
        start_new_session=True,  # Ctrl-C is for the server, which then closes our input
    )  # fmt: skip
