"""Chinese source texts and their English catalogue, compiled in memory."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

CATALOGUE = Path(__file__).resolve().parent.parent / "locale" / "en.po"
LOCALES = ("zh", "en")


@lru_cache
def english() -> Translations:
    """The English catalogue."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def text(source: str, locale: str) -> str:
    """A source text in the reader's language."""
    return source if locale == "zh" or not source else english().gettext(source)


def locale_of(request: Any) -> str:
    """The language chosen by cookie, else Chinese."""
    chosen = request.cookies.get("lang")
    return chosen if chosen in LOCALES else "zh"
