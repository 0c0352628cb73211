"""Documents: what is taken, by its content; who gets it back, and how."""

import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.firms.document_models import Document, DocumentPart
from tests import people
from tests.factories import make_firm

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 60 + b"\xff\xd9"
PAGE = b"<script>alert(1)</script>"


def png(extra: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (len(data).to_bytes(4, "big") + kind + data
                + zlib.crc32(kind + data).to_bytes(4, "big"))  # fmt: skip

    head = chunk(b"IHDR", b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00")
    body = chunk(b"IDAT", zlib.compress(b"\x00\x00\x00\x00"))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"") + extra


def package(*names: str, content: bytes = b"<x/>") -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return made.getvalue()


DOCX = package("[Content_Types].xml", "word/document.xml")


@pytest.fixture
def firm(db: Session) -> int:
    """A firm."""
    return make_firm(db, firm={"registered_on": date(2015, 1, 1)})


@pytest.fixture
def client(db: Session) -> TestClient:
    """An analyst's browser."""
    found = people.person(db, Role.ANALYST)
    found.headers.update({"Accept": "text/html"})
    found.follow_redirects = False
    return found


def send(
    client: TestClient, firm: int, content: bytes, name: str = "a.pdf", kind: str = "certificate"
) -> int:
    answer = client.post(f"/firms/{firm}/documents", data={"kind": kind},
                         files={"file": (name, content, "text/html")})  # fmt: skip
    return answer.status_code


def only(db: Session) -> Document:
    return db.scalars(select(Document)).one()


def test_programs_send_fetch_and_attach_documents(db: Session, firm: int) -> None:
    incubator = people.body(db, "document-house", "incubator")
    people.put_in_incubator(db, firm, incubator, Range(date(2015, 1, 1), None))
    program, path = people.machine(db, incubator), f"/api/v1/firms/{firm}/documents"
    made = program.post(path, data={"kind": "certificate"}, files={"file": ("证书.pdf", PDF)})
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["name"], one["media"], one["size"]) == ("证书.pdf", "application/pdf", len(PDF))
    assert program.get(path).json()["items"] == [one]
    where = made.headers["location"]
    assert program.get(where).json() == one
    fetched = program.get(f"{where}/content")
    assert fetched.content == PDF and "sandbox" not in fetched.text
    award = {"firm_id": firm, "name": "奖", "level": "district", "awarded_on": "2024-05-01",
             "attachments": [one["id"]]}  # fmt: skip
    assert program.post("/api/v1/awards", json=award).status_code == 201
    for data, content, status in (({"kind": "poem"}, PDF, 422), ({"kind": "other"}, b"MZ", 422),
                                  ({"kind": "other"}, b"", 422)):  # fmt: skip
        refused = program.post(path, data=data, files={"file": ("x.pdf", content)})
        assert refused.status_code == status, refused.text
    reader = people.machine(db, incubator, ("firms:read",))
    assert reader.delete(where).status_code == 403
    assert program.delete(where).status_code == 204 and program.get(where).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "media"),
    [
        (PDF, "证书.pdf", "application/pdf"),
        (png(), "photo.PNG", "image/png"),
        (JPEG, "photo.jpeg", "image/jpeg"),
        (JPEG + b"\0" * 16, "phone.jpg", "image/jpeg"),
        (DOCX, "申报书.docx",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (package("OFD.xml"), "发票.ofd", "application/ofd"),
    ],
)  # fmt: skip
def test_what_is_taken_comes_back_as_it_was(
    db: Session, client: TestClient, firm: int, content: bytes, name: str, media: str
) -> None:
    assert send(client, firm, content, name) == 303
    kept = only(db)
    assert (kept.media, kept.size, kept.recorded_by) == (media, len(content), "analyst")
    found = client.get(f"/firms/{firm}/documents/{kept.id}")
    assert found.content == content
    assert found.headers["content-type"] == media
    assert found.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    shown = client.get(f"/firms/{firm}/documents/{kept.id}/preview")
    if media.startswith(("image", "application/pdf")):
        assert shown.headers["content-disposition"].startswith("inline")
    else:
        assert shown.status_code == 303
    assert name in client.get(f"/firms/{firm}").text


def test_a_large_file_is_kept_in_parts(db: Session, client: TestClient, firm: int) -> None:
    content = PDF[:-7] + b"\n%" + bytes(range(97, 123)) * 100_000 + b"\n%%EOF\n"
    assert send(client, firm, content) == 303
    kept = only(db)
    assert db.scalar(select(func.count()).select_from(DocumentPart)) == 3
    assert client.get(f"/firms/{firm}/documents/{kept.id}").content == content


REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a page": ("a.pdf", lambda: b"<html>" + PAGE),
    "a page called a picture": ("a.png", lambda: PAGE),
    "a picture called a PDF": ("a.pdf", png),
    "a PDF called a page": ("a.html", lambda: PDF),
    "a picture with a page behind": ("a.png", lambda: png(PAGE)),
    "a picture with an archive behind": ("a.png", lambda: png(DOCX)),
    "a photo with a page in it": ("a.jpg", lambda: JPEG[:20] + PAGE + JPEG[20:]),
    "a photo with an archive behind": ("a.jpg", lambda: JPEG + DOCX),
    "a PDF that is an archive too": ("a.pdf", lambda: PDF + DOCX + b"%%EOF"),
    "a PDF with a page before": ("a.pdf", lambda: b"%PDF-1.7\n" + PAGE + PDF),
    "a PDF not at the beginning": ("a.pdf", lambda: b"GIF89a" + PDF),
    "a PDF with a script": ("a.pdf", lambda: PDF.replace(b"/Catalog", b"/Catalog /JS (x)")),
    "a PDF cut off": ("a.pdf", lambda: PDF[:-8]),
    "an archive with something before": ("a.docx", lambda: b"PK\x03\x04xxxx" + DOCX),
    "an archive with something behind": ("a.docx", lambda: DOCX + PAGE),
    "a plain archive": ("a.docx", lambda: package("x.txt")),
    "macros": ("a.docx", lambda: package("[Content_Types].xml", "word/document.xml",
                                         "word/vbaProject.bin")),
    "a bomb": ("a.docx", lambda: package("[Content_Types].xml", "word/document.xml",
                                         content=bytes(300 * 1024**2))),
    "a program": ("a.pdf", lambda: b"MZ" + b"\0" * 200),
    "nothing": ("a.pdf", lambda: b""),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken(db: Session, client: TestClient, firm: int, what: str) -> None:
    name, made = REFUSED[what]
    assert send(client, firm, made(), name) == 422
    assert db.scalar(select(func.count()).select_from(Document)) == 0


def test_a_file_that_is_too_large_is_refused(db: Session, client: TestClient, firm: int) -> None:
    large = {"file": ("a.pdf", PDF[:-7] + b"x" * (60 * 1024**2) + b"%%EOF\n")}
    answer = client.post(f"/firms/{firm}/documents", data={"kind": "other"}, files=large)
    assert answer.status_code == 413 and "文件过大" in answer.text
    assert send(client, firm, PDF[:-7] + b"x" * (11 * 1024**2) + b"%%EOF\n") == 303


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\证书.pdf", "证书.pdf"),
        ("a\u202egpj.pdf", "agpj.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        ("长" * 400 + ".pdf", None),
    ],
)
def test_names_lead_nowhere(
    db: Session, client: TestClient, firm: int, given: str, kept: str | None
) -> None:
    assert send(client, firm, PDF, given) == 303
    name = only(db).name
    assert name == kept if kept else len(name) <= 160
    page = client.get(f"/firms/{firm}").text
    assert "<img src=x" not in page


def test_a_document_is_deleted_and_the_trail_keeps_that_it_was(
    db: Session, client: TestClient, firm: int
) -> None:
    send(client, firm, PDF, "旧证书.pdf")
    kept = only(db)
    assert "永久删除" in client.get(f"/firms/{firm}/documents/{kept.id}/remove").text
    assert client.post(f"/firms/{firm}/documents/{kept.id}/remove").status_code == 303
    assert db.scalar(select(func.count()).select_from(DocumentPart)) == 0
    assert client.get(f"/firms/{firm}/documents/{kept.id}").status_code == 404
    history = client.get(f"/firms/{firm}/history").text
    assert "旧证书.pdf" in history


def test_documents_keep_within_the_scope(db: Session, client: TestClient, firm: int) -> None:
    send(client, firm, PDF)
    kept = only(db)
    other = people.body(db, "other", "incubator")
    mine = make_firm(db)
    people.put_in_incubator(db, mine, other, Range(date(2016, 1, 1), None))
    manager = people.person(db, Role.INCUBATOR_MANAGER, other)
    for number in (firm, mine):
        assert manager.get(f"/firms/{number}/documents/{kept.id}").status_code == 404
        gone = manager.post(f"/firms/{number}/documents/{kept.id}/remove")
        assert gone.status_code == 404
    assert send(manager, firm, PDF) == 404
    leader = people.person(db, Role.LEADER)
    assert leader.get(f"/firms/{firm}/documents/{kept.id}").content == PDF
    assert send(leader, firm, PDF) == 403
    seen = db.execute(text("select count(*) from audit_entry where table_name = 'document' "
                           "and action = 'read'")).scalar()  # fmt: skip
    assert seen == 1
