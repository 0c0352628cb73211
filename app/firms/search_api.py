"""Search over HTTP: firms by what people remember of them, or by whom to reach there."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.auth import Db, Noted, Reader, Readings, Tx
from app.core.resource import Resource
from app.firms import search
from app.firms.queries import RUNGS

router = APIRouter(tags=["search"], route_class=Resource)
LISTED = 50


class FoundFirm(BaseModel):
    """A firm that was found, and by what."""

    id: int
    name: str
    credit_code: str | None
    rung: Literal[RUNGS] | None  # type: ignore[valid-type]
    by: Literal["name", "former_name", "pinyin", "credit_code", "contact"]
    former_name: str | None


class FoundFirms(BaseModel):
    """The likeliest first; `more` says that there are others."""

    items: list[FoundFirm]
    more: bool


class Words(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(extra="forbid")
    q: Annotated[str, Field(min_length=1, max_length=search.LONGEST)]
    limit: Annotated[int, Field(ge=1, le=LISTED)] = 20


class Person(BaseModel):
    """A contact's whole name, phone number or e-mail: personal data, never part of an address."""

    model_config = ConfigDict(extra="forbid")
    person: Annotated[str, Field(min_length=1, max_length=254)]


@router.get("/api/v1/search", operation_id="search")
def search_firms(
    words: Annotated[Words, Query()], actor: Reader, readings: Noted, db: Db
) -> FoundFirms:
    """Firms by name, former name, pinyin, initials or credit code; the search is noted."""
    found = search.find(db, actor, words.q, words.limit)
    note_words(readings, words.q, found)
    return FoundFirms.model_validate(vars(found))


@router.post("/api/v1/search/contacts", operation_id="search_by_contact")
def search_by_contact(person: Person, actor: Reader, tx: Tx) -> FoundFirms:
    """Firms with exactly this contact; nothing of the contact is shown, and the look is noted."""
    found = search.find_by_person(tx, actor, person.person, LISTED)
    return FoundFirms.model_validate(vars(found))


def note_words(readings: Readings, words: str, found: search.Found) -> None:
    """Note a search and how many firms it showed."""
    readings.note("firm", purpose="search", filter={"q": [words]}, row_count=len(found.items))
