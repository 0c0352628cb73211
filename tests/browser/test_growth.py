"""An analyst grows and attracts: a team moves in and up, a lead is dragged on and lands."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.core.clock import today
from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in
from tests.factories import credit_code


def test_a_team_moves_in_and_up_the_chain(page: Page) -> None:
    sign_in(page)
    page.goto("/carriers")
    page.get_by_role("link", name="武陵众创空间").click()
    page.get_by_role("link", name="入驻…").click()
    panel = page.locator("dialog.panel")
    panel.locator("#name").fill("山城光谷团队")
    panel.locator("#since").fill("2999-01-01")
    panel.get_by_role("button", name="登记入驻").click()
    expect(panel.get_by_role("alert")).to_contain_text("尚未到来")
    panel.locator("#since").fill("2026-01-05")
    panel.get_by_role("button", name="登记入驻").click()
    row = page.locator("#residents tr", has_text="山城光谷团队")
    expect(row).to_contain_text("团队")
    row.locator("summary").press("Enter")
    row.get_by_role("link", name="登记为企业").press("Enter")
    panel.locator("#name").fill("黔江光谷传感有限公司")
    panel.locator("#credit_code").fill(credit_code(88_000_001))
    panel.locator("#registered_on").fill("2026-02-01")
    panel.get_by_role("button", name="登记为企业").click()
    row = page.locator("#residents tr", has_text="黔江光谷传感有限公司")
    expect(row.locator("th .chip")).to_have_count(0)
    row.locator("summary").click()
    row.get_by_role("link", name="晋级").click()
    panel.locator("#to").select_option(label="孵化器 · 正阳科技企业孵化器")
    panel.locator("#reason").fill("需要中试场地")
    panel.get_by_role("button", name="晋级").click()
    expect(page.locator("#former")).to_contain_text("黔江光谷传感有限公司")
    expect(page.locator("#former")).to_contain_text("晋级到上一级载体")


def test_a_lead_is_dragged_on_by_mouse_and_lands_by_keys(page: Page) -> None:
    sign_in(page)
    page.goto("/leads")
    card = page.locator('.board-cards[data-rung="signed"] .board-card').first
    lead, name = card.get_attribute("data-lead"), card.locator("a").first.inner_text()
    card.drag_to(page.locator('.board-cards[data-rung="lost"]'), target_position={"x": 40, "y": 60})
    panel = page.locator("dialog.panel")
    expect(panel.get_by_role("heading")).to_contain_text("流失")
    panel.get_by_role("button", name="×").or_(panel.locator(".btn-close")).first.click()
    here = page.locator(f'.board-cards[data-rung="signed"] [data-lead="{lead}"]')
    expect(here).to_have_count(1)  # the drag alone decides nothing
    here.locator("summary").press("Enter")
    here.get_by_role("link", name="落地").press("Enter")
    panel.locator("#move-note").fill("营业执照已领取")
    panel.locator("#move-code").fill(credit_code(88_000_002))
    panel.locator("#move-registered").fill(today().isoformat())
    panel.get_by_role("button", name="登记进展").press("Enter")
    expect(page.locator(".alert-success").last).to_contain_text("已落地")
    page.get_by_role("link", name=re.compile(re.escape(name))).last.click()
    expect(page.locator("#timeline")).to_contain_text("营业执照已领取")


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_how_the_pages_look(page: Page, lang: str, theme: str, width: int) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    for path, name in (("/carriers", "carriers"), ("/leads", "leads"), ("/chains", "chains"),
                       ("/leads/new", "lead-new")):  # fmt: skip
        page.goto(path)
        look(page, f"{name}-{lang}-{theme}-{width}", width)
    page.goto("/carriers")
    page.locator("tbody th a").first.click()
    look(page, f"carrier-{lang}-{theme}-{width}", width)
    inside = page.url
    page.goto(f"{inside.split('?')[0]}/enter")
    look(page, f"enter-{lang}-{theme}-{width}", width)
    page.goto(inside)
    page.locator("#residents .tidu-menu a[href$='/graduate']").first.evaluate(
        "a => location.assign(a.href)"
    )
    page.wait_for_url("**/graduate")
    look(page, f"graduate-{lang}-{theme}-{width}", width)
    page.goto("/leads")
    page.locator(".board-card a").first.click()
    look(page, f"lead-{lang}-{theme}-{width}", width)
    page.get_by_role("link", name="变更历史" if lang == "zh" else "History", exact=True).click()
    page.wait_for_url("**/history")
    look(page, f"lead-history-{lang}-{theme}-{width}", width)
