"""What leaves over HTTP: headers, errors in one shape, pages from templates."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.core import i18n, navigation, notices
from app.core.clock import DISTRICT
from app.core.errors import (
    AppError,
    Conflict,
    Invalid,
    NotFound,
    TooLarge,
    Unavailable,
    WrongHost,
    clash,
)
from app.core.wording import in_language, named, said

# Files are the only bodies that are passed on as they come, each route with a limit of its own.
FILE_TOO_LARGE = "文件过大：请压缩或拆分后上传 (the file is too large: compress or split it)"
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
STATIC = Path(__file__).resolve().parent.parent / "static"
# What the framework says in its own words.
REMEDIES = {
    "There was an error parsing the body": "请求内容无法读取：应为 UTF-8 编码的 JSON，数字不能过长 "
    "(the body is no JSON in UTF-8, or has too long a number)",
    "Method Not Allowed": "这个地址不接受此方法：可用的方法见 Allow "
    "(method not allowed: Allow names those that are)",
}
THEMES = ("light", "dark", "auto")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PARAMETER = re.compile(r"\{\w+\}")
# What stands behind these is a secret that opens a door once.
SECRET_PATHS = ("/invitations/", "/calendars/", "/door/open/")
log = structlog.get_logger("tidu.access")


class Problem(BaseModel):
    """RFC 9457 problem details; `errors` name pointer, parameter, or row and column."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []


def problem(status: int, name: str, title: str, detail: str, errors: Any = ()) -> dict[str, Any]:
    """The one shape of an error."""
    return {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail,
            "errors": list(errors)}  # fmt: skip


def wants_page(request: Request) -> bool:
    """Whether a person waits for the answer, rather than a program."""
    path: str = request.scope["path"]
    return not path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _wants_part(request: Request) -> bool:
    """Whether a page of ours asked for a part of itself."""
    return "hx-request" in request.headers and not request.scope["path"].startswith("/api/")


