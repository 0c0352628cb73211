"""Everything inbound ends here: rows are read, checked, stored, and their firms assessed anew."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.exchange import figures, files, firms, headers, others, readings, records
from app.exchange.files import Sheet
from app.exchange.headers import Column, Header
from app.exchange.identities import Identities, identified
from app.exchange.kinds import VOCABULARIES
from app.exchange.mapping import Mapping
from app.exchange.others import OTHERS
from app.exchange.record_rows import Reader
from app.exchange.report import Fault, Mode, Report
from app.exchange.sending import Sending
from app.exchange.values import squeezed
from app.facts.service import may_write
from app.firms.catalogue import INDICATORS
from app.firms.record_kinds import FactKind
from app.pipeline.records import BY_PATH
from app.pipeline.service import assess

Progress = Callable[[int], None]
EVERY = 5_000
ONE_AT_A_TIME = 7_301_117
TOTALS = frozenset(("合计", "总计", "小计", "累计", "total", "sum", "subtotal"))
REMARK = re.compile(
    r"\s*(注|备注|附注|说明|填报说明|填表人|制表人|审核人|负责人|notes?|remarks?)\s*[:：]", re.I
)
CODE_LENGTH = 18
# What names a firm; the name may hold the word for a total.
KEYS = ("credit_code",)


class _RolledBack(Exception):
    """Leaves the savepoint of a dry run or of an atomic import with faults."""


@dataclass(frozen=True)
class How:
    """Options of one import: `clear` empties what a blank cell stands for; `origin` is kept."""

    kind: str
    source: str = "import"
    mode: Mode = "atomic"
    dry_run: bool = False
    clear: bool = False
    origin: str | None = None


def import_file(  # noqa: PLR0913 - options of one import
    session: Session, actor: Actor, path: Path, kind: str, mapping: Mapping, *,
    source: str = "import", mode: Mode = "atomic", dry_run: bool = False, clear: bool = False,
    largest_megabytes: int = 50, progress: Progress = lambda _: None,
) -> Report:  # fmt: skip
    """Import one file; a dry run does everything but keep it. Faults are all reported."""
    how = How(kind, source, mode, dry_run, clear, path.name)
    sheet = files.read(path, largest_megabytes)
    return import_sheet(session, actor, sheet, mapping, how, progress)


def import_sheet(
    session: Session, actor: Actor, sheet: Sheet, mapping: Mapping, how: How,
    progress: Progress = lambda _: None,
) -> Report:  # fmt: skip
    """Import the rows of an opened file."""
    known = VOCABULARIES[how.kind]
    header, below = headers.locate(sheet.rows, mapping, known, how.origin or "")
    report = Report(encoding=sheet.encoding, headers=header.cells, header_row=header.row)
    named = Identities(session, actor, how.source, header.columns, report)
    meaning = named.columns
    rows = named.rows(_counted(below, header, sheet, report, progress))

    def work() -> None:
        if how.kind == "firms":
            cleared = _cleared(meaning) if how.clear else frozenset[str]()
            read = ((n, firms.read_row(n, cells, meaning, mapping, report)) for n, cells in rows)
            firms.upsert(session, actor, read, report, source=how.source, clear=cleared,
                         dry_run=how.dry_run)  # fmt: skip
        elif how.kind in BY_PATH:
            kind = BY_PATH[how.kind]
            may_write(actor, kind)
            reader = Reader(session, actor, kind)
            said = ((n, reader.row(n, cells, meaning, mapping, report, clear=how.clear))
                    for n, cells in rows)  # fmt: skip
            batch = records.Upsert(session, actor, kind, report, source=how.source,
                                   origin=how.origin)  # fmt: skip
            batch.run((n, values) for n, values in said if values is not None)
        elif how.kind in OTHERS:
            other = OTHERS[how.kind]
            other.check(session, actor)
            reader = Reader(session, actor, other)
            said = ((n, reader.row(n, cells, meaning, mapping, report, clear=how.clear))
                    for n, cells in rows)  # fmt: skip
            given = ((n, values) for n, values in said if values is not None)
            others.upsert(session, actor, other, given, report)
        else:
            found = (
                reading
                for n, cells in rows
                for reading in readings.read_row(n, cells, meaning, mapping, report,
                                                 clear=how.clear)
            )  # fmt: skip
            figures.upsert(session, actor, found, report, source=how.source, origin=how.origin,
                           dry_run=how.dry_run)  # fmt: skip
        if not how.dry_run:
            named.keep()
        report.name_columns(_spoken(meaning))

    session.execute(text("set local statement_timeout = 0"))
    if not how.dry_run:  # the same file twice at once: the second finds what the first has done
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
    return _kept_or_not(session, report, work, mode=how.mode, dry_run=how.dry_run)


def upsert_firms(
    session: Session, actor: Actor, rows: list[dict[str, Any]], *, source: str, mode: Mode = "skip"
) -> Report:
    """Rows of a request, by field name; row numbers count from 0."""
    names = _said(rows, headers.FIRM_HEADERS, ("credit_code", "name"))
    meaning: list[Column | None] = [Column(n, n) for n in names]
    report = Report(rows=len(rows))
    sending = Sending(session, actor, source)

    def work() -> None:
        numbers, given = identified(session, actor, source, rows, report)
        read = (
            (n, firms.read_row(n, _cells(row, names), meaning, Mapping(), report))
            for n, row in sending.newest(given, report)
        )
        firms.upsert(session, actor, read, report, source=source)
        sending.keep(report)
        numbers.keep()

    return _kept_or_not(session, report, work, mode=mode, dry_run=False)


def upsert_figures(
    session: Session, actor: Actor, rows: list[dict[str, Any]], *, source: str,
    origin: str | None = None, mode: Mode = "skip",
) -> Report:  # fmt: skip
    """Rows of {credit_code, year, indicator: value …} in the indicators' units."""
    known = {"credit_code": (), "year": (), **INDICATORS}
    names = _said(rows, known, ("credit_code", "year"))
    meaning: list[Column | None] = [Column(n, n, indicator=n in INDICATORS) for n in names]
    report = Report(rows=len(rows))
    sending = Sending(session, actor, source)

    def work() -> None:
        numbers, given = identified(session, actor, source, rows, report)
        found = (
            reading
            for n, row in sending.newest(given, report)
            if not _has_strange_keys(n, row, known, report)
            for reading in readings.read_row(n, _cells(row, names), meaning, Mapping(), report)
        )
        figures.upsert(session, actor, found, report, source=source, origin=origin)
        sending.keep(report)
        numbers.keep()

    return _kept_or_not(session, report, work, mode=mode, dry_run=False)


