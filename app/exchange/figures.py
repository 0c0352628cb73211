"""Yearly figures from rows: exact values, ranked sources, conflicts kept for a person to settle."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.exchange import values
from app.exchange.mapping import Column, Mapping, indicator_words
from app.exchange.report import Fault, Report
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.models import SOURCES, Firm
from app.firms.names import credit_code_fault
from app.firms.queries import visible

EARLIEST_YEAR = 1990

CREATE = """
create temporary table incoming_figure (
  row_no int, credit_code text, year smallint, indicator text, value bigint, typed text
) on commit drop
"""
RESOLVE = """
create temporary table resolved_figure on commit drop as
select incoming.row_no, incoming.credit_code, firm.id as firm_id, firm.registered_on,
       incoming.year, incoming.indicator, incoming.value, incoming.typed,
       best.id as best_id, best.value as best_value, best.source as best_source,
       best.id is not null as known
from incoming_figure as incoming
left join firm on firm.credit_code = incoming.credit_code
left join submission as best on best.firm_id = firm.id and best.year = incoming.year
  and best.indicator = incoming.indicator
  and best.effective_at is not null and best.superseded_at is null
"""
REPEATED = """
select row_no, indicator, year,
       min(row_no) over (partition by credit_code, year, indicator) as first
from incoming_figure
"""
DECIDE = """
alter table resolved_figure add column verdict text;
update resolved_figure set verdict = case
  when not known and value is null then 'same'
  when not known then 'new'
  when best_value is not distinct from value then 'same'
  when array_position(%(sources)s::text[], %(source)s) <=
       array_position(%(sources)s::text[], best_source) then 'better'
  when exists (
    select from submission as open where open.firm_id = resolved_figure.firm_id
      and open.year = resolved_figure.year and open.indicator = resolved_figure.indicator
      and open.effective_at is null and open.settled_at is null
      and open.source = %(source)s and open.value is not distinct from resolved_figure.value
  ) then 'same'
  else 'conflict' end;
delete from resolved_figure where row_no = any(%(rejected)s);
"""
SUPERSEDE = """
update submission set superseded_at = now()
from resolved_figure as r where submission.id = r.best_id and r.verdict = 'better'
"""
SUBMIT = """
insert into submission (firm_id, year, indicator, value, typed, source, origin_ref, recorded_by,
                        recorded_at, effective_at)
select firm_id, year, indicator, value, typed, %(source)s, %(origin)s, %(by)s, now(),
       case when verdict = 'conflict' then null else now() end
