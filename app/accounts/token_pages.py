"""Tokens in the administrator's hands: list, issue, rotate, revoke; every step works by forms."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import limits, tokens
from app.accounts import queries as accounts
from app.accounts import token_queries as queries
from app.accounts.actor import ROLE_OF_ORGANISATION
from app.accounts.auth import Administrator, Db, Tx, settings_of
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.web import render

router = APIRouter(prefix="/admin/tokens", include_in_schema=False)
Prefix = Annotated[str, Path(pattern="^[0-9a-f]{8}$")]


class TokenForm(BaseModel):
    """The form as it was filled in; empty fields are sent too."""

    organisation: str = ""
    name: str = ""
    scopes: list[str] = []
    days: int = 90
    ranges: str = ""
    requests_per_minute: str = ""

    def wanted(self) -> tokens.Wanted:
        """What the form asks for."""
        rate = self.requests_per_minute.strip()
        if rate and not (rate.isascii() and rate.isdigit()):
            raise Invalid("每分钟请求数应为整数 (requests a minute: a whole number)")
        return tokens.Wanted(
            self.organisation,
            self.name,
            tuple(self.scopes),
            self.days,
            tuple(self.ranges.replace(",", " ").split()),
            int(rate[:9]) if rate else None,
        )


@router.get("")
def token_list(request: Request, actor: Administrator, db: Db, ended: bool = False) -> HTMLResponse:
    """Every token, and the form for another."""
    return _page(request, db, TokenForm(), ended=ended)


@router.post("")
def issue(
    request: Request, form: Annotated[TokenForm, Form()], actor: Administrator, tx: Tx
) -> HTMLResponse:
    """A new token, shown once; or the form again with what is wrong."""
    try:
        issued = tokens.issue(tx, form.wanted(), actor)
    except (Invalid, Conflict, NotFound) as error:
        return _page(request, tx, form, problem=error)
    return _issued(request, tx, issued)


@router.post("/{prefix}/rotate")
def rotate(
    request: Request, prefix: Prefix, overlap: Annotated[int, Form()], actor: Administrator, tx: Tx
) -> HTMLResponse:
    """A successor, shown once."""
    try:
        issued = tokens.rotate(tx, queries.find(tx, prefix), actor, overlap_days=overlap)
    except (Invalid, Conflict) as error:
        return _page(request, tx, TokenForm(), problem=error)
    return _issued(request, tx, issued)


@router.post("/{prefix}/revoke")
def revoke(prefix: Prefix, actor: Administrator, tx: Tx) -> RedirectResponse:
    """End a token at once."""
    tokens.revoke(tx, queries.find(tx, prefix))
    return RedirectResponse("/admin/tokens", status_code=303)


def _issued(request: Request, session: Session, issued: tokens.Issued) -> HTMLResponse:
    row = queries.token_row(session, issued.token.id)
    scheme = "https" if settings_of(request).https else request.url.scheme
    origin = f"{scheme}://{request.url.netloc}"
    return render(
        request, "accounts/token_issued.html", row=row, secret=issued.secret, origin=origin
    )


def _page(
    request: Request, session: Session, form: TokenForm, *, problem: AppError | None = None,
    ended: bool = False,
) -> HTMLResponse:  # fmt: skip
    found: dict[str, Any] = {
        "rows": queries.all_tokens(session, ended=ended),
        "bodies": [
            b for kind in ROLE_OF_ORGANISATION for b in accounts.organisations(session, kind)
        ],
        "policy": limits.token_policy(settings_of(request), None),
    }
    page = render(
        request, "accounts/tokens.html", form=form, problem=problem, ended=ended,
        scopes=tokens.SCOPES, longest=tokens.LONGEST_DAYS, overlap=tokens.OVERLAP,
        longest_overlap=tokens.LONGEST_OVERLAP, **found,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
