"""A small district to which ten rows are many, and an analyst who asks for its lists as files."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.clock import today
from app.core.settings import Settings
from app.pipeline.service import assess
from app.workbench import export_pages, exporting
from tests.conftest import copied
from tests.exports.asking import FIRMS
from tests.factories import make_firm
from tests.imports.desk import Desk


@pytest.fixture(scope="session")
def district(engine: Engine, settings: Settings) -> Iterator[Engine]:
    with copied(engine, settings, "exports") as own:
        with Session(own) as session, session.begin():
            for number in range(FIRMS):
                make_firm(session, f"=导出企业{number:02d}")
            assess(session, None, today())
            session.execute(text(
                "insert into lead (name, since, stage_on, channel, investment) values "
                "('=来一家', '2026-01-01', '2026-01-01', 'scenario', 100000000)"))  # fmt: skip
            session.add(Organisation(code="exported", name="=孵化器", kind="incubator"))
        yield own


@pytest.fixture
def desk(district: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An analyst's, to whom ten rows are many and four a page."""
    monkeypatch.setattr(export_pages, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(exporting, "LARGEST_LIMIT", 4)
    with Desk.of(district) as made:
        yield made
