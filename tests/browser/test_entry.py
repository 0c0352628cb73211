"""Data entry and criteria in a real browser: a year pasted for thirty firms; a reform run."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.models import Grant, Organisation, User
from app.accounts.secrets import PASSWORDS
from app.core.clock import today
from app.core.settings import Settings
from app.demo.people import PASSWORD
from app.firms.models import Designation
from app.main import create_app
from app.pipeline.service import evaluate
from tests.browser.looking import LOOKS, look, prefer
from tests.conftest import copied
from tests.entry.readily import LAST, nearly
from tests.people import body
from tests.server import served

LACKING = ("rd_hnte", "rd_hnte_domestic")
FIRMS = 30
# Each language has an incubator of its own, so that neither meets what the other one left.
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def site(engine: Engine, settings: Settings) -> Iterator[str]:
    """Thirty firms of an incubator: two lack nothing but their R&D cost, the others more."""
    with copied(engine, settings, "entry_site") as own:
        with Session(own) as session, session.begin():
            for lang in LANGUAGES:
                where = body(session, f"entry-{lang}", "incubator")
                _sign_up(session, f"keeper-{lang}", "incubator_manager", where)
                _take_in(session, where)
            science = session.scalar(select(Organisation).where(Organisation.code == "science"))
            assert science is not None
            _sign_up(session, "bureau", "analyst", science)
        evaluate(own, today())
        with served(create_app(settings, own)) as address:
            yield address


def _take_in(session: Session, where: Organisation) -> None:
    for n in range(FIRMS):
        more = () if n < 2 else ("net_assets_ye", "results_converted", "st_staff_avg")
        firm = nearly(session, f"填报企业{n + 1:02}", where, *LACKING, *more)
    # The last one's title ends soon: its review and last year's update are due.
    ending = Range(today() - timedelta(days=800), today() + timedelta(days=20))
    session.add(Designation(firm_id=firm, kind="innovative_sme", valid=ending))


def _sign_up(session: Session, name: str, role: str, where: Organisation) -> None:
    hashed = PASSWORDS.hash(PASSWORD)
    user = User(username=name, name=name, password_hash=hashed, locale="zh")
    session.add(user)
    session.flush()  # the grant needs its number
    session.add(Grant(user_id=user.id, role=role, since=date(2020, 1, 1),
                      organisation_id=where.id))  # fmt: skip


def enter(page: Page, username: str, path: str) -> None:
    """Sign in, and on to a page."""
    page.goto("/sign-in")
    page.locator("#username").fill(username)
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto(path)


GRID = f"/entry?year={LAST}&columns=rd_hnte,rd_hnte_domestic,staff_avg&unit=wan"


def paste(page: Page, text: str) -> None:
    """By the clipboard and the keyboard, as people do."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


WORDS = {
    "zh": {"faults": "2 格有误", "why": "千分位", "turned": "1 家企业转为达标", "none": "没有",
           "done": "记为完成", "met": "达标"},
    "en": {"faults": "Cells with a fault: 2", "why": "not an amount", "turned": "turned ready: 1",
           "none": "None", "done": "Record as done", "met": "met"},
}  # fmt: skip


MISTYPED = {"zh": ('"2,00O"', "200 万美元"), "en": ("abc", "1.2.3")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_manager_does_what_waits_pastes_a_year_and_mends_two_mistakes(
    page: Page, lang: str
) -> None:
    words = WORDS[lang]
    enter(page, f"keeper-{lang}", "/waiting")
    prefer(page, lang, "light", 1440)
    page.reload()
    one_duty_done(page, words["done"])
    page.locator("#unknown a").filter(has_text=str(LAST)).first.click()
    expect(page.locator("#grid")).to_be_visible()
    page.goto(GRID)
    rows = page.locator("#grid tbody tr")
    expect(rows).to_have_count(FIRMS)
    ready = page.locator("#entry-ready")
    expect(ready).to_have_text("0")
    # Each mistake is in the row of one of the two that lack nothing else.
    figures = [["200", "200"] for _ in range(FIRMS)]
    figures[0] = ["２００", MISTYPED[lang][0]]
    figures[1] = ["200万元人民币", MISTYPED[lang][1]]
    block = "\r\n".join("\t".join(line) for line in figures) + "\r\n"
    rows.first.locator("td").nth(1).click()
    paste(page, block)
    faulty = page.locator("#grid td.faulty")
    expect(faulty).to_have_count(2)
    state = page.locator("#entry-state")
    expect(state).to_contain_text(words["faults"])
    expect(page.locator("#grid td.faulty .why").first).to_contain_text(words["why"])
    page.reload()  # drafts survive
    expect(faulty).to_have_count(2)
    expect(ready).to_have_text("0")
    mend(page, 0, 2, "200")
    expect(ready).to_have_text("1")
    mend(page, 1, 2, "200")
    expect(state).to_contain_text(words["turned"])
    expect(ready).to_have_text("2")
    expect(faulty).to_have_count(0)
    for row in range(2):
        expect(rows.nth(row).locator(".standing")).to_have_text(words["met"])
    page.goto("/waiting")
    expect(page.locator("#refused")).to_contain_text(words["none"])
    expect(page.locator('a[href="#missing"] .big')).to_have_text(str(FIRMS - 2))


def one_duty_done(page: Page, done: str) -> None:
    """From what waits to the duty's form and back, where it waits no more."""
    waits = page.locator("#duties tbody tr")
    before = waits.count()
    waits.filter(has_text="填报企业30").get_by_role("link").last.click()
    panel = page.locator("dialog.panel")
    panel.locator("#evidence").fill("GX-2026-7")
    panel.get_by_role("button", name=done).click()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("填报企业30")
    expect(waits).to_have_count(before - 1)
    expect(page.locator('a[href="#duties"] .big')).to_have_text(str(before - 1))


def mend(page: Page, row: int, column: int, text: str) -> None:
    """Choose the cell, type over it, Enter."""
    page.locator("#grid tbody tr").nth(row).locator("td").nth(column).click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_the_grid_works_by_keyboard(page: Page) -> None:
    enter(page, "keeper-zh", GRID)
    cells = page.locator("#grid tbody tr").nth(10).locator("td")
    cells.nth(3).click()
    before = cells.nth(3).locator(".v").inner_text()
    page.keyboard.press("F2")
    page.keyboard.press("Control+a")
    page.keyboard.type("77")
    page.keyboard.press("Escape")
    expect(cells.nth(3).locator(".v")).to_have_text(before)
    page.keyboard.type("77")
    page.keyboard.press("Tab")
    expect(page.locator("#grid tbody tr").nth(11).locator("td").nth(1)).to_be_focused()
    expect(page.locator("#entry-state")).to_contain_text("已保存 1 格")
    expect(cells.nth(3).locator(".v")).to_have_text("77")
    page.keyboard.press("Control+z")
    expect(cells.nth(3)).to_be_focused()
    expect(cells.nth(3).locator(".v")).to_have_text(before)
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("#grid td.chosen")).to_have_count(4)
    page.keyboard.press("Control+c")
    copied_text = page.evaluate("navigator.clipboard.readText()") if _may_read(page) else ""
    assert copied_text.count("\t") == 2 and copied_text.count("\n") == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator("#grid td:focus")).to_have_count(0)


