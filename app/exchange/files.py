"""CSV and XLSX files to rows of cells, never larger in memory than they need to be."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import Invalid, TooLarge
from app.exchange import workbooks

MEGABYTE = 1024 * 1024
SNIFF = 64 * 1024
LONGEST_CELL = 100_000
SEPARATORS = ",\t;"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Some bytes that are broken leave the rest readable; more of them mean another encoding.
MOST_BROKEN = 0.1
BROKEN = "\ufffd"
# The stream that holds a workbook under a password.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass
class Sheet:
    """Rows that are not blank, with their numbers as the user sees them (from 1)."""

    rows: Iterator[tuple[int, list[Any]]]
    encoding: str
    formulas: frozenset[workbooks.Place] = frozenset()
    spanned: frozenset[workbooks.Place] = frozenset()
    # What its sender should know of it, in both languages.
    remarks: tuple[tuple[str, str], ...] = ()


def read(path: Path, largest_megabytes: int) -> Sheet:
    """Open a file by its content; raises Invalid or TooLarge with what to do."""
    if not path.is_file():
        raise Invalid(f"没有文件 {path}：请检查路径 (no such file)")
    size = path.stat().st_size
    if size == 0:
        raise Invalid(f"文件 {path.name} 是空的：请选择有表头和数据的文件 (the file is empty)")
    if size > largest_megabytes * MEGABYTE:
        raise TooLarge(
            f"文件 {path.name} 有 {size // MEGABYTE} MB，上限 {largest_megabytes} MB：请拆分后导入 "
            "(too large: split it)"
        )
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK"):
        rows, marks = workbooks.read(path)
        return Sheet(rows, "xlsx", marks.formulas, marks.spanned, marks.remarks)
    _refuse_other_formats(path, head)
    return _text(path, head)


def _refuse_other_formats(path: Path, head: bytes) -> None:
    name = path.name
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if ENCRYPTED in path.read_bytes():
            raise Invalid(
                f"{name} 设了打开密码：请在 Excel 或 WPS 中打开，在“文件 → 信息 → 保护工作簿”"
                "中去掉密码，另存为 .xlsx 后再上传 "
                "(protected by a password: remove it and save it as .xlsx)"
            )
        raise Invalid(
            f"{name} 是旧版 .xls 或 .et 工作簿：请在 Excel 或 WPS 中打开，另存为 .xlsx 后再上传 "
            "(an old .xls or .et workbook: save it as .xlsx)"
        )
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise Invalid(
            f"{name} 其实是网页，不是表格文件：请在 Excel 或 WPS 中打开后另存为 .xlsx "
            "(a web page under another name: open it and save it as .xlsx)"
        )
    if head.startswith(b"%PDF"):
        raise Invalid(f"{name} 是 PDF：请提供 .xlsx 或 .csv (a PDF: provide .xlsx or .csv)")


def _text(path: Path, head: bytes) -> Sheet:
    encoding, errors = _encoding(path, head)
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        first = file.readline(SNIFF)
    separator = max(SEPARATORS, key=first.count)

    def lines() -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(LONGEST_CELL)
        number = 0
        with path.open(encoding=encoding, errors=errors, newline="") as file:
            cleaned = (line.replace("\0", BROKEN) for line in file)
            reader = csv.reader(cleaned, delimiter=separator, strict=True)
            try:
                for number, row in enumerate(reader, 1):
                    if any(cell.strip() for cell in row):
                        yield number, row
            except csv.Error as error:
                raise Invalid(_why(path.name, number + 1, str(error))) from error

    return Sheet(lines(), encoding.removesuffix("-sig"))


def _why(name: str, row: int, reason: str) -> str:
    if "field larger" in reason:
        return (
            f"{name} 第 {row} 行有超过 {LONGEST_CELL:,} 字的单元格：请检查该行是否少了引号或换行 "
            f"(row {row} has an endless cell: look for a missing quote or line end)"
        )
    return (
        f"{name} 第 {row} 行起的双引号不成对：请成对使用英文双引号，或另存为 .xlsx "
        f"(quotes do not pair from row {row} on)"
    )


def _encoding(path: Path, head: bytes) -> tuple[str, str]:
    """UTF-8 (with or without a mark), GB18030 or UTF-16, tested over the whole file.

    A few broken bytes are let through as U+FFFD: the rows that hold them are refused by name.
    """
    if head.startswith(UTF16_MARKS):
        return "utf-16", "replace"
    # UTF-8 with a stray byte often makes sense in GB18030, too; the reverse never happens.
    for encoding in ("utf-8-sig", "gb18030"):
        if _broken_share(path, encoding, "strict") == 0:
            return encoding, "strict"
        if _broken_share(path, encoding, "replace") < MOST_BROKEN:
            return encoding, "replace"
    raise Invalid(
        f"{path.name} 的编码不是 UTF-8 或 GB18030：请用 Excel 或 WPS 另存为“CSV UTF-8” "
        "(neither UTF-8 nor GB18030: save it as CSV UTF-8)"
    )


def _broken_share(path: Path, encoding: str, errors: str) -> float:
    """How many of the characters beyond ASCII could not be read."""
    broken = beyond = 0
    try:
        with path.open(encoding=encoding, errors=errors) as file:
            while text := file.read(SNIFF):
                if not text.isascii():
                    broken += text.count(BROKEN) if errors == "replace" else 0
                    beyond += sum(not c.isascii() for c in text) if errors == "replace" else 0
    except UnicodeDecodeError:
        return 1
    return broken / beyond if beyond else 0
