"""Files as people really send them: what is certain is taken, the rest is named to the cell."""

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid, TooLarge
from app.exchange.mapping import Mapping, load
from app.firms.models import Firm, FirmYear
from tests.exchange.files import FIRM_HEADER, csv_file, details, firm, given
from tests.factories import credit_code

HEADER = FIRM_HEADER.split(",")
CODES = [credit_code(66_000_000 + n) for n in range(12)]


def book(folder: Path, fill: Callable[[Any], None]) -> Path:
    """A workbook filled by hand."""
    path = folder / "given.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        fill(made)
    return path


def row(number: int, day: object = "2019-05-31", capital: object = 1) -> list[object]:
    """A sound row, but for what the test is about."""
    return [f"武陵第{number}科技有限公司", CODES[number], day, "黔江", capital]


def headers_refused(db: Session, path: Path, kind: Any = "firms", **options: Any) -> str:
    """Every sentence about a header."""
    with pytest.raises(Invalid) as refused:
        given(db, path, kind, **options)
    return "\n".join(error["detail"] for error in refused.value.extra["errors"])


# --- where the table is -------------------------------------------------------------------------


def test_a_title_and_remarks_may_stand_above_the_header(tmp_path: Path, db: Session) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "某某孵化器 2025 年在孵企业信息表")
        sheet.write(1, 0, "填表人：张三")
        sheet.write_row(3, 0, HEADER)
        sheet.write_row(4, 0, row(1))
        sheet.write_row(6, 0, row(2, day="2019年5月"))
        sheet.write_row(7, 0, ["合计", "", "", "", 2])

    found = given(db, book(tmp_path, fill))
    assert (found.rows, found.created, found.rejected) == (2, 1, 1)
    assert "7 成立日期: 只有年月" in details(found)  # the row as Excel numbers it
    assert [(note.row, note.zh) for note in found.notes] == [(8, "合计行，没有导入")]


def test_hidden_sheets_are_passed_over(tmp_path: Path, db: Session) -> None:
    def fill(made: Any) -> None:
        codes, data = made.add_worksheet("数据字典"), made.add_worksheet("在孵企业")
        data.set_first_sheet()
        data.activate()
        codes.hide()
        codes.write_row(0, 0, ["代码", "含义"])
        codes.write_formula(1, 4, "=1+1", None, 2)  # not in the sheet that is read
        data.write_row(0, 0, HEADER)
        data.write_row(1, 0, row(1))
        data.write_row(2, 0, row(2))
        data.write_formula(2, 4, "=1+1", None, 2)

    found = given(db, book(tmp_path, fill))
    assert (found.created, found.rejected) == (1, 1)
    assert details(found).startswith("3 注册资本（万元）: 单元格是公式")


def test_headers_with_line_breaks_stars_and_spaces(tmp_path: Path, db: Session) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        names = ("*企业名称", " 统一社会\n信用代码 ", "成立日期\n（年-月-日）", "地 区")
        sheet.write_row(0, 0, [*names, "注册资本\n（万元）"])
        sheet.write_row(1, 0, row(1))

    assert given(db, book(tmp_path, fill)).created == 1
    assert firm(db, CODES[1]).registered_capital == 10_000


@pytest.mark.parametrize(("separator", "encoding"), [("\t", "utf-16"), (";", "utf-8"),
                                                     ("\t", "gb18030")])  # fmt: skip
def test_other_separators(tmp_path: Path, db: Session, separator: str, encoding: str) -> None:
    lines = [separator.join(HEADER), separator.join(map(str, row(1)))]
    assert given(db, csv_file(tmp_path, *lines, encoding=encoding)).created == 1


def test_a_csv_under_a_workbook_s_name(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, FIRM_HEADER, ",".join(map(str, row(1))), encoding="gb18030")
    renamed = path.rename(tmp_path / "given.xlsx")
    assert given(db, renamed).encoding == "gb18030"


# --- what does not fit under a header -----------------------------------------------------------


def test_columns_that_nobody_asked_for_are_named_with_the_way_out(
    tmp_path: Path, db: Session
) -> None:
    path = csv_file(tmp_path, "序号," + FIRM_HEADER + ",备注,",
                    "1," + ",".join(map(str, row(1))) + ",好,")  # fmt: skip
    text = headers_refused(db, path)
    assert "第 1 列表头“序号”不认识" in text and "--ignore 备注" in text
    assert given(db, path, mapping=Mapping().ignoring(["序号", "备注"])).created == 1


def test_two_columns_for_one_thing(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, FIRM_HEADER + ",注册资金", "x")
    assert "“注册资本（万元）”与“注册资金”（第 5、6 列）是同一项" in headers_refused(db, path)


def test_columns_that_must_be_there(tmp_path: Path, db: Session) -> None:
    assert "没有“统一社会信用代码”列" in headers_refused(
        db, csv_file(tmp_path, "企业名称,地区", "甲,x")
    )
    path = csv_file(tmp_path, "统一社会信用代码,职工总数", f"{CODES[1]},5")
    assert "没有“年度”列" in headers_refused(db, path, "figures")
    path = csv_file(tmp_path, "统一社会信用代码,年度,指标", f"{CODES[1]},2024,职工总数")
    assert "没有“填报值”列" in headers_refused(db, path, "figures")
    path = csv_file(tmp_path, "统一社会信用代码,年度", f"{CODES[1]},2024")
    assert "没有“指标”列" in headers_refused(db, path, "figures")


