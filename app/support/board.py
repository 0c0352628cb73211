"""The board of cases: a column for each state, and what a move from one to another asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import case as sql_case
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.filters import parse
from app.support import queries
from app.support.models import OPEN_STATES, OUTCOMES, SupportCase
from app.support.service import MOVES

CLOSED = "closed"
COLUMNS = (*OPEN_STATES, CLOSED)
CARDS = 20
# What was closed longer ago is found in lists.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Column:
    """One state: how many cases stand in it, and the first of their cards."""

    name: str
    count: int
    cards: list[dict[str, Any]]


def board(session: Session, actor: Actor, params: queries.Pairs, day: date) -> list[Column]:
    """Every column, the most urgent cards first, what was closed last first; two statements."""
    filters = parse(params, queries.vocabulary(session, actor))
    column = sql_case((queries.is_open(), SupportCase.state), else_=CLOSED)
    urgent = (SupportCase.closed_on.desc(), SupportCase.due_on, SupportCase.id)
    numbered = (
        queries.rows(actor)
        .add_columns(
            column.label("column"), func.count().over(partition_by=column).label("standing"),
            func.row_number().over(partition_by=column, order_by=urgent).label("place"),
        )
        .where(or_(queries.is_open(), SupportCase.closed_on >= day - KEPT), *filters.where)
        .subquery()
    )  # fmt: skip
    query = select(numbered).where(numbered.c.place <= CARDS).order_by(numbered.c.place)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    for row in session.execute(query).mappings():
        found[row["column"]].append(dict(row))
    return [Column(name, cards[0]["standing"] if cards else 0, cards)
            for name, cards in found.items()]  # fmt: skip


def column_of(case: SupportCase | Mapping[str, Any]) -> str:
    """Where a case stands on the board."""
    state = case.state if isinstance(case, SupportCase) else case["state"]
    return CLOSED if state in OUTCOMES else state


def act_to(state: str, column: str) -> str | None:
    """The act that leads from a state to a column; None where none does."""
    after = "" if column == CLOSED else column
    acts = (name for name, (before, there) in MOVES.items() if state in before and there == after)
    return None if state == column else next(acts, None)
