"""Contacts on the portrait, and requests of persons, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in


def to_a_portrait(page: Page) -> None:
    """The first firm's."""
    page.goto("/firms")
    page.locator("td.firm a").first.click()
    page.wait_for_url("**/firms/*")


def open_contacts(page: Page) -> None:
    """By the form, as people do."""
    section = page.locator("#contacts")
    section.locator("summary").click()
    page.locator("#purpose").select_option("visit")
    section.get_by_role("button").click()


def test_contacts_open_by_purpose_and_are_kept_up_to_date(page: Page) -> None:
    sign_in(page)
    to_a_portrait(page)
    assert "@firm.example" not in page.content()
    open_contacts(page)
    section = page.locator("#contacts")
    expect(section).to_contain_text("@firm.example")
    expect(section).to_contain_text("本次查看已记录")
    section.get_by_text("添加联系人").click()
    form = section.locator("form").last
    form.get_by_label("姓名").fill("赵六")
    form.get_by_label("电话").fill("1380013800")
    form.get_by_label("本人如何同意，或保存依据").fill("名片")
    form.get_by_role("button").click()
    expect(section.get_by_role("alert")).to_contain_text("11 位手机号")
    form = section.locator("form").last
    expect(form.get_by_label("姓名")).to_have_value("赵六")
    form.get_by_label("电话").fill("138 0013 8000")
    form.get_by_role("button").click()
    expect(section).to_contain_text("13800138000")
    page.goto("/contacts/requests")
    page.get_by_label("姓名").fill("赵六")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("heading", name="找到 1 条记录")).to_be_visible()
    assert "13800138000" not in page.url
    page.get_by_label("理由").fill("本人申请")
    page.get_by_label("我确认").check()
    page.get_by_role("button", name="永久删除").click()
    expect(page.get_by_role("status")).to_contain_text("已删除 1 条记录")


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_contacts_and_requests_fit(page: Page, lang: str, theme: str, width: int) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    mark = f"{lang}-{theme}-{width}"
    to_a_portrait(page)
    page.locator("#contacts summary").click()
    look(page, f"contacts-closed-{mark}", width, "#contacts")
    page.locator("#contacts summary").click()
    open_contacts(page)
    for summary in page.locator("#contacts summary").all():
        summary.click()
    look(page, f"contacts-open-{mark}", width, "#contacts")
    page.goto("/contacts/requests")
    page.locator("#email").fill("contact7@firm.example")
    with page.expect_navigation():
        page.locator("main form button").click()
    look(page, f"requests-{mark}", width)
