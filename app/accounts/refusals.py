"""Whom the application turned away, from where: every such answer is noted in the trail.

Only of those who showed something: a session, or a token that may be none. Attempts to sign in have
a table of their own; who shows too many wrong tokens is not noted beyond their limit.
"""

from fastapi import FastAPI, Request, Response

from app.accounts.acting import act_as, act_as_visitor
from app.audit.service import note_read
from app.core.errors import AppError, Forbidden, NotFound, Unauthenticated
from app.core.web import answer, written

REFUSALS: tuple[type[AppError], ...] = (Forbidden, NotFound, Unauthenticated)


def install_refusals(app: FastAPI) -> None:
    """Note them, and answer as ever."""
    for kind in REFUSALS:
        app.add_exception_handler(kind, _refused)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    actor = getattr(request.state, "actor", None)
    if actor is not None or "authorization" in request.headers:
        with request.app.state.sessions() as session, session.begin():
            if actor is None:
                act_as_visitor(session, request_id=request.state.request_id)
            else:
                act_as(session, actor, request_id=request.state.request_id)
            note_read(session, "refused", filter={
                "method": request.method, "path": written(request.scope), "status": error.status,
            })  # fmt: skip
    return answer(request, error)
