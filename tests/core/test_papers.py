"""Official documents: every block in DOCX and PDF, and what is typed stays text."""

import io
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import docx
import pytest

from app.core.papers import (
    Bar,
    Bars,
    Column,
    Facts,
    Heading,
    Note,
    Paper,
    Signatures,
    Table,
    Text,
    to_docx,
    to_pdf,
)

# What would be markup in XML, in Typst, or cannot stand in a document at all.
HOSTILE = '<w:p/> & #panic("x") $a$ *b* [c] \\ @d\x0b\x00 "e"'
SHOWN = '<w:p/> & #panic("x") $a$ *b* [c] \\ @d "e"'


def paper(locale: str = "zh") -> Paper:
    """A document with one of each block."""
    return Paper(
        title="企业培育方案",
        subtitle="黔江区",
        number="黔科发〔2026〕1号",
        locale=locale,
        made_at=datetime(2026, 11, 27, 8, 0, tzinfo=UTC),
        blocks=[
            Heading("一、企业现状"),
            Text(HOSTILE),
            Facts([("统一社会信用代码", "91500114MA5YQX0K5X"), ("行业", "C27"), ("园区", "正阳")]),
            Heading("差距", level=2),
            Table(
                [Column("条件", share=3), Column("差额（元）", numeric=True)],
                [[f"研发费用占比 {n}", f"{n * 1000:,}"] for n in range(60)],
                caption="未达标条件",
            ),
            Bars(
                [Bar("正阳园区", Decimal(31), "31 家"), Bar("城区", Decimal(0), "0 家")], "分园区"
            ),
            Note("数据截至 2026-11-27。"),
            Signatures(["区科技局", "企业"]),
        ],
    )


def test_docx_holds_every_block_as_text() -> None:
    found = docx.Document(io.BytesIO(to_docx(paper())))
    texts = [paragraph.text for paragraph in found.paragraphs]
    assert {"企业培育方案", "黔科发〔2026〕1号", "一、企业现状", SHOWN, "未达标条件"} <= set(texts)
    facts, table, parties = found.tables
    assert [cell.text for cell in facts.rows[1].cells] == ["园区", "正阳", "", ""]
    assert len(table.rows) == 61 and table.rows[60].cells[1].text == "59,000"
    assert [cell.paragraphs[0].text for cell in parties.rows[0].cells] == ["区科技局", "企业"]
    assert len(found.inline_shapes) == 1
    assert found.core_properties.title == "企业培育方案"


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_pdf_carries_its_fonts_and_runs_over_pages(locale: str) -> None:
    written = to_pdf(paper(locale))
    assert written.startswith(b"%PDF-1.7")
    assert b"NotoSansSC" in written and b"pdfaid" in written
    streams = re.findall(rb"stream\r?\n(.*?)endstream", written, re.DOTALL)
    objects = written + b"".join(filter(None, map(_inflated, streams)))
    assert len(re.findall(rb"/Type\s*/Page\b", objects)) >= 3


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize("write", [to_docx, to_pdf])
def test_the_same_document_is_the_same_file(write: Callable[[Paper], bytes]) -> None:
    assert write(paper()) == write(paper())


def test_a_document_without_blocks_is_one() -> None:
    empty = Paper(title="空", blocks=[], made_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert to_pdf(empty).startswith(b"%PDF") and to_docx(empty).startswith(b"PK")
