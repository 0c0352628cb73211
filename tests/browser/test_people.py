"""People in a real browser: invited, signed in by two steps, administered; also without scripts."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer

PHRASE = "梯度 lamp river nine"
PATHS = ("/", "/admin/people", "/admin/people/1", "/admin/organisations",
         "/admin/organisations/23", "/account", "/account/second-factor")  # fmt: skip
_serial = count(1)


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Through the form, as people do."""
    page.goto("/sign-in")
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.get_by_role("button", name=re.compile("^(登录|Sign in)$")).click()


def invite(page: Page, username: str) -> str:
    """An administrator's form, sent: the link."""
    page.goto("/admin/people")
    form = page.locator("#invite")
    form.get_by_label("用户名").fill(username)
    form.get_by_label("姓名").fill("李娜")
    form.get_by_label("角色").select_option("leader")
    form.get_by_role("button", name="生成邀请链接").click()
    link = page.get_by_label("加入链接").input_value()
    return re.sub(r"^https?://[^/]+", "", link)


def accept(page: Page, link: str) -> None:
    """The page behind the link."""
    page.goto(link)
    page.get_by_label("新密码").fill(PHRASE)
    page.get_by_label("再输入一次").fill(PHRASE)
    page.get_by_role("button", name="设置密码").click()
    expect(page.get_by_role("status")).to_contain_text("密码已设置")


@pytest.fixture
def plain(browser: Browser, site: str) -> Iterator[Page]:
    """A browser that runs no scripts."""
    context = browser.new_context(base_url=site, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_from_the_invitation_to_the_second_factor_without_scripts(page: Page, plain: Page) -> None:
    username = f"li.na.{next(_serial)}"
    sign_in(page, "admin")
    accept(plain, invite(page, username))
    sign_in(plain, username, PHRASE)
    expect(plain.get_by_role("heading", name="驾驶舱")).to_be_visible()
    plain.locator(".tidu-menu summary").click()
    plain.get_by_role("link", name="我的账号").click()
    plain.get_by_role("link", name="启用第二因素").click()
    totp = pyotp.TOTP(plain.locator("code.setup-key").inner_text())
    plain.get_by_label("验证码").fill(totp.at(int(datetime.now(UTC).timestamp()) - 30))
    plain.get_by_role("button", name="启用").click()
    expect(plain.locator(".codes code")).to_have_count(10)
    recovery = plain.locator(".codes code").first.inner_text()
    plain.get_by_role("link", name="我已保存").click()
    plain.locator(".tidu-menu summary").click()
    plain.get_by_role("button", name="退出").click()
    sign_in(plain, username, PHRASE)
    plain.get_by_label("身份验证器上的 6 位验证码").fill("000000")
    plain.get_by_role("button", name="继续").click()
    expect(plain.get_by_role("alert")).to_contain_text("验证码不正确")
    plain.get_by_label("身份验证器上的 6 位验证码").fill(recovery)
    plain.get_by_role("button", name="继续").click()
    expect(plain.get_by_role("heading", name="驾驶舱")).to_be_visible()
    plain.goto("/account")
    expect(plain.get_by_text("剩余恢复码：9")).to_be_visible()


def test_the_menu_closes_by_escape(page: Page) -> None:
    sign_in(page, "admin")
    menu = page.locator(".tidu-menu")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="我的账号")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="我的账号")).to_be_hidden()


def test_a_weak_password_is_explained(page: Page, plain: Page) -> None:
    sign_in(page, "admin")
    link = invite(page, f"weak.{next(_serial)}")
    plain.goto(link)
    plain.get_by_label("新密码").fill("1234567890")
    plain.get_by_label("再输入一次").fill("1234567890")
    plain.get_by_role("button", name="设置密码").click()
    expect(plain.get_by_role("alert")).to_contain_text("太容易被猜到")


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_every_page_of_people_fits_and_is_accessible(
    page: Page, lang: str, theme: str, width: int
) -> None:
    sign_in(page, "admin")
    link = invite(page, f"shown.{next(_serial)}")
    prefer(page, lang, theme, width)
    mark = f"{lang}-{theme}-{width}"
    for path in PATHS:
        page.goto(path)
        look(page, f"people{path.replace('/', '-')}-{mark}", width)
        if lang == "en":
            assert "最近使用" not in page.content()
    page.goto("/")
    page.locator(".tidu-menu summary").click()
    look(page, f"people-menu-{mark}", width)
    page.locator(".tidu-menu form[action='/sign-out'] button").click()
    page.wait_for_url("**/sign-in")
    look(page, f"people-sign-in-{mark}", width)
    page.goto(link)
    look(page, f"people-invitation-{mark}", width)
    page.locator("#password").fill("short or not")
    page.locator("#again").fill("another")
    page.get_by_role("button", name=re.compile("设置密码|Set password")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, f"people-invitation-fault-{mark}", width)
