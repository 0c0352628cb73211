"""Yearly figures into the database: ranked sources, conflicts kept for a person to settle."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.exchange.readings import Reading
from app.exchange.report import Fault, Report
from app.exchange.scope import known_to
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.models import SOURCES

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
HIDE = """
update resolved_figure
set firm_id = null, registered_on = null, known = false,
    best_id = null, best_value = null, best_source = null
where firm_id <> all(%(known)s::int[])
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


def upsert(
    session: Session,
    actor: Actor,
    readings: Iterable[Reading],
    report: Report,
    *,
    source: str,
    origin: str | None,
    dry_run: bool = False,
) -> None:
    """Store what is new or better, keep what contradicts a better source as an open conflict.

    A dry run counts what would become of each row, and locks nothing.
    """
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
    if not dry_run:
        cursor.execute(SUPERSEDE)
        cursor.execute(SUBMIT, given)
        _merge(cursor)
    _tally(cursor, report)
    cursor.execute("drop table incoming_figure, resolved_figure")


def _check(session: Session, actor: Actor, cursor: Any, report: Report) -> None:
    """What only the database knows: unknown firms, repeats, years too early, parts above wholes."""
    known = known_to(session, actor)
    if known is not None:
        # What is not theirs does not exist: no later check may speak of it.
        cursor.execute(HIDE, {"known": sorted(known)})
    cursor.execute("select distinct row_no, credit_code from resolved_figure where firm_id is null")
    for row_no, code in cursor.fetchall():
        report.faults.append(
            Fault(
                row_no,
                "credit_code",
                code,
                "登记簿中没有该企业：请先导入企业",
                "no such firm in the register: import the firm first",
            )
        )
    _check_repeats(cursor, report)
    _check_years(cursor, report)
    for part, whole in ((e, e.at_most) for e in INDICATORS.values() if e.at_most):
        _check_part(cursor, part, INDICATORS[str(whole)], report)


def _check_repeats(cursor: Any, report: Report) -> None:
    cursor.execute(f"select * from ({REPEATED}) as r where row_no <> first")
    for row_no, indicator, year, first in cursor.fetchall():
        entry = INDICATORS[indicator]
        report.faults.append(
            Fault(
                row_no,
                indicator,
                "",
                f"{year} 年{entry.zh}与第 {first} 行重复：请只留一行",
                f"{entry.en} of {year} repeats row {first}: keep one",
                year,
            )
        )


def _check_years(cursor: Any, report: Report) -> None:
    cursor.execute(
        "select distinct row_no, year, registered_on from resolved_figure "
        "where year < extract(year from registered_on)"
    )
    for row_no, year, registered in cursor.fetchall():
        report.faults.append(
            Fault(
                row_no,
                "year",
                str(year),
                f"企业 {registered} 才成立，没有 {year} 年的数据：请核对年度",
                f"the firm was registered on {registered}: check the year",
                year,
            )
        )


def _check_part(cursor: Any, part: Indicator, whole: Indicator, report: Report) -> None:
    cursor.execute(
        f"""
        select distinct coalesce(p.row_no, w.row_no), coalesce(p.value, y.{part.code}),
               coalesce(w.value, y.{whole.code}), p.row_no is not null, coalesce(p.year, w.year)
        from (select * from resolved_figure where indicator = %(part)s) as p
        full join (select * from resolved_figure where indicator = %(whole)s) as w
          on (w.firm_id, w.year) = (p.firm_id, p.year)
        left join firm_year as y on y.firm_id = coalesce(p.firm_id, w.firm_id)
          and y.year = coalesce(p.year, w.year)
        where coalesce(p.value, y.{part.code}) > coalesce(w.value, y.{whole.code})
        """,
        {"part": part.code, "whole": whole.code},
    )
    for row_no, high, low, has_part, year in cursor.fetchall():
        shown, bound = part.shown(high), whole.shown(low)
        said, value = (part, shown) if has_part else (whole, bound)
        report.faults.append(
            Fault(
                row_no,
                said.code,
                f"{value:,}",
                f"{year} 年{part.zh} {shown:,} 大于{whole.zh} {bound:,}：请核对",
                f"{part.en} {shown:,} exceeds {whole.en} {bound:,} in {year}: check both",
                year,
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
        "on conflict (firm_id, year) do nothing"
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
        report.conflicts_of[row_no] = conflicts
    cursor.execute(
        "select distinct firm_id from resolved_figure where verdict in ('new', 'better')"
    )
    report.changed_firms += [row[0] for row in cursor.fetchall()]
