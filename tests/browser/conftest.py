"""A real Chromium against a real server; any foreign request or console error fails the test."""

import os
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.core.settings import Settings
from app.exports import models as exports
from app.exports import running
from app.exports.models import ExportFile
from app.imports.models import BUSY, ImportBatch
from app.main import create_app
from app.start import prepare
from tests.conftest import copied
from tests.imports.desk import JOBS
from tests.server import served

ARGUMENTS = ["--no-sandbox", "--font-render-hinting=none", "--disable-background-networking"]


@pytest.fixture(scope="session")
def site_database(engine: Engine, settings: Settings) -> Iterator[Engine]:
    """The demo district, in a database of its own."""
    with copied(engine, settings, "site") as own:
        # Asked for on the day on which an empty register was assessed, it is assessed, too.
        for wanted in (False, True):
            prepare(own, demo=wanted, say=lambda _: None)
        yield own


@pytest.fixture(scope="session")
def site(site_database: Engine, settings: Settings) -> Iterator[str]:
    """The demo district, served."""
    with served(create_app(settings, site_database)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser that scripts/test.py set up."""
    program = os.environ["TIDU_TEST_CHROMIUM"]
    libraries = os.environ.get("TIDU_TEST_CHROMIUM_LIBS")
    env: dict[str, str | float | bool] = {**os.environ}
    if libraries:
        env["LD_LIBRARY_PATH"] = libraries
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env=env)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page of a new visitor."""
    context = browser.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    opened.on(
        "request", lambda r: None if r.url.startswith((site, "data:")) else faults.append(r.url)
    )
    yield opened
    context.close()
    expected = "Failed to load resource"  # the browser's own note of a 4xx that a test asked for
    assert [fault for fault in faults if expected not in fault] == []


@pytest.fixture
def worker(site_database: Engine) -> Iterator[None]:
    """Does what waits, as the worker would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.2):
            with Session(site_database) as session:
                query = select(ImportBatch.id, ImportBatch.state)
                waiting = session.execute(query.where(ImportBatch.state.in_(BUSY))).all()
                asked = select(ExportFile.id).where(ExportFile.state.in_(exports.BUSY))
                files = session.scalars(asked).all()
            for number, state in waiting:
                JOBS[state](site_database, number)
            for number in files:
                running.write(site_database, number)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()
