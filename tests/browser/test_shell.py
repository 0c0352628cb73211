"""The shell by mouse, by keyboard and by finger; the cockpit from a number down to its firms."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.core.filters import DEFAULT_LIMIT
from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in


def enter(page: Page, username: str) -> None:
    """Sign in as somebody whose home is not the analyst's."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("main h1")).to_be_visible()
    page.wait_for_load_state()


def test_a_firm_is_found_while_one_types(page: Page) -> None:
    sign_in(page)
    page.keyboard.press("/")
    expect(page.locator("#finder")).to_be_focused()
    page.keyboard.type("chongqing")
    first = page.locator("#found a").first
    expect(first).to_be_visible()
    name = first.inner_text().splitlines()[0]
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_contain_text(name[:6])


def test_escape_closes_the_suggestions_and_enter_shows_all(page: Page) -> None:
    sign_in(page)
    page.locator("#finder").fill("黔江")
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#found a")).to_have_count(0)
    page.locator("#finder").press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("main li a").count() > 10


def test_shortcuts_lead_about_and_can_be_turned_off(page: Page) -> None:
    sign_in(page)
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/pool")
    page.keyboard.press("?")
    sheet = page.locator("dialog#keys")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("驾驶舱")
    sheet.get_by_role("button", name="关闭快捷键").click()
    expect(page.get_by_role("status")).to_contain_text("快捷键已关闭")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    assert page.url.endswith("/pool")
    expect(sheet).to_be_hidden()


def test_keys_typed_into_fields_are_text(page: Page) -> None:
    sign_in(page)
    page.goto("/firms")
    page.locator("main input[name=q]").press_sequentially("g p/?")
    expect(page.locator("main input[name=q]")).to_have_value("g p/?")
    assert page.url.endswith("/firms")


def test_the_menu_of_a_narrow_screen(page: Page) -> None:
    sign_in(page)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/firms")
    nav = page.locator("#nav")
    expect(nav).to_be_hidden()
    button = page.get_by_role("button", name="菜单")
    button.click()
    expect(nav).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(nav).to_be_hidden()


def test_the_first_tab_leads_past_the_navigation(page: Page) -> None:
    sign_in(page)
    page.goto("/criteria")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_leader_opens_a_number_down_to_its_firms(page: Page, lang: str) -> None:
    enter(page, "leader")
    prefer(page, lang, "light", 1440)
    page.reload()
    cell = page.locator("section:has(#flow) tbody td a").nth(1)
    number = int(cell.inner_text().replace(",", ""))
    cell.click()
    said = f"共 {number} 家" if lang == "zh" else f"{number} firms"
    expect(page.get_by_text(said)).to_be_visible()
    rows = page.locator("td.firm a")
    expect(rows).to_have_count(min(number, DEFAULT_LIMIT))
    name = rows.first.inner_text()
    rows.first.click()
    expect(page.locator("main h1")).to_contain_text(name)
    assert re.search(r"/firms/\d+", page.url)


def test_stays_arrive_after_the_page_without_a_jump(page: Page) -> None:
    enter(page, "leader")
    before = page.locator("section:has(#industries)").bounding_box()
    expect(page.locator("section:has(#stay) tbody tr")).to_have_count(5)
    after = page.locator("section:has(#industries)").bounding_box()
    assert before is not None and after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_printing_leaves_the_shell_out(page: Page) -> None:
    enter(page, "leader")
    page.emulate_media(media="print")
    for part in (".shell-bar", "#nav", ".chart-data"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator("main h1")).to_be_visible()


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_shells_pages_fit_and_are_accessible(
    page: Page, lang: str, theme: str, width: int
) -> None:
    enter(page, "leader")
    prefer(page, lang, theme, width)
    for path in ("/cockpit", "/search?q=qj", "/search?q=zzzz", "/cockpit/stay", "/firms/99999999"):
        page.goto(path)
        page.wait_for_timeout(500)
        name = re.sub(r"\W+", "-", path).strip("-")
        look(page, f"shell-{name}-{lang}-{theme}-{width}", width)
        if lang == "en":
            assert not re.search("驾驶舱|没有找到|停留|目标值", page.inner_text("body")), path
    page.locator("[data-open=keys]").click()
    look(page, f"shell-keys-{lang}-{theme}-{width}", width)
