"""Writes over REST: upserts by credit code, alone or in batches; the same twice changes nothing."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Tx
from app.core.errors import Invalid
from app.exchange.report import Mode, Report
from app.exchange.service import upsert_figures, upsert_firms

router = APIRouter(prefix="/api/v1", tags=["writing"])
CreditCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{18}$")]
LARGEST_BATCH = 5_000


class FirmIn(BaseModel):
    """A firm as it is written; what is left out stays as it is. Money is yuan."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(min_length=2, max_length=200)
    registered_on: str | None = Field(None, description="a date such as 2019-05-31")
    region: str | None = None
    address: str | None = Field(None, max_length=500)
    industry_code: str | None = Field(None, pattern=r"^[A-T]\d{0,4}$")
    hightech_field: str | None = Field(None, max_length=20)
    chain: str | None = Field(None, max_length=100)
    resident_enterprise: bool | None = None
    legal_form: str | None = Field(None, max_length=100)
    registered_capital: str | None = Field(None, description="yuan, or with a unit: 500万元")
    business_scope: str | None = Field(None, max_length=5000)


class FirmRow(FirmIn):
    """A firm of a batch."""

    credit_code: str


class Batch(BaseModel):
    """Rows, each with its own result; or all or none."""

    model_config = ConfigDict(extra="forbid", strict=True)
    atomic: bool = False


class FirmBatch(Batch):
    """At most 5,000 firms."""

    rows: list[FirmRow] = Field(max_length=LARGEST_BATCH)


class FigureBatch(Batch):
    """At most 5,000 rows of {credit_code, year, indicator: value in the indicator's unit}."""

    rows: list[dict[str, str | int | None]] = Field(max_length=LARGEST_BATCH)


class RowResult(BaseModel):
    """What became of one row."""

    index: int
    status: str
    errors: list[dict[str, str]] = []


class BatchResult(BaseModel):
    """Counts that add up to the rows, and each row's result."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    conflicts: int
    applied: bool
    results: list[RowResult]


@router.put("/firms/by-credit-code/{credit_code}")
def put_firm(credit_code: CreditCode, body: FirmIn, actor: CurrentActor, tx: Tx) -> RowResult:
    """Create or update one firm."""
    actor.require("firms:write")
    row = {"credit_code": credit_code.upper(), **body.model_dump(exclude_none=True)}
    return _one(upsert_firms(tx, actor, [row], source=actor.source), actor)


@router.put("/firms/by-credit-code/{credit_code}/figures/{year}")
def put_figures(
    credit_code: CreditCode, year: Annotated[int, Path(ge=1990, le=2200)],
    body: dict[str, str | int | None], actor: CurrentActor, tx: Tx,
) -> RowResult:  # fmt: skip
    """Report figures of one year as {indicator: value in its unit}."""
    actor.require("figures:write")
    row = {**body, "credit_code": credit_code.upper(), "year": year}
    return _one(upsert_figures(tx, actor, [row], source=actor.source), actor)


@router.post("/firms:batch")
def batch_firms(body: FirmBatch, actor: CurrentActor, tx: Tx) -> BatchResult:
    """Upsert firms by credit code."""
    actor.require("firms:write")
    rows = [row.model_dump(exclude_none=True) for row in body.rows]
    mode: Mode = "atomic" if body.atomic else "skip"
    return _many(upsert_firms(tx, actor, rows, source=actor.source, mode=mode), actor)


@router.post("/figures:batch")
def batch_figures(body: FigureBatch, actor: CurrentActor, tx: Tx) -> BatchResult:
    """Upsert figures by credit code, year and indicator."""
    actor.require("figures:write")
    mode: Mode = "atomic" if body.atomic else "skip"
    return _many(upsert_figures(tx, actor, body.rows, source=actor.source, mode=mode), actor)


def _one(report: Report, actor: Actor) -> RowResult:
    if report.faults:
        raise Invalid("内容有误：见 errors", errors=_errors(report, 0, actor, "pointer"))
    return RowResult(index=0, status=report.outcomes.get(0, "unchanged"))


def _errors(report: Report, row: int, actor: Actor, key: str) -> list[dict[str, str]]:
    return [
        {key: f"/{fault.column}", "value": fault.value, "detail": fault.detail(actor.locale)}
        for fault in report.faults
        if fault.row == row
    ]


def _many(report: Report, actor: Actor) -> BatchResult:
    faulty: dict[int, list[dict[str, Any]]] = {}
    for fault in report.faults:
        faulty.setdefault(fault.row, []).append(
            {"pointer": f"/rows/{fault.row}/{fault.column}", "value": fault.value,
             "detail": fault.detail(actor.locale)})  # fmt: skip
    results = [
        RowResult(index=n, status="rejected", errors=faulty[n]) if n in faulty
        else RowResult(index=n, status=report.outcomes.get(n, "unchanged"))
        for n in range(report.rows)
    ]  # fmt: skip
    return BatchResult(created=report.created, updated=report.updated, unchanged=report.unchanged,
                       rejected=report.rejected, conflicts=report.conflicts,
                       applied=report.applied, results=results)  # fmt: skip
