"""One firm on one page: standing, checklists, figures, facts, documents."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor, Role
from app.accounts.auth import Db, Reader
from app.core import i18n
from app.core.clock import today
from app.core.errors import AppError
from app.core.web import render
from app.criteria.kinds import RECORDS
from app.criteria.store import measures, sources
from app.duties import queries as duties
from app.duties.catalogue import DUTIES
from app.firms import documents, flags, queries
from app.firms.api import FirmId
from app.firms.catalogue import INDICATORS
from app.firms.contacts import may_read
from app.firms.document_content import SHOWN
from app.firms.document_models import DOCUMENT_KINDS
from app.firms.models import Contact
from app.innovation.models import IpRight
from app.pipeline import norms, portrait, timeline
from app.pipeline.flag_words import Teller
from app.pipeline.pages import WORDS
from app.pipeline.queries import explain
from app.pipeline.records import FAMILIES, by_family, of_firm
from app.pipeline.trail import table_label, words

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Opened:
    """The portrait's contacts: closed, or open for a purpose; `on` is whose form had a problem."""

    contacts: list[Contact] | None = None
    purpose: str | None = None
    problem: AppError | None = None
    typed: Any = None
    on: int | None = None


CLOSED = Opened()


@router.get("/firms/{firm_id}")
def show(
    request: Request, firm_id: FirmId, actor: Reader, db: Db, as_of: date | None = None
) -> HTMLResponse:
    """One firm: standing, checklists with articles and gaps, figures with their source."""
    return portrait_page(request, db, actor, firm_id, as_of)


def portrait_page(
    request: Request,
    db: Session,
    actor: Actor,
    firm_id: int,
    as_of: date | None = None,
    opened: Opened = CLOSED,
) -> HTMLResponse:
    """The portrait of a firm on a day; its contacts are there only if they were opened."""
    day = as_of or today()
    firm = queries.get(db, actor, firm_id)
    designations = queries.designations(db, firm.id)
    residencies = queries.residencies(db, firm.id)
    told = of_firm(db, firm.id)
    page = render(
        request,
        "pipeline/portrait.html",
        firm=firm,
        day=day,
        rung=queries.rung_of(db, firm.id, day),
        steps=portrait.steps(designations, residencies, day),
        ladders=portrait.ladders(designations, day),
        sets=explain(db, firm.id, day),
        designations=designations,
        residencies=residencies,
        park=queries.park_on(db, firm.id, day),
        former_names=queries.former_names(db, firm.id),
        moments=timeline.moments(db, firm.id, day, told),
        records=by_family(told),
        owed=duties.of_firm(db, actor, firm.id, day),
        duties=DUTIES,
        rights=portrait.rights(db, firm.id),
        fees={one.id: one.due for one in told if one.kind.model is IpRight and one.is_due(day)},
        measures=measures(),
        sources=sources(),
        opened=opened,
        flags=Teller(db).tell(flags.of_firm(db, firm.id)),
        may_open=may_read(db, actor, firm_id),
        may_keep=actor.role in KEEPERS,
        may_decide=actor.role is Role.ANALYST,
        values=words().values,
        families=FAMILIES,
        record_kinds=RECORDS,
        table_label=table_label,
        **_figures(request, db, firm.id, day),
        **_documents(db, firm.id),
        **WORDS,
    )
    page.status_code = 200 if opened.problem is None else opened.problem.status
    return page


def _figures(request: Request, db: Session, firm_id: int, day: date) -> dict[str, Any]:
    """Figures with their origin, what contradicts them, and the firm's place in the pool."""
    locale = i18n.locale_of(request)
    conflicts = queries.open_conflicts(db, firm_id)
    origins = queries.best_submissions(db, firm_id)
    shown = portrait.figures(queries.years_of(db, firm_id), origins, conflicts)
    places = norms.places(db, firm_id, day)
    names = [i18n.text(text, locale) for text in ("本企业", "培育库中位数")]
    return {
        "figures": shown,
        "conflicts": conflicts,
        "pool_places": places,
        "radar": portrait.radar(places, locale, *names),
        "trend": portrait.trend(shown, locale),
        "spark": (portrait.WIDE, portrait.HIGH),
        "choices": list(INDICATORS.values()),
        "years": range(day.year, day.year - 6, -1),
    }


def _documents(db: Session, firm_id: int) -> dict[str, Any]:
    return {
        "documents": documents.listed(db, firm_id),
        "document_kinds": DOCUMENT_KINDS,
        "shown_in_browser": SHOWN,
    }
