"""Forecasts over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.accounts.auth import Db, Reader
from app.core.resource import Resource
from app.forecasts import service
from app.forecasts.backtest import backtest
from app.forecasts.drawing import DRAWS
from app.forecasts.nearest import way
from app.forecasts.schemas import BackTestOut, ForecastDetail, ForecastOut, ForecastsOut, WayOut
from app.pipeline.schemas import Query as Parameters
from app.plans import store
from app.plans.api import TargetCode, board_of
from app.plans.schemas import Code, TargetsQuery

router = APIRouter(prefix="/api/v1", tags=["targets"], route_class=Resource)


class ForecastQuery(Parameters):
    """Of which plan."""

    plan: Code | None = None


@router.get("/forecasts", operation_id="list_forecasts")
def list_forecasts(query: Annotated[ForecastQuery, Query()], actor: Reader, db: Db) -> ForecastsOut:
    """Every target at the end of every year: expected value, 80 % interval, chance."""
    board = board_of(db, actor, TargetsQuery(plan=query.plan))
    return ForecastsOut(
        plan=board.version.code, as_of=board.asked.day, draws=DRAWS,
        items=[ForecastOut.of(one) for one in service.forecasts(board)],
    )  # fmt: skip


@router.get("/forecasts/{code}", operation_id="get_forecast")
def get_forecast(
    code: TargetCode, query: Annotated[ForecastQuery, Query()], actor: Reader, db: Db
) -> ForecastDetail:
    """One target with what would have to be true, and how well past years were told."""
    board = board_of(db, actor, TargetsQuery(plan=query.plan))
    target = store.target_of(board.version.file, code)
    ahead, past = way(board, target), backtest(board, target)
    return ForecastDetail(
        plan=board.version.code, as_of=board.asked.day,
        items=[ForecastOut.of(one) for one in service.forecasts(board, [target])],
        way=None if ahead is None else WayOut.of(ahead),
        backtest=None if past is None else BackTestOut.of(past),
    )  # fmt: skip
