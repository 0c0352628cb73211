"""Guards the next change: what must be complete stays complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi.testclient import TestClient
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from app.core.settings import Settings
from app.core.web import ENVIRONMENT, TEMPLATES
from app.criteria.policy import Criterion
from app.criteria.store import all_sets, measures, sources
from app.firms.catalogue import INDICATORS
from app.main import create_app
from app.pipeline.trail import words
from tests.routes import every_route

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = {"/sign-in", "/sign-in/oidc", "/sign-in/oidc/return", "/sign-out", "/preferences",
          "/invitations/{secret}", "/calendars/{secret}.ics", "/health/live", "/health/ready",
          "/api/docs", "/api/docs/{name}", "/problems/{name}",
          "/door", "/door/open/{link}", "/door/figures", "/door/files", "/door/answer",
          "/door/close", "/api/openapi.json", "/public/bulletins/{number}"}  # fmt: skip


def test_every_template_compiles() -> None:
    names = [str(p.relative_to(TEMPLATES)) for p in TEMPLATES.rglob("*.html")]
    assert len(names) > 8
    for name in names:
        ENVIRONMENT.get_template(name)


def test_every_text_has_its_english() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/messages.py", "--check"], check=False)
    assert done.returncode == 0


def test_columns_and_catalogue_agree(engine: Engine) -> None:
    columns = {column["name"] for column in inspect(engine).get_columns("firm_year")}
    assert columns - {"firm_id", "year", "version", "updated_at"} == set(INDICATORS)


# Every column of every table that the trail records; the trail's own tables record nothing.
RECORDED = text("""
select c.table_name, c.column_name from information_schema.columns c
join pg_trigger t on t.tgrelid = c.table_name::regclass
join pg_proc p on p.oid = t.tgfoid
where c.table_schema = 'public' and p.proname = 'audit_change'
""")


def test_the_trail_has_words_for_all_it_records(db: Session) -> None:
    known = words()
    plain = set(INDICATORS) | set(known.columns)
    found = db.execute(RECORDED).all()
    assert len({table for table, _ in found}) > 80
    assert {table for table, _ in found} - set(known.tables) == set()
    assert {f"{t}.{c}" for t, c in found if c not in plain} - set(known.columns) == set()


def test_every_criterion_is_cited(db: Session) -> None:
    known = sources()
    for loaded in all_sets(db):
        for criterion in loaded.policy.walk():
            assert isinstance(criterion, Criterion)
            assert criterion.article, criterion.id
            assert criterion.label.en and criterion.label.zh, criterion.id
            assert all(mark in known for mark in criterion.confidence.split()), criterion.id
            assert all(measure in measures() for measure in criterion.measures), criterion.id


def test_locks_and_files_name_no_host() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://", lock.read_text(encoding="utf-8")), lock.name
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_migrations_go_down_and_up_again(clone: Engine, db: Session) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with clone.begin() as connection:
        connection.execute(
            text("insert into firm (name, name_search, pinyin) values ('企', '企', 'qi')")
        )
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = set(inspect(connection).get_table_names()) - {"alembic_version"}
        assert left == set()
        command.upgrade(config, "head")
        head = ScriptDirectory.from_config(config).get_current_head()
        assert MigrationContext.configure(connection).get_current_revision() == head


@pytest.fixture
def visitor(engine: Engine, settings: Settings) -> TestClient:
    """Somebody who has not signed in."""
    return TestClient(create_app(settings, engine), follow_redirects=False)


def test_every_route_but_the_public_ones_asks_who_one_is(visitor: TestClient) -> None:
    asked = [(m, p) for m, p in every_route(visitor.app) if p not in PUBLIC]
    assert len(asked) > 25
    for method, path in asked:
        found = visitor.request(method, re.sub(r"{[^}]+}", "1", path))
        assert found.status_code == 401, (method, path)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/pool", 405),
        ("GET", "/api/v1/firms", 401),
    ],
)
def test_every_error_has_one_shape(
    visitor: TestClient, method: str, path: str, status: int
) -> None:
    found = visitor.request(method, path)
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"
    assert set(found.json()) >= {"type", "title", "status", "detail", "errors"}


def test_a_foreign_page_cannot_write(visitor: TestClient) -> None:
    found = visitor.post("/sign-out", headers={"sec-fetch-site": "cross-site"})
    assert found.status_code == 403


def test_pages_carry_their_protection(visitor: TestClient) -> None:
    found = visitor.get("/sign-in")
    policy = found.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert found.headers["x-content-type-options"] == "nosniff"