def upsert_records(  # noqa: PLR0913 - options of one batch
    session: Session, actor: Actor, kind: FactKind, rows: list[dict[str, Any]], *, source: str,
    origin: str | None = None, mode: Mode = "skip", dry_run: bool = False,
) -> Report:  # fmt: skip
    """Rows of {credit_code, what a record of the kind says}, told apart by the kind's key."""
    may_write(actor, kind)
    report = Report(rows=len(rows))

    def part(row: dict[str, Any]) -> str:
        return "|".join([kind.path, *(str(row.get(name)) for name in kind.key)])

    sending = Sending(session, actor, source, part)

    def work() -> None:
        numbers, given = identified(session, actor, source, rows, report)
        batch = records.Upsert(session, actor, kind, report, source=source, origin=origin)
        batch.run(sending.newest(given, report))
        sending.keep(report)
        numbers.keep()

    return _kept_or_not(session, report, work, mode=mode, dry_run=dry_run)


def _said(rows: list[dict[str, Any]], known: Iterable[str], always: tuple[str, ...]) -> list[str]:
    """The names among those known that any row says: what none says need not be read in each."""
    said = set(always).union(*rows)
    return [name for name in known if name in said]


def _cells(row: dict[str, Any], names: Any) -> list[Any]:
    """A request's values as cells; a boolean in the words that cells use."""
    words = {True: "是", False: "否"}
    found = (row.get(name) for name in names)
    return ["" if v is None else words[v] if isinstance(v, bool) else v for v in found]


