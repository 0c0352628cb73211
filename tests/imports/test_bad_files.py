"""Workbooks as people make them, made on the spot: what is read, and what is said of the rest."""

import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter

from app.imports import checking
from tests.imports.desk import FIGURES_HEADER, FIRMS_HEADER, Desk, book, csv
from tests.imports.test_imports import counts, firm_row


def made(fill: Callable[[Any], None]) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        fill(workbook)
    return content.getvalue()


@pytest.fixture
def code(desk: Desk) -> str:
    """Of a firm that is there."""
    row = firm_row()
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    return str(row[1])


def figures(desk: Desk, code: str) -> list[Any]:
    return desk.query(
        "select year, revenue_sales, staff_avg from firm_year join firm on id = firm_id "
        "where credit_code = :c order by year", c=code,
    )  # fmt: skip


def test_merged_cells_and_two_header_rows(desk: Desk, code: str) -> None:
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "某某园区企业数据表")
        sheet.merge_range(1, 0, 2, 0, "统一社会信用代码")
        sheet.merge_range(1, 1, 1, 2, "2023年")
        sheet.merge_range(1, 3, 1, 4, "2024年")
        sheet.write_row(2, 1, ["销售收入（万元）", "职工总数", "销售收入（万元）", "职工总数"])
        sheet.write_row(3, 0, [code, 10, 5, 20, 6])

    found = desk.send(made(fill), kind="figures")
    assert counts(found) == (1, 1, 0, 0, 0), found
    desk.ask(found["id"], "run")
    assert figures(desk, code) == [(2023, 10_000_000, 5), (2024, 20_000_000, 6)]


def test_what_spans_rows_names_each_of_them_and_an_amount_is_asked_about(
    desk: Desk, code: str
) -> None:
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, FIGURES_HEADER)
        sheet.merge_range("A2:A4", code)
        sheet.merge_range("C3:C4", 30)
        for row, year in enumerate((2022, 2023, 2024), 1):
            sheet.write(row, 1, year)
            sheet.write(row, 3, 5)
        sheet.write(1, 2, 10)

    found = desk.send(made(fill), kind="figures")
    assert counts(found) == (3, 1, 0, 0, 2), desk.faults(found["id"])
    assert "合并的单元格一个数管几行" in desk.faults(found["id"])[3]
    sheet = desk.rejected(found["id"]).worksheets[0]
    assert [row[:2] for row in sheet.iter_rows(2, values_only=True)] == [(code, 2023), (code, 2024)]
    desk.ask(found["id"], "run", mode="skip")
    assert figures(desk, code) == [(2022, 10_000_000, 5)]


def test_hidden_rows_and_sheets_are_told_of(desk: Desk) -> None:
    def fill(workbook: Any) -> None:
        hidden, sheet = workbook.add_worksheet("旧"), workbook.add_worksheet("新")
        hidden.hide()
        sheet.activate()
        sheet.set_first_sheet()
        hidden.write_row(0, 0, FIRMS_HEADER)
        sheet.write_row(0, 0, FIRMS_HEADER)
        sheet.write_row(1, 0, firm_row())
        sheet.write_row(2, 0, firm_row())
        sheet.set_row(2, None, None, {"hidden": True})

    found = desk.send(made(fill))
    assert counts(found)[:2] == (2, 2)
    assert found["remarks"] == [
        "只读工作表“新”，其余 1 张没有读",
        "有 1 行是隐藏的（或被筛选掉），也按数据读取：不要的请删除",
    ]  # fmt: skip
    assert "有 1 行是隐藏的" in desk.client.get(f"/imports/{found['id']}").text


def test_totals_at_the_end_are_passed_over(desk: Desk, code: str) -> None:
    found = desk.send(
        book(FIGURES_HEADER, (code, 2024, 10, 5), ("", "合 计", 10, 5), ("合\u3000计", "", 10, 5),
             ("注：金额单位为万元", "", "", "填表人：张三")), kind="figures"
    )  # fmt: skip
    assert counts(found) == (1, 1, 0, 0, 0), desk.faults(found["id"])


def test_a_fault_of_one_year_is_told_of_that_year_s_columns(desk: Desk) -> None:
    row = firm_row()
    row[2] = "2024-02-21"
    desk.ask(desk.send(book(FIRMS_HEADER, row))["id"], "run")
    header = ("统一社会信用代码", "2023年销售收入（万元）", "2023年职工总数", "2024年职工总数",
              "2025年职工总数", "2024年科技人员")  # fmt: skip
    found = desk.send(book(header, (row[1], 10, 5, 6, 7, 9)), kind="figures")
    told = desk.faults(found["id"])[2]
    assert "2024年科技人员: 2024 年科技人员 9 大于职工总数 6" in told
    assert (
        "2023年销售收入（万元）: 企业 2024-02-21 才成立" in told and "2023年职工总数: 企业" in told
    )
    sheet = desk.rejected(found["id"]).active
    fills = [cell.column for cell in sheet[2] if cell.fill.fill_type == "solid"]
    assert fills == [2, 3, 6]
    assert sheet.cell(2, 7).value.count("才成立") == 1


