"""The application: the one place that wires things."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp

from app.accounts.pages import router as accounts_pages
from app.accounts.token_api import router as token_api
from app.accounts.token_pages import router as token_pages
from app.core.db import session_factory
from app.core.edge import LARGEST_BODY, Edge
from app.core.logs import log_plainly
from app.core.settings import Settings
from app.core.web import STATIC, Problem, install_errors, render
from app.exchange.api import router as exchange_api
from app.firms.api import router as firms_api
from app.firms.contact_api import router as contact_api
from app.firms.person_pages import router as person_pages
from app.pipeline.api import router as pipeline_api
from app.pipeline.contact_pages import router as contact_pages
from app.pipeline.pages import router as pipeline_pages

DESCRIPTION = "Firms, their rungs, and what is missing for the next one."
ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "content": {"application/problem+json": {}}}
    for code in (401, 403, 404, 409, 413, 422)
}


class Tidu(FastAPI):
    """The application with its edge outside everything, also of what answers to errors."""

    def build_middleware_stack(self) -> ASGIApp:
        """Called once, by the framework."""
        return Edge(super().build_middleware_stack(), self.state.settings)


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """Pages and API over one engine."""
    log_plainly()
    app = Tidu(
        title="Tidu 梯度", version="0.1.0", description=DESCRIPTION, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", responses=ERRORS, max_body_size=LARGEST_BODY,
        telemetry={"logs": False},
    )  # fmt: skip
    app.state.settings = settings
    app.state.sessions = session_factory(engine)
    install_errors(app)
    for router in (firms_api, contact_api, pipeline_api, exchange_api, token_api, accounts_pages,
                   token_pages, person_pages, contact_pages, pipeline_pages):  # fmt: skip
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _health(app, engine)

    @app.get("/api/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        """The interactive documentation, without any other host."""
        return render(request, "docs.html")

    return app


def _health(app: FastAPI, engine: Engine) -> None:
    @app.get("/health/live", include_in_schema=False)
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/health/ready", include_in_schema=False)
    def ready() -> JSONResponse:
        """The database answers too."""
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1 from firm limit 1"))
        except DBAPIError as error:
            structlog.get_logger("tidu.health").error("database", error=type(error.orig).__name__)
            return JSONResponse({"status": "unavailable"}, status_code=503)
        return JSONResponse({"status": "ok"})