def _has_strange_keys(number: int, row: dict[str, Any], names: Any, report: Report) -> bool:
    """A misspelt indicator is never passed over."""
    strange = [name for name in row if name not in names]
    for name in strange:
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        report.faults.append(Fault(
            number, name[:80], str(row[name])[:80],
            "没有这个指标：请用指标目录中的代码" + "".join(f"，是否为 {n}" for n in near),
            "no such indicator: use a code of the catalogue" + "".join(f", {n}?" for n in near),
        ))  # fmt: skip
    return bool(strange)


def _counted(
    rows: Iterator[headers.Row], header: Header, sheet: Sheet, report: Report, progress: Progress
) -> Iterator[headers.Row]:
    """Every row, counted; formulas, shared amounts and cells nobody named are faults of theirs."""
    keys = [n for n, column in enumerate(header.columns) if column and column.field in KEYS]
    for number, cells in rows:
        if aside := _aside(cells, keys):
            report.notes.append(Fault(number, header.cells[0], str(cells[0])[:80], *aside))
            continue
        report.rows += 1
        if report.rows % EVERY == 0:
            progress(report.rows)
        faults = list(_nameless(number, cells, header))
        if sheet.formulas or sheet.spanned:
            faults += _no_values(number, cells, header, sheet)
        report.faults += faults
        yield number, cells
    progress(report.rows)


def _aside(cells: list[Any], keys: list[int]) -> tuple[str, str] | None:
    """What a row is that is none of the table's: a total names no firm by its code and says what
    it is; of a remark every cell says so."""
    named = [str(cells[n]).strip() for n in keys if n < len(cells)]
    if any(len(code) == CODE_LENGTH for code in named):
        return None
    said = [str(cell) for cell in cells if str(cell).strip()]
    if said and all(map(REMARK.match, said)):
        return "表下的说明，没有导入", "a remark below the table, not imported"
    if any(code and squeezed(code) not in TOTALS for code in named):
        return None
    if any(squeezed(cell) in TOTALS for cell in said):
        return "合计行，没有导入", "a row of totals, not imported"
    return None


def _no_values(number: int, cells: list[Any], header: Header, sheet: Sheet) -> Iterator[Fault]:
    """A formula's result may be stale, and whose an amount is that spans rows nobody can say."""
    for position, column in enumerate(header.columns):
        if column is None:
            continue
        value = str(cells[position])[:80] if position < len(cells) else ""
        if (number, position) in sheet.formulas:
            yield Fault(number, column.header, value,
                        "单元格是公式：请复制后“选择性粘贴为数值”",
                        "a formula: copy and paste as value")  # fmt: skip
        elif column.amount and (number, position) in sheet.spanned:
            yield Fault(number, column.header, value,
                        "合并的单元格一个数管几行：请取消合并，每行各填各的数",
                        "one amount for several rows: split the cells, fill each in")  # fmt: skip


def _nameless(number: int, cells: list[Any], header: Header) -> Iterator[Fault]:
    """Cells under no header: a column without its name, or a row that has slipped."""
    for position in chain(header.nameless, range(len(header.cells), len(cells))):
        cell = cells[position] if position < len(cells) else ""
        if str(cell).strip():
            yield Fault(
                number,
                f"第 {position + 1} 列",
                str(cell)[:80],
                "这一格没有对应的表头：请补上表头，或检查是否多了逗号、串列",
                "this cell is under no header: name the column, or look for a stray comma",
            )


def _spoken(meaning: list[Column | None]) -> dict[tuple[str, int | None], str]:
    """What the user calls each field; a figure is called by its name where rows are long."""
    names: dict[tuple[str, int | None], str] = {
        (code, None): entry.zh for code, entry in INDICATORS.items()
    }
    return names | {(c.field, c.year): c.header for c in meaning if c is not None}


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
            if report.changed_firms:
                assess(session, report.changed_firms, today())
            report.applied = True
    except _RolledBack:
        report.changed_firms = []
    return report


def _set_aside_rejected(report: Report) -> None:
    """A row whose fault was found late counts once, as rejected."""
    for row in {fault.row for fault in report.faults} & set(report.outcomes):
        outcome = report.outcomes.pop(row)
        setattr(report, outcome, getattr(report, outcome) - 1)
