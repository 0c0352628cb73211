"""Leave work behind, send it round again, call it off.

A job is done at least once: one whose worker was killed is taken up by the next. Each task
therefore looks, inside its own transaction, whether its work is still to be done.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import Conflict, NotFound
from app.jobs.models import JobDecision
from app.jobs.queries import Job, find

ENQUEUE = text(
    "select enqueue_job(:task, cast(:given as jsonb), :only_one, :one_by_one, "
    "cast(:not_before as timestamptz))"
)
RETRY = text("select procrastinate_retry_job_v2(:job, now(), null, null, null)")
CANCEL = text("select procrastinate_cancel_job_v1(:job, true, false)")


def enqueue(
    session: Session,
    task: str,
    given: dict[str, Any] | None = None,
    *,
    only_one: str | None = None,
    one_by_one: str | None = None,
    not_before: datetime | None = None,
) -> int | None:
    """Leave a job: it is there if, and only if, this transaction commits.

    Of `only_one` never more than one waits (then None); of `one_by_one` never two run at once.
    """
    number: int | None = session.scalar(ENQUEUE, {
        "task": task, "given": json.dumps(given or {}, ensure_ascii=False), "only_one": only_one,
        "one_by_one": one_by_one, "not_before": not_before,
    })  # fmt: skip
    return number


def retry(session: Session, actor: Actor, job_id: int) -> None:
    """Send a failed job round again at once."""
    job = _found(session, job_id)
    if job.state != "failed":
        raise Conflict(f"任务 {job_id} 不在失败状态：只能重试失败的任务 (this job has not failed)")
    session.execute(RETRY, {"job": job_id})
    _note(session, actor, job, "retry")


def cancel(session: Session, actor: Actor, job_id: int) -> None:
    """Call off a job that waits; one that runs is asked to stop where it can."""
    job = _found(session, job_id)
    if job.state not in ("todo", "doing"):
        raise Conflict(f"任务 {job_id} 已经结束：不能取消 (this job has ended)")
    session.execute(CANCEL, {"job": job_id})
    _note(session, actor, job, "cancel")


def _found(session: Session, job_id: int) -> Job:
    job = find(session, job_id)
    if job is None:
        raise NotFound(f"没有编号为 {job_id} 的任务 (no such job)")
    return job


def _note(session: Session, actor: Actor, job: Job, decision: str) -> None:
    session.add(JobDecision(job_id=job.id, task=job.task, decision=decision,
                            decided_by=actor.name))  # fmt: skip
    session.flush()  # its write belongs to this act's role
