"""The real registry file from drag to undo: run where TIDU_REGISTRY names it, for it is not ours.

TIDU_REGISTRY=…/chongqing-firms.csv python3 scripts/test.py tests/browser/test_registry.py
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, inspect, text

from tests.browser.test_imports import dropped
from tests.browser.test_pages import sign_in
from tests.imports.test_imports import COUNTERS, LOGS

FILE = os.environ.get("TIDU_REGISTRY")
ROWS, GOOD, BAD = "7,728", "7,699", "29"
LONG = 300_000


def fingerprints(engine: Engine) -> dict[str, Any]:
    """Every table but logs, without the counters that only move on."""
    found = {}
    with engine.connect() as connection:
        tables = (t for t in inspect(connection).get_table_names() if not t.startswith(LOGS))
        for table in sorted(tables):
            less = "".join(f" - '{column}'" for column in COUNTERS.get(table, ()))
            rows = f"select (to_jsonb(t){less})::text as row from {table} as t"  # noqa: S608
            query = f"select count(*), md5(string_agg(row, '' order by row)) from ({rows}) as r"  # noqa: S608
            found[table] = tuple(connection.execute(text(query)).one())
    return found


@pytest.mark.skipif(FILE is None, reason="TIDU_REGISTRY does not name the registry file")
@pytest.mark.timeout(1_200)
def test_the_registry_from_drag_to_undo(page: Page, site_database: Engine, worker: None) -> None:
    assert FILE is not None
    sign_in(page)
    page.goto("/imports")
    before = fingerprints(site_database)
    content = Path(FILE).read_bytes()
    dropped(page, content, Path(FILE).name, preset="chongqing-registry")
    expect(page.locator(".counts dd").first).to_have_text(ROWS, timeout=LONG)
    expect(page.locator("#rejected-count")).to_have_text(BAD)
    with page.expect_download() as rejected:
        page.get_by_role("link", name="下载被拒绝的行").click()
    assert rejected.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("button", name=f"导入其余 {GOOD} 行").click()
    expect(page.locator("h1")).to_contain_text("已导入", timeout=LONG)
    during = fingerprints(site_database)
    assert during["firm"][0] == before["firm"][0] + int(GOOD.replace(",", ""))
    page.get_by_role("link", name="撤销这次导入").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("h1")).to_contain_text("已撤销", timeout=LONG)
    after = fingerprints(site_database)
    assert {t for t in before if before[t] != after[t]} == set()
