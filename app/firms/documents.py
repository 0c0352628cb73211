"""Documents of firms: taken, listed, given back, removed.

Content is kept in PostgreSQL, in parts of a megabyte: one backup holds record and content, one
transaction makes or removes both, row security guards them, and several servers see the same.
No file has a name here, so no name can lead anywhere.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from io import SEEK_END
from typing import IO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import Invalid, NotFound, TooLarge
from app.firms import queries
from app.firms.document_content import media_of
from app.firms.document_models import DOCUMENT_KINDS, Document, DocumentPart
from app.firms.models import Firm

PART = 1024**2
LONGEST_NAME = 150
MOST = 500
# Letters of no width or of the other direction make a name look like another.
UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def listed(session: Session, firm_id: int) -> list[Document]:
    """A firm's documents, newest first."""
    query = select(Document).where(Document.firm_id == firm_id)
    return list(session.scalars(query.order_by(Document.id.desc())))


def get(session: Session, actor: Actor, firm_id: int, document_id: int) -> Document:
    """One document of a firm that the actor knows of."""
    queries.get(session, actor, firm_id)
    found = session.scalar(
        select(Document).where(Document.id == document_id, Document.firm_id == firm_id)
    )
    if found is None:
        raise NotFound("没有这个文档：它可能已被删除 (no such document)")
    return found


def parts(session: Session, document_id: int) -> Iterator[bytes]:
    """The content, a part at a time."""
    number = 0
    while True:
        query = select(DocumentPart.content).where(
            DocumentPart.document_id == document_id, DocumentPart.number == number
        )
        found = session.scalar(query)
        if found is None:
            return
        yield found
        number += 1


def add(
    session: Session, actor: Actor, firm: Firm, kind: str, name: str, file: IO[bytes], *,
    largest: int,
) -> Document:  # fmt: skip
    """Take a file of somebody who keeps the firm."""
    actor.require("firms:write")
    return take(session, actor.name, firm, kind, name, file, largest=largest)


def take(
    session: Session, by: str, firm: Firm, kind: str, name: str, file: IO[bytes], *,
    largest: int,
) -> Document:  # fmt: skip
    """Take a file, once its content is found to be what it says; the caller knows who may."""
    if kind not in DOCUMENT_KINDS:
        raise Invalid("请选择文档类别 (choose what it is)")
    size = size_of(file, largest)
    session.refresh(firm, with_for_update=True)  # two uploads are counted one after the other
    if len(listed(session, firm.id)) >= MOST:
        raise Invalid(f"每家企业最多 {MOST} 个文档：请先删除不用的 (too many documents)")
    called = plain_name(name)
    media = media_of(file, called)
    digest = hashlib.sha256()
    for content in _read(file):
        digest.update(content)
    found = Document(firm_id=firm.id, kind=kind, name=called, media=media, size=size,
                     digest=digest.hexdigest(), recorded_by=by)  # fmt: skip
    session.add(found)
    session.flush()  # its parts need its number
    for number, content in enumerate(_read(file)):
        part = {"document_id": found.id, "number": number, "firm_id": firm.id}
        session.execute(insert(DocumentPart).values(content=content, **part))
    return found


def _read(file: IO[bytes]) -> Iterator[bytes]:
    """The whole file, a part at a time."""
    file.seek(0)
    return iter(partial(file.read, PART), b"")


def size_of(file: IO[bytes], largest: int) -> int:
    """How many bytes somebody sent; TooLarge or Invalid where they are too many or none."""
    size = file.seek(0, SEEK_END)
    if size > largest:
        raise TooLarge(f"文件超过 {largest // 1024**2} MB：请压缩或拆分后上传 (file too large)")
    if not size:
        raise Invalid("请选择要上传的文件 (choose a file)")
    return size


def remove(session: Session, actor: Actor, found: Document) -> None:
    """Delete one for good; the trail keeps that it was there, and its digest."""
    actor.require("firms:write")
    session.delete(found)
    session.flush()


def plain_name(name: str) -> str:
    """A name to show and to give back: without folders, unseen letters, or a way around."""
    last = re.split(r"[/\\]", UNSEEN.sub("", unicodedata.normalize("NFC", name)))[-1].strip(" .")
    stem, dot, ending = last.rpartition(".")
    if not dot:
        return last[:LONGEST_NAME] or "document"
    return f"{stem[: LONGEST_NAME - 1 - len(ending)] or 'document'}{dot}{ending[:10]}"
