#!/usr/bin/env python3
"""Bring app/locale/en.po up to date with the texts of the templates; new ones are left empty."""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

APP = Path(__file__).resolve().parent.parent / "app"
CATALOGUE = APP / "locale" / "en.po"
CALL = re.compile(r"""\b_\(\s*(["'])(.+?)\1\s*\)""")
TITLE = re.compile(r'^    title = "(.+)"$', re.MULTILINE)


def sources() -> list[str]:
    """Every Chinese text that is shown through `_`, in order of appearance."""
    found = [
        match[2]
        for file in sorted((APP / "templates").rglob("*.html"))
        for match in CALL.finditer(file.read_text(encoding="utf-8"))
    ]
    titles = TITLE.findall((APP / "core" / "errors.py").read_text(encoding="utf-8"))
    return list(dict.fromkeys([*found, *titles]))


def main() -> int:
    """Write the catalogue (unless --check); the exit code says whether a text lacks its English."""
    with CATALOGUE.open("rb") as file:
        old = read_po(file, locale="en")
    new = Catalog(locale="en", project="Tidu", charset="utf-8")
    for text in sources():
        known = old.get(text)
        new.add(text, "" if known is None else str(known.string))
    if "--check" not in sys.argv:
        with CATALOGUE.open("wb") as file:
            write_po(file, new, omit_header=False, width=100, sort_output=False)
    missing = [message.id for message in new if message.id and not message.string]
    for text in missing:
        print(f"no English for: {text}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
