"""An import's report for people: counts, every fault, and the rejected rows as a file."""

import csv
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.exchange import files
from app.exchange.report import Report

WORDS = {
    "zh": ("行", "新建", "更新", "未变", "拒绝", "已写入", "未写入", "待定冲突", "说明"),
    "en": ("rows", "created", "updated", "unchanged", "rejected", "written", "nothing written",
           "open conflicts", "notes"),
}  # fmt: skip
SHOWN = 200
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def print_report(console: Console, report: Report, locale: str, *, dry_run: bool) -> None:
    """Counts that add up to the rows, then faults by row and column."""
    rows, created, updated, unchanged, rejected, written, not_written, conflicts, notes = WORDS[
        locale
    ]
    if report.faults:
        table = Table("row", "column", "value", "detail")
        for fault in report.faults[:SHOWN]:
            table.add_row(str(fault.row), fault.column, fault.value[:30], fault.detail(locale))
        console.print(table)
        if len(report.faults) > SHOWN:
            console.print(f"… {len(report.faults) - SHOWN} more; use --json or --rejected")
    console.print(
        f"{report.rows} {rows} ({report.encoding}): {created} {report.created}, "
        f"{updated} {report.updated}, {unchanged} {report.unchanged}, {rejected} {report.rejected}"
    )
    if report.conflicts:
        console.print(f"{conflicts}: {report.conflicts}")
    if report.notes:
        console.print(f"{notes}: {len(report.notes)}")
    console.print(
        f"→ {written if report.applied else not_written}{' (dry run)' if dry_run else ''}"
    )


def write_rejected(source: Path, report: Report, target: Path, locale: str) -> None:
    """The rejected rows as they came, with the reasons in a last column."""
    reasons: dict[int, list[str]] = {}
    for fault in report.faults:
        reasons.setdefault(fault.row, []).append(f"{fault.column}: {fault.detail(locale)}")
    sheet = files.read(source, largest_megabytes=10_000)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*sheet.headers, "原因" if locale == "zh" else "reason"])
        for number, cells in sheet.rows:
            if number in reasons:
                writer.writerow([_neutral(c) for c in (*cells, "; ".join(reasons[number]))])


def _neutral(cell: object) -> str:
    """A cell that no spreadsheet will run as a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
