"""What runs, waits, failed: read from the queue, which holds numbers of records and no data."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

STATES = ("todo", "doing", "failed", "succeeded", "cancelled", "aborted")
# A worker that has said nothing for so long is gone; its jobs are taken up by another.
SILENT_SECONDS = 20

COLUMNS = """
select job.id, job.task_name as task, job.status::text as state, job.attempts, job.scheduled_at,
       (select min(at) from procrastinate_events where job_id = job.id) as created_at,
       (select max(at) from procrastinate_events where job_id = job.id) as changed_at
from procrastinate_jobs as job
"""
LISTED = text(f"""{COLUMNS} where (cast(:state as text) is null or job.status::text = :state)
and (cast(:before as bigint) is null or job.id < :before) order by job.id desc limit :most""")
ONE = text(f"{COLUMNS} where job.id = :job")
COUNTED = text("select status::text, count(*) from procrastinate_jobs group by status")
WORKERS = text(
    "select count(*) from procrastinate_workers "
    "where last_heartbeat > now() - make_interval(secs => :silent)"
)


@dataclass(frozen=True)
class Job:
    """One job, as the queue knows it."""

    id: int
    task: str
    state: str
    attempts: int
    scheduled_at: datetime | None
    created_at: datetime | None
    changed_at: datetime | None


def jobs(
    session: Session, state: str | None = None, before: int | None = None, most: int = 50
) -> list[Job]:
    """The latest first."""
    given = {"state": state, "before": before, "most": most}
    return [Job(**row._mapping) for row in session.execute(LISTED, given)]


def find(session: Session, job_id: int) -> Job | None:
    """One of them."""
    row = session.execute(ONE, {"job": job_id}).one_or_none()
    return None if row is None else Job(**row._mapping)


def counts(session: Session) -> dict[str, int]:
    """How many are in each state, none left out."""
    found = {state: number for state, number in session.execute(COUNTED)}
    return {state: found.get(state, 0) for state in STATES}


def workers(session: Session) -> int:
    """How many workers have lately said that they are there."""
    return session.scalar(WORKERS, {"silent": SILENT_SECONDS}) or 0
