"""The application: the one place that wires things."""

from functools import lru_cache, partial
from threading import Lock
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from app.accounts.auth import COOKIE
from app.accounts.refusals import install_refusals
from app.accounts.routes import router as accounts_pages
from app.accounts.safety import check
from app.accounts.token_api import router as token_api
from app.accounts.token_pages import router as token_pages
from app.analyses.api import router as analyses_api
from app.analyses.pages import router as analysis_pages
from app.attraction.api import router as leads_api
from app.attraction.pages import router as lead_pages
from app.briefing.pages import router as briefing_pages
from app.bulletins.pages import router as bulletin_pages
from app.carriers.act_pages import router as act_pages
from app.carriers.api import router as carriers_api
from app.carriers.pages import router as carrier_pages
from app.chains.api import router as chains_api
from app.chains.pages import router as chain_pages
from app.connectors.api import router as connectors_api
from app.connectors.pages import router as connectors_pages
from app.core.assets import Assets
from app.core.db import session_factory
from app.core.edge import LARGEST_BODY, Edge
from app.core.heap import settled
from app.core.logs import log_plainly
from app.core.manual import router as manual_pages
from app.core.resource import describe_common, in_standard_words
from app.core.settings import Settings
from app.core.web import ENVIRONMENT, STATIC, Problem, install_errors, problem_response
from app.core.wording import in_language
from app.doors.api import doors as doors_api
from app.doors.api import router as corrections_api
from app.doors.link_pages import router as link_pages
from app.doors.pages import router as door_pages
from app.duplicates.api import router as duplicates_api
from app.duplicates.pages import router as duplicate_pages
from app.entry.pages import router as entry_pages
from app.events.api import router as events_api
from app.exchange.api import router as exchange_api
from app.exchange.figure_pages import router as figure_pages
from app.exchange.firm_pages import router as firm_pages
from app.exports.api import router as exports_api
from app.exports.pages import router as exports_pages
from app.facts.api import router as facts_api
from app.firms.api import router as firms_api
from app.firms.contact_api import router as contact_api
from app.firms.figure_api import router as figures_api
from app.firms.person_pages import router as person_pages
from app.firms.search_api import router as search_api
from app.firms.search_pages import router as search_pages
from app.forecasts.api import router as forecasts_api
from app.forecasts.pages import router as forecast_pages
from app.imports.api import router as imports_api
from app.imports.pages import router as import_pages
from app.imports.template_pages import api as template_api
from app.imports.template_pages import pages as template_pages
from app.jobs.api import router as jobs_api
from app.jobs.pages import router as jobs_pages
from app.pipeline.api import router as pipeline_api
from app.pipeline.board_pages import router as board_pages
from app.pipeline.contact_pages import router as contact_pages
from app.pipeline.criteria_pages import router as criteria_pages
from app.pipeline.document_api import router as document_api
from app.pipeline.document_pages import router as document_pages
from app.pipeline.duty_api import router as duty_api
from app.pipeline.duty_pages import router as duty_pages
from app.pipeline.firm_api import router as firm_writes_api
from app.pipeline.firm_paper_pages import router as firm_paper_pages
from app.pipeline.flag_api import router as flag_api
from app.pipeline.flag_pages import router as flag_pages
from app.pipeline.portrait_pages import router as portrait_pages
from app.pipeline.reform_api import router as reform_api
from app.pipeline.trail import column_label
from app.pipeline.trail_api import router as trail_api
from app.pipeline.trail_pages import router as trail_pages
from app.pipeline.what_if_pages import router as what_if_pages
from app.plans.api import router as targets_api
from app.plans.pages import router as plan_pages
from app.plans.target_pages import router as target_pages
from app.rankings.api import router as rankings_api
from app.rankings.pages import router as ranking_pages
from app.support.routes import router as support
from app.target_lists.api import router as lists_api
from app.target_lists.pages import router as target_list_pages
from app.visits.pages import router as visit_pages
from app.webhooks.api import router as webhooks_api
from app.webhooks.pages import router as webhooks_pages
from app.workbench.export_pages import router as export_pages
from app.workbench.firm_export_pages import router as firm_export_pages
from app.workbench.pages import router as workbench_pages
from app.workbench.record_pages import router as record_pages
from app.workbench.selection_pages import router as selection_pages
from app.workbench.view_api import router as view_api
from app.workbench.view_pages import router as view_pages

