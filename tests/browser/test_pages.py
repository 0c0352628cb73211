"""The stories of the pages, in a real browser, in both languages, wide and narrow."""

import pytest
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, SHOTS, look, prefer

PATHS = ("/", "/firms", "/pool", "/duties", "/criteria", "/criteria/hnte_2016")


def sign_in(page: Page, username: str = "analyst") -> None:
    """Through the form, as people do."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="梯度一览")).to_be_visible()
    page.wait_for_load_state()  # until then no key is listened to


def shot(page: Page, name: str) -> None:
    """Kept where TIDU_SHOTS says, for people to look at."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_wrong_password_says_no_more_than_it_must(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("analyst")
    page.get_by_label("密码").fill("not-the-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")


def test_an_analyst_goes_from_the_pool_to_the_article(page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="培育池", exact=True).click()
    page.get_by_role("combobox", name="排序").select_option(label="短板数从少到多")
    page.get_by_role("button", name="筛选").click()
    rows = page.locator("tbody tr td.firm")
    assert rows.count() > 5
    rows.first.get_by_role("link").click()
    section = page.locator("#hnte_2016")
    expect(section).to_contain_text("第十一条（一）")
    expect(section).to_contain_text("可信度")
    shot(page, "portrait")
    page.get_by_label("截至日期").fill("2020-06-30")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("#hnte_2016")).to_be_visible()


def test_a_mistyped_filter_is_named(page: Page) -> None:
    sign_in(page)
    page.goto("/pool?gapcount=1")
    expect(page.get_by_role("alert")).to_contain_text("gap_count")


def test_an_incubator_sees_its_own_firms_only(page: Page) -> None:
    sign_in(page, "incubator1")
    page.goto("/firms")
    shown = int(page.get_by_text("共").first.inner_text().split()[1])
    assert 5 < shown < 200


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_every_page_fits_and_is_accessible(page: Page, lang: str, theme: str, width: int) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    page.goto("/firms")
    first = page.locator("td.firm a").first.get_attribute("href")
    assert first is not None
    for path in (*PATHS, first):
        page.goto(path)
        name = path.strip("/").replace("/", "-") or "home"
        look(page, f"{name}-{lang}-{theme}-{width}", width)
        if lang == "en":
            assert "梯度一览" not in page.content()
