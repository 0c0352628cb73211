"""The manual of the interface, served from the project's own documents, without a network."""

import re
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markdown_it import MarkdownIt

from app.core import i18n
from app.core.errors import NotFound
from app.core.web import render

FOLDER = Path(__file__).resolve().parents[2] / "docs"
# In reading order: the document's name, and what its link says in both languages.
PAGES = {
    "integration": ("对接指南", "Guide"),
    "api": ("接口说明", "Reference"),
    "filters": ("筛选语法", "Filters"),
    "errors": ("错误", "Errors"),
    "connectors": ("外部连接", "Connectors"),
    "stability": ("稳定性", "Stability"),
}
HEADING = re.compile(r"<(h[23])>(\w[^<]*)</\1>")
LINK = re.compile(rf'href="({"|".join(PAGES)})\.md')
# To those who run the service, or to its source: not served.
ELSEWHERE = re.compile(r'<a href="[\w./]+\.md[^"]*">(.*?)</a>')
router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def interactive(request: Request) -> HTMLResponse:
    """Every operation, to be tried from the page."""
    return render(request, "docs.html", pages=PAGES)


@router.get("/api/docs/{name}")
def manual(request: Request, name: str) -> HTMLResponse:
    """One document, in the reader's language where there is one."""
    if name not in PAGES:
        raise NotFound("没有这份文档 (no such document)")
    zh = FOLDER / f"{name}.zh.md"
    file = zh if i18n.locale_of(request) == "zh" and zh.is_file() else FOLDER / f"{name}.md"
    title = PAGES[name][i18n.LOCALES.index(i18n.locale_of(request))]
    return render(request, "manual.html", pages=PAGES, name=name, title=title, text=_html(file))


@router.get("/problems/{name}")
def problem(name: str) -> RedirectResponse:
    """Where the `type` of an error leads: its cause and remedy."""
    return RedirectResponse(f"/api/docs/errors#{name if name.isalnum() else ''}", status_code=303)


@lru_cache
def _html(file: Path) -> str:
    """Markdown as HTML; what looks like HTML in it stays text."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    text = made.render(file.read_text(encoding="utf-8"))
    named = HEADING.sub(lambda m: f'<{m[1]} id="{m[2].split(" ")[0]}">{m[2]}</{m[1]}>', text)
    # What scrolls within is reached by keyboard.
    reachable = named.replace("<pre>", '<pre tabindex="0">').replace(
        "<table>", '<table tabindex="0">'
    )
    return ELSEWHERE.sub(r"\1", LINK.sub(r'href="/api/docs/\1', reachable))
