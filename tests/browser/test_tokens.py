"""An administrator and the tokens of machines, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer


def administrator(page: Page) -> None:
    """Signed in, on the page of tokens."""
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("admin")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("/")
    page.goto("/admin/tokens")


def issue(page: Page, name: str) -> str:
    """Through the form; the secret."""
    form = page.locator("form[action='/admin/tokens']")
    if not form.is_visible():
        page.locator("summary.h3").click()
    page.locator("#organisation").select_option("demo_park_1")
    page.locator("#name").fill(name)
    page.locator("input[value='firms:read']").check()
    page.locator("#ranges").fill("203.0.113.0/24\n2001:db8::/48")
    form.get_by_role("button").click()
    return page.locator("#secret").input_value()


def test_a_token_is_shown_once_rotated_and_revoked(page: Page) -> None:
    administrator(page)
    secret = issue(page, "园区系统")
    assert secret.startswith("tidu_")
    page.get_by_role("link", name="我已保存，返回列表").click()
    assert secret not in page.content()
    entry = page.locator(".token", has_text="园区系统")
    expect(entry).to_contain_text(secret[:13])
    expect(entry).to_contain_text("203.0.113.0/24")
    entry.get_by_text("轮换", exact=True).click()
    entry.get_by_role("button", name="签发新令牌").click()
    successor = page.locator("#secret").input_value()
    assert successor != secret
    page.goto("/admin/tokens")
    old = page.locator(".token", has_text=secret[:13])
    expect(old).to_contain_text("已被接替")
    old.get_by_text("吊销", exact=True).click()
    old.get_by_role("button", name="确认吊销").click()
    expect(page.locator(".token", has_text=secret[:13])).to_have_count(0)
    page.goto("/admin/tokens?ended=true")
    expect(page.locator(".token", has_text=secret[:13])).to_contain_text("已吊销")


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_pages_of_tokens_fit(page: Page, lang: str, theme: str, width: int) -> None:
    administrator(page)
    prefer(page, lang, theme, width)
    mark = f"{lang}-{theme}-{width}"
    page.goto("/admin/tokens")
    issue(page, f"夜间同步 {mark}")
    look(page, f"token-issued-{mark}", width)
    page.goto("/admin/tokens")
    for summary in page.locator(".token").first.locator("summary").all():
        summary.click()
    look(page, f"tokens-{mark}", width)
    page.locator("summary.h3").click()
    look(page, f"tokens-form-{mark}", width)
