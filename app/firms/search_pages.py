"""The search box's pages: suggestions while one types, results, and firms by contact."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Db, Noted, Reader, Tx
from app.core.web import render
from app.firms import search
from app.firms.search_api import LISTED, note_words

router = APIRouter(prefix="/search", include_in_schema=False)
SUGGESTED = 8
# One letter of an alphabet says nothing yet; one Chinese character may.
SHORTEST_OF_LETTERS = 2


@router.get("/suggestions")
def suggestions(
    request: Request, actor: Reader, readings: Noted, db: Db, q: str = ""
) -> HTMLResponse:
    """What the search box shows while one types."""
    too_short = q.isascii() and len(q.strip()) < SHORTEST_OF_LETTERS
    found = search.NOTHING if too_short else search.find(db, actor, q, SUGGESTED)
    if not too_short:
        note_words(readings, q, found)
    return render(request, "firms/_suggestions.html", found=found, q=q, asked=not too_short)


@router.get("")
def results(request: Request, actor: Reader, readings: Noted, db: Db, q: str = "") -> HTMLResponse:
    """Everything that was found, and another way to look."""
    found = search.find(db, actor, q, LISTED)
    if q.strip():
        note_words(readings, q, found)
    return render(request, "firms/search.html", found=found, q=q, by_person=False,
                  may=search.may_find_by_person(actor))  # fmt: skip


@router.get("/contacts")
def back(request: Request, actor: Reader) -> HTMLResponse:
    """An address that was only posted to shows the form."""
    return render(request, "firms/search.html", found=search.NOTHING, q="", by_person=False,
                  may=search.may_find_by_person(actor))  # fmt: skip


@router.post("/contacts")
def results_by_contact(
    request: Request, actor: Reader, tx: Tx, person: Annotated[str, Form(max_length=254)] = ""
) -> HTMLResponse:
    """Firms of a contact; what was typed is not shown again."""
    found = search.find_by_person(tx, actor, person, LISTED)
    return render(request, "firms/search.html", found=found, q="", by_person=True, may=True)
