"""A document as DOCX that a bureau goes on editing in Word or WPS."""

import io
from collections.abc import Sequence

import docx
from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from app.core.papers.model import (
    Bars,
    Block,
    Column,
    Facts,
    Heading,
    Note,
    Paper,
    Signatures,
    Table,
    Text,
    printable,
)
from app.core.papers.pdf import to_png

# The typefaces of GB/T 9704-2012, which Word and WPS in China bring; elsewhere the next best.
TITLE, HEAD, BODY, LATIN = "方正小标宋简体", "黑体", "仿宋", "Times New Roman"
WIDTH = Mm(156)  # A4 less the margins of the standard
SHADE = "EEF2F6"


def to_docx(paper: Paper) -> bytes:
    """The document as DOCX, A4 with the margins of GB/T 9704-2012."""
    document = docx.Document()
    _page(document, paper)
    _write(document.add_paragraph(), paper.title, TITLE, 22, bold=True, centred=True)
    for line in filter(None, (paper.subtitle, paper.number)):
        _write(document.add_paragraph(), line, BODY, 12, centred=True)
    for block in paper.blocks:
        _block(document, block, paper.locale)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _page(document: Document, paper: Paper) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    document.core_properties.title = printable(paper.title)
    document.core_properties.author = "Tidu"
    document.core_properties.created = paper.made_at
    document.core_properties.modified = paper.made_at
    number = section.footer.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number.add_run("— ")
    for part in ("begin", "PAGE", "end"):
        number.add_run()._r.append(_field(part))
    number.add_run(" —")


def _field(part: str) -> BaseOxmlElement:
    """A piece of the field that counts pages, which the library has no word for."""
    if part == "PAGE":
        element = OxmlElement("w:instrText")
        element.text = part
    else:
        element = OxmlElement("w:fldChar")
        element.set(qn("w:fldCharType"), part)
    return element


def _block(document: Document, block: Block, locale: str) -> None:
    match block:
        case Heading():
            _heading(document, block)
        case Text():
            paragraph = document.add_paragraph()
            if locale == "zh":
                paragraph.paragraph_format.first_line_indent = Pt(28)
            _write(paragraph, block.text, BODY, 14)
        case Note():
            _write(document.add_paragraph(), block.text, BODY, 10)
        case Facts():
            _facts(document, block)
        case Table():
            _caption(document, block.caption)
            _table(document, block.columns, block.rows)
        case Bars():
            document.add_picture(io.BytesIO(to_png(block, locale)), width=WIDTH)
        case Signatures():
            _signatures(document, block, locale)


def _heading(document: Document, block: Heading) -> None:
    paragraph = document.add_paragraph(style=f"Heading {block.level}")
    paragraph.paragraph_format.keep_with_next = True
    _write(paragraph, block.text, HEAD, 16 if block.level == 1 else 14, bold=True)


def _caption(document: Document, text: str) -> None:
    if text:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        _write(paragraph, text, HEAD, 11, centred=True)


def _facts(document: Document, block: Facts) -> None:
    table = document.add_table(rows=0, cols=4, style="Table Grid")
    for at in range(0, len(block.rows), 2):
        pairs = [*block.rows[at : at + 2], ("", "")][:2]
        cells = table.add_row().cells
        for n, (label, value) in enumerate(pairs):
            _shade(cells[2 * n])
            _write(cells[2 * n].paragraphs[0], label, HEAD, 10.5)
            _write(cells[2 * n + 1].paragraphs[0], value, BODY, 10.5)
    document.add_paragraph()


def _table(document: Document, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    whole = sum(column.share for column in columns)
    for cell, column in zip(table.rows[0].cells, columns, strict=True):
        _shade(cell)
        _write(cell.paragraphs[0], column.head, HEAD, 10.5)
        if column.numeric:
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        for cell, column, text in zip(table.add_row().cells, columns, row, strict=True):
            _write(cell.paragraphs[0], text, BODY, 10.5)
            if column.numeric:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for part, column in zip(table.columns, columns, strict=True):
        part.width = int(WIDTH * column.share / whole)
    document.add_paragraph()


def _signatures(document: Document, block: Signatures, locale: str) -> None:
    document.add_paragraph()
    [row] = document.add_table(rows=1, cols=len(block.parties)).rows
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, party in zip(row.cells, block.parties, strict=True):
        _write(cell.paragraphs[0], party, HEAD, 12)
        for _ in range(3):
            cell.add_paragraph()
        date = cell.add_paragraph()
        _write(date, "年　　月　　日" if locale == "zh" else "Date:", BODY, 12)
        date.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), SHADE)
    cell._tc.get_or_add_tcPr().append(shade)


def _write(
    paragraph: Paragraph, text: str, face: str, size: float,
    *, bold: bool = False, centred: bool = False,
) -> Run:  # fmt: skip
    run = paragraph.add_run(printable(text))
    run.font.name, run.font.size, run.font.bold = LATIN, Pt(size), bold
    run.font.color.rgb = RGBColor(0, 0, 0)
    # Chinese characters take a typeface of their own, which the library does not set.
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return run