def test_full_width_apostrophes_units_and_dates(desk: Desk) -> None:
    rows = [firm_row() for _ in range(4)]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in rows[0][1])
    rows[0][1:5] = [wide, date(2019, 5, 31).isoformat(), "'黔江", "１，０００（万）"]
    rows[1][2:5] = [43616, "500114", "2.5亿元"]
    rows[2][1] = f"'{rows[2][1]}"
    rows[2][2:5] = ["2019年5月31日", "黔江区", "'300"]
    rows[3][2:5] = ["２０１９．５．３１", "重庆市黔江区", "12万美元"]
    found = desk.send(book(FIRMS_HEADER, *rows))
    assert counts(found) == (4, 4, 0, 0, 0), desk.faults(found["id"])
    desk.ask(found["id"], "run")
    kept = desk.query(
        "select registered_on, region_code, registered_capital from firm where name = any(:n) "
        "order by credit_code", n=[row[0] for row in rows],
    )  # fmt: skip
    assert {row[:2] for row in kept} == {(date(2019, 5, 31), "500114")}
    assert sorted(row[2] or 0 for row in kept) == [0, 300 * 10**6, 1000 * 10**6, 25 * 10**9]


def test_a_share_without_its_sign_is_asked_about(desk: Desk, code: str) -> None:
    header = ("统一社会信用代码", "年度", "市场占有率")
    rows = [(code, 2021, "12%"), (code, 2022, 12.5), (code, 2023, 0.12)]
    found = desk.send(book(header, *rows), kind="figures")
    assert counts(found) == (3, 2, 0, 0, 1)
    assert "0.12 可能是 12%，也可能是 0.12%" in desk.faults(found["id"])[4]
    said = desk.send(book((*header[:2], "市场占有率（%）"), rows[2]), kind="figures")
    assert said["rejected"] == 0


def test_macros_are_not_run(desk: Desk) -> None:
    with_macros = BytesIO(book(FIRMS_HEADER, firm_row()))
    with zipfile.ZipFile(with_macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    found = desk.send(with_macros.getvalue(), "含宏.xlsm")
    assert (found["state"], found["rejected"]) == ("checked", 0)
    assert found["remarks"] == ["工作簿含有宏：宏不会运行，只读数据"]


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


@pytest.mark.parametrize(("content", "told"), [
    (OLD + "EncryptedPackage".encode("utf-16-le"), "设了打开密码"),
    (OLD, "旧版 .xls"),
    (b"<html><table>", "其实是网页"),
    (b"%PDF-1.7", "是 PDF"),
    (b"PK\x03\x04 nothing", "已损坏"),
    (b"\n\n", "没有表头和数据"),
])  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(desk: Desk, content: bytes, told: str) -> None:
    found = desk.send(content, "给出.xlsx")
    assert found["state"] == "unreadable" and told in found["problem"]
    assert told in desk.client.get(f"/imports/{found['id']}").text


def test_nothing_and_too_much_are_refused_at_once(desk: Desk) -> None:
    empty = desk.client.post("/imports", files={"file": ("a.csv", b"")}, data={"kind": "firms"})
    assert empty.status_code == 422 and "请选择有内容的文件" in empty.text
    large = b"x" * (50 * 1024**2 + 1)
    sent = desk.client.post("/imports", files={"file": ("a.csv", large)}, data={"kind": "firms"})
    assert sent.status_code == 413
    strange = desk.client.post("/api/v1/imports", files={"file": ("a.csv", b"x")},
                               data={"kind": "nothing"})  # fmt: skip
    assert strange.status_code == 422


def test_a_million_rows_are_refused_with_the_way_out(desk: Desk) -> None:
    content = csv(FIRMS_HEADER) + b"\n" + b"a,b,c,d,e\n" * 1_000_000
    found = desk.send(content, "百万行.csv")
    assert found["state"] == "unreadable"
    assert f"超过 {checking.MOST_ROWS:,} 行：请按年度或园区拆成几个文件" in found["problem"]


def test_formulas_and_repeats_are_each_named(desk: Desk) -> None:
    row = firm_row()

    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        for number, one in enumerate((FIRMS_HEADER, row, row, firm_row())):
            sheet.write_row(number, 0, one)
        sheet.write_formula("E4", "=1+1", None, 2)

    found = desk.send(made(fill))
    told = desk.faults(found["id"])
    assert "重复" in told[3] and "单元格是公式" in told[4] and counts(found) == (3, 1, 0, 0, 2)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    content = book(FIRMS_HEADER, firm_row(), firm_row())
    desk.ask(desk.send(content)["id"], "run")
    again = desk.ask(desk.send(content)["id"], "run")
    assert counts(again) == (2, 0, 0, 2, 0)