def answer(request: Request, error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a page or as problem details."""
    locale = i18n.locale_of(request)
    title = i18n.text(error.title, locale)
    name = type(error).__name__
    body = problem(error.status, name, title, error.detail, error.extra.get("errors", ()))
    if _wants_part(request) and error.status != 401:
        part = render(request, "_problem.html", problem=body)
        part.status_code = error.status
        return part
    if wants_page(request) and not isinstance(error, WrongHost):  # no page without its address
        elsewhere = _sign_in_from(request) if error.status == 401 else None
        see = error.extra.get("see", elsewhere)
        if see is not None:
            return Response(status_code=303, headers={"location": see})
        page = render(request, "problem.html", problem=body)
        page.status_code = error.status
        return page
    extra = {k: v for k, v in error.extra.items() if k != "errors"}
    text = json.dumps(body | extra, ensure_ascii=False, default=str)
    return Response(
        text, error.status, {**(headers or {}), **_beside(error)}, "application/problem+json"
    )


def _beside(error: AppError) -> dict[str, str]:
    """The headers that standards ask for beside a status."""
    if error.status == 401:
        return {"www-authenticate": "Bearer"}
    if "scope" in error.extra:
        scope = error.extra["scope"]
        return {"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
    if "retry_after" in error.extra:
        return {"retry-after": str(error.extra["retry_after"])}
    return {}


def _sign_in_from(request: Request) -> str:
    """Sign-in, and back to the page that was asked for."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    asked = request.method in SAFE and path != "/"
    return f"/sign-in?next={quote(path)}" if asked else "/sign-in"


def local_path(given: str | None) -> str:
    """A path of this site to go to, or its home: never an address that leads elsewhere.

    Browsers take a backslash for a slash and skip control characters, and so two slashes may hide.
    """
    text = given or ""
    sound = text.startswith("/") and text.isprintable() and "\\" not in text
    if not sound or text.startswith("//") or urlsplit(text).netloc:
        return "/"
    return text


def written(scope: Scope) -> str:
    """A path fit for log and trail: escapes stay escaped, so nothing in it can end a line or colour
    it, and secrets stay out.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("ascii", "backslashreplace")
    found = next((start for start in SECRET_PATHS if path.startswith(start)), None)
    return path if found is None else f"{found}…"


def install_errors(app: FastAPI) -> None:
    """Every error there is, in one shape."""

    def app_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return answer(request, error)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if isinstance(error.body, bytes) and error.body:  # what is JSON has been read by now
            sent = request.headers.get("content-type", "")[:50]
            return answer(request, Invalid(
                f"Content-Type 应为 application/json，不是 {sent!r} (send it as application/json)"
            ))  # fmt: skip
        return answer(
            request,
            Invalid(
                "请求内容有误：逐项更正 (some values are wrong: correct each)",
                errors=_faults(error),
            ),
        )

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = {
            404: NotFound("没有这个地址：请核对路径 (no such address)"),
            413: TooLarge(FILE_TOO_LARGE),
        }
        found = known.get(error.status_code)
        if found is None:
            found = Invalid(REMEDIES.get(str(error.detail), str(error.detail)))
            found.status, found.title = error.status_code, str(error.detail)
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if error.status_code == 405 and request.scope["path"].startswith("/api/"):
            headers["allow"] = ", ".join(methods_of(request))
        return answer(request, found, headers)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, IntegrityError)
        chinese, english = clash(error)
        return answer(request, Conflict(f"{chinese} ({english})"))

    def down(request: Request, error: Exception) -> Response:
        log.error("database", exc_info=error)
        return answer(
            request,
            Unavailable("数据库暂时不可用：请稍后重试 (the database is down: try again later)"),
        )

    app.add_exception_handler(AppError, app_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(IntegrityError, refused)
    app.add_exception_handler(OperationalError, down)
    app.add_exception_handler(DBAPIError, _bad_value)
    app.add_exception_handler(Exception, _unexpected)


def methods_of(request: Request) -> list[str]:
    """What the description allows at an address: the framework knows of one route's methods."""
    paths = request.app.openapi()["paths"]
    meant = [one for one in paths if _shape(one).fullmatch(request.scope["path"])]
    # `/firms/1:merge` is no firm that is called so: what says most of the address is meant.
    closest = max(meant, key=lambda one: len(PARAMETER.sub("", one)), default=None)
    return sorted(method.upper() for method in paths.get(closest, ()))


@lru_cache(maxsize=1_000)
def _shape(template: str) -> re.Pattern[str]:
    literal = (re.escape(one) for one in PARAMETER.split(template))
    return re.compile("[^/]+".join(literal))


def _bad_value(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith("22"):  # data exceptions: a value out of range, a NUL byte
        return answer(
            request, Invalid("有一个值超出了允许的范围：请核对 (a value is out of range)")
        )
    return _unexpected(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", request_id=request.state.request_id, exc_info=error)
    detail = "服务器出错，已记录：请稍后重试或联系管理员 (a server error, noted: try again later)"
    return answer(request, AppError(detail))


def _faults(error: RequestValidationError) -> list[dict[str, Any]]:
    faults = []
    for each in error.errors():
        place, *path = each["loc"]
        if each["type"] == "json_invalid":
            at = f"第 {path[0] + 1} 个字符处有误 (wrong at character {path[0] + 1})"
            faults.append({"pointer": "/", "detail": f"{said(each)}：{at}"})
            continue
        if place == "body":
            where = {"pointer": "/" + "/".join(map(str, path))}
        else:
            where = {"parameter": ".".join(map(str, path))}
        faults.append({**where, "detail": said(each)})
    return faults


def problem_response(description: str, **headers: str) -> dict[str, Any]:
    """How the interface's description tells of an error."""
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
        "headers": {
            name: {"description": told, "schema": {"type": "string"}}
            for name, told in headers.items()
        },
    }


# --- pages --------------------------------------------------------------------------------------


def asset(name: str) -> str:
    """A served file's address; its digest lets browsers keep it for ever."""
    manifest = STATIC / "vendor" / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.is_file() else {}
    if name in known:
        return f"/static/vendor/{name}?v={known[name]}"
    return f"/static/{name}?v={int((STATIC / name).stat().st_mtime)}"


def yuan(value: Decimal | None, locale: str) -> str:
    """Money of a table: in ten thousand yuan for Chinese readers, in yuan for others."""
    if value is None:
        return "—"
    return f"{value / 10_000:,.2f}" if locale == "zh" else f"{value:,.0f}"


def number(value: Any) -> str:
    """A number with separators, without needless zeros."""
    if value is None:
        return "—"
    text = f"{Decimal(value):,f}"
    return re.sub(r"(\.\d*?)0+$", r"\1", text).rstrip(".") if "." in text else text


def plain(value: Any) -> str:
    """A number as a field takes it: no separators, no needless zeros."""
    return number(value).replace(",", "")


def moment(instant: datetime) -> str:
    """An instant on the district's clock."""
    return instant.astimezone(DISTRICT).strftime("%Y-%m-%d %H:%M")


def days(span: Any) -> str:
    """A range of days as people say it: its first and its last day."""
    last = "" if span.upper is None else span.upper - timedelta(days=1)
    return f"{span.lower or ''} – {last}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(asset=asset)
    environment.filters.update(yuan=yuan, number=number, plain=plain, days=days, moment=moment,
                               told=in_language, named=named)  # fmt: skip
    return environment


ENVIRONMENT = _environment()


def render(request: Request, template: str, **values: Any) -> HTMLResponse:
    """A page in the reader's language, inside the shell."""
    locale = i18n.locale_of(request)
    notice = notices.waiting(request)

    def translate(text: str) -> str:
        return i18n.text(text, locale)

    found = ENVIRONMENT.get_template(template).render(
        _=translate, locale=locale, request=request, **_shell(request), **values,
        notice=None if notice is None else notice[i18n.LOCALES.index(locale)],
    )  # fmt: skip
    page = HTMLResponse(found)
    if notice is not None:
        notices.said(page)
    return page


def _shell(request: Request) -> dict[str, Any]:
    """What the shell shows around a page: who looks, where they can go, what they prefer."""
    actor = getattr(request.state, "actor", None)
    role = None if actor is None or actor.must_enrol else actor.role.value
    path = request.scope["path"]
    theme = request.cookies.get("theme")
    return {
        "actor": actor,
        "theme": theme if theme in THEMES else "auto",
        "shortcuts": "off" if request.cookies.get("shortcuts") == "off" else "on",
        "menu": navigation.menu(role),
        "here": navigation.place(role, path),
        "crumbs": navigation.trail(role, path),
        "finds": role in navigation.READERS,
    }
