"""The facts side of the statement: joins years and records to firms, only what the rules read."""

import hashlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    extract,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)

from app.criteria import conditions as cond
from app.criteria import quantities as quant
from app.criteria.facts import Facts
from app.criteria.kinds import BY_TABLE, CHECKS
from app.criteria.sheet import AT_ONCE, FIRM_ID, Sheet
from app.firms.models import Designation, Fact, Incident, Judgement, RecordCheck, Residency
from app.innovation.models import Award, IpRight, Platform, Standard

Sql = ColumnElement[Any]
AS_OF = bindparam("as_of", type_=Date)
MODELS: dict[str, type[Fact]] = {
    "ip_right": IpRight, "award": Award, "standard": Standard, "rd_body": Platform,
}  # fmt: skip
ZERO: Sql = literal_column("0", BigInteger)
Scope = Callable[[ColumnElement[Any]], ColumnElement[bool]]


_NEW_YEAR: tuple[Sql, Sql] = (literal_column("1"), literal_column("1"))


def _model(record: str) -> type[Fact]:
    found: type[Fact] = MODELS.get(record) or BY_TABLE[record].model
    return found


def text(value: str) -> Sql:
    """A constant of the policy; codes only, so nothing needs quoting."""
    return literal_column(f"'{value}'")


class Records:
    """Collects what is read; `source` then joins exactly that."""

    def __init__(self, sheet: Sheet, facts: Facts) -> None:
        self.sheet = sheet
        self.facts = facts
        self.figures: set[tuple[int, str]] = set()
        self._columns: dict[str, dict[str, Sql]] = {}
        # What each record is tested for and adds, once for all that count it.
        self._tests: dict[str, dict[str, Sql]] = {}
        self._sources: dict[str, FromClause] = {}

    # --- what rules ask for -------------------------------------------------------------------

    def attribute(self, name: str) -> Sql:
        """A column of the firm itself."""
        return self.sheet.given(f"firm_{name}", self.facts.firm.c[name])

    def figure(self, indicator: str, back: int) -> Sql:
        """A stored figure, `back` years from the year of application."""
        self.figures.add((back, indicator))
        name = f"{indicator}_{-back}"
        return self.sheet.given(name, literal_column(f"y{-back}.{indicator}", BigInteger))

    def _joined(self, source: str, name: str, expression: Sql, kind: Any) -> Sql:
        self._columns.setdefault(source, {}).setdefault(name, expression)
        return self.sheet.given(f"{source}_{name}", literal_column(f"{source}.{name}", kind))

    def holds(self, kind: str) -> Sql:
        """Whether such a designation is valid on the date; what is not recorded is not held."""
        rows = self._rows("designation", Designation)
        found = self._joined("designation", kind, func.bool_or(rows.c.kind == text(kind)), Boolean)
        return func.coalesce(found, false())

    def judged(self, criterion: str) -> Sql:
        """What a person judged, or unknown."""
        rows = self._rows("judgement", Judgement)
        name = "is_" + criterion.replace(".", "_")
        chosen = func.bool_or(rows.c.holds).filter(rows.c.criterion == text(criterion))
        return self._joined("judgement", name, chosen, Boolean)

    def points(self, quantity: str) -> Sql:
        """Points a person entered, or unknown."""
        rows = self._rows("judgement", Judgement)
        name = "of_" + quantity.replace(".", "_")
        chosen = func.max(rows.c.points).filter(rows.c.criterion == text(quantity))
        return self._joined("judgement", name, cast(chosen, BigInteger), BigInteger)

    def no_incident(self, window: cond.Window) -> Sql:
        """No incident of these kinds in the window; what is not recorded did not happen."""
        rows = self._rows("incident", Incident)
        name = window.model_dump_json()
        kinds = rows.c.kind.in_([text(kind) for kind in window.kinds])
        hit = func.bool_or(and_(kinds, rows.c.happened_on >= _window_start(window)))
        return ~func.coalesce(self._joined("incident", _short(name), hit, Boolean), false())

    def not_listed(self, lists: tuple[str, ...]) -> Sql:
        """On none of these lists on the date."""
        rows = self._rows("incident", Incident)
        on = and_(
            rows.c.kind.in_([text(kind) for kind in lists]),
            or_(rows.c.ended_on.is_(None), rows.c.ended_on > AS_OF),
        )
        hit = self._joined("incident", _short("on_" + "_".join(lists)), func.bool_or(on), Boolean)
        return ~func.coalesce(hit, false())

    def resident(self) -> Sql:
        """Whether a residency is open on the date."""
        return self.residency("start").is_not(None)

    def residency(self, column: str) -> Sql:
        """A column of the open residency: start, premises_inside, field."""
        rows = self._rows("residency", Residency)
        kinds: dict[str, tuple[Sql, Any]] = {
            "start": (func.min(func.lower(rows.c.during)), Date),
            "premises_inside": (func.bool_and(rows.c.premises_inside), Boolean),
            "field": (func.min(rows.c.field), None),
        }
        expression, kind = kinds[column]
        return self._joined("residency", column, expression, kind)

    def count(self, counted: quant.CountOf | quant.RecordsOf) -> tuple[Sql, Sql]:
        """How many records pass: those that surely do, and those that may.

        The upper end is open (null) unless someone confirmed that the records are complete.
        """
        record = counted.record
        name, test = self._tested(counted)
        sure = self._joined(record, f"n{name}", func.count().filter(test), BigInteger)
        may = self._joined(
            record, f"m{name}", func.count().filter(test.is_not(false())), BigInteger
        )
        return func.coalesce(sure, ZERO), case((self._checked(record), func.coalesce(may, ZERO)))

    def total(self, added: quant.AmountsOf) -> tuple[Sql, Sql]:
        """What records that pass add up to: what is surely there, and what may be.

        The upper end is open likewise, and where a record that may pass has no amount.
        """
        record = added.record
        name, test = self._tested(added)
        money = type_coerce(self._rows(record, _model(record)).c[added.sum], BigInteger)
        self._tests[record].setdefault(f"a_{added.sum}", money)
        amount = literal_column(f"tested.a_{added.sum}", BigInteger)
        known = and_(test.is_not(false()), amount.is_(None))
        sums = {"s": func.sum(amount).filter(test),
                "u": func.sum(amount).filter(test.is_not(false()))}  # fmt: skip
        sure, may = (
            self._joined(record, f"{prefix}{name}", cast(one, BigInteger), BigInteger)
            for prefix, one in sums.items()
        )
        lacking = self._joined(record, f"l{name}", func.bool_or(known), Boolean)
        whole = and_(self._checked(record), ~func.coalesce(lacking, false()))
        return func.coalesce(sure, ZERO), case((whole, func.coalesce(may, ZERO)))

    def _tested(self, counted: quant.CountOf | quant.RecordsOf) -> tuple[str, Sql]:
        """A name for what is counted, and whether a record passes, tested once for all uses."""
        rows = self._rows(counted.record, _model(counted.record))
        name = _short(counted.model_dump_json())
        if isinstance(counted, quant.CountOf):
            test = record_test(counted, rows)
        else:
            test = chosen(counted, rows)
        self._tests.setdefault(counted.record, {}).setdefault(f"t{name}", test)
        return name, literal_column(f"tested.t{name}", Boolean)

    def _checked(self, record: str) -> Sql:
        """Whether somebody confirmed that a firm's records are complete, or unknown."""
        check = CHECKS.get(record, record)
        checks = self._rows("record_check", RecordCheck)
        confirmed = func.bool_or(checks.c.kind == text(check))
        return self._joined("record_check", check, confirmed, Boolean)

    # --- the joins ----------------------------------------------------------------------------

    def _rows(self, source: str, model: type[Fact]) -> FromClause:
        rows = self._sources.get(source)
        if rows is None:
            rows = self._sources[source] = self.facts.records(model)
        return rows

    def source(self, wanted: dict[str, Sql], scope: Scope) -> FromClause:
        """Firms in scope, left-joined to their years and grouped records: level 0 of the sheet."""
        firm = self.facts.firm
        joined: FromClause = firm
        for back in sorted({back for back, _ in self.figures}, reverse=True):
            years = self.facts.firm_year.alias(f"y{-back}")
            year = cast(extract("year", AS_OF), Integer) + literal_column(str(back))
            on = and_(years.c.firm_id == firm.c.id, years.c.year == year, scope(years.c.firm_id))
            joined = joined.outerjoin(years, on)
        for name, read in self._columns.items():
            grouped = self._grouped(name, read, scope).subquery(name)
            joined = joined.outerjoin(grouped, grouped.c.firm_id == firm.c.id)
        columns = [firm.c.id.label(FIRM_ID), *(e.label(n) for n, e in wanted.items())]
        rows = select(*columns).select_from(joined).where(scope(firm.c.id))
        return rows.subquery("facts")

    def _grouped(self, source: str, columns: dict[str, Sql], scope: Scope) -> Select[Any]:
        rows = self._sources[source]
        made = [expression.label(name) for name, expression in columns.items()]
        current = and_(scope(rows.c.firm_id), _on_date(source, rows))
        tests = [test.label(name) for name, test in self._tests.get(source, {}).items()]
        if not tests:
            return select(rows.c.firm_id, *made).where(current).group_by(rows.c.firm_id)
        tested = select(rows.c.firm_id, *tests).where(current).offset(AT_ONCE).subquery("tested")
        return select(tested.c.firm_id, *made).group_by(tested.c.firm_id)