def test_a_unit_of_capital_that_cannot_be(tmp_path: Path, db: Session) -> None:
    path = csv_file(
        tmp_path, "企业名称,统一社会信用代码,注册资本（万美元）", f"甲公司,{CODES[1]},5"
    )
    assert "单位“万美元”不认识" in headers_refused(db, path)


def test_cells_under_no_header(tmp_path: Path, db: Session) -> None:
    good = ",".join(map(str, row(1)))
    found = given(db, csv_file(tmp_path, FIRM_HEADER, good + ",,", f"甲,乙{good}"))
    assert (found.created, found.rejected) == (1, 1)
    assert "3 第 6 列: 这一格没有对应的表头" in details(found)
    assert "under no header" in details(found, "en")


def test_nothing_below_the_header(tmp_path: Path, db: Session) -> None:
    found = given(db, csv_file(tmp_path, FIRM_HEADER))
    assert (found.rows, found.applied) == (0, True)
    with pytest.raises(Invalid, match="没有表头和数据"):
        given(db, csv_file(tmp_path, "", ",,", " "))


def test_a_mapping_that_says_nothing_known(tmp_path: Path, db: Session) -> None:
    path = csv_file(tmp_path, "厂名,统一社会信用代码", f"甲公司,{CODES[1]}")
    assert given(db, path, mapping=Mapping(columns={"厂名": "企业名称"})).created == 1
    text = headers_refused(db, path, mapping=Mapping(columns={"厂名": "nmae"}))
    assert "厂名（映射为 nmae）" in text and "是否为“name”" in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("colums: {a: name}", "columns、regions、missing"),
        ("columns: [a]", "columns"),
        ("- a", "有误"),
        ("columns: {a", "YAML"),
    ],
)
def test_a_mapping_file_that_cannot_be_read(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Invalid, match=told):
        load(str(path))
    path.write_bytes("columns: {企业: name}".encode("gb18030"))
    with pytest.raises(Invalid, match="UTF-8"):
        load(str(path))
    with pytest.raises(Invalid, match="chongqing-registry"):
        load("nowhere")


# --- numbers as Excel keeps them ----------------------------------------------------------------


def test_a_percentage_is_what_the_cell_shows(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, FIRM_HEADER, *(",".join(map(str, row(n))) for n in (1, 2, 3))))

    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["统一社会信用代码", "年度", "市场占有率"])
        for number, style in enumerate(({"num_format": "0.00%"}, {"num_format": 9}, {}), 1):
            sheet.write_row(number, 0, [CODES[number], 2024])
            sheet.write(number, 2, 0.07 if style else 7, made.add_format(style))

    found = given(db, book(tmp_path, fill), "figures")
    assert found.created == 3, details(found)
    column = FirmYear.__table__.c.market_share
    assert set(db.scalars(select(column))) == {700}


def test_numbers_have_the_digits_that_are_shown(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, FIRM_HEADER, ",".join(map(str, row(1)))))

    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["统一社会信用代码", "年度", "销售收入（元）", "职工总数"])
        sheet.write_row(1, 0, [CODES[1], 2024, 1234.56 + 1e-13, 50])  # kept as 1234.5600000000001

    found = given(db, book(tmp_path, fill), "figures")
    assert found.created == 1, details(found)
    year = db.scalars(select(FirmYear)).one()
    assert getattr(year, "revenue_sales") == Decimal("1234.56")  # noqa: B009


def test_dates_capital_and_codes_as_cells(tmp_path: Path, db: Session) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, [*HEADER, "居民企业", "行业代码"])
        typed = [
            43616,
            20190531,
            "2019.5.31",
            "2019 年 5 月 31 日",
            "２０１９／５／３１",
            "'20190531",
        ]
        for number, one in enumerate(typed, 1):
            sheet.write_row(number, 0, [*row(number, one, " １，０００(万) "), True, 3912])
        sheet.write_row(7, 0, [*row(7, capital="'800 万元"), "√", "c39"])
        sheet.write_datetime(7, 2, datetime(2019, 5, 31), day)  # noqa: DTZ001 - a cell has no zone

    found = given(db, book(tmp_path, fill))
    assert found.created == 7, details(found)
    firms = db.scalars(select(Firm).order_by(Firm.id)).all()
    assert {made.registered_on for made in firms} == {date(2019, 5, 31)}
    assert {made.resident_enterprise for made in firms} == {True}
    assert [made.industry_code for made in firms] == ["C3912"] * 6 + ["C39"]
    assert [made.registered_capital for made in firms] == [10_000_000] * 6 + [8_000_000]


