"""The working state of an import: the file in parts, the rows that are shown, how far it is."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.core import scratch

PART = 1024**2
SOURCE, REJECTED = "source", "rejected"
ADD_PART = text("""
insert into import_part (batch_id, role, number, content) values (:batch, :role, :number, :content)
""")
PART_OF = text("""
select content from import_part where batch_id = :batch and role = :role and number = :number
""")
DROP_PARTS = text("delete from import_part where batch_id = :batch and role = :role")
ROWS = text("""
select row_no, cells, faults, edits, candidates from import_row
where batch_id = :batch and row_no > :after and (not :faulty or faults <> '[]')
order by row_no limit :most
""")
ONE = text("""
select row_no, cells, faults, edits, candidates from import_row
where batch_id = :batch and row_no = :row for update
""")
EDITS = text("select row_no, edits from import_row where batch_id = :batch and edits <> '{}'")
KEEP = text("""
update import_row set edits = cast(:edits as jsonb), faults = cast(:faults as jsonb)
where batch_id = :batch and row_no = :row
""")
START = text("""
insert into import_progress (batch_id, done, total, cancel) values (:batch, 0, :total, false)
on conflict (batch_id) do update set done = 0, total = excluded.total, cancel = false
""")
# The job that writes this holds the import's record; who waits for the answer must not.
MOVE = text("update import_progress set done = :done where batch_id = :batch returning cancel")
CANCEL = text("update import_progress set cancel = true where batch_id = :batch")
PROGRESS = text("select done, total, cancel from import_progress where batch_id = :batch")


@dataclass(frozen=True)
class ShownRow:
    """A row of the preview: its cells as read, what is wrong, and what was typed over them."""

    row_no: int
    cells: list[str]
    faults: list[dict[str, str]] = field(default_factory=list)
    edits: dict[str, str] = field(default_factory=dict)
    candidates: list[dict[str, str]] = field(default_factory=list)

    def cell(self, place: int) -> str:
        """A cell with what was typed over it."""
        typed = self.edits.get(str(place))
        if typed is not None:
            return typed
        return self.cells[place] if place < len(self.cells) else ""


@dataclass(frozen=True)
class Progress:
    """How many rows have been read of how many there were at the last look."""

    done: int
    total: int
    cancel: bool

    @property
    def percent(self) -> int | None:
        """Of the reading, which is most of it; unknown before a first look at the file."""
        return min(99, self.done * 100 // self.total) if self.total else None


# --- the file -----------------------------------------------------------------------------------


def keep_file(session: Session, batch: int, file: IO[bytes], role: str = SOURCE) -> None:
    """Keep a file in parts of a megabyte, so that nobody holds it whole."""
    session.execute(DROP_PARTS, {"batch": batch, "role": role})
    number = 0
    while content := file.read(PART):
        session.execute(
            ADD_PART, {"batch": batch, "role": role, "number": number, "content": content}
        )
        number += 1


def drop_file(session: Session, batch: int, role: str) -> None:
    """Let a file go."""
    session.execute(DROP_PARTS, {"batch": batch, "role": role})


def parts(session: Session, batch: int, role: str) -> Iterator[bytes]:
    """A file's content, a part at a time."""
    number = 0
    while True:
        given = {"batch": batch, "role": role, "number": number}
        content = session.scalar(PART_OF, given)
        if content is None:
            return
        yield content
        number += 1


@contextmanager
def as_file(session: Session, batch: int, name: str) -> Iterator[Path]:
    """The uploaded file on disk under its own name, for as long as the block lasts."""
    with scratch.folder() as folder:
        path = folder / (Path(name).name or "file")
        with path.open("wb") as file:
            for content in parts(session, batch, SOURCE):
                file.write(content)
        yield path


def forget(session: Session, batches: Sequence[int]) -> None:
    """Let these imports' files go, and the rows that were shown of them."""
    given = {"batches": list(batches)}
    session.execute(text("delete from import_part where batch_id = any(:batches)"), given)
    session.execute(text("delete from import_row where batch_id = any(:batches)"), given)


# --- rows that are shown ------------------------------------------------------------------------


def replace_rows(session: Session, batch: int, rows: Iterable[ShownRow]) -> None:
    """Show these rows instead of those before."""
    session.execute(text("delete from import_row where batch_id = :batch"), {"batch": batch})
    cursor = session.connection().connection.cursor()
    names = "batch_id, row_no, cells, faults, edits, candidates"
    with cursor.copy(f"copy import_row ({names}) from stdin") as copy:
        for row in rows:
            packed = (row.cells, row.faults, row.edits, row.candidates)
            copy.write_row([batch, row.row_no, *(_packed(one) for one in packed)])


def _packed(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "\\ufffd")


def rows(
    session: Session, batch: int, *, after: int = 0, faulty: bool = False, most: int
) -> list[ShownRow]:
    """Rows of the preview in the file's order, from behind a row on."""
    given = {"batch": batch, "after": after, "faulty": faulty, "most": most}
    return [ShownRow(*found) for found in session.execute(ROWS, given)]


def row_to_change(session: Session, batch: int, row_no: int) -> ShownRow | None:
    """One row of the preview, which nobody else changes meanwhile."""
    found = session.execute(ONE, {"batch": batch, "row": row_no}).one_or_none()
    return None if found is None else ShownRow(*found)


def keep_edits(
    session: Session, batch: int, row: ShownRow, edits: dict[str, str], faults: list[dict[str, str]]
) -> ShownRow:
    """What was typed over a row, and what is wrong with it now."""
    given = {"batch": batch, "row": row.row_no, "edits": _packed(edits), "faults": _packed(faults)}
    session.execute(KEEP, given)
    return ShownRow(row.row_no, row.cells, faults, edits, row.candidates)


def edits(session: Session, batch: int) -> dict[int, dict[str, str]]:
    """Everything that was typed over the file."""
    found = session.execute(EDITS, {"batch": batch})
    return {row_no: typed for row_no, typed in found}


# --- progress -----------------------------------------------------------------------------------


def start(session: Session, batch: int, total: int) -> None:
    """From the beginning."""
    session.execute(START, {"batch": batch, "total": total})


def move(connection: Connection, batch: int, done: int) -> bool:
    """Say how far it is; whether somebody has called it off."""
    return bool(connection.scalar(MOVE, {"batch": batch, "done": done}))


def call_off(session: Session, batch: int) -> None:
    """Ask the job to stop where it can."""
    session.execute(CANCEL, {"batch": batch})


def progress(session: Session, batch: int) -> Progress | None:
    """How far it is."""
    found = session.execute(PROGRESS, {"batch": batch}).one_or_none()
    return None if found is None else Progress(*found)