def _on_date(source: str, rows: FromClause) -> Sql:
    """Which records matter on the date at all."""
    match source:
        case "designation":
            return rows.c.valid.contains(AS_OF)
        case "rd_body":
            since: Sql = rows.c.happened_on <= AS_OF
            return and_(since, or_(rows.c.ended_on.is_(None), rows.c.ended_on > AS_OF))
        case "residency":
            return rows.c.during.contains(AS_OF)
        case "incident":
            return rows.c.happened_on <= AS_OF
        case "record_check":
            return rows.c.checked_on <= AS_OF
        case "award":
            return rows.c.awarded_on <= AS_OF
        case "standard":
            return rows.c.published_on <= AS_OF
        case _ if source in BY_TABLE and source not in MODELS:
            dated: Sql = rows.c[BY_TABLE[source].day] <= AS_OF
            return dated
        case _:
            return true()


def _short(name: str) -> str:
    return "c" + hashlib.blake2s(name.encode(), digest_size=5).hexdigest()


def _window_start(window: cond.Window) -> Sql:
    if window.days is not None:
        return AS_OF - literal_column(str(window.days))
    if window.years is not None:
        return cast(AS_OF - _years(window.years), Date)
    back: Sql = literal_column(str((window.calendar_years or 1) - 1))
    return func.make_date(cast(extract("year", AS_OF), Integer) - back, *_NEW_YEAR)