def _may_read(page: Page) -> bool:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return True


def test_what_is_typed_without_a_connection_arrives_later(page: Page) -> None:
    enter(page, "keeper-zh", GRID)
    cell = page.locator("#grid tbody tr").nth(20).locator("td").nth(3)
    cell.click()
    page.route("**/entry/cells", lambda route: route.abort())
    page.keyboard.type("41")
    page.keyboard.press("Enter")
    expect(page.locator("#entry-state")).to_contain_text("尚未保存")
    page.unroute("**/entry/cells")
    page.reload()
    expect(cell.locator(".v")).to_have_text("41")
    expect(page.locator("#entry-state")).to_contain_text("已保存 1 格")


def test_an_analyst_runs_a_reform(page: Page) -> None:
    enter(page, "bureau", "/criteria/hnte_2016")
    page.get_by_role("link", name="改革试算").click()
    page.get_by_label("近三年研发费用占销售收入比例 50000000 改为").fill("90%")
    page.locator("form[data-working]").dispatch_event("submit")  # as if the answer took long
    expect(page.get_by_role("status")).to_contain_text("正在用草案重新评估")
    expect(page.get_by_role("button", name="试算")).to_be_disabled()
    page.locator("form[data-working]").evaluate("form => form.submit()")
    expect(page.get_by_role("heading", name="试算结果")).to_contain_text(f"共 {2 * FIRMS} 家")
    expect(page.get_by_label("近三年研发费用占销售收入比例 50000000 改为")).to_have_value("90%")
    page.locator("details summary", has_text="YAML").click()
    page.locator("#draft").fill("code: [")
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("alert")).to_contain_text("不是有效的 YAML")


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_entry_and_criteria_fit(page: Page, lang: str, theme: str, width: int) -> None:
    mark = f"{lang}-{theme}-{width}"
    enter(page, f"keeper-{lang}", "/waiting")
    prefer(page, lang, theme, width)
    page.goto("/waiting")
    look(page, f"waiting-{mark}", width)
    page.goto(GRID)
    page.locator("#grid tbody tr").nth(7).locator("td").nth(2).click()
    page.keyboard.type("1O")
    page.keyboard.press("Enter")
    expect(page.locator("#grid td.faulty").first).to_be_visible()
    page.keyboard.press("ArrowUp")
    look(page, f"grid-{mark}", width)
    href = page.locator("#grid tbody a").nth(7).get_attribute("href")
    assert href is not None
    page.goto(href)
    look(page, f"form-{mark}", width)
    page.context.clear_cookies()
    enter(page, "bureau", "/criteria")
    prefer(page, lang, theme, width)
    for path in ("/criteria/hnte_2016", "/criteria/srdi_2026/versions/srdi_2022"):
        page.goto(path)
        look(page, f"{path.strip('/').replace('/', '-')}-{mark}", width)
    page.goto("/criteria/hnte_2016/reform")
    page.locator(".reform-value").nth(1).fill("90%")
    page.locator(".reform-value").nth(2).fill("90%")
    page.locator("main form[method=post] button[type=submit]").click()
    expect(page.locator("#result")).to_be_visible()
    look(page, f"reform-{mark}", width)