from resolved_figure where verdict in ('new', 'better', 'conflict')
"""


@dataclass(frozen=True)
class Reading:
    """One figure of one row, in stored steps."""

    row_no: int
    credit_code: str
    year: int
    indicator: str
    value: int | None
    typed: str


def read_row(
    row_no: int,
    cells: list[Any],
    columns: list[Column | None],
    mapping: Mapping,
    report: Report,
    *,
    clear: bool = False,
) -> list[Reading]:
    """Every figure of one row (long or wide); nothing of a row with a fault."""
    typed = {
        column: values.folded(cell)
        for column, cell in zip(columns, cells, strict=False)
        if column is not None
    }
    keys = {c.field: t for c, t in typed.items() if not c.indicator}
    faults: list[Fault] = []
    code = keys.get("credit_code", "").upper()
    if fault := credit_code_fault(code):
        faults.append(
            Fault(
                row_no,
                "统一社会信用代码",
                code,
                f"统一社会信用代码有误（{fault}）：请核对营业执照",
                f"unsound credit code ({fault}): check the licence",
            )
        )
    year = _year(row_no, keys, faults)
    found = []
    for column, cell, entry, scale in _figures(row_no, typed, keys, faults):
        if values.is_missing(cell, mapping.missing):
            if not clear:
                continue
            stored: int | None = None
        else:
            stored = _stored(row_no, column.header, cell, entry, scale, faults)
        of = column.year or year
        if of is not None:
            found.append(Reading(row_no, code, of, entry.code, stored, cell))
    if not found and not faults:
        faults.append(
            Fault(
                row_no,
                "",
                "",
                "这一行没有任何指标数值：请填写或删去",
                "no figure in this row: fill one in or remove the row",
            )
        )
    report.faults += faults
    return [] if faults else found


def _year(row_no: int, keys: dict[str, str], faults: list[Fault]) -> int | None:
    if "year" not in keys:
        return None
    text_ = keys["year"].removesuffix("年").removesuffix("年度").removesuffix(".0")
    if not text_.isdigit() or not EARLIEST_YEAR <= int(text_) <= today().year:
        faults.append(
            Fault(
                row_no,
                "年度",
                keys["year"],
                f"年度应在 {EARLIEST_YEAR} 至 {today().year} 之间：请核对",
                f"the year must lie in {EARLIEST_YEAR}–{today().year}: check it",
            )
        )
        return None
    return int(text_)


def _figures(
    row_no: int, typed: dict[Column, str], keys: dict[str, str], faults: list[Fault]
) -> Iterator[tuple[Column, str, Indicator, int]]:
    for column, cell in typed.items():
        if column.indicator:
            yield column, cell, INDICATORS[column.field], column.scale
        elif column.field == "value":
            code = indicator_words().get(keys.get("indicator", "").lower())
            if code is None:
                faults.append(
                    Fault(
                        row_no,
                        "指标",
                        keys.get("indicator", ""),
                        "没有这个指标：请用指标目录中的名称或代码",
                        "no such indicator: use a name or code of the catalogue",
                    )
                )
                continue
            unit = keys.get("unit", "").lower()
            yield column, cell, INDICATORS[code], values.YUAN.get(unit, 1)


def _stored(
    row_no: int, header: str, cell: str, entry: Indicator, scale: int, faults: list[Fault]
) -> int | None:
    try:
        if entry.kind == "money":
            value = values.amount(cell, scale)
        elif entry.kind == "percent":
            value = values.percentage(cell)
        else:
            value = values.whole(cell)
        if not entry.smallest <= value <= entry.largest:
            raise values.Unreadable(
                f"{entry.zh}应在 {entry.smallest:,} 至 {entry.largest:,} 之间：请核对数值和单位",
                f"{entry.en} must lie in {entry.smallest:,}–{entry.largest:,}: check it",
            )
        stored = entry.stored(value)
        if stored is None:
            raise values.Unreadable("小数位过多：百分数最多两位小数", "at most two decimals")
    except values.Unreadable as error:
        faults.append(Fault(row_no, header, cell[:80], error.zh, error.en))
        return None
    return stored


def upsert(
    session: Session,
    actor: Actor,
    readings: Iterable[Reading],
    report: Report,
    *,
    source: str,
    origin: str | None,
) -> None:
    """Store what is new or better, keep what contradicts a better source as an open conflict."""
    for table in ("incoming_figure", "resolved_figure"):
        session.execute(text(f"drop table if exists {table}"))
    session.execute(text(CREATE))
    cursor = session.connection().connection.cursor()
    with cursor.copy("copy incoming_figure from stdin") as copy:
        for r in readings:
            copy.write_row((r.row_no, r.credit_code, r.year, r.indicator, r.value, r.typed))
    cursor.execute("analyze incoming_figure")
    cursor.execute(RESOLVE)
    _check(session, actor, cursor, report)
    rejected = sorted({fault.row for fault in report.faults})
    given = {
        "sources": list(SOURCES),
        "source": source,
        "rejected": rejected,
        "origin": origin,
        "by": actor.name,
    }
    for statement in DECIDE.strip().split(";\n"):
        cursor.execute(statement, given)
    cursor.execute(SUPERSEDE)
    cursor.execute(SUBMIT, given)
    _merge(cursor)
    _tally(cursor, report)


def _check(session: Session, actor: Actor, cursor: Any, report: Report) -> None:
    """What only the database knows: unknown firms, repeats, years too early, parts above wholes."""
    add = report.faults.append
    cursor.execute("select distinct row_no, credit_code, firm_id from resolved_figure")
    limited = actor.organisation_id is not None and actor.source != "bureau"
    seen = set(session.scalars(select(Firm.id).where(visible(actor)))) if limited else None
    for row_no, code, firm_id in cursor.fetchall():
        if firm_id is None or (seen is not None and firm_id not in seen):
            add(
                Fault(
                    row_no,
                    "统一社会信用代码",
                    code,
                    "登记簿中没有该企业：请先导入企业",
                    "no such firm in the register: import the firm first",
                )
            )
    cursor.execute(f"select * from ({REPEATED}) as r where row_no <> first")
    for row_no, indicator, year, first in cursor.fetchall():
        add(
            Fault(
                row_no,
                indicator,
                "",
                f"{year} 年该指标与第 {first} 行重复：请只留一行",
                f"repeats row {first} for {year}: keep one",
            )
        )
    cursor.execute(
        "select distinct row_no, year, registered_on from resolved_figure "
        "where year < extract(year from registered_on)"
    )
    for row_no, year, registered in cursor.fetchall():
        add(
            Fault(
                row_no,
                "年度",
                str(year),
                f"企业 {registered} 才成立，没有 {year} 年的数据：请核对年度",
                f"the firm was registered on {registered}: check the year",
            )
        )
    for part, whole in ((e, e.at_most) for e in INDICATORS.values() if e.at_most):
        _check_part(cursor, part, INDICATORS[str(whole)], add)


def _check_part(cursor: Any, part: Indicator, whole: Indicator, add: Any) -> None:
    cursor.execute(
        f"""
        select distinct coalesce(p.row_no, w.row_no), coalesce(p.value, y.{part.code}),
               coalesce(w.value, y.{whole.code})
        from (select * from resolved_figure where indicator = %(part)s) as p
        full join (select * from resolved_figure where indicator = %(whole)s) as w
          on (w.firm_id, w.year) = (p.firm_id, p.year)
        left join firm_year as y on y.firm_id = coalesce(p.firm_id, w.firm_id)
          and y.year = coalesce(p.year, w.year)
        where coalesce(p.value, y.{part.code}) > coalesce(w.value, y.{whole.code})
        """,
        {"part": part.code, "whole": whole.code},
    )
    for row_no, high, low in cursor.fetchall():
        shown, bound = part.shown(high), whole.shown(low)
        add(
            Fault(
                row_no,
                part.zh,
                f"{shown:,}",
                f"{part.zh} {shown:,} 大于{whole.zh} {bound:,}：请核对",
                f"{part.en} {shown:,} exceeds {whole.en} {bound:,}: check both",
            )
        )


def _merge(cursor: Any) -> None:
    """Bring the best known row of each firm and year up to date, a column per indicator."""
    cursor.execute(
        "select distinct indicator from resolved_figure where verdict in ('new','better')"
    )
    codes = sorted(row[0] for row in cursor.fetchall() if row[0] in INDICATORS)
    if not codes:
        return
    pivot = ", ".join(f"max(value) filter (where indicator = '{c}') as {c}" for c in codes)
    touched = ", ".join(f"bool_or(indicator = '{c}') as has_{c}" for c in codes)
    cursor.execute(
        f"""
        create temporary table fresh_year on commit drop as
        select firm_id, year, {pivot}, {touched} from resolved_figure
        where verdict in ('new', 'better') group by firm_id, year
        """
    )
    cursor.execute(
        f"insert into firm_year (firm_id, year, {', '.join(codes)}) "
        f"select firm_id, year, {', '.join(codes)} from fresh_year "
        "where not exists (select from firm_year y where (y.firm_id, y.year) = "
        "(fresh_year.firm_id, fresh_year.year))"
    )
    assignments = ", ".join(
        f"{c} = case when has_{c} then fresh_year.{c} else firm_year.{c} end" for c in codes
    )
    differs = " or ".join(
        f"(has_{c} and fresh_year.{c} is distinct from firm_year.{c})" for c in codes
    )
    cursor.execute(
        f"update firm_year set {assignments}, version = version + 1, updated_at = now() "
        "from fresh_year where (firm_year.firm_id, firm_year.year) = "
        f"(fresh_year.firm_id, fresh_year.year) and ({differs})"
    )
    cursor.execute("drop table fresh_year")


def _tally(cursor: Any, report: Report) -> None:
    cursor.execute(
        "select row_no, bool_or(verdict = 'new'), bool_or(verdict in ('better', 'conflict')), "
        "count(*) filter (where verdict = 'conflict') from resolved_figure group by row_no"
    )
    for row_no, new, changed, conflicts in cursor.fetchall():
        outcome = "created" if new else "updated" if changed else "unchanged"
        setattr(report, outcome, getattr(report, outcome) + 1)
        report.outcomes[row_no] = outcome
        report.conflicts += conflicts
    cursor.execute(
        "select distinct firm_id from resolved_figure where verdict in ('new', 'better')"
    )
    report.changed_firms += [row[0] for row in cursor.fetchall()]
