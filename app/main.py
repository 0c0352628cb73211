"""The application: the one place that wires things."""

import sys
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.accounts.routes import router as accounts_pages
from app.accounts.safety import check
from app.core.db import session_factory
from app.core.settings import Settings
from app.core.web import STATIC, Edge, Problem, install_errors, render
from app.exchange.api import router as exchange_api
from app.firms.api import router as firms_api
from app.pipeline.api import router as pipeline_api
from app.pipeline.pages import router as pipeline_pages

DESCRIPTION = "Firms, their rungs, and what is missing for the next one."
ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "content": {"application/problem+json": {}}}
    for code in (401, 403, 404, 409, 413, 422)
}
TEN_MEGABYTES = 10 * 1024 * 1024


def log_plainly() -> None:
    """One JSON line per event; stack traces without the values that passed through them."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """Pages and API over one engine."""
    check(settings)
    log_plainly()
    app = FastAPI(
        title="Tidu 梯度", version="0.1.0", description=DESCRIPTION, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", responses=ERRORS, max_body_size=TEN_MEGABYTES,
        telemetry={"logs": False},
    )  # fmt: skip
    app.state.settings = settings
    app.state.sessions = session_factory(engine)
    install_errors(app)
    for router in (firms_api, pipeline_api, exchange_api, accounts_pages, pipeline_pages):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _health(app, engine)

    @app.get("/api/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        """The interactive documentation, without any other host."""
        return render(request, "docs.html")

    app.add_middleware(Edge, connections=settings.pool_size)
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
            reason = str(error.orig).splitlines()[0]
            return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)
        return JSONResponse({"status": "ok"})
