"""The queue in an administrator's hands."""

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.core.web import TEMPLATES
from app.jobs.service import enqueue
from app.worker import queue
from tests.people import person


def fail(db: Session, job: int | None) -> None:
    db.execute(text("update procrastinate_jobs set status = 'doing' where id = :j"), {"j": job})
    db.execute(text("select procrastinate_finish_job_v1(:j, 'failed', false)"), {"j": job})


def shown(client: TestClient) -> dict[int, str]:
    return {job["id"]: job["state"] for job in client.get("/api/v1/jobs").json()["items"]}


def test_jobs_are_listed_sent_round_again_and_called_off(db: Session) -> None:
    waiting, failed = enqueue(db, "purge_expired"), enqueue(db, "make_trail_months")
    assert waiting and failed
    fail(db, failed)
    client = person(db, Role.ADMIN)
    assert shown(client) == {waiting: "todo", failed: "failed"}
    page = client.get("/jobs?state=failed", headers={"accept": "text/html"})
    assert page.status_code == 200 and f"#{failed}" in page.text
    assert f"#{waiting}" not in page.text and 'role="alert"' in page.text  # nobody works
    assert client.post(f"/api/v1/jobs/{failed}/retry").status_code == 204
    assert client.post(f"/jobs/{waiting}/cancel", follow_redirects=False).status_code == 303
    assert shown(client) == {waiting: "cancelled", failed: "todo"}
    assert client.post(f"/api/v1/jobs/{waiting}/cancel").status_code == 409
    assert client.post(f"/api/v1/jobs/{failed}/retry").status_code == 409
    decided = db.execute(text("select job_id, decision, decided_by from job_decision order by id"))
    assert [tuple(row) for row in decided] == [(failed, "retry", "admin"),
                                               (waiting, "cancel", "admin")]  # fmt: skip


def test_only_administrators_see_it(db: Session) -> None:
    for role in (Role.ANALYST, Role.AUDITOR):
        client = person(db, role)
        assert client.get("/api/v1/jobs").status_code == 403
        assert client.get("/jobs").status_code == 403


def test_every_job_has_a_name_that_people_read() -> None:
    page = (TEMPLATES / "jobs/jobs.html").read_text(encoding="utf-8")
    own = [name for name in queue.tasks if "builtin" not in name]
    assert own
    assert [name for name in own if f'"{name}": _(' not in page] == []
