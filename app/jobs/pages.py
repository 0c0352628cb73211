"""What runs, waits and failed, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.accounts.auth import Administrator, Db, Tx
from app.core.web import render
from app.jobs import queries, service
from app.jobs.api import State

router = APIRouter(prefix="/jobs", include_in_schema=False)
JobId = Annotated[int, Path(ge=1, lt=2**63)]
SHOWN = 50


@router.get("")
def job_list(
    request: Request,
    actor: Administrator,
    db: Db,
    state: State | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """The queue, the latest first."""
    found = queries.jobs(db, state, before, SHOWN)
    return render(
        request, "jobs/jobs.html", jobs=found, state=state, counts=queries.counts(db),
        workers=queries.workers(db), following=found[-1].id if len(found) == SHOWN else None,
    )  # fmt: skip


@router.post("/{job_id}/retry")
def retry(job_id: JobId, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Send a failed job round again."""
    service.retry(tx, actor, job_id)
    return RedirectResponse("/jobs", status_code=303)


@router.post("/{job_id}/cancel")
def cancel(job_id: JobId, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Call a job off."""
    service.cancel(tx, actor, job_id)
    return RedirectResponse("/jobs", status_code=303)
