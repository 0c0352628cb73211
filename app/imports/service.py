"""What people and programs do with an import: send, map, mend, run, call off, undo."""

import hashlib
from collections.abc import Mapping as Given
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound, TooLarge
from app.exchange import mapping
from app.exchange.kinds import VOCABULARIES
from app.exchange.others import OTHERS
from app.firms.documents import plain_name
from app.firms.models import SOURCES
from app.imports import checking, queries, store
from app.imports.models import BUSY, MODES, ImportBatch, ImportMapping
from app.jobs.service import enqueue

CHECK, RUN, UNDO = "import_check", "import_run", "import_undo"
SCOPES = {"firms": "firms:write", "figures": "figures:write"}
LONGEST_CELL = 5_000
FILES_KEPT = timedelta(days=90)
NO_LONGER_KEPT = (
    f"上传的文件已过 {FILES_KEPT.days} 天保存期，这次导入没有写入任何一行：请重新上传 "
    "(the file is no longer kept and nothing of it was written: send it again)"
)


@dataclass(frozen=True)
class Sent:
    """How a file is to be taken; `run`: at once after the check, as programs ask for it."""

    kind: str
    source: str = ""
    mode: str = "atomic"
    clear: bool = False
    preset: str = ""
    run: bool = False


def send(
    session: Session, actor: Actor, name: str, file: IO[bytes], sent: Sent, *, largest: int
) -> ImportBatch:
    """Take a file and have it checked; nothing of it is imported before somebody says so."""
    _demand_kind(session, actor, sent.kind)
    size, digest = _measure(file, largest)
    batch = ImportBatch(
        kind=sent.kind, state="checking", file_name=plain_name(name), size=size, digest=digest,
        organisation_id=actor.organisation_id, user_id=actor.user_id, token_id=actor.token_id,
        role=actor.role.value, by_name=actor.name, locale=actor.locale,
        preset=_preset(sent.preset), source=_source(actor, sent.source), mode=_mode(sent.mode),
        clear=sent.clear, run_when_checked=sent.run,
    )  # fmt: skip
    session.add(batch)
    session.flush()  # what follows needs its number
    store.keep_file(session, batch.id, file)
    _leave(session, batch, CHECK)
    return batch


def _demand_kind(session: Session, actor: Actor, kind: str) -> None:
    if kind not in VOCABULARIES:
        raise Invalid(
            f"没有“{kind}”这种导入：有 {'、'.join(VOCABULARIES)} (no such kind)",
            errors=[{"pointer": "/kind", "detail": "no such kind"}],
        )
    if kind in OTHERS:
        OTHERS[kind].check(session, actor)
        return
    actor.require(SCOPES.get(kind, "firms:write"))


