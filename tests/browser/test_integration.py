"""An administrator, the queue and the webhooks, in a real browser."""

from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import look, prefer


def administrator(page: Page) -> None:
    """Signed in, at home."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("admin")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("/")


def look_at_all(page: Page, name: str) -> None:
    """Both languages, both widths, light and dark."""
    for lang, theme, width in (("zh", "light", 1440), ("en", "dark", 390)):
        prefer(page, lang, theme, width)
        page.reload()
        look(page, f"{name}-{lang}", width)
    prefer(page, "zh", "light", 1440)
    page.reload()


def test_a_webhook_is_made_tested_and_switched_off(page: Page) -> None:
    administrator(page)
    page.get_by_role("link", name="推送订阅").click()
    form = page.locator("form[action='/webhooks']")
    if not form.is_visible():
        page.locator("summary.h3").click()
    page.locator("#organisation").select_option("demo_park_1")
    page.locator("#url").fill("https://hooks.example.invalid/tidu")
    page.locator("#kinds").fill("figure firm.updated")
    page.locator("#query").fill("rung=certified")
    form.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("whsec_")
    page.get_by_role("button", name="发送测试").click()
    expect(page.locator(".list-group-item")).to_contain_text("webhook.test")
    look_at_all(page, "webhook")
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_role("alert")).to_contain_text("停用")
    page.goto("/jobs")
    expect(page.locator(".list-group-item").first).to_contain_text("推送变更")
    look_at_all(page, "jobs")
    page.get_by_role("button", name="取消任务").first.click()
    expect(page.locator(".list-group-item").first).to_contain_text("已取消")
    page.goto("/webhooks")
    look_at_all(page, "webhooks")


def test_a_connector_is_added_from_a_ready_mapping_and_the_manual_is_read(page: Page) -> None:
    administrator(page)
    page.get_by_role("link", name="外部连接").click()
    look_at_all(page, "connectors")
    page.locator("a", has_text="园区管理系统").click()
    page.locator("#organisation").select_option("demo_park_1")
    page.locator("#name").fill("高新园系统")
    page.locator("#url").fill("https://park.example.invalid")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("高新园系统")
    page.get_by_role("link", name="全部连接").click()
    page.get_by_role("link", name="高新园系统").click()
    page.get_by_role("button", name="试运行").click()
    look_at_all(page, "connector")
    page.goto("/api/docs/integration")
    look_at_all(page, "manual")
    page.get_by_role("link", name="错误", exact=True).click()
    expect(page.locator("#Stale")).to_be_visible()
    page.goto("/api/docs")
    expect(page.get_by_role("link", name="对接指南")).to_be_visible()