def _years(years: int) -> Sql:
    return literal_column(f"interval '{int(years)} years'")


def chosen(counted: quant.RecordsOf, rows: FromClause) -> Sql:
    """Whether a record of any declared kind passes; unknown where an answer is missing."""
    tests: list[Any] = []
    for name, values in sorted(counted.where.items()):
        column = rows.c[name]
        if isinstance(column.type, ARRAY):
            wanted = ", ".join(f"'{value}'" for value in values)
            tests.append(column.op("&&")(literal_column(f"array[{wanted}]::text[]")))
        else:
            tests.append(column.in_([text(value) for value in values]))
    if counted.within_years is not None:
        day = rows.c[BY_TABLE[counted.record].day]
        tests.append(day >= cast(AS_OF - _years(counted.within_years), Date))
    if counted.in_force:
        tests.append(or_(rows.c.ended_on.is_(None), rows.c.ended_on > AS_OF))
    return and_(true(), *tests)


def record_test(counted: quant.CountOf, rows: FromClause) -> Sql:
    """Whether one record passes the filters; unknown where an answer is missing."""
    tests = [
        test
        for name in sorted(counted.where.model_fields_set)
        for test in [_filter(name, counted, rows)]
    ]
    return and_(true(), *tests)


def _filter(name: str, counted: quant.CountOf, rows: FromClause) -> Sql:
    where, c = counted.where, rows.c
    match name:
        case "ip_class":
            # A trademark is in no class: surely not in the one asked for.
            return func.coalesce(c.ip_class, literal_column("0")) == literal_column(
                str(where.ip_class)
            )
        case "kind" | "level":
            return c[name].in_([text(v) for v in getattr(where, name)])
        case "valid":
            return and_(c.granted_on <= AS_OF, or_(c.ended_on.is_(None), c.ended_on > AS_OF))
        case "undisputed":
            return ~c.disputed
        case "core_support" | "main_product" | "earning":
            return c[name]
        case "owner_rank_at_most":
            return c.owner_rank <= literal_column(str(where.owner_rank_at_most))
        case "rank_at_most":
            return c.rank <= literal_column(str(where.rank_at_most))
        case "acquired":
            return c.acquired.in_([text(v) for v in where.acquired or ()])
        case "not_acquired":
            return c.acquired.not_in([text(v) for v in where.not_acquired or ()])
        case _:
            return _dated_filter(name, counted, c)


def _dated_filter(name: str, counted: quant.CountOf, c: Any) -> Sql:
    where = counted.where
    match name:
        case "transfer_kept_days":
            kept = AS_OF - c.acquired_on >= literal_column(str(where.transfer_kept_days))
            return or_(c.acquired == text("own_research"), kept)
        case "kept_years":
            kept_since: Sql = c.granted_on <= cast(AS_OF - _years(where.kept_years or 0), Date)
            return kept_since
        case "high_value":
            wanted = ", ".join(f"'{v}'" for v in where.high_value or ())
            valued: Sql = c.high_value.op("&&")(literal_column(f"array[{wanted}]::text[]"))
            return valued
        case "unused_in":
            spent = func.array_to_string(c.used_in, literal_column("' '"))
            return or_(
                c.ip_class == literal_column("1"),
                ~spent.like(literal_column(f"'%{where.unused_in}:%'")),
            )
        case "within_years":
            happened = c.awarded_on if counted.record == "award" else c.published_on
            # As an incident's window: the day exactly so many years ago is inside.
            recent: Sql = happened >= cast(AS_OF - _years(where.within_years or 0), Date)
            return recent
    raise TypeError(f"no SQL for the filter {name}")