def _measure(file: IO[bytes], largest: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while content := file.read(store.PART):
        size += len(content)
        digest.update(content)
    if size == 0:
        raise Invalid("请选择有内容的文件 (choose a file with content)")
    if size > largest:
        raise TooLarge(f"文件超过 {largest // 1024**2} MB：请拆分后导入 (too large: split it)")
    file.seek(0)
    return size, digest.hexdigest()


def _preset(name: str) -> str | None:
    if name:
        mapping.load(name if name in mapping.shipped() else "?")
    return name or None


def _source(actor: Actor, wanted: str) -> str:
    """Keepers speak for themselves; the bureau may bring in others' data under their name."""
    if not wanted or actor.role is not Role.ANALYST:
        return actor.source
    if wanted not in SOURCES:
        raise Invalid(f"没有来源“{wanted}”：有 {'、'.join(SOURCES)} (no such source)")
    return wanted


def _mode(wanted: str) -> str:
    if wanted not in MODES:
        raise Invalid(f"mode 应为 {' 或 '.join(MODES)} (atomic or skip)")
    return wanted


def _leave(session: Session, batch: ImportBatch, task: str) -> None:
    """Leave the work for the worker: one import at a time, whoever sent them."""
    store.start(session, batch.id, batch.rows or 0)
    session.flush()
    one_by_one = None if task == CHECK else "imports"
    enqueue(session, task, {"batch": batch.id}, one_by_one=one_by_one)


# --- between the steps --------------------------------------------------------------------------


def choose_columns(
    session: Session, actor: Actor, number: int, chosen: Given[str, str], *, clear: bool
) -> ImportBatch:
    """Say what the columns are; the organisation's next file will know it. Checks anew."""
    batch = _idle(session, actor, number, ("mapping", "checked"))
    known = {header: said.strip()[:200] for header, said in chosen.items() if said.strip()}
    batch.columns = known
    batch.clear = clear
    for header, said in known.items():
        whose = ImportMapping.organisation_id.is_not_distinct_from(batch.organisation_id)
        key = (ImportMapping.kind == batch.kind, ImportMapping.header == header, whose)
        session.execute(delete(ImportMapping).where(*key))
        session.add(ImportMapping(kind=batch.kind, header=header, said=said,
                                  organisation_id=batch.organisation_id))  # fmt: skip
    batch.state = "checking"
    _leave(session, batch, CHECK)
    return batch


def check_again(session: Session, actor: Actor, number: int) -> ImportBatch:
    """The whole file once more, with what has been typed over it."""
    batch = _idle(session, actor, number, ("checked", "refused", "failed", "cancelled"))
    batch.state = "checking"
    _leave(session, batch, CHECK)
    return batch


def mend(
    session: Session, actor: Actor, number: int, row_no: int, typed: dict[str, str]
) -> store.ShownRow:
    """Type over cells of one row, by their places; the row is checked at once."""
    batch = _idle(session, actor, number, ("checked",))
    row = store.row_to_change(session, batch.id, row_no)
    if row is None:
        raise NotFound(f"第 {row_no} 行不在预览中：请刷新 (no such row in the preview)")
    kept = dict(row.edits)
    for place, text in typed.items():
        if not place.isdecimal() or int(place) >= len(batch.found.get("header", ())):
            raise Invalid(f"没有第 {place} 列 (no such column)")
        if len(text) > LONGEST_CELL:
            raise Invalid(f"单元格最多 {LONGEST_CELL} 字 (too long)")
        own = row.cells[int(place)] if int(place) < len(row.cells) else ""
        if text == own:
            kept.pop(place, None)
        else:
            kept[place] = text
    mended = store.ShownRow(row.row_no, row.cells, [], kept)
    faults = checking.faults_of_row(session, actor, batch, mended)
    batch.rejected = max(0, (batch.rejected or 0) - bool(row.faults) + bool(faults))
    return store.keep_edits(session, batch.id, row, kept, faults)


def run(session: Session, actor: Actor, number: int, mode: str) -> ImportBatch:
    """Have it imported."""
    batch = _idle(session, actor, number, ("checked", "cancelled", "failed", "refused"))
    batch.mode = _mode(mode)
    leave_run(session, batch)
    return batch


def leave_run(session: Session, batch: ImportBatch) -> None:
    """Leave the import itself for the worker."""
    batch.state = "running"
    batch.problem = None
    _leave(session, batch, RUN)


def call_off(session: Session, actor: Actor, number: int) -> ImportBatch:
    """Ask the job to stop; what has not been committed by then never happened."""
    batch = _mine(session, actor, number)
    if batch.state not in ("checking", "running"):
        raise Conflict("这次导入没有在进行：不能取消 (nothing is going on)")
    store.call_off(session, batch.id)
    return batch


def undo(session: Session, actor: Actor, number: int, *, edited: bool) -> ImportBatch:
    """Have everything put back as it was; `edited`: also what has been changed since."""
    states = ("undone",) if edited else ("done",)
    batch = _idle(session, actor, number, states)
    if edited and not batch.left_alone:
        raise Conflict("没有留下未撤销的行 (nothing was left alone)")
    batch.undo_edited = edited
    batch.state = "undoing"
    batch.undone_by = actor.name
    _leave(session, batch, UNDO)
    return batch


def _mine(session: Session, actor: Actor, number: int) -> ImportBatch:
    batch = queries.get(session, actor, number)
    _demand_kind(session, actor, batch.kind)
    return batch


def _idle(session: Session, actor: Actor, number: int, states: tuple[str, ...]) -> ImportBatch:
    """An import in one of these states, which nobody else moves on meanwhile."""
    _mine(session, actor, number)
    batch = queries.get(session, actor, number, lock=True)
    session.refresh(batch)
    if batch.state not in states:
        raise Conflict(
            "这次导入的状态已经变化：请刷新后再操作 (its state has changed: look again)",
            current={"state": batch.state},
        )
    return batch


def forget_old(session: Session) -> None:
    """Let go of files and previews that nobody has come back to for 90 days.

    What was imported stays and can be undone; what never was cannot be read any more.
    """
    last = func.coalesce(ImportBatch.finished_at, ImportBatch.made_at)
    old = (last < now() - FILES_KEPT, ImportBatch.state.not_in(BUSY))
    query = select(ImportBatch).where(*old, ImportBatch.state != "unreadable")
    batches = session.scalars(query.with_for_update(skip_locked=True)).all()
    for batch in batches:
        if batch.state not in ("done", "undone"):
            batch.state, batch.problem = "unreadable", NO_LONGER_KEPT
    store.forget(session, [batch.id for batch in batches])


def acting(batch: ImportBatch) -> Actor:
    """Whoever sent it, for the job that does it."""
    return Actor(Role(batch.role), batch.organisation_id, batch.by_name, user_id=batch.user_id,
                 token_id=batch.token_id, locale=batch.locale)  # fmt: skip


def summary(batch: ImportBatch) -> dict[str, Any]:
    """Its counts."""
    names = ("rows", "created", "updated", "unchanged", "rejected", "conflicts")
    return {name: getattr(batch, name) for name in names}
