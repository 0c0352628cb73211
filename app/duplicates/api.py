"""Likely duplicates over HTTP: the queue, decisions, merges and their undoing."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.resource import Resource
from app.duplicates import deciding, merging, queries, schemas, unmerging
from app.firms.api import FirmId
from app.firms.schemas import LARGEST_ID

router = APIRouter(prefix="/api/v1", tags=["duplicates"], route_class=Resource)
MergeId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


@router.get("/duplicates", operation_id="list_duplicates")
def list_duplicates(
    actor: Reader, db: Db, decided: bool = False,
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> schemas.PairPage:  # fmt: skip
    """Pairs of firms that may be one; `decided`: those that somebody said are not."""
    found = queries.pairs(db, actor, decided=decided, after=after, most=limit)
    return schemas.PairPage.model_validate(vars(found))


@router.put("/firms/{firm_id}/distinct-from/{other_id}", operation_id="tell_firms_apart",
            status_code=204)  # fmt: skip
def tell_firms_apart(
    firm_id: FirmId, other_id: FirmId, body: schemas.DistinctIn, actor: CurrentActor, tx: Tx
) -> Response:
    """Say that two firms are not the same; they do not come up again."""
    deciding.distinct(tx, actor, firm_id, other_id, body.reason)
    return Response(status_code=204)


@router.delete("/firms/{firm_id}/distinct-from/{other_id}", operation_id="doubt_firms_again",
               status_code=204)  # fmt: skip
def doubt_firms_again(firm_id: FirmId, other_id: FirmId, actor: CurrentActor, tx: Tx) -> Response:
    """Take that back."""
    deciding.reopen(tx, actor, firm_id, other_id)
    return Response(status_code=204)


@router.post("/firms/{firm_id}:merge", operation_id="merge_firms")
def merge_firms(
    firm_id: FirmId, body: schemas.MergeIn, actor: CurrentActor, tx: Tx
) -> schemas.MergedOut:
    """Take another firm into this one; `dry_run=true` says what would move."""
    done = merging.merge(tx, actor, firm_id, body.other_id, body.reason)
    return schemas.MergedOut(
        merge_id=done.merge.id, firm_id=firm_id, gone_id=body.other_id, moved=done.moved,
        superseded=done.superseded, aside=done.aside, filled=sorted(done.filled),
        conflicts=done.conflicts,
    )  # fmt: skip


@router.get("/merges", operation_id="list_merges")
def list_merges(actor: Reader, db: Db) -> schemas.MergesOut:
    """The latest merges of firms that one may know of."""
    found = queries.merges(db, actor)
    return schemas.MergesOut(items=[schemas.MergeOut.model_validate(one) for one, _ in found])


@router.post("/merges/{merge_id}:undo", operation_id="undo_merge")
def undo_merge(merge_id: MergeId, actor: CurrentActor, tx: Tx) -> schemas.MergeOut:
    """Put the firm that is gone back into the register with everything that it brought."""
    return schemas.MergeOut.model_validate(unmerging.unmerge(tx, actor, merge_id))
