"""XLSX workbooks to rows: the first visible sheet, its values as Excel shows them.

An archive is measured before anything unpacks it: a bomb, or a cell at the far corner of an empty
sheet, would otherwise take all memory.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from posixpath import normpath
from typing import Any

from app.core.errors import Invalid, TooLarge

MEGABYTE = 1024 * 1024
LARGEST_UNPACKED = 200 * MEGABYTE
LARGEST_RATIO = 200
LARGEST_CELLS = 20_000_000
# Excel computes with 17 digits and shows 15: 1234.56 may be stored as 1234.5600000000001.
SHOWN_DIGITS = 15
PERCENT_FORMATS = frozenset({"9", "10"})

REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
FORMULA = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]+)([0-9]+)\"[^>]*>\s*<(?:\w+:)?f[\s/>]")
HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*\bhidden=\"(?:1|true)\"")
TAG = r"<(?:\w+:)?{name}\b([^>]*)>"
ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
CELL_FORMATS = re.compile(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
Place = tuple[int, int]


@dataclass(frozen=True)
class Marks:
    """Places of a sheet, row and column: formulas, numbers shown as percentages, and cells that
    one value spans over several rows.

    `remarks` say in both languages what the eye may not see: sheets and rows, macros.
    """

    formulas: frozenset[Place]
    percents: frozenset[Place]
    spanned: frozenset[Place] = frozenset()
    remarks: tuple[tuple[str, str], ...] = ()


def read(path: Path) -> tuple[Iterator[tuple[int, list[Any]]], Marks]:
    """Rows that are not blank, with their numbers as the user sees them."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            _refuse_bomb(archive, path)
            book = CalamineWorkbook.from_filelike(file)
            shown = [number for number, sheet in enumerate(book.sheets_metadata)
                     if sheet.visible == SheetVisibleEnum.Visible]  # fmt: skip
            position = shown[0]
            marks = _marks(archive, position, path.name)
            marks = replace(marks, remarks=tuple(_remarks(archive, book.sheets_metadata, position)))
            sheet = book.get_sheet_by_index(position)
            rows = sheet.to_python(skip_empty_area=False)
            marks = replace(marks, spanned=frozenset(_spread(rows, sheet.merged_cell_ranges)))
    except (CalamineError, IndexError, KeyError, NotImplementedError) as error:
        raise Invalid(
            f"{path.name} 不是能读的 .xlsx 工作簿：请用 Excel 或 WPS 另存为 .xlsx "
            "(not a readable workbook: save it as .xlsx)"
        ) from error
    except zipfile.BadZipFile as error:
        raise Invalid(
            f"{path.name} 已损坏：请重新导出后再导入 (damaged: export it again)"
        ) from error
    return _with_numbers(rows, marks), marks


def _remarks(
    archive: zipfile.ZipFile, sheets: list[Any], position: int
) -> Iterator[tuple[str, str]]:
    """What of the workbook is read, where it holds more than a table that lies open."""
    if len(sheets) > 1:
        read, rest = sheets[position].name, len(sheets) - 1
        yield (f"只读工作表“{read}”，其余 {rest} 张没有读",
               f"only sheet {read!r} is read, {rest} more are not")  # fmt: skip
    hidden = len(HIDDEN_ROW.findall(archive.read(_file_of_sheet(archive, position))))
    if hidden:
        yield (f"有 {hidden} 行是隐藏的（或被筛选掉），也按数据读取：不要的请删除",
               f"{hidden} hidden or filtered rows are read as well")  # fmt: skip
    if any("vbaproject" in name.lower() for name in archive.namelist()):
        yield "工作簿含有宏：宏不会运行，只读数据", "macros are not run; only the data is read"


def _spread(rows: list[list[Any]], merged: list[tuple[Place, Place]] | None) -> Iterator[Place]:
    """A value that spans rows stands in each of them that holds anything; the places where."""
    for (top, left), (bottom, right) in merged or ():
        if top == bottom or left != right:
            continue
        for number in range(top, min(bottom + 1, len(rows))):
            if any(cell != "" for cell in rows[number]):
                rows[number][left] = rows[top][left]
                yield number + 1, left


