"""A file from drag to undo in a real browser, left in the middle and come back to."""

from base64 import b64encode

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.duplicates import finding
from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in
from tests.factories import credit_code
from tests.imports.desk import FIRMS_HEADER, book

LONG = 30_000  # a job's time on a busy machine
DROP = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const drop = document.querySelector("[data-drop]");
  drop.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, bubbles: true }));
  drop.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
}"""


def dropped(page: Page, content: bytes, name: str, preset: str = "") -> None:
    """Drag a file onto the page and send it."""
    page.goto("/imports")
    page.evaluate(DROP, [b64encode(content).decode(), name])
    expect(page.locator("[data-chosen]")).to_contain_text(name)
    page.locator("#preset").select_option(preset)
    page.locator("main form button[type=submit]").first.click()


def test_a_file_from_drag_to_undo(page: Page, worker: None) -> None:
    sign_in(page)
    good = ["拖入企业有限公司", credit_code(77_000_001), "2019-05-31", "黔江区", 500, "x"]
    bad = ["也拖入企业有限公司", credit_code(77_000_002), "2019-05-31", "黔江区", "很多", "x"]
    dropped(page, book((*FIRMS_HEADER, "备注栏"), good, bad), "企业名单.xlsx")
    expect(page.get_by_text("有表头不认识，请指定")).to_be_visible(timeout=LONG)
    address = page.url
    page.get_by_label("备注栏").first.select_option("ignore")
    page.get_by_role("button", name="确定并检查").click()
    # Left, and come back to.
    page.goto("/firms")
    page.goto(address)
    expect(page.locator("#rejected-count")).to_have_text("1", timeout=LONG)
    cell = page.locator("td.bad input.cell")
    expect(page.locator("td.bad small")).to_contain_text("不是金额")
    cell.fill("600")
    cell.press("Tab")
    expect(page.locator("#rejected-count")).to_have_text("0")
    expect(page.locator("td.bad")).to_have_count(0)
    page.get_by_role("button", name="重新检查整个文件").click()
    page.get_by_role("button", name="导入 2 行").click(timeout=LONG)
    expect(page.locator("h1")).to_contain_text("已导入", timeout=LONG)
    page.goto("/firms?q=拖入企业")
    expect(page.locator("td.firm")).to_have_count(2)
    page.goto(address)
    page.get_by_role("link", name="撤销这次导入").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("status").first).to_contain_text("已撤销", timeout=LONG)
    page.goto("/firms?q=拖入企业")
    expect(page.locator("td.firm")).to_have_count(0)


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_imports_exports_and_duplicates_fit(
    page: Page, site_database: Engine, lang: str, theme: str, width: int, worker: None
) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    mark = f"{lang}-{theme}-{width}"
    page.goto("/imports")
    look(page, f"imports-{mark}", width)
    _look_at_exports(page, mark, width)
    _look_at_duplicates(page, site_database, mark, width)
    rows = [[f"看企业{n}有限公司", credit_code(78_000_000 + n), "2019-05-31", "黔江区",
             "很多" if n % 3 else 500, "x"] for n in range(12)]  # fmt: skip
    dropped(page, book((*FIRMS_HEADER, f"新列{mark}"), *rows), "企业.xlsx")
    page.locator(".columns-form .unsure").wait_for()
    look(page, f"import-mapping-{mark}", width)
    page.locator(".columns-form .unsure select").first.select_option("ignore")
    page.locator(".columns-form ~ button").click()
    page.locator("td.bad").first.wait_for()
    look(page, f"import-checked-{mark}", width)


def _look_at_exports(page: Page, mark: str, width: int) -> None:
    page.goto("/exports/new?of=pool&format=xlsx")
    look(page, f"export-new-{mark}", width)
    page.locator("main form button[type=submit]").click()
    page.locator("main a[href$='/content']").wait_for(timeout=LONG)
    look(page, f"export-ready-{mark}", width)
    page.goto("/exports")
    look(page, f"exports-{mark}", width)


def _look_at_duplicates(page: Page, database: Engine, mark: str, width: int) -> None:
    with Session(database) as session, session.begin():
        assert finding.find(session) > 0
    page.goto("/duplicates")
    look(page, f"duplicates-{mark}", width)
    page.locator("main li a.btn").first.click()
    look(page, f"duplicate-{mark}", width)
