"""Which events a subscription is told: by kind, by indicator of a figure, by firm."""

from urllib.parse import parse_qsl

from sqlalchemy import ARRAY, Integer, any_, literal, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import Predicate
from app.core.filters import CONTROLS, parse
from app.events import queries as events
from app.events.schemas import EventOut
from app.firms.catalogue import INDICATORS
from app.firms.fields import vocabulary
from app.firms.models import Firm
from app.firms.queries import visible
from app.webhooks.models import Wanted, Webhook

MOST_KINDS = 50


def check(session: Session, wanted: Wanted) -> None:
    """Invalid names what is no kind, no indicator, or no filter of the list of firms."""
    events.check_kinds(list(wanted.kinds))
    if len(wanted.kinds) > MOST_KINDS:
        raise Invalid(f"变更类型最多 {MOST_KINDS} 个 (too many kinds)")
    if strange := sorted(set(wanted.indicators) - set(INDICATORS)):
        raise Invalid(f"没有指标 {strange[0]} (no such indicator)",
                      errors=[{"pointer": "/indicators", "detail": strange[0]}])  # fmt: skip
    try:
        _conditions(session, wanted.query)
    except Invalid as error:
        told = [{"pointer": "/query", "detail": one["detail"]} for one in error.extra["errors"]]
        raise Invalid(f"query: {error.detail}", errors=told) from error


def chosen(
    session: Session, actor: Actor, webhook: Webhook, found: list[EventOut]
) -> list[EventOut]:
    """Those of a page of the feed that the subscription is told, whose organisation is `actor`.

    A firm is one of its filter's as it stands at this moment.
    """
    wanted = [one for one in found if not webhook.indicators
              or one.record.get("indicator") in webhook.indicators]  # fmt: skip
    if not webhook.query or not wanted:
        return wanted
    numbers = literal([one.firm_id for one in wanted if one.firm_id], ARRAY(Integer))
    told = select(Firm.id).where(
        Firm.id == any_(numbers), visible(actor), *_conditions(session, webhook.query)
    )
    among = set(session.scalars(told))
    return [one for one in wanted if one.firm_id in among]


def _conditions(session: Session, query: str) -> tuple[Predicate, ...]:
    """A query of the list of firms; what would only order or page it is refused."""
    params = parse_qsl(query, keep_blank_values=True)
    errors = [{"parameter": name, "detail": f"{name} 不是筛选条件：请去掉 (no condition: drop it)"}
              for name, _ in params if name in CONTROLS and name != "any"]  # fmt: skip
    if errors:
        raise Invalid(errors[0]["detail"], errors=errors)
    return parse(params, vocabulary(session, today())).where
