"""A firm's own record in a form; whoever saves it has seen the version that stands."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.errors import AppError, Invalid, Stale
from app.core.i18n import locale_of
from app.core.web import render
from app.core.wording import said
from app.exchange import typing_in
from app.firms import queries, service
from app.firms.api import FirmId
from app.firms.divisions import names as divisions
from app.firms.models import FIRM_STATUSES, ORIGINS, Firm
from app.firms.schemas import FirmPatch
from app.pipeline.service import assess
from app.pipeline.trail import column_label, words

router = APIRouter(prefix="/firms/{firm_id}", include_in_schema=False)
TEXTS = ("name", "registered_on", "region_code", "address", "industry_code", "hightech_field",
         "chain", "legal_form", "business_scope")  # fmt: skip
CHOICES = ("origin", "status", "resident_enterprise")
STATUS = ("status_on", "status_reason")
FIELDS = (*TEXTS, "registered_capital", *CHOICES, *STATUS)


class FirmForm(BaseModel):
    """The form as it was filled in; empty fields are sent too."""

    name: str = ""
    registered_on: str = ""
    region_code: str = ""
    address: str = ""
    industry_code: str = ""
    hightech_field: str = ""
    chain: str = ""
    legal_form: str = ""
    business_scope: str = ""
    registered_capital: str = ""
    capital_unit: str = "元"
    resident_enterprise: str = ""
    origin: str = ""
    status: str = "active"
    status_on: str = ""
    status_reason: str = ""
    version: int = 0

    def changes(self, firm: Firm) -> dict[str, Any]:
        """What it says otherwise than the record; Invalid with every fault."""
        known = shown(firm)
        typed: dict[str, Any] = {
            name: getattr(self, name).strip() or None
            for name in FIELDS
            if getattr(self, name).strip() != known[name]
        }
        if "name" in typed and typed["name"] is None:
            raise Invalid("请填写企业名称 (the name is missing)")
        words_of_capital: dict[str, Any] = {}
        if "registered_capital" in typed:
            amount, said = typing_in.capital(self.registered_capital, self.capital_unit)
            typed["registered_capital"] = amount
            words_of_capital = {"registered_capital_typed": said}
        if "resident_enterprise" in typed:
            answers = {"true": True, "false": False}
            typed["resident_enterprise"] = answers.get(self.resident_enterprise)
        if "status" in typed:  # a departure is told with its day and reason
            typed |= {name: getattr(self, name).strip() or None for name in STATUS}
        return _checked(typed) | words_of_capital if typed else {}


def _checked(typed: dict[str, Any]) -> dict[str, Any]:
    try:
        return FirmPatch.model_validate(typed).model_dump(exclude_unset=True)
    except ValidationError as error:
        told = [
            {
                "pointer": "/".join(map(str, each["loc"])),
                "detail": f"{column_label(str(each['loc'][0])).zh if each['loc'] else ''} "
                f"{said(each)}".strip(),
            }
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise Invalid(told[0]["detail"], errors=told) from None


def shown(firm: Firm) -> dict[str, str]:
    """The record as the form shows it."""
    found = {name: getattr(firm, name) for name in FIELDS}
    answer = {True: "true", False: "false", None: ""}[firm.resident_enterprise]
    capital = "" if firm.registered_capital is None else f"{firm.registered_capital:f}"
    return {name: "" if value is None else str(value) for name, value in found.items()} | {
        "resident_enterprise": answer,
        "registered_capital": capital,
    }


@router.get("/edit")
def edit(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> HTMLResponse:
    """The form."""
    actor.require("firms:write")
    return _page(request, queries.get(db, actor, firm_id))


@router.post("/edit")
def save(
    request: Request, firm_id: FirmId, form: Annotated[FirmForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Change what was changed, and hold the firm against the criteria anew."""
    actor.require("firms:write")
    firm = queries.get(tx, actor, firm_id)
    try:
        with tx.begin_nested():
            if form.version != firm.version:
                raise Stale(
                    "企业信息刚被别人改过：请对照后再保存 (changed meanwhile: compare first)"
                )
            if changes := form.changes(firm):
                service.update(tx, actor, firm, changes, form.version)
    except AppError as error:
        tx.refresh(firm)
        return _page(request, firm, form, error)
    assess(tx, [firm_id], today())
    return RedirectResponse(f"/firms/{firm_id}#base", status_code=303)


def _page(
    request: Request, firm: Firm, form: FirmForm | None = None, problem: AppError | None = None
) -> HTMLResponse:
    known = shown(firm)
    typed = known if form is None else {name: getattr(form, name) for name in FIELDS}
    unit = "元" if form is None else form.capital_unit
    page = render(
        request, "pipeline/firm_form.html", firm=firm, known=known, typed=typed, unit=unit,
        problem=problem, divisions=divisions(locale_of(request)),
        origins=ORIGINS, statuses=FIRM_STATUSES,
        units=list(typing_in.UNITS), values=words().values,
        theirs=[name for name in FIELDS if typed[name].strip() != known[name]]
        if isinstance(problem, Stale) else [],
        column_label=column_label,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
