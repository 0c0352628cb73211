"""From a target to its firms, from draft to list, and the leaders' screen, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer

PATHS = (
    "/targets", "/targets/hnte_count", "/targets/hnte_count/firms", "/forecasts",
    "/forecasts/hnte_count", "/target-lists", "/rankings", "/bulletins", "/briefing",
    "/analyses/structure", "/analyses/conversion", "/analyses/flows", "/analyses/concentration",
)  # fmt: skip


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_load_state()


def test_an_analyst_and_a_leader_carry_the_plan_out(page: Page) -> None:
    sign_in(page, "analyst")
    page.goto("/targets")
    value = page.get_by_role("row", name="高新技术企业数").get_by_role("link").nth(1)
    number = int(value.inner_text())
    value.click()
    expect(page.get_by_text(f"共 {number} 家")).to_be_visible()
    page.goto("/target-lists")
    page.get_by_label("按方案和上年实绩起草").select_option("park")
    page.get_by_role("button", name="起草").click()
    page.locator("tbody").first.get_by_role("link").first.click()
    page.get_by_role("button", name="下达").click()
    expect(page.get_by_text("清单已下达")).to_be_visible()
    page.goto("/rankings")
    expect(page.locator("tbody tr").first).to_contain_text("1")
    page.context.clear_cookies()
    sign_in(page, "leader")
    page.goto("/briefing")
    expect(page.get_by_role("heading", name="年末预测")).to_be_visible()
    expect(page.locator("[hx-get='/briefing/forecast'] tbody tr").first).to_be_visible()


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_pages_of_targets_fit_and_are_accessible(
    page: Page, lang: str, theme: str, width: int
) -> None:
    sign_in(page, "analyst")
    prefer(page, lang, theme, width)
    for path in PATHS:
        page.goto(path)
        look(page, f"targets-{path.strip('/').replace('/', '-')}-{lang}-{theme}-{width}", width)
