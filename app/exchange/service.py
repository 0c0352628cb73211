"""Everything inbound ends here: rows are read, checked, stored, and their firms assessed anew."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Integer

from app.accounts.actor import Actor
from app.core.clock import today
from app.exchange import figures, files, firms
from app.exchange.mapping import FIGURE_KEYS, FIRM_HEADERS, Column, Mapping, columns
from app.exchange.report import Fault, Mode, Report
from app.pipeline.service import assess

Kind = Literal["firms", "figures"]
Progress = Callable[[int], None]
EVERY = 5_000


class _RolledBack(Exception):
    """Leaves the savepoint of a dry run or of an atomic import with faults."""


def import_file(  # noqa: PLR0913 - options of one import
    session: Session, actor: Actor, path: Path, kind: Kind, mapping: Mapping, *,
    source: str = "import", mode: Mode = "atomic", dry_run: bool = False, clear: bool = False,
    largest_megabytes: int = 50, progress: Progress = lambda _: None,
) -> Report:  # fmt: skip
    """Import one file; a dry run does everything but keep it. Faults are all reported."""
    sheet = files.read(path, largest_megabytes)
    known = FIRM_HEADERS if kind == "firms" else FIGURE_KEYS
    meaning = columns(sheet.headers, known, mapping, indicators=kind == "figures")
    report = Report(encoding=sheet.encoding)
    rows = _counted(_without_formulas(sheet, meaning, report), report, progress)

    def work() -> None:
        if kind == "firms":
            cleared = _cleared(meaning) if clear else frozenset[str]()
            read = ((n, firms.read_row(n, cells, meaning, mapping, report)) for n, cells in rows)
            good = ((n, found) for n, found in read if found is not None)
            firms.upsert(session, actor, good, report, source=source, clear=cleared)
        else:
            readings = (
                reading
                for n, cells in rows
                for reading in figures.read_row(n, cells, meaning, mapping, report, clear=clear)
            )
            figures.upsert(session, actor, readings, report, source=source, origin=path.name)

    session.execute(text("set local statement_timeout = 0"))
    return _kept_or_not(session, report, work, mode=mode, dry_run=dry_run)


def upsert_firms(
    session: Session, actor: Actor, rows: list[dict[str, Any]], *, source: str, mode: Mode = "skip"
) -> Report:
    """Rows of a request, by field name; row numbers count from 0."""
    meaning: list[Column | None] = [Column(name, name) for name in FIRM_HEADERS]
    report = Report(rows=len(rows))

    def work() -> None:
        read = (
            (n, firms.read_row(n, _cells(row, FIRM_HEADERS), meaning, Mapping(), report))
            for n, row in enumerate(rows)
        )
        good = ((n, found) for n, found in read if found is not None)
        firms.upsert(session, actor, good, report, source=source)

    return _kept_or_not(session, report, work, mode=mode, dry_run=False)


def upsert_figures(
    session: Session, actor: Actor, rows: list[dict[str, Any]], *, source: str,
    origin: str | None = None, mode: Mode = "skip",
) -> Report:  # fmt: skip
    """Rows of {credit_code, year, indicator: value …} in the indicators' units."""
    from app.firms.catalogue import INDICATORS

    names = {"credit_code": (), "year": (), **INDICATORS}
    meaning: list[Column | None] = [Column(n, n, indicator=n in INDICATORS) for n in names]
    report = Report(rows=len(rows))

    def work() -> None:
        readings = (
            reading
            for n, row in enumerate(rows)
            for reading in figures.read_row(n, _cells(row, names), meaning, Mapping(), report)
        )
        figures.upsert(session, actor, readings, report, source=source, origin=origin)

    return _kept_or_not(session, report, work, mode=mode, dry_run=False)


def _cells(row: dict[str, Any], names: Any) -> list[Any]:
    """A request's values as cells; a boolean in the words that cells use."""
    words = {True: "是", False: "否"}
    found = (row.get(name) for name in names)
    return ["" if v is None else words[v] if isinstance(v, bool) else v for v in found]


def _counted(
    rows: Iterator[tuple[int, list[Any]]], report: Report, progress: Progress
) -> Iterator[tuple[int, list[Any]]]:
    for number, cells in rows:
        report.rows += 1
        if report.rows % EVERY == 0:
            progress(report.rows)
        yield number, cells
    progress(report.rows)


def _without_formulas(
    sheet: files.Sheet, meaning: list[Column | None], report: Report
) -> Iterator[tuple[int, list[Any]]]:
    """A formula's stored result may be stale, so it is not taken for a value."""
    rows_with = {row for row, _ in sheet.formulas}
    for number, cells in sheet.rows:
        if number in rows_with:
            for position, column in enumerate(meaning):
                if column is not None and (number, position) in sheet.formulas:
                    report.faults.append(Fault(
                        number, column.header, str(cells[position])[:80],
                        "单元格是公式：请复制后“选择性粘贴为数值”",
                        "a formula: copy and paste as value"))  # fmt: skip
            report.rows += 1
            continue
        yield number, cells


def _cleared(meaning: list[Column | None]) -> frozenset[str]:
    names = {c.field for c in meaning if c is not None} - {"name", "credit_code"}
    more = {"region_code"} if "region" in names else set()
    capital = {"registered_capital_typed"} if "registered_capital" in names else set()
    return frozenset((names - {"region"}) | more | capital)


def _kept_or_not(
    session: Session, report: Report, work: Callable[[], None], *, mode: Mode, dry_run: bool
) -> Report:
    try:
        with session.begin_nested():
            work()
            _set_aside_rejected(report)
            if dry_run or (mode == "atomic" and report.faults):
                raise _RolledBack
            numbers = literal(report.changed_firms, ARRAY(Integer))
            changed = select(func.unnest(numbers))
            if report.changed_firms:
                assess(session, changed, today())
            report.applied = True
    except _RolledBack:
        report.changed_firms = []
    return report


def _set_aside_rejected(report: Report) -> None:
    """A row whose fault was found late counts once, as rejected."""
    for row in {fault.row for fault in report.faults} & set(report.outcomes):
        outcome = report.outcomes.pop(row)
        setattr(report, outcome, getattr(report, outcome) - 1)
