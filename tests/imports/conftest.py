"""A database of its own in which imports really commit, and the people who send files to it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.core.settings import Settings
from tests.conftest import copied
from tests.imports.desk import Desk


@pytest.fixture(scope="session")
def district(engine: Engine, settings: Settings) -> Iterator[Engine]:
    with copied(engine, settings, "imports") as own:
        yield own


@pytest.fixture
def desk(district: Engine) -> Iterator[Desk]:
    """An analyst's."""
    with Desk.of(district) as made:
        yield made
