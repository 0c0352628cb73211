"""A file's content in parts of a megabyte, so that nobody holds it whole."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

PART = 1024**2
DROP = text("delete from export_part where export_id = :number")
ADD = text("insert into export_part (export_id, number, content) values (:number, :part, :content)")
ONE = text("select content from export_part where export_id = :number and number = :part")


def keep(session: Session, number: int, path: Path) -> int:
    """Keep a file instead of what was there; its size."""
    session.execute(DROP, {"number": number})
    size = part = 0
    with path.open("rb") as file:
        while content := file.read(PART):
            session.execute(ADD, {"number": number, "part": part, "content": content})
            part, size = part + 1, size + len(content)
    return size


def drop(session: Session, number: int) -> None:
    """Let a file go."""
    session.execute(DROP, {"number": number})


def parts(session: Session, number: int) -> Iterator[bytes]:
    """A file's content, a part at a time."""
    part = 0
    while (content := session.scalar(ONE, {"number": number, "part": part})) is not None:
        yield content
        part += 1