DOUBTFUL_CELLS = [
    ("成立日期", "2019-5", "只有年月"),
    ("成立日期", "31/5/2019", "不是日期"),
    ("注册资本", "约500", "不是金额"),
    ("注册资本", "500万左右", "单位“万左右”不认识"),
    ("注册资本", "-5", "应在 0"),
    ("行业代码", "制造业", "不是行业代码"),
    ("行业代码", "391", "少了前面的 0"),
    ("行业代码", "0", "少了前面的 0"),
    ("行业代码", "9999", "不符"),
    ("居民企业", "也许", "请填 是 或 否"),
    ("产业链", "材" * 101, "101 字，最多 100 字"),
    ("企业名称", "甲", "太短"),
    ("统一社会信用代码", "9.15001E+17", "科学计数法"),
    ("统一社会信用代码", "91500114", "应为 18 位"),
]


def test_each_doubtful_cell_says_what_to_type(tmp_path: Path, db: Session) -> None:
    for column, typed, told in DOUBTFUL_CELLS:
        cells = {"企业名称": "武陵科技有限公司", "统一社会信用代码": CODES[1]} | {column: typed}
        found = given(db, csv_file(tmp_path, ",".join(cells), ",".join(cells.values())))
        assert f"2 {column}: " in details(found) and told in details(found), typed
        assert found.rejected == 1 and re.search("[a-z]{3}", found.faults[0].en)


DOUBTFUL_FIGURES = [
    ("销售收入,5,公斤", "不能以“公斤”为单位"),
    ("职工总数,5,万元", "不能以“万元”为单位"),
    ("职工总数,约5,", "不是数字"),
    ("职工总数,5公斤,", "不是数字"),
    ('职工总数,"1,00",', "千分位"),
]


def test_a_unit_or_number_that_cannot_be(tmp_path: Path, db: Session) -> None:
    given(db, csv_file(tmp_path, FIRM_HEADER, ",".join(map(str, row(1)))))
    for figure, told in DOUBTFUL_FIGURES:
        line = f"{CODES[1]},2024,{figure}"
        path = csv_file(tmp_path, "统一社会信用代码,年度,指标,填报值,单位", line)
        assert told in details(given(db, path, "figures")), figure


# --- broken and hostile -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "stray"),
    [("gb18030", b"\xff3"), ("utf-8", b"\xff3"), ("utf-8", b"\xb5\xda")],  # the last is GB18030
)
def test_a_stray_byte_spoils_its_row_only(
    tmp_path: Path, db: Session, encoding: str, stray: bytes
) -> None:
    path = csv_file(tmp_path, FIRM_HEADER, *(",".join(map(str, row(n))) for n in range(12)),
                    encoding=encoding)  # fmt: skip
    broken = "第3".encode(encoding)
    path.write_bytes(path.read_bytes().replace(broken, broken[:1] + stray))
    found = given(db, path)
    assert (found.created, found.rejected, found.encoding) == (11, 1, encoding)
    assert "5 企业名称: 文字已损坏" in details(found)


def test_a_quote_that_is_never_closed(tmp_path: Path, db: Session) -> None:
    lines = [",".join(map(str, row(n))) for n in (1, 2)]
    with pytest.raises(Invalid, match="第 2 行起的双引号不成对"):
        given(db, csv_file(tmp_path, FIRM_HEADER, '"' + lines[0], lines[1]))
    with pytest.raises(Invalid, match="第 3 行有超过 100,000 字"):
        given(db, csv_file(tmp_path, FIRM_HEADER, lines[0], "甲" * 100_001))


OTHER_FORMATS = [
    (b"<html><table><tr><td>x</td></tr></table></html>", "其实是网页"),
    ("\ufeff<?xml version='1.0'?><Workbook/>".encode(), "其实是网页"),
    (b"%PDF-1.7", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 .xls"),
]


def test_other_formats_under_a_wrong_name(tmp_path: Path, db: Session) -> None:
    path = tmp_path / "given.csv"
    for content, told in OTHER_FORMATS:
        path.write_bytes(content)
        with pytest.raises(Invalid, match=told):
            given(db, path)


def test_an_archive_that_is_no_workbook(tmp_path: Path, db: Session) -> None:
    path = tmp_path / "given.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(Invalid, match="不是能读的"):
        given(db, path)


def test_a_cell_at_the_far_corner(tmp_path: Path, db: Session) -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(TooLarge, match="1048576 行 16384 列"):
        given(db, book(tmp_path, fill))


def test_cells_without_a_place_are_not_guessed(tmp_path: Path, db: Session) -> None:
    path = book(tmp_path, lambda made: made.add_worksheet().write_row(0, 0, HEADER))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'r="A1"', b"")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(Invalid, match="不是能读的"):
        given(db, path)


def test_an_archive_that_lies_about_its_size(tmp_path: Path, db: Session) -> None:
    path = book(tmp_path, lambda made: made.add_worksheet().write_row(0, 0, HEADER))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    wrong = content.replace(size.to_bytes(4, "little"), (size // 2).to_bytes(4, "little"))
    assert wrong != content
    path.write_bytes(wrong)
    with pytest.raises(Invalid, match="已损坏"):
        given(db, path)
