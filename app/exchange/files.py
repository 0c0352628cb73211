"""CSV and XLSX files to rows of cells, never larger in memory than they need to be."""

import csv
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import Invalid, TooLarge

MEGABYTE = 1024 * 1024
LARGEST_UNPACKED = 200 * MEGABYTE
LARGEST_RATIO = 200
FORMULA = re.compile(rb"<c r=\"([A-Z]+[0-9]+)\"[^>]*><f[ >/]")
SNIFF = 64 * 1024


@dataclass
class Sheet:
    """Headers, then rows with their numbers as the user sees them (the header is row 1)."""

    headers: list[str]
    rows: Iterator[tuple[int, list[Any]]]
    encoding: str
    formulas: frozenset[tuple[int, int]] = frozenset()


def read(path: Path, largest_megabytes: int) -> Sheet:
    """Open a file by its content; raises Invalid or TooLarge with what to do."""
    if not path.is_file():
        raise Invalid(f"没有文件 {path}：请检查路径")
    size = path.stat().st_size
    if size == 0:
        raise Invalid(f"文件 {path.name} 是空的：请选择有表头和数据的文件")
    if size > largest_megabytes * MEGABYTE:
        raise TooLarge(
            f"文件 {path.name} 有 {size // MEGABYTE} MB，上限 {largest_megabytes} MB：请拆分后导入"
        )
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        return _workbook(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(
            f"{path.name} 是旧版 .xls 或加密的工作簿：请在 Excel 或 WPS 中去掉密码并另存为 .xlsx"
        )
    return _text(path)


def _workbook(path: Path) -> Sheet:
    from python_calamine import CalamineError, CalamineWorkbook

    formulas = _check_archive(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise Invalid(
            f"{path.name} 不是能读的 .xlsx 工作簿：请用 Excel 或 WPS 另存为 .xlsx"
        ) from error
    if not rows:
        raise Invalid(f"{path.name} 的第一张表是空的：请把数据放在第一张表")
    body = ((number, row) for number, row in enumerate(rows[1:], 2) if any(c != "" for c in row))
    return Sheet([str(cell).strip() for cell in rows[0]], body, "xlsx", formulas)


def _check_archive(path: Path) -> frozenset[tuple[int, int]]:
    """Refuse a bomb before unpacking it; find the first sheet's formula cells."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > LARGEST_UNPACKED or unpacked > LARGEST_RATIO * path.stat().st_size:
                raise TooLarge(
                    f"{path.name} 解压后有 {unpacked // MEGABYTE} MB，超过上限："
                    "请删去多余的表和格式，或另存为 CSV"
                )
            names = sorted(n for n in archive.namelist() if n.startswith("xl/worksheets/sheet"))
            cells = FORMULA.findall(archive.read(names[0])) if names else []
    except zipfile.BadZipFile as error:
        raise Invalid(f"{path.name} 已损坏：请重新导出后再导入") from error
    return frozenset(_position(cell.decode()) for cell in cells)


def _position(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :]), column - 1


def _text(path: Path) -> Sheet:
    encoding = _encoding(path)

    def lines() -> Iterator[list[str]]:
        with path.open(encoding=encoding, newline="") as file:
            yield from csv.reader(line.replace("\0", "") for line in file)

    rows = lines()
    try:
        headers = [cell.strip() for cell in next(rows)]
    except StopIteration as error:
        raise Invalid(f"文件 {path.name} 没有表头") from error
    body = ((number, row) for number, row in enumerate(rows, 2) if any(row))
    return Sheet(headers, body, encoding.removesuffix("-sig"))


def _encoding(path: Path) -> str:
    """UTF-8 (with or without a mark) or GB18030, tested over the whole file."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                while file.read(SNIFF):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise Invalid(f"{path.name} 的编码不是 UTF-8 或 GB18030：请用 Excel 或 WPS 另存为“CSV UTF-8”")
