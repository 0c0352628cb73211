"""The queue over HTTP, for administrators."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from app.accounts.auth import Administrator, Db, Tx
from app.core.resource import Resource
from app.jobs import queries, service

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=Resource)
JobId = Annotated[int, Path(ge=1, lt=2**63)]
State = Literal["todo", "doing", "failed", "succeeded", "cancelled", "aborted"]


class JobOut(BaseModel):
    """One job; what it works on is not told."""

    id: int
    task: str
    state: str
    attempts: int
    scheduled_at: datetime | None
    created_at: datetime | None
    changed_at: datetime | None


class JobsOut(BaseModel):
    """A page of jobs, how many there are in each state, and whether anybody works."""

    items: list[JobOut]
    next: int | None
    counts: dict[str, int]
    workers: int


@router.get("", operation_id="list_jobs")
def list_jobs(
    actor: Administrator,
    db: Db,
    state: State | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> JobsOut:
    """Jobs, the latest first; `next` is the following `before`."""
    found = queries.jobs(db, state, before, limit)
    return JobsOut(
        items=[JobOut.model_validate(vars(job)) for job in found],
        next=found[-1].id if len(found) == limit else None,
        counts=queries.counts(db),
        workers=queries.workers(db),
    )


@router.post("/{job_id}/retry", operation_id="retry_job", status_code=204)
def retry_job(job_id: JobId, actor: Administrator, tx: Tx) -> None:
    """Send a failed job round again."""
    service.retry(tx, actor, job_id)


@router.post("/{job_id}/cancel", operation_id="cancel_job", status_code=204)
def cancel_job(job_id: JobId, actor: Administrator, tx: Tx) -> None:
    """Call a job off."""
    service.cancel(tx, actor, job_id)