def _with_numbers(rows: list[list[Any]], marks: Marks) -> Iterator[tuple[int, list[Any]]]:
    for number, row in enumerate(rows, 1):
        cells = [
            _as_shown(cell, percent=(number, column) in marks.percents)
            for column, cell in enumerate(row)
        ]
        if any(cell != "" for cell in cells):
            yield number, cells


def _as_shown(cell: Any, *, percent: bool) -> Any:
    """A number in the digits that Excel shows; dates stay dates, all else is text."""
    if isinstance(cell, float):
        number = Decimal(f"{cell:.{SHOWN_DIGITS}g}")
        text = f"{(number * 100 if percent else number).normalize():f}"
        return f"{text}%" if percent else text
    return cell if isinstance(cell, date) else str(cell)


def _refuse_bomb(archive: zipfile.ZipFile, path: Path) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > LARGEST_UNPACKED or unpacked > LARGEST_RATIO * path.stat().st_size:
        raise TooLarge(
            f"{path.name} 解压后有 {unpacked // MEGABYTE} MB，超过上限："
            "请删去多余的表和格式，或另存为 CSV (unpacks to too much: save it as CSV)"
        )
    # Sizes are only claimed: reading everything once finds an entry that is larger than it says.
    if archive.testzip() is not None:
        raise zipfile.BadZipFile


def _marks(archive: zipfile.ZipFile, position: int, name: str) -> Marks:
    content = archive.read(_file_of_sheet(archive, position))
    _refuse_expanse(content, name)
    formulas = frozenset(_place(*found.groups()) for found in FORMULA.finditer(content))
    styles = _percent_styles(archive)
    percents = frozenset(_percent_cells(content, styles)) if styles else frozenset()
    return Marks(formulas, percents)


def _refuse_expanse(content: bytes, name: str) -> None:
    """A sheet is read as a whole rectangle, however few of its cells are filled."""
    height = width = found = 0
    for reference in REFERENCE.finditer(content):
        row, column = _place(*reference.groups())
        height, width, found = max(height, row), max(width, column + 1), found + 1
    if height * width > LARGEST_CELLS:
        raise TooLarge(
            f"{name} 的表有 {height} 行 {width} 列：请选中数据区以外的行列并“删除”，"
            "或另存为 CSV (stray cells far from the data: delete them, or save as CSV)"
        )
    if len(CELL.findall(content)) > found:
        raise KeyError("cells without a place")


def _place(letters: bytes, row: bytes) -> Place:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(row), column - 1


def _file_of_sheet(archive: zipfile.ZipFile, position: int) -> str:
    """The entry that holds a sheet: its number in the file's name need not be its position."""
    sheets = _tags(archive.read("xl/workbook.xml"), "sheet")
    number = next(value for key, value in sheets[position].items() if key.endswith(":id"))
    links = _tags(archive.read("xl/_rels/workbook.xml.rels"), "Relationship")
    target = next(link["Target"] for link in links if link["Id"] == number)
    return target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")


def _tags(content: bytes, name: str) -> list[dict[str, str]]:
    text = content.decode("utf-8", errors="replace")
    return [
        {key: html.unescape(one or other) for key, one, other in ATTRIBUTE.findall(tag)}
        for tag in re.findall(TAG.format(name=name), text)
    ]


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Numbers of the cell formats that show a number as a percentage."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    content = archive.read("xl/styles.xml")
    own = {tag["numFmtId"] for tag in _tags(content, "numFmt") if "%" in tag.get("formatCode", "")}
    block = CELL_FORMATS.search(content.decode("utf-8", errors="replace"))
    formats = [] if block is None else _tags(block[0].encode(), "xf")
    return frozenset(
        str(number) for number, one in enumerate(formats)
        if one.get("numFmtId") in own | PERCENT_FORMATS
    )  # fmt: skip


def _percent_cells(content: bytes, styles: frozenset[str]) -> Iterator[Place]:
    wanted = "|".join(sorted(styles))
    styled = rf"<(?:\w+:)?c\b[^>]*?\bs\s*=\s*[\"'](?:{wanted})[\"'][^>]*>"
    for cell in re.finditer(styled.encode(), content):
        if (reference := REFERENCE.search(cell[0])) is not None:
            yield _place(*reference.groups())
