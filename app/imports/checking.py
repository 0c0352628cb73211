"""Reading an uploaded file: its header and what is proposed for it, and a dry run of its rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import TooLarge
from app.exchange import files, headers
from app.exchange.files import Sheet
from app.exchange.kinds import VOCABULARIES
from app.exchange.mapping import Mapping
from app.exchange.report import Fault, Report
from app.exchange.service import How, import_sheet
from app.exchange.values import squeezed
from app.firms.models import Firm
from app.firms.names import normal
from app.firms.queries import visible
from app.imports import queries
from app.imports.models import ImportBatch
from app.imports.store import ShownRow

# Rows that are shown even where nothing is wrong with them, and the most that are.
FIRST_SHOWN, MOST_SHOWN = 20, 100_000
MOST_ROWS = 300_000
MOST_CANDIDATES, MOST_LOOKED_UP = 3, 200
SHOWN_CELL = 500
Edits = dict[int, dict[str, str]]
Progress = Callable[[int], None]


@dataclass
class Checked:
    """What a look at a file found: `report` is empty where its header needs a person first."""

    encoding: str
    remarks: list[list[str]]
    header_row: int
    header: list[str]
    proposals: list[dict[str, Any]]
    report: Report | None
    rows: list[ShownRow]

    @property
    def needs_mapping(self) -> bool:
        """Whether a column is not understood."""
        return any(not one["sure"] for one in self.proposals)

    def as_found(self) -> dict[str, Any]:
        """As the import's record keeps it."""
        return {"encoding": self.encoding, "remarks": self.remarks, "header": self.header,
                "header_row": self.header_row, "proposals": self.proposals}  # fmt: skip


def opened(path: Path, edits: Edits) -> Sheet:
    """The file with what was typed over it; TooLarge where it has more rows than one import."""
    sheet = files.read(path, largest_megabytes=1_000)
    sheet.rows = _bounded(edited(sheet.rows, edits), path.name)
    typed = {(number, int(place)) for number, cells in edits.items() for place in cells}
    sheet.formulas -= typed
    sheet.spanned -= typed
    return sheet


def edited(rows: Iterator[headers.Row], edits: Edits) -> Iterator[headers.Row]:
    """Rows with what was typed over their cells."""
    if not edits:
        yield from rows
        return
    for number, cells in rows:
        typed = edits.get(number, {})
        for place, value in typed.items():
            cells.extend([""] * (int(place) + 1 - len(cells)))
            cells[int(place)] = value
        yield number, cells


def _bounded(rows: Iterator[headers.Row], name: str) -> Iterator[headers.Row]:
    for count, row in enumerate(rows):
        if count > MOST_ROWS:
            raise TooLarge(
                f"{name} 超过 {MOST_ROWS:,} 行：请按年度或园区拆成几个文件分别导入 "
                f"(more than {MOST_ROWS:,} rows: split it by year or park)"
            )
        yield row


def how_of(batch: ImportBatch, *, dry_run: bool) -> How:
    """The options of an import."""
    mode: Any = batch.mode
    return How(batch.kind, batch.source, mode, dry_run, batch.clear, batch.file_name)


def look(
    session: Session, actor: Actor, batch: ImportBatch, path: Path, edits: Edits, progress: Progress
) -> Checked:
    """Read a file and try it; nothing is written."""
    mapping = queries.mapping_of(session, batch)
    known = VOCABULARIES[batch.kind]
    sheet = opened(path, edits)
    (row, texts), below = headers.find(sheet.rows, mapping, known, path.name)
    proposals = [vars(one) for one in headers.propose(texts, mapping, known)]
    found = Checked(sheet.encoding, [list(one) for one in sheet.remarks], row, texts, proposals,
                    None, [])  # fmt: skip
    if found.needs_mapping:
        first = (one for _, one in zip(range(FIRST_SHOWN), below, strict=False))
        found.rows = [ShownRow(number, shown(cells)) for number, cells in first]
        return found
    # The header is read once more with the rows, where its every fault is told.
    sheet.rows = chain([(row, list(texts))], below)
    found.report = import_sheet(session, actor, sheet, mapping, how_of(batch, dry_run=True),
                                progress)  # fmt: skip
    found.rows = list(_rows_to_show(session, actor, batch, path, edits, found))
    return found


def shown(cells: list[Any]) -> list[str]:
    """Cells as the preview shows them: dates without their midnight."""
    return [str(cell)[:SHOWN_CELL].removesuffix(" 00:00:00") for cell in cells]


def packed(faults: list[Fault]) -> list[dict[str, str]]:
    """Faults as the preview keeps them."""
    return [{"column": f.column, "value": f.value, "zh": f.zh, "en": f.en} for f in faults]


def _rows_to_show(
    session: Session, actor: Actor, batch: ImportBatch, path: Path, edits: Edits, found: Checked
) -> Iterator[ShownRow]:
    """The first rows, and every row with a fault, as they came: the file is read again for them."""
    assert found.report is not None
    faulty: dict[int, list[Fault]] = {}
    for fault in found.report.faults:
        faulty.setdefault(fault.row, []).append(fault)
    names, looked_up = place_of(found.header, "name", batch), 0
    for count, (number, cells) in enumerate(_below(path, found.header_row)):
        wrong, typed = faulty.get(number, []), edits.get(number, {})
        if count >= FIRST_SHOWN and not wrong and not typed:
            continue
        candidates = []
        missing = any("credit code is missing" in f.en for f in wrong)
        if missing and names is not None and names < len(cells) and looked_up < MOST_LOOKED_UP:
            looked_up += 1
            candidates = _namesakes(session, actor, str(cells[names]))
        yield ShownRow(number, shown(cells), packed(wrong), typed, candidates)
        if count > MOST_SHOWN:
            return


def _below(path: Path, header_row: int) -> Iterator[headers.Row]:
    return (row for row in files.read(path, 1_000).rows if row[0] > header_row)


def place_of(header: list[str], field: str, batch: ImportBatch) -> int | None:
    """Which column of a file holds a field."""
    words = VOCABULARIES[batch.kind].words
    places = (n for n, text in enumerate(header) if words.get(squeezed(text)) == field)
    return next(places, None)


def _namesakes(session: Session, actor: Actor, name: str) -> list[dict[str, str]]:
    """Firms of that name, for a person to confirm: a name alone is nobody's identity."""
    wanted = normal(name).lower()
    if not wanted:
        return []
    query = select(Firm.name, Firm.credit_code).where(
        visible(actor), Firm.credit_code.is_not(None),
        Firm.name_search.startswith(f"{wanted} ", autoescape=True),
    )  # fmt: skip
    found = session.execute(query.limit(MOST_CANDIDATES))
    return [{"name": own, "credit_code": code or ""} for own, code in found]


def faults_of_row(
    session: Session, actor: Actor, batch: ImportBatch, row: ShownRow
) -> list[dict[str, str]]:
    """What is wrong with one row as it is now: the same check as of the whole file."""
    mapping: Mapping = queries.mapping_of(session, batch)
    header, number = list(batch.found["header"]), int(batch.found["header_row"])
    cells = [row.cell(place) for place in range(max(len(header), len(row.cells)))]
    sheet = Sheet(iter([(number, header), (row.row_no, cells)]), "")
    report = import_sheet(session, actor, sheet, mapping, how_of(batch, dry_run=True))
    return packed(report.faults)
