"""Files that people might send, made on the spot."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.exchange.mapping import Mapping
from app.exchange.report import Mode, Report
from app.exchange.service import import_file
from app.firms.models import Firm

FIRM_HEADER = "企业名称,统一社会信用代码,成立日期,地区,注册资本（万元）"


def csv_file(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A CSV file of these lines."""
    path = folder / "given.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def workbook(folder: Path, *rows: Sequence[object], formula: tuple[int, int] | None = None) -> Path:
    """An XLSX file of these rows; one cell may be a formula."""
    path = folder / "given.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if formula is not None:
            sheet.write_formula(*formula, "=1+1", None, "2")
    return path


def bomb(folder: Path) -> Path:
    """A small file that unpacks to 300 MB."""
    path = folder / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300 * 1024 * 1024)
    return path


def given(
    db: Session, path: Path, kind: str = "firms", *, mode: Mode = "skip", dry_run: bool = False,
    source: str = "import", clear: bool = False, mapping: Mapping | None = None,
) -> Report:  # fmt: skip
    """Import a file as the command line does."""
    return import_file(db, SYSTEM, path, kind, mapping or Mapping(), mode=mode, dry_run=dry_run,
                       source=source, clear=clear)  # fmt: skip


def firm(db: Session, code: str) -> Firm:
    """A firm by its credit code, read anew."""
    return db.scalars(
        select(Firm).where(Firm.credit_code == code).execution_options(populate_existing=True)
    ).one()


def details(report: Report, locale: str = "zh") -> str:
    """Every fault's sentence."""
    return "\n".join(f"{f.row} {f.column}: {f.detail(locale)}" for f in report.faults)
