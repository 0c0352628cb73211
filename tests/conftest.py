"""One server for the whole run; a migrated template database; each test leaves no trace."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from app.core.db import make_engine
from app.core.postgres import running
from app.core.settings import Settings
from app.criteria import store
from app.plans import service as plans
from app.start import migrate
from app.support import days, playbooks

BROWSER = "tests/browser/"
ROOM = 4 * 1024**3  # bytes


def pytest_configure() -> None:
    """As the command line starts: what is read stays, and is not searched for garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on objects come and go."""
    gc.freeze()
    gc.enable()


class InOnePiece(LoadFileScheduling):  # type: ignore[misc]  # it is not typed
    """A file's tests on one worker, and all of the browser's: their district is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InOnePiece:
    """How the tests are spread over workers."""
    return InOnePiece(config, log)


@pytest.fixture(scope="session", autouse=True)
def one_loop() -> Iterator[None]:
    """All clients share an event loop and its threads: by itself each request starts its own."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield
        TestClient.portal = None


def in_memory() -> Path | None:
    """Where files are kept in memory, if there is room: a database is copied much faster there."""
    folder = Path("/dev/shm")  # noqa: S108 - only as the parent of a folder of one's own
    roomy = folder.is_dir() and shutil.disk_usage(folder).free > ROOM
    return folder if roomy else None


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings of a server of its own, fast instead of durable."""
    with tempfile.TemporaryDirectory(prefix="tidu-", dir=in_memory()) as folder:
        yield Settings(data_dir=Path(folder), durable=False, environment="development")


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[str]:
    """The server's URL."""
    with running(settings) as url:
        yield url


@pytest.fixture(scope="session")
def engine(server: str, settings: Settings) -> Iterator[Engine]:
    """A migrated database with the plan and the criteria sets, and no firm."""
    engine = make_engine(server, settings)
    migrate(engine)
    with Session(engine) as session, session.begin():
        plans.load_shipped(session)
        store.load_shipped(session)
        days.load_shipped(session)
        playbooks.load_shipped(session)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back, commits included."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        outer.rollback()


@contextmanager
def copied(engine: Engine, settings: Settings, name: str) -> Iterator[Engine]:
    """A database of its own, made from the migrated one."""
    engine.dispose()
    server = engine.url.set(database="postgres")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"drop database if exists {name}"))
        connection.execute(text(f"create database {name} template tidu"))
    copy = make_engine(engine.url.set(database=name).render_as_string(), settings)
    yield copy
    copy.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def clone(engine: Engine, settings: Settings) -> Iterator[Engine]:
    """For what must really commit."""
    with copied(engine, settings, "clone") as copy:
        yield copy
