"""Writes over REST: upserts by credit code, alone or in batches; the same twice changes nothing."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.accounts.auth import CurrentActor, Tx
from app.core.errors import Invalid
from app.core.resource import Resource
from app.exchange.report import Fault, Mode, Report
from app.exchange.service import upsert_figures, upsert_firms, upsert_records
from app.facts.kinds import KINDS
from app.firms.record_kinds import FactKind

router = APIRouter(prefix="/api/v1", tags=["writing"], route_class=Resource)
CreditCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{18}$")]
LARGEST_BATCH = 5_000


def no_boolean(value: object) -> object:
    """JSON's true is not the number one."""
    if isinstance(value, bool):
        raise ValueError(
            "true 和 false 不是数字：请填数字，或 12.5% 这样的文字 "
            "(a boolean is not a figure: give a number, or text such as 12.5%)"
        )
    return value


# Text keeps every digit: "1234.50", "1,234.5万元", "12.5%".
Value = Annotated[str | int | float | None, BeforeValidator(no_boolean)]
Figures = dict[str, Value]


Version = Annotated[
    str | int | None,
    BeforeValidator(no_boolean),
    Field(description="The sender's own counter or time of this state: of one firm, or of one "
          "firm's figures of a year, nothing older is taken after something newer."),
]  # fmt: skip


External = Annotated[
    str | None,
    Field(description="The sender's own number of the firm, at most 100 characters. Given once "
          "beside the credit code, it names the firm in batches from then on."),
]  # fmt: skip


