"""A document as PDF/A-2b, set by Typst; the texts reach it as data, never as markup."""

import json
from dataclasses import asdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import typst

from app.core.clock import DISTRICT
from app.core.papers.model import Bars, Block, Paper, printable

TEMPLATE = Path(__file__).with_name("paper.typ")
FONTS = Path(__file__).parents[2] / "static" / "vendor" / "fonts"
DOTS_PER_INCH = 192


def to_pdf(paper: Paper) -> bytes:
    """The document as PDF/A-2b with its fonts in it."""
    said = {
        "title": paper.title, "subtitle": paper.subtitle, "number": paper.number,
        "locale": paper.locale, "made_on": paper.made_at.astimezone(DISTRICT).date().isoformat(),
        "blocks": [_block(block) for block in paper.blocks],
    }  # fmt: skip
    return _set({"paper": _json(said)}, format="pdf", pdf_standards="a-2b")


def to_png(bars: Bars, locale: str) -> bytes:
    """A chart as a picture, for documents that cannot draw."""
    said = {"block": _block(bars), "locale": locale}
    return _set({"chart": _json(said)}, format="png", ppi=DOTS_PER_INCH)


def _set(inputs: dict[str, str], **how: Any) -> bytes:
    written: bytes = _compiler().compile(sys_inputs=inputs, **how)
    return written


@cache
def _compiler() -> Any:
    """Reads fonts and template once; each process has its own."""
    return typst.Compiler(
        TEMPLATE, root=TEMPLATE.parent, font_paths=[FONTS], ignore_system_fonts=True
    )


def _block(block: Block) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": type(block).__name__.lower(), **asdict(block)}
    if isinstance(block, Bars):
        longest = max((bar.value for bar in block.bars), default=Decimal(0))
        for bar, known in zip(said["bars"], block.bars, strict=True):
            # In hundredths of a per cent of the longest: lengths need no more, and stay whole.
            bar["value"] = int(10_000 * known.value / longest) if longest else 0
    return said


def _json(said: dict[str, Any]) -> str:
    return json.dumps(_clean(said), ensure_ascii=False)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
    return value
