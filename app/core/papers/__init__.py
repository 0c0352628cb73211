"""Official documents: said once as a list of blocks, written as DOCX and as PDF.

What is typed stays text in both: nothing of a block is read as markup.
"""

from app.core.papers.docx import to_docx
from app.core.papers.model import (
    Bar,
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
)
from app.core.papers.pdf import to_pdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"

__all__ = [
    "DOCX", "PDF", "Bar", "Bars", "Block", "Column", "Facts", "Heading", "Note", "Paper",
    "Signatures", "Table", "Text", "to_docx", "to_pdf",
]  # fmt: skip
