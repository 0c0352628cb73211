"""What files hold of no firm: leads of attraction, and carriers.

Each row is put by the rules of its own package, in a savepoint of its own; there are hundreds of
them, not hundreds of thousands.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.attraction import service as attraction
from app.attraction.models import Lead
from app.attraction.schemas import LeadIn
from app.carriers import keeping
from app.carriers.schemas import CarrierIn
from app.core.errors import AppError
from app.core.wording import apart
from app.exchange.report import Fault, Report
from app.firms.record_items import Item, items
from app.incubation.models import Carrier

SHOWN = 80
Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Other:
    """A kind of list: its items, those that say which row is meant, who writes it, and how.

    `put` answers with what became of a row and its number.
    """

    path: str
    model: Any
    items: tuple[Item, ...]
    key: tuple[str, ...]
    check: Callable[[Session, Actor], None]
    put: Callable[[Session, Actor, Row], tuple[str, int]]

    @property
    def table(self) -> str:
        """Its table's name, by which its words are known."""
        name: str = self.model.__tablename__
        return name


OTHERS: Mapping[str, Other] = {
    one.path: one
    for one in (
        Other("leads", Lead, items(LeadIn, Lead), ("name", "since"), attraction.check_writes,
              attraction.put),
        Other("carriers", Carrier,
              (Item("organisation_id", "organisation", required=True), *items(CarrierIn, Carrier)),
              ("organisation_id",), keeping.check_writes, keeping.put),
    )
}  # fmt: skip


def upsert(
    session: Session, actor: Actor, kind: Other, rows: Iterable[tuple[int, Row]], report: Report
) -> None:
    """Add what is new, describe what is known; what is wrong with a row is reported."""
    first: dict[tuple[Any, ...], int] = {}
    for number, row in rows:
        key = tuple(row.get(name) for name in kind.key)
        if first.setdefault(key, number) != number:
            report.faults.append(Fault(
                number, kind.key[0], str(key[0])[:SHOWN], f"与第 {first[key]} 行重复：请只留一行",
                f"repeats row {first[key]}: keep one"))  # fmt: skip
            continue
        try:
            with session.begin_nested():
                outcome, _ = kind.put(session, actor, row)
        except AppError as error:
            report.faults += _faults(number, row, error)
            continue
        setattr(report, outcome, getattr(report, outcome) + 1)
        report.outcomes[number] = outcome


def _faults(number: int, row: Row, error: AppError) -> list[Fault]:
    told = error.extra.get("errors") or [{"pointer": "", "detail": error.detail}]
    found = []
    for one in told:
        name = str(one.get("pointer", "")).strip("/")
        said = str(row.get(name) or "")[:SHOWN]
        found.append(Fault(number, name, said, *apart(str(one["detail"]))))
    return found
