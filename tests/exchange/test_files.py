"""Files that cannot be taken say why and what to do, and leave the database as it was."""

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid, TooLarge
from app.exchange import files as reading
from app.firms.models import Firm
from tests.exchange.files import FIRM_HEADER, bomb, csv_file, details, given, workbook
from tests.factories import credit_code


def test_an_empty_file(tmp_path: Path, db: Session) -> None:
    with pytest.raises(Invalid, match="空的"):
        given(db, csv_file(tmp_path))


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="请拆分"):
        reading.read(csv_file(tmp_path, "x" * 2_000_000), largest_megabytes=1)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, db: Session) -> None:
    with pytest.raises(TooLarge, match="解压后"):
        given(db, bomb(tmp_path))


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a workbook", b"\xd0\xcf\x11\xe0old"])
def test_what_is_no_workbook(tmp_path: Path, db: Session, content: bytes) -> None:
    path = tmp_path / "given.xlsx"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"xlsx|导出"):
        given(db, path)


def test_an_encoding_nobody_can_read(tmp_path: Path, db: Session) -> None:
    path = tmp_path / "given.csv"
    path.write_bytes("名称".encode("utf-16-le") + b"\xff\xff\xff")
    with pytest.raises(Invalid, match="编码"):
        given(db, path)


def test_gb18030_and_utf8_are_told_apart(tmp_path: Path, db: Session) -> None:
    for number, encoding in enumerate(("gb18030", "utf-8", "utf-8-sig"), 1):
        line = f"武陵某某科技有限公司,{credit_code(number)},2020-01-05,黔江,100"
        found = given(db, csv_file(tmp_path, FIRM_HEADER, line, encoding=encoding))
        assert (found.created, found.rejected) == (1, 0), details(found)
        assert found.encoding == encoding.removesuffix("-sig")


def test_every_unknown_header_is_named_at_once(tmp_path: Path, db: Session) -> None:
    with pytest.raises(Invalid) as refused:
        given(db, csv_file(tmp_path, "企业名,统一社会信用代码,颜色", "甲,乙,丙"))
    errors = refused.value.extra["errors"]
    assert [e["column"] for e in errors] == ["企业名", "颜色"]
    assert "企业名称" in errors[0]["detail"]


def test_a_unit_that_cannot_be(tmp_path: Path, db: Session) -> None:
    for header in ("职工总数（万元）", "销售收入（公斤）"):
        with pytest.raises(Invalid) as refused:
            given(db, csv_file(tmp_path, f"统一社会信用代码,年度,{header}", "x,2024,1"), "figures")
        (error,) = refused.value.extra["errors"]
        assert error["column"] == header and "单位" in error["detail"]


def test_a_formula_is_not_taken_for_a_value(tmp_path: Path, db: Session) -> None:
    code = credit_code(1)
    path = workbook(tmp_path, FIRM_HEADER.split(","), ["甲公司", code, "2020-01-05", "黔江", 1],
                    formula=(1, 4))  # fmt: skip
    found = given(db, path)
    assert (found.rows, found.rejected) == (1, 1)
    assert "公式" in details(found) and "formula" in details(found, "en")
    assert db.scalar(select(func.count()).select_from(Firm)) == 0


def test_a_workbook_with_excel_s_dates_and_numbers(tmp_path: Path, db: Session) -> None:
    path = workbook(
        tmp_path, FIRM_HEADER.split(","), ["甲公司", credit_code(1), 43835, "黔江区", 12.5]
    )
    found = given(db, path)
    assert found.created == 1, details(found)
