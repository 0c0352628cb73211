"""Lists as files: CSV that Excel and WPS open rightly, and XLSX; what was typed stays data.

A file is written row by row beside the answer, in constant memory, whoever waits for it.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from app.core import scratch
from app.core.cells import neutral
from app.workbench import books

Format = Literal["csv", "xlsx"]
MEDIA: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Sheet:
    """A list to be written: its first row, how wide its columns are, and its rows in pages."""

    name: str
    heads: list[str]
    widths: list[int]
    pages: Callable[[Session], Iterator[list[list[Any]]]]


def sent(db: Session, sheet: Sheet, kind: Format) -> FileResponse:
    """The file of a kind, for whoever waits for it; it is removed after the answer."""
    with ExitStack() as until_sent:
        path = until_sent.enter_context(written(sheet.pages(db), sheet, kind))
        return FileResponse(path, media_type=MEDIA[kind], filename=f"{sheet.name}.{kind}",
                            background=BackgroundTask(until_sent.pop_all().close))  # fmt: skip


@contextmanager
def written(pages: Iterator[list[list[Any]]], sheet: Sheet, kind: Format) -> Iterator[Path]:
    """The file for as long as the block lasts."""
    with scratch.folder() as folder:
        path = folder / f"export.{kind}"
        write(path, pages, sheet, kind)
        yield path


def write(path: Path, pages: Iterator[list[list[Any]]], sheet: Sheet, kind: Format) -> None:
    """Write these rows to a file of the kind."""
    if kind == "xlsx":
        books.write(path, sheet.heads, sheet.widths, pages)
    else:
        _csv(path, pages, sheet)


def _csv(path: Path, pages: Iterator[list[list[Any]]], sheet: Sheet) -> None:
    # The mark in front tells Excel and WPS that it is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([neutral(head) for head in sheet.heads])
        for page in pages:
            lines.writerows([_plain(cell) for cell in row] for row in page)


def _plain(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return books.shown(cell).isoformat(" ", "seconds")
    return cell if isinstance(cell, int | Decimal) else neutral(cell)
