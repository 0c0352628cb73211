"""From a target to its firms, from draft to list, and the leaders' screen, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer
from tests.firms.test_documents import png

PATHS = (
    "/targets", "/targets/hnte_count", "/targets/hnte_count/firms", "/forecasts",
    "/forecasts/hnte_count", "/target-lists", "/rankings", "/bulletins", "/briefing",
    "/analyses/conversion", "/analyses/flows",
)  # fmt: skip


# Who answers for what, the kind of unit, and the language they work in.
UNITS = (
    ("park1", "正阳园", "park", "zh"), ("incubator1", "武陵众创空间", "incubator", "en"),
    ("officer", "区经济信息委", "department", "en"),
)  # fmt: skip
ACCEPT = {"zh": "接受清单", "en": "Accept the list"}
# What the leader reads: a heading, and how many firms are behind a number.
LEADER = {"zh": ("年末预测", "共 {} 家"), "en": ("Forecast for year ends", "{} firms")}


def sign_in(page: Page, username: str) -> None:
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_load_state()


def report(page: Page, account: str, lang: str) -> None:
    """A unit accepts its list and reports this month with a file."""
    sign_in(page, account)
    prefer(page, lang, "light", 1440)
    page.goto("/target-lists")
    page.locator("tbody th a").first.click()
    page.get_by_role("button", name=ACCEPT[lang]).click()
    page.locator("details:has(#r-value) summary").click()
    page.locator("#r-value").fill("3")
    page.locator("#r-evidence").fill("certificate")
    page.locator("#r-text").fill("three more by the spring batch")
    page.locator("#r-file").set_input_files(
        {"name": "evidence.png", "mimeType": "image/png", "buffer": png()}
    )
    page.locator("form[action$='/report'] button").click()
    expect(page.get_by_role("link", name="evidence.png")).to_be_visible()


def test_the_plan_is_carried_out_by_everybody(page: Page) -> None:
    """The analyst issues, park, incubator and department report, the leader looks."""
    sign_in(page, "analyst")
    page.goto("/targets")
    value = page.get_by_role("row", name="高新技术企业数").get_by_role("link").nth(1)
    number = int(value.inner_text())
    value.click()
    expect(page.get_by_text(f"共 {number} 家")).to_be_visible()
    for _, name, kind, _ in UNITS:
        page.goto("/target-lists")
        page.get_by_label("按方案和上年实绩起草").select_option(kind)
        page.get_by_role("button", name="起草").click()
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("button", name="下达").click()
        expect(page.get_by_text("清单已下达")).to_be_visible()
    page.goto("/rankings")
    expect(page.locator("tbody tr").first).to_contain_text("1")
    for account, _, _, lang in UNITS:
        report(page, account, lang)
    sign_in(page, "leader")
    for lang, (heading, counted) in LEADER.items():
        prefer(page, lang, "light", 1440)
        page.goto("/briefing")
        expect(page.locator("[hx-get='/briefing/forecast'] [data-drawn]")).to_have_count(2)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        page.goto("/analyses/structure")
        number = int(page.locator("tbody td a").last.inner_text().replace(",", ""))
        page.locator("tbody td a").last.click()
        expect(page.get_by_text(counted.format(number))).to_be_visible()


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_pages_of_targets_fit_and_are_accessible(
    page: Page, lang: str, theme: str, width: int
) -> None:
    sign_in(page, "analyst")
    prefer(page, lang, theme, width)
    for path in PATHS:
        page.goto(path)
        look(page, f"targets-{path.strip('/').replace('/', '-')}-{lang}-{theme}-{width}", width)