class FirmIn(BaseModel):
    """A firm as it is written; what is left out stays as it is. Money is yuan."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    registered_on: str | None = Field(None, description="a date such as 2019-05-31")
    region: str | None = Field(None, description="a district's name or GB/T 2260 code")
    address: str | None = None
    industry_code: str | None = Field(None, description="GB/T 4754, such as C3912")
    hightech_field: str | None = None
    chain: str | None = None
    resident_enterprise: bool | None = None
    legal_form: str | None = None
    registered_capital: str | None = Field(None, description="yuan, or with a unit: 500万元")
    business_scope: str | None = None
    external_id: External = None
    sender_version: Version = None


class FirmRow(FirmIn):
    """A firm of a batch; without its name, or code or known number, it is rejected, and the others
    are not.
    """

    credit_code: str = ""
    name: str = ""


class Batch(BaseModel):
    """Rows, each with its own result; `atomic`: all or none."""

    model_config = ConfigDict(extra="forbid", strict=True)
    atomic: bool = False


class FirmBatch(Batch):
    """At most 5,000 firms."""

    rows: list[FirmRow] = Field(max_length=LARGEST_BATCH)


class FigureBatch(Batch):
    """At most 5,000 rows of {credit_code, year, indicator: value in the indicator's unit}.

    A row may carry `external_id` and `sender_version`, as a firm may.
    """

    rows: list[Figures] = Field(max_length=LARGEST_BATCH)


class RecordBatch(Batch):
    """At most 5,000 rows of {credit_code or external_id, what the record says, sender_version}."""

    rows: list[dict[str, Any]] = Field(max_length=LARGEST_BATCH)


class Said(BaseModel):
    """What is to be said of one field, in both languages; `pointer` leads into the request."""

    pointer: str
    value: str
    detail: str


class RowResult(BaseModel):
    """What became of one row; of a rejected one nothing is kept, and `errors` say why.

    `notes` tell of what is kept otherwise than as it was typed: capital in a foreign currency,
    whose yuan are unknown, or a region that spans several districts.
    """

    index: int
    status: Literal["created", "updated", "unchanged", "rejected"]
    conflicts: int = Field(0, description="figures kept aside: a better source says otherwise")
    outdated: bool = Field(
        default=False, description="left out: the sender's newer version arrived before"
    )
    errors: list[Said] = []
    notes: list[Said] = []


class BatchResult(BaseModel):
    """Counts that add up to the rows, and each row's result.

    `applied` says that what was not rejected is written; of a dry run, that it would be.
    """

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
    return _one(upsert_firms(tx, actor, [row], source=actor.source))


@router.put("/firms/by-credit-code/{credit_code}/figures/{year}")
def put_figures(
    credit_code: CreditCode, year: Annotated[int, Path(ge=1990, le=2200)],
    body: Figures, actor: CurrentActor, tx: Tx,
) -> RowResult:  # fmt: skip
    """Report figures of one year as {indicator: value in its unit}, and `sender_version`."""
    actor.require("figures:write")
    if twice := sorted({"credit_code", "year"} & set(body)):
        raise Invalid(f"{twice[0]} 已在地址中：请从内容中去掉 (stands in the address already)",
                      errors=[{"pointer": f"/{name}", "detail": "已在地址中 (in the address)"}
                              for name in twice])  # fmt: skip
    row = {**body, "credit_code": credit_code.upper(), "year": year}
    return _one(upsert_figures(tx, actor, [row], source=actor.source))


@router.post("/firms:batch")
def batch_firms(body: FirmBatch, actor: CurrentActor, tx: Tx) -> BatchResult:
    """Upsert firms by credit code."""
    actor.require("firms:write")
    rows = [row.model_dump(exclude_none=True) for row in body.rows]
    mode: Mode = "atomic" if body.atomic else "skip"
    return _many(upsert_firms(tx, actor, rows, source=actor.source, mode=mode))


@router.post("/figures:batch")
def batch_figures(body: FigureBatch, actor: CurrentActor, tx: Tx) -> BatchResult:
    """Upsert figures by credit code, year and indicator."""
    actor.require("figures:write")
    mode: Mode = "atomic" if body.atomic else "skip"
    return _many(upsert_figures(tx, actor, body.rows, source=actor.source, mode=mode))


def _batches(kind: FactKind) -> None:
    name = kind.path.replace("-", "_")
    fields = [one for one in kind.schema.model_fields if one != "firm_id"]

    @router.post(f"/{kind.path}:batch", operation_id=f"batch_{name}", tags=[kind.path],
                 description=f"Upsert at most {LARGEST_BATCH:,} records, each told apart by "
                 f"credit_code (or external_id), {', '.join(kind.key)}. A row may say "
                 f"{', '.join(fields)}, as in POST /{kind.path}, and sender_version; what "
                 "it leaves out stays as it is, null empties it.")  # fmt: skip
    def batch_records(body: RecordBatch, actor: CurrentActor, tx: Tx) -> BatchResult:
        mode: Mode = "atomic" if body.atomic else "skip"
        found = upsert_records(tx, actor, kind, body.rows, source=actor.source, mode=mode)
        return _many(found)


for _kind in KINDS:
    _batches(_kind)


def _one(report: Report) -> RowResult:
    if report.faults:
        errors = [_said(fault, "").model_dump() for fault in report.faults]
        raise Invalid("内容有误，未写入：见 errors (not written)", errors=errors)
    return _result(report, 0, [_said(note, "") for note in report.notes])


def _result(report: Report, row: int, notes: list[Said]) -> RowResult:
    return RowResult(index=row, status=report.outcomes.get(row, "unchanged"),
                     conflicts=report.conflicts_of.get(row, 0),
                     outdated=row in report.outdated, notes=notes)  # fmt: skip


def _said(fault: Fault, place: str) -> Said:
    return Said(pointer=f"{place}/{fault.column}", value=fault.value, detail=fault.told)


def _many(report: Report) -> BatchResult:
    faulty, noted = _by_row(report.faults), _by_row(report.notes)
    if not report.applied:
        errors = [one.model_dump() for row in sorted(faulty) for one in faulty[row]]
        raise Invalid(f"{report.rejected} 行有误，atomic 批次未写入任何一行：见 errors "
                      "(atomic: nothing was written)", errors=errors)  # fmt: skip
    results = [
        RowResult(index=n, status="rejected", errors=faulty[n]) if n in faulty
        else _result(report, n, noted.get(n, []))
        for n in range(report.rows)
    ]  # fmt: skip
    return BatchResult(created=report.created, updated=report.updated, unchanged=report.unchanged,
                       rejected=report.rejected, conflicts=report.conflicts,
                       applied=report.applied, results=results)  # fmt: skip


def _by_row(told: list[Fault]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = {}
    for one in told:
        found.setdefault(one.row, []).append(_said(one, f"/rows/{one.row}"))
    return found
