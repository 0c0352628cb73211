"""A registry file from drag to undo: one of the test's own making, or the real one by its name.

TIDU_REGISTRY=…/chongqing-firms.csv python3 scripts/test.py tests/browser/test_registry.py
"""

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, inspect, text

from tests.browser.test_imports import dropped
from tests.browser.test_pages import sign_in
from tests.factories import credit_code
from tests.imports.test_imports import COUNTERS, LOGS

FILE = os.environ.get("TIDU_REGISTRY")
LONG = 300_000
HEADER = ("企业名称", "统一社会信用代码", "注册日期", "企业类型", "注册资金", "经营范围",
          "所在省份", "地区", "注册地址")  # fmt: skip
# What the real file has wrong here and there: a code, a date, a district, a name that is no text.
FAULTS = {
    3: (1, "91500000MA00000000"), 17: (2, "2019-02-30"), 40: (7, "不知何处"),
    77: (0, "云\ufffd海"),
}  # fmt: skip
CAPITALS = ("500万人民币", "N/A", "100万美元", "30.5万元")
DISTRICTS = ("黔江", "两江新区", "渝北区", "万盛")
OWN = 400


def own_file() -> bytes:
    """As the registry publishes it: capital as text, N/A, zones that span districts."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADER)
    for n in range(OWN):
        day = f"20{n % 20:02d}/3/{n % 28 + 1}"
        row = [f"重庆云海{n}号科技有限公司", credit_code(79_000_000 + n), day, "有限责任公司",
               CAPITALS[n % 4], '软件开发，"以许可为准"', "重庆市", DISTRICTS[n % 4],
               "N/A" if n % 5 == 0 else f"正阳街道{n}号"]  # fmt: skip
        if n in FAULTS:
            place, wrong = FAULTS[n]
            row[place] = wrong
        lines.writerow(row)
    return text.getvalue().encode("utf-8-sig")


def registry() -> tuple[bytes, str, int, int]:
    """The file, its name, how many rows it has, and how many of them are rejected."""
    if FILE is None:
        return own_file(), "登记数据.csv", OWN, len(FAULTS)
    return Path(FILE).read_bytes(), Path(FILE).name, 7_728, 29


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


@pytest.mark.timeout(1_200)
def test_a_registry_from_drag_to_undo(page: Page, site_database: Engine, worker: None) -> None:
    content, name, rows, bad = registry()
    sign_in(page)
    page.goto("/imports")
    before = fingerprints(site_database)
    dropped(page, content, name, preset="chongqing-registry")
    expect(page.locator(".counts dd").first).to_have_text(f"{rows:,}", timeout=LONG)
    expect(page.locator("#rejected-count")).to_have_text(str(bad))
    with page.expect_download() as rejected:
        page.get_by_role("link", name="下载被拒绝的行").click()
    assert rejected.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("button", name=f"导入其余 {rows - bad:,} 行").click()
    expect(page.locator("h1")).to_contain_text("已导入", timeout=LONG)
    during = fingerprints(site_database)
    assert during["firm"][0] == before["firm"][0] + rows - bad
    page.get_by_role("link", name="撤销这次导入").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("h1")).to_contain_text("已撤销", timeout=LONG)
    after = fingerprints(site_database)
    assert {t for t in before if before[t] != after[t]} == set()
