"""What an uploaded file really is, by its content: one format, whole, and nothing hidden in it.

A file that is two things at once is how a harmless name carries what a browser would run; such
files are refused rather than repaired.
"""

import re
import zipfile
from mmap import ACCESS_READ, mmap
from typing import IO

from app.core.errors import Invalid

PDF, PNG, JPEG, WEBP = "application/pdf", "image/png", "image/jpeg", "image/webp"
OPEN_XML = "application/vnd.openxmlformats-officedocument."
OFFICE = {
    "word/document.xml": OPEN_XML + "wordprocessingml.document",
    "xl/workbook.xml": OPEN_XML + "spreadsheetml.sheet",
    "ppt/presentation.xml": OPEN_XML + "presentationml.presentation",
    "OFD.xml": "application/ofd",
}
ENDINGS = {
    PDF: ("pdf",), PNG: ("png",), JPEG: ("jpg", "jpeg"), WEBP: ("webp",),
    OFFICE["word/document.xml"]: ("docx",), OFFICE["xl/workbook.xml"]: ("xlsx",),
    OFFICE["ppt/presentation.xml"]: ("pptx",), OFFICE["OFD.xml"]: ("ofd",),
}  # fmt: skip
# Shown in the browser; everything else is only given to be saved.
SHOWN = frozenset({PDF, PNG, JPEG, WEBP})
TAKEN = "PDF、PNG、JPEG、WebP、DOCX、XLSX、PPTX、OFD"
# What a browser could take for a page, in capitals or not.
MARKUP = re.compile(
    rb"<\s*(script|html|svg|iframe|body|!doctype\s+html|\?php)[\s/>]", re.IGNORECASE
)
# What acts by itself when a PDF is opened.
ACTIVE_PDF = re.compile(rb"/(JavaScript|JS|Launch|OpenAction\s*<<[^>]*/(JS|JavaScript|Launch))\b")
MOST_MEMBERS, LARGEST_UNPACKED = 10_000, 500 * 1024**2
HEAD = 1024
PNG_START, WEBP_START = b"\x89PNG\r\n\x1a\n", re.compile(rb"RIFF....WEBP", re.DOTALL)


class NotADocument(Invalid):
    """The file is none of the formats taken, or more than it seems."""


def media_of(file: IO[bytes], name: str) -> str:
    """The media type of a file, by its content; NotADocument says why it is not taken.

    The file is looked at where it lies on the disk; it is not empty.
    """
    number = file.fileno()
    file.flush()
    with mmap(number, 0, access=ACCESS_READ) as content:
        found = _found(content, file)
    ending = name.rpartition(".")[2].lower()
    if ending not in ENDINGS[found]:
        raise _refused(
            f"文件名以“.{ending}”结尾，内容却是 {ENDINGS[found][0].upper()}：请核对文件",
            "its name and its content disagree",
        )
    return found


def _found(content: mmap, file: IO[bytes]) -> str:
    start = content[:12]
    if start.startswith(b"PK\x03\x04"):
        return _package(content, file)
    is_package = zipfile.is_zipfile(file)
    if start.startswith(b"%PDF-"):
        return _pdf(content, is_package=is_package)
    media, end = _drawn(content, start)
    if media is not None:
        return _picture(media, content, end, is_package=is_package)
    raise _refused(f"这个文件不是可接受的格式：请另存为 {TAKEN} 之一", "not a format that is taken")


def _drawn(content: mmap, start: bytes) -> tuple[str | None, int | None]:
    """Which picture it begins as, and where that ends."""
    if start.startswith(PNG_START):
        return PNG, _end_of_png(content)
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG, _end_of_jpeg(content)
    if WEBP_START.match(start):
        size = 8 + int.from_bytes(start[4:8], "little")
        return WEBP, size + size % 2
    return None, None


def _refused(zh: str, en: str) -> NotADocument:
    return NotADocument(f"{zh} ({en})", errors=[{"pointer": "/file", "detail": zh}])


def _two_in_one() -> NotADocument:
    return _refused("文件里还藏着另一种内容：请用原始文件重新导出", "two formats in one file")


def _pdf(content: mmap, *, is_package: bool) -> str:
    end = content.rfind(b"%%EOF")
    if end < 0 or len(content) - end > HEAD:
        raise _refused("PDF 不完整：请重新导出", "the PDF is cut off")
    if is_package:
        raise _two_in_one()
    if MARKUP.search(content[:HEAD]) or MARKUP.search(content[end:]):
        raise _two_in_one()
    if ACTIVE_PDF.search(content):
        raise _refused("PDF 含有脚本或会启动程序：请打印为不含脚本的 PDF", "the PDF runs scripts")
    return PDF


def _picture(media: str, content: mmap, end: int | None, *, is_package: bool) -> str:
    if end is None or end > len(content):
        raise _refused("图片不完整：请重新导出", "the picture is cut off")
    if end < len(content) or MARKUP.search(content) or is_package:
        raise _two_in_one()
    return media


def _end_of_png(content: mmap) -> int | None:
    """Behind its last chunk."""
    at = len(PNG_START)
    while at + 12 <= len(content):
        kind = content[at + 4 : at + 8]
        at += 12 + int.from_bytes(content[at : at + 4], "big")
        if kind == b"IEND":
            return at
    return None


def _end_of_jpeg(content: mmap) -> int | None:
    """Behind its end mark; further whole pictures may follow, as telephones write them."""
    at = content.rfind(b"\xff\xd9")
    if at < 0:
        return None
    # Telephones fill up with zeros.
    rest = content[at + 2 :]
    return len(content) if not rest.strip(b"\0") else at + 2


def _package(content: mmap, file: IO[bytes]) -> str:
    """An Office Open XML or OFD package: a ZIP and nothing before or behind it."""
    try:
        with zipfile.ZipFile(file) as package:
            members = package.infolist()
            _check_members(members)
            whole = 22 + len(package.comment)
            names = {member.filename for member in members}
            # The directory's end is the file's end, and the first member its beginning.
            starts = min((m.header_offset for m in members), default=1)
            if starts != 0 or content[-whole : -whole + 4] != b"PK\x05\x06":
                raise _two_in_one()
            if MARKUP.search(package.comment):
                raise _two_in_one()
            if package.testzip() is not None:
                raise _refused("文件已损坏：请重新导出", "the file is damaged")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _refused("文件已损坏：请重新导出", "the file is damaged") from error
    for name, media in OFFICE.items():
        if name in names and (name == "OFD.xml" or "[Content_Types].xml" in names):
            return media
    raise _refused(f"压缩包不能上传：请解压后上传 {TAKEN}", "archives are not taken")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Before anything is unpacked."""
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED:
        raise _refused("文件解压后过大：请精简后重新导出", "too large when unpacked")
    if any(member.flag_bits & 1 for member in members):
        raise _refused("文件已加密：请取消密码后上传", "the file is encrypted")
    names = [member.filename.lower() for member in members]
    if any("vbaproject" in name or name.endswith((".exe", ".js", ".vbs")) for name in names):
        raise _refused("文件含有宏或程序：请另存为不含宏的格式", "it holds macros or programs")
