"""Somebody who sends files: the routes as a browser or program asks them, the jobs done at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import openpyxl
import xlsxwriter
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import Role
from app.accounts.auth import COOKIE
from app.accounts.models import Grant, Organisation, User, UserSession
from app.accounts.secrets import digest
from app.core.clock import now
from app.core.db import make_engine
from app.core.settings import Settings
from app.imports import running
from app.main import create_app
from tests.people import FAR_FUTURE, KEY, OUR_PAGE

JOBS = {"checking": running.check, "running": running.run, "undoing": running.undo}
FIRMS_HEADER = ("企业名称", "统一社会信用代码", "成立日期", "地区", "注册资本（万元）")
FIGURES_HEADER = ("统一社会信用代码", "年度", "销售收入（万元）", "职工总数")


@dataclass
class Desk:
    """One person's place of work."""

    engine: Engine
    client: TestClient
    organisation: int

    @classmethod
    @contextmanager
    def of(
        cls, engine: Engine, role: Role = Role.ANALYST, kind: str = "department"
    ) -> Iterator["Desk"]:
        """A person in a role, of a body of their own."""
        mark = uuid4().hex
        with Session(engine) as session, session.begin():
            body = Organisation(code=f"desk-{mark}", name=f"单位 {mark}", kind=kind)
            user = User(username=f"desk-{mark}", name="某人", locale="zh")
            session.add_all([body, user])
            session.flush()
            since = now().date().replace(year=2000)
            grant = Grant(user_id=user.id, role=role.value, organisation_id=body.id, since=since)
            session.add(grant)
            session.flush()
            session.add(UserSession(token_hash=digest(mark), user_id=user.id, grant_id=grant.id,
                                    expires_at=FAR_FUTURE))  # fmt: skip
            number = body.id
        settings = Settings(secret_key=SecretStr(KEY))
        own = make_engine(engine.url.render_as_string(), settings, role=NOBODY)
        client = TestClient(create_app(settings, own), cookies={COOKIE: mark}, headers=OUR_PAGE)
        yield cls(engine, client, number)
        own.dispose()

    def send(
        self, content: bytes, name: str = "给出.xlsx", kind: str = "firms", **fields: Any
    ) -> dict[str, Any]:
        """Send a file, have it checked; how it stands then."""
        sent = self.client.post("/api/v1/imports", files={"file": (name, content)},
                                data={"kind": kind, "run": "false"} | fields)  # fmt: skip
        assert sent.status_code == 202, sent.text
        assert sent.headers["location"] == f"/api/v1/imports/{sent.json()['id']}"
        return self.work(sent.json()["id"])

    def work(self, number: int) -> dict[str, Any]:
        """Do what waits for an import, as the worker does; how it stands then."""
        while (state := self.look(number)["state"]) in JOBS:
            JOBS[state](self.engine, number)
        return self.look(number)

    def look(self, number: int) -> dict[str, Any]:
        """How it stands."""
        found: dict[str, Any] = self.client.get(f"/api/v1/imports/{number}").json()
        return found

    def ask(self, number: int, act: str, **body: Any) -> dict[str, Any]:
        """Run, undo or call off, and have it done."""
        asked = self.client.post(f"/api/v1/imports/{number}/{act}", json=body)
        assert asked.status_code == 202, asked.text
        return self.work(number)

    def faults(self, number: int) -> dict[int, str]:
        """What is wrong with each rejected row."""
        found = self.client.get(f"/api/v1/imports/{number}/faults?limit=1000").json()["items"]
        return {
            row["row"]: "; ".join(f"{e['column']}: {e['detail']}" for e in row["errors"])
            for row in found
        }

    def rejected(self, number: int) -> Any:
        """The workbook of rejected rows."""
        answer = self.client.get(f"/api/v1/imports/{number}/rejected")
        assert answer.status_code == 200, answer.text
        return openpyxl.load_workbook(BytesIO(answer.content))

    def query(self, statement: str, **given: Any) -> list[Any]:
        """What the database says."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), given)]

    def change(self, statement: str, **given: Any) -> None:
        """Somebody else's change."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), given)


def book(*rows: Any) -> bytes:
    """A workbook of one sheet."""
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return made.getvalue()


def csv(*rows: Any, encoding: str = "utf-8") -> bytes:
    """A CSV file."""
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode(encoding)
