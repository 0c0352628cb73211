"""An import's report for people: counts, every fault, and the rejected rows as a file."""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from app.core.cells import neutral
from app.core.errors import Invalid
from app.exchange import files
from app.exchange.headers import REASON
from app.exchange.report import Fault, Report

WORDS = {
    "zh": {"row": "行", "column": "列", "value": "值", "detail": "说明", "note": "备注",
           "rows": "行", "created": "新建", "updated": "更新", "unchanged": "未变",
           "rejected": "拒绝", "conflicts": "与更可靠来源冲突、待裁定", "notes": "已导入但请留意",
           "written": "已写入", "dry": "试运行：未写入", "none": "没有数据行",
           "refused": "有错误，未写入任何一行：改正后重试，或加 --skip-bad-rows 只导入正确的行",
           "more": "另有 {} 条，用 --json 或 --rejected 查看"},
    "en": {"row": "row", "column": "column", "value": "value", "detail": "detail", "note": "note",
           "rows": "rows", "created": "created", "updated": "updated", "unchanged": "unchanged",
           "rejected": "rejected", "conflicts": "conflicts with a better source, to be settled",
           "notes": "imported, but please note", "written": "written",
           "dry": "dry run: nothing written", "none": "no rows of data",
           "refused": "faults, so nothing was written: correct them, or import the good rows with "
                      "--skip-bad-rows",
           "more": "{} more: see --json or --rejected"},
}  # fmt: skip
SHOWN, SHOWN_NOTES, SHOWN_VALUE = 200, 20, 30


@contextmanager
def progress_of(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar for people; nothing where nobody looks."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(file.name, total=None)
        yield lambda done: bar.update(task, completed=done, description=f"{done:,}")


def print_report(console: Console, report: Report, locale: str, *, dry_run: bool) -> None:
    """Counts that add up to the rows, then faults by row and column."""
    words = WORDS[locale]
    _list(console, sorted(report.faults, key=lambda f: f.row), locale, SHOWN, words["detail"])
    if report.notes:
        console.print(f"{words['notes']}: {len(report.notes)}")
        _list(console, report.notes, locale, SHOWN_NOTES, words["note"])
    counts = ", ".join(
        f"{words[name]} {getattr(report, name)}"
        for name in ("created", "updated", "unchanged", "rejected")
    )
    console.print(f"{report.rows} {words['rows']} ({report.encoding}): {counts}")
    if report.conflicts:
        console.print(f"{words['conflicts']}: {report.conflicts}")
    end = "dry" if dry_run else "written" if report.applied else "refused"
    console.print(f"→ {words['none' if report.rows == 0 else end]}")


def _list(console: Console, faults: list[Fault], locale: str, limit: int, last: str) -> None:
    if not faults:
        return
    words = WORDS[locale]
    table = Table(words["row"], words["column"], words["value"], last)
    for fault in faults[:limit]:
        shown = (fault.column, fault.value[:SHOWN_VALUE], fault.detail(locale))
        table.add_row(str(fault.row), *map(escape, shown))
    console.print(table)
    if len(faults) > limit:
        console.print(words["more"].format(len(faults) - limit))


def check_target(rejected: Path | None) -> None:
    """Refuse, before anything is imported, a place where the rejected rows cannot be kept."""
    if rejected is not None and (rejected.is_dir() or not rejected.parent.is_dir()):
        raise Invalid(f"--rejected {rejected} 不能写入：请给出已有文件夹中的文件名 (not writable)")


def write_rejected(source: Path, report: Report, target: Path, locale: str) -> None:
    """The rejected rows as they came, with the reasons in a last column."""
    reasons: dict[int, list[str]] = {}
    for fault in report.faults:
        reasons.setdefault(fault.row, []).append(f"{fault.column}: {fault.detail(locale)}")
    sheet = files.read(source, largest_megabytes=10_000)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        reason = REASON[locale == "en"]
        writer.writerow([neutral(c) for c in (*report.headers, reason)])
        width = len(report.headers)
        for number, cells in sheet.rows:
            if number in reasons:
                filled = [*cells, *[""] * (width - len(cells))]
                writer.writerow([neutral(c) for c in (*filled, "; ".join(reasons[number]))])
