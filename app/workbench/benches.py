"""A list of firms as one reader looks at it: its query, what it understands, and its rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Select, literal_column, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.filters import CONTROLS, Filters, Vocabulary, parse
from app.core.paging import Page
from app.criteria.compiler import LoadedSet
from app.firms import fields as firm_fields
from app.firms import listing
from app.firms.models import Firm
from app.firms.queries import visible
from app.pipeline import fields as pool_fields
from app.pipeline import pool
from app.pipeline.models import Assessment
from app.views import service as views

Pairs = list[tuple[str, str]]
# The columns of a list where nobody chose others.
USUAL = {
    "firms": ("name", "credit_code", "rung", "registered_on", "region_code", "park"),
    "pool": ("name", "rung", "outcome", "gap_count", "readiness", "unmet", "unknown"),
}
# What a table cannot do without: the way to the firm itself, and to its verdict.
NEEDED = ("id", "name")
# What is shown of a few firms side by side.
COMPARED = ("credit_code", "rung", "designations", "registered_on", "industry_code", "park",
            "outcome", "readiness", "gap_count", "outcomes", "gaps")  # fmt: skip
COMPARED_FIGURES = ("revenue_sales", "rd_hnte", "net_profit", "staff_avg", "st_staff_avg")
# Parameters that are no conditions.
FORM = (*CONTROLS, "set", *views.SHOWN, *views.PLACE)
DISPLAYS = ("table", "heat", "compare")


@dataclass(frozen=True)
class Bench:
    """One list: `pairs` is its query with a saved view spelt out, in the order given.

    `view` is the saved view that it stands for unchanged, `based_on` the one it grew from.
    """

    of: str
    actor: Actor
    day: date
    pairs: Pairs
    vocabulary: Vocabulary
    filters: Filters
    loaded: LoadedSet | None
    view: int | None = None
    based_on: int | None = None

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"/{self.of}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are shown, in order."""
        return self.filters.columns or USUAL[self.of]

    @property
    def display(self) -> str:
        """As a table, as a map of firms and criteria, or a few firms side by side."""
        asked = dict(self.pairs).get("display", DISPLAYS[0])
        return asked if asked in DISPLAYS and self.loaded is not None else DISPLAYS[0]

    def page(self, session: Session) -> Page:
        """The rows that the query asks for, with the columns that are shown."""
        columns = {
            "table": self.columns,
            "heat": ("readiness", "outcomes"),
            "compare": (*COMPARED, *self.compared_figures),
        }[self.display]
        return self.read(session, replace(self.filters, columns=(*NEEDED, *columns)))

    @property
    def compared_figures(self) -> tuple[str, ...]:
        """The figures that stand side by side: three full years of each."""
        years = range(self.day.year - 3, self.day.year)
        return tuple(f"figure.{code}.{year}" for code in COMPARED_FIGURES for year in years)

    def read(self, session: Session, filters: Filters) -> Page:
        """A page of this list by other filters, columns or limits."""
        if self.loaded is None:
            return listing.firms(session, self.actor, filters, self.day)
        return pool.firms(session, self.actor, self.loaded, filters, self.day)

    def found(self, *columns: Any) -> Select[Any]:
        """Every firm of the query that the reader may know of, whatever page is shown."""
        query = select(*columns).select_from(Firm)
        if self.loaded is not None:
            number: Any = literal_column(str(int(self.loaded.id)))
            query = query.join(Assessment, Assessment.firm_id == Firm.id)
            query = query.where(Assessment.set_id == number)
        return query.where(visible(self.actor, self.day), *self.filters.where)

    # --- addresses ------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """The query as an address carries it, without the place in the list."""
        return self.asking(self.pairs)

    def asking(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Another query likewise."""
        return urlencode([pair for pair in pairs if pair[0] not in views.PLACE])

    def address(self, pairs: Iterable[tuple[str, str]]) -> str:
        """The list by another query, remembering the view that it grew from."""
        asked = [pair for pair in pairs if pair[0] not in views.PLACE]
        origin = self.view or self.based_on
        if origin is not None:
            asked.append(("based_on", str(origin)))
        return f"{self.path}?{urlencode(asked)}" if asked else self.path

    def with_(self, **changed: str | None) -> str:
        """The list with some parameters replaced, or left out where None."""
        kept = [pair for pair in self.pairs if pair[0] not in changed]
        added = [(name, value) for name, value in changed.items() if value is not None]
        return self.address([*kept, *added])


def opened(session: Session, actor: Actor, of: str, given: Iterable[tuple[str, str]]) -> Bench:
    """The list that a query string asks for; Invalid names the parameter that is wrong."""
    asked = [pair for pair in given if pair[1] != ""]
    known = dict(asked)
    changed = any(name not in (*views.PLACE, "limit", "count") for name, _ in asked)
    pairs = views.expanded(session, actor, of, asked)
    view = _number(known.get("view"))
    origin = view if view is not None else _number(known.get("based_on"))
    return _bench(
        session, actor, of,
        [pair for pair in pairs if pair[0] != "based_on"],
        (None, origin) if changed else (view, None),
    )  # fmt: skip


def from_query(session: Session, actor: Actor, of: str, query: str) -> Bench:
    """The list of an encoded query string."""
    return opened(session, actor, of, parse_qsl(query))


def _bench(
    session: Session, actor: Actor, of: str, pairs: Pairs, origin: tuple[int | None, int | None]
) -> Bench:
    day = today()
    query = views.query_of(pairs)
    loaded = pool.chosen_set(session, query, day) if of == "pool" else None
    vocabulary = (
        firm_fields.vocabulary(session, day)
        if loaded is None
        else pool_fields.vocabulary(session, loaded, day)
    )
    return Bench(of, actor, day, pairs, vocabulary, parse(query, vocabulary), loaded, *origin)


def _number(raw: str | None) -> int | None:
    found = raw is not None and raw.isascii() and raw.isdigit() and len(raw) < 10
    return int(raw) if raw is not None and found else None
