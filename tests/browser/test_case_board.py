"""Cases move on the board: by mouse, by keys, and only where the state's question is answered."""

import re

from playwright.sync_api import Page, expect

from tests.browser.test_pages import sign_in


def test_a_case_is_dragged_on_by_mouse_and_closed_by_keys(page: Page) -> None:
    sign_in(page)
    page.goto("/support/open?of=pool&on=rung%3Dcandidate&measure=ip.drafting")
    page.locator("#reason").fill("只差知识产权")
    page.get_by_role("button", name=re.compile("^发起 ")).click()
    page.goto("/cases/board?measure=ip.drafting")
    card = page.locator('.board-cards[data-rung="open"] .board-card').first
    number = card.get_attribute("data-case")
    card.drag_to(page.locator('.board-cards[data-rung="accepted"]'),
                 target_position={"x": 40, "y": 60})  # fmt: skip
    panel = page.locator("dialog.panel")
    expect(panel.get_by_role("heading")).to_contain_text("待受理 → 已受理")
    here = page.locator(f'.board-cards[data-rung="open"] [data-case="{number}"]')
    expect(here).to_have_count(1)  # the drag alone decides nothing
    panel.get_by_role("button", name="受理").click()
    moved = page.locator(f'.board-cards[data-rung="accepted"] [data-case="{number}"]')
    expect(moved).to_have_count(1)
    moved.locator("summary").press("Enter")
    moved.get_by_role("link", name="办结").press("Enter")
    panel.locator("#move-outcome").select_option("not_possible")
    panel.locator("#move-text").fill("企业无专利代理需求")
    panel.get_by_role("button", name="办结").press("Enter")
    closed = page.locator(f'.board-cards[data-rung="closed"] [data-case="{number}"]')
    expect(closed).to_contain_text("无法办理")
    expect(closed.locator("summary")).to_have_count(0)