DESCRIPTION = "Firms, their rungs, and what is missing for the next one."
ERRORS: dict[int | str, dict[str, Any]] = {
    400: problem_response("The request cannot be read, or names another host"),
    401: problem_response("No valid token or session", **{"WWW-Authenticate": "Bearer"}),
    403: problem_response("Not with this role or token; `scope` names a scope that is lacking"),
    404: problem_response("Not there, or not yours to know of"),
    408: problem_response("The body came too slowly"),
    409: problem_response("Contradicts what is recorded"),
    413: problem_response("The body is too large"),
    414: problem_response("The address is too long"),
    422: problem_response("Something is wrong: `errors` says what and where"),
    429: problem_response("Too many requests", **{"Retry-After": "seconds"}),
    500: problem_response("An error of ours; it has been logged under X-Request-Id"),
    503: problem_response("The database is not available for the moment"),
}
SIGNING_IN = {
    "token": {"type": "http", "scheme": "bearer", "description": "`tidu_…`; see docs/api.md"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE,
                "description": "A signed-in person's browser"},
}  # fmt: skip


ROUTERS = (
    firms_api, figures_api, firm_writes_api, facts_api, search_api, contact_api, pipeline_api,
    reform_api, flag_api, exchange_api, template_api, imports_api, trail_api, token_api, jobs_api,
    events_api, webhooks_api, connectors_api, view_api, accounts_pages, token_pages, person_pages,
    search_pages, contact_pages, template_pages, import_pages, export_pages, firm_export_pages,
    record_pages, view_pages, selection_pages, workbench_pages, carriers_api, carrier_pages,
    act_pages, leads_api, lead_pages, chains_api, chain_pages, criteria_pages, trail_pages,
    plan_pages, flag_pages, targets_api, target_pages, forecasts_api, forecast_pages, lists_api,
    target_list_pages, rankings_api, ranking_pages, bulletin_pages, analyses_api,
    analysis_pages,
    briefing_pages, document_pages, firm_paper_pages, what_if_pages, portrait_pages, figure_pages,
    firm_pages, board_pages, entry_pages, jobs_pages, webhooks_pages, support, duplicates_api,
    duplicate_pages, exports_api, exports_pages, visit_pages, door_pages, link_pages,
    corrections_api, doors_api, document_api, connectors_pages, manual_pages, duty_api, duty_pages,
)  # fmt: skip
COMMON: dict[str, Any] = {"responses": ERRORS, "max_body_size": LARGEST_BODY, "docs_url": None,
                          "redoc_url": None, "telemetry": {"logs": False}}  # fmt: skip


def _label(code: str, locale: str) -> str:
    return str(column_label(code)[locale])


# Pages call a field as its form does, not by its code.
ENVIRONMENT.filters["told"] = partial(in_language, label=_label)


class Tidu(FastAPI):
    """The application with its edge outside everything, also of what answers to errors."""

    # All applications of a process have the same routes, so they are described once for all.
    described: ClassVar[dict[str, Any]] = {}
    describing: ClassVar[Lock] = Lock()

    def build_middleware_stack(self) -> ASGIApp:
        """Called once, by the framework."""
        return Edge(super().build_middleware_stack(), self.state.settings)

    def openapi(self) -> dict[str, Any]:
        """The description, with the shape of errors and the ways to say who one is."""
        with Tidu.describing:
            if not Tidu.described:
                with settled():
                    Tidu.described = self._describe()
            return Tidu.described

    def _describe(self) -> dict[str, Any]:
        described: dict[str, Any] = in_standard_words(super().openapi())
        parts = described["components"]
        parts["schemas"]["Problem"] = Problem.model_json_schema()
        parts["securitySchemes"] = SIGNING_IN
        describe_common(described)
        described["security"] = [{name: []} for name in SIGNING_IN]
        return described


@lru_cache
def _included() -> list[BaseRoute]:
    """The routes of all routers, put together once in a process: that takes half a second."""
    together = FastAPI(openapi_url=None, **COMMON)
    for router in ROUTERS:
        together.include_router(router)
    return together.router.routes


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """Pages and API over one engine."""
    check(settings)
    log_plainly()
    app = Tidu(
        title="Tidu 梯度", version="0.1.0", description=DESCRIPTION,
        openapi_url="/api/openapi.json", **COMMON,
    )  # fmt: skip
    app.state.settings = settings
    app.state.sessions = session_factory(engine)
    # For what is one statement and a transaction of its own: no round trips to begin and to end it.
    app.state.singly = engine.execution_options(isolation_level="AUTOCOMMIT").connect
    install_errors(app)
    install_refusals(app)
    _health(app, engine)  # first, so that being asked how it is costs next to nothing
    app.mount("/static", Assets(directory=STATIC), name="static")
    app.router.routes.extend(_included())
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
