"""The portrait and its explanation as documents that say what the page says."""

from io import BytesIO

import docx
import pytest
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from tests.factories import make_firm
from tests.people import person

NAME = "文书<b>企业</b>有限公司"
FIGURES = {"revenue_sales": {2023: 40_000_000, 2024: 52_345_600}, "rd_hnte": {2024: 1_000_000}}


def words(content: bytes) -> str:
    """Everything that a DOCX says, its tables too."""
    document = docx.Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("zh", ("企业画像", "销售收入", "5,234.56", "缺数据", "对照认定条件", "第十一条")),
        ("en", ("Portrait of a firm", "Sales revenue", "5,234.56", "unknown", "By ")),
    ],
)
def test_the_portrait_is_a_document(db: Session, lang: str, told: tuple[str, ...]) -> None:
    firm = make_firm(db, NAME, figures=FIGURES)
    client = person(db, Role.ANALYST)
    client.cookies.set("lang", lang)
    answer = client.get(f"/firms/{firm}/paper?format=docx")
    assert answer.status_code == 200, answer.text
    text = words(answer.content)
    for one in (NAME, *told):
        assert one in text, one


def test_one_set_alone_and_as_pdf(db: Session) -> None:
    firm = make_firm(db, NAME, figures=FIGURES)
    client = person(db, Role.LEADER)
    text = words(client.get(f"/firms/{firm}/paper?set=hnte_2016").content)
    assert "认定条件对照说明" in text and "高新技术企业" in text and "基本情况" not in text
    pdf = client.get(f"/firms/{firm}/paper?format=pdf&set=hnte_2016")
    assert pdf.content.startswith(b"%PDF-1.7") and pdf.headers["content-type"] == "application/pdf"
    assert client.get(f"/firms/{firm}/paper?set=nothing").status_code in (404, 422)
    assert client.get("/firms/999999/paper").status_code == 404
