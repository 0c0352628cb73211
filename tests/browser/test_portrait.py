"""Portrait, what-if and board in a real browser: by mouse and by keyboard, in both languages."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.clock import today
from app.demo.people import PASSWORD
from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in

LAST = today().year - 1
SHARE = "hnte.rd"


def near(page: Page, number: int = 0) -> str:
    """The portrait of a firm that is near certification, and its address."""
    page.goto("/pool?set=hnte_2016&gap_count__lte=2")
    page.locator("td.firm a").nth(number).click()
    page.wait_for_url("**/firms/*")
    return page.url.split("#")[0]


def dialog(page: Page) -> Locator:
    return page.locator("dialog[open]")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_figure_is_edited_where_it_stands_and_a_conflict_is_settled(
    page: Page, browser: Browser, lang: str
) -> None:
    sign_in(page)
    prefer(page, lang, "light", 1440)
    address = near(page, 3 if lang == "zh" else 5)
    path = f"/firms/{address.rpartition('/')[2]}/figures/{LAST}/staff_avg"
    cell = page.locator(f'a.figure[href="{path}"]')
    cell.focus()
    expect(page.locator(f"#from-staff_avg-{LAST}")).to_be_visible()
    page.keyboard.press("Enter")
    field = dialog(page).locator("#value")
    expect(field).to_be_focused()
    before = field.input_value()
    field.fill("many")
    page.keyboard.press("Enter")
    expect(dialog(page).get_by_role("alert")).to_be_visible()
    expect(dialog(page).locator("#value")).to_have_value("many")
    # Somebody else is faster.
    other = browser.new_context(base_url=page.url.split("/firms")[0])
    rival = other.new_page()
    sign_in(rival)
    rival.goto(path)
    rival.locator("#value").fill(str(int(before) + 11))
    rival.locator(".one-figure button").click()
    rival.wait_for_url("**#figures")
    other.close()
    dialog(page).locator("#value").fill(str(int(before) + 22))
    dialog(page).locator(".one-figure button").click()
    expect(dialog(page).get_by_role("alert")).to_be_visible()
    expect(dialog(page)).to_contain_text(str(int(before) + 11))
    look(page, f"figure-conflict-{lang}", 1440)
    dialog(page).locator(".one-figure button").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(cell).to_contain_text(str(int(before) + 22))


def test_a_lesser_source_waits_for_the_analysts_word(page: Page, browser: Browser) -> None:
    other = browser.new_context(base_url=_site(page))
    manager = other.new_page()
    sign_in(manager, "incubator1")
    manager.goto("/firms")
    manager.locator("td.firm a").first.click()
    manager.wait_for_url("**/firms/*")
    firm = manager.url.split("#")[0]
    sign_in(page)
    path = f"{firm}/figures/{LAST}/results_converted"
    page.goto(path)
    page.locator("#value").fill("7")
    page.locator(".one-figure button").click()
    page.wait_for_url("**#figures")
    manager.goto(path)
    manager.locator("#value").fill("9")
    manager.locator(".one-figure button").click()
    expect(manager.get_by_role("alert")).to_contain_text("等待科技局分析员裁定")
    other.close()
    page.goto(firm)
    page.get_by_role("status").get_by_role("link", name="科技成果转化数").click()
    conflict = dialog(page).locator(".conflict")
    conflict.get_by_label("裁定理由").fill("已核对合同")
    conflict.get_by_role("button", name="采用这个值").click()
    expect(page.locator(f'a.figure[href$="/{LAST}/results_converted"]')).to_contain_text("9")
    expect(page.get_by_text("与更高级来源不一致")).to_have_count(0)


def _site(page: Page) -> str:
    page.goto("/sign-in")
    return "/".join(page.url.split("/")[:3])


def test_sliders_answer_as_they_move_and_leave_a_link(page: Page, browser: Browser) -> None:
    sign_in(page)
    # One that lacks a little R&D and nothing else.
    page.goto("/pool?set=hnte_2016&gap_count=1&unmet=hnte.rd")
    address = str(page.locator("td.firm a").first.get_attribute("href")).split("#")[0]
    page.goto(f"{address}/what-if?set=hnte_2016")
    start = page.url
    slider = page.locator(f'input[data-of="try.rd_hnte.{LAST}"]')
    slider.focus()
    page.keyboard.press("End")
    field = page.locator(f'[id="try.rd_hnte.{LAST}"]')
    expect(field).not_to_have_value("")
    typed = field.input_value()
    expect(page.locator("#answer .flips").first).to_contain_text("研发费用")
    expect(page).not_to_have_url(start)
    link = page.url
    field.fill("abc")
    expect(page.locator("#fault")).to_be_visible()
    field.fill("")
    expect(page.locator("#fault")).to_be_hidden()
    other = page.context.new_page()
    other.goto(link)
    expect(other.locator(f'[id="try.rd_hnte.{LAST}"]')).to_have_value(typed)
    expect(other.locator("#answer .flips").first).to_contain_text("研发费用")
    other.locator(f'[data-reset="try.rd_hnte.{LAST}"]').click()
    expect(other.locator("#answer .flips").first).to_contain_text("没有条件改变")
    assert "try." not in other.url
    other.close()


def choose(page: Page, rung: str) -> Locator:
    """The first card of those without a rung, and the dialog of its menu, by keyboard."""
    card = page.locator('.board-cards[data-rung="none"] .board-card').first
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator(f'a[data-rung="{rung}"]').focus()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    return card


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("way", ["drag", "keyboard"])
def test_a_card_moves_only_when_a_person_decides(page: Page, lang: str, way: str) -> None:
    sign_in(page)
    prefer(page, lang, "light", 1440)
    page.goto("/board")
    count = page.locator("#rung-candidate .badge-count")
    expect(count).to_have_text(re.compile(r"^[\d,]+$"))  # comes after the cards
    before = int(count.inner_text().replace(",", ""))
    card = page.locator('.board-cards[data-rung="none"] .board-card').first
    firm = card.get_attribute("data-firm")
    if way == "drag":
        card.drag_to(page.locator('.board-cards[data-rung="candidate"] .board-card').first,
                     source_position={"x": 150, "y": 60})  # fmt: skip
    else:
        choose(page, "candidate")
    expect(dialog(page)).to_be_visible()
    # It is where it was, and nothing is decided.
    here = page.locator(f'.board-cards[data-rung="none"] [data-firm="{firm}"]')
    expect(here).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.reload()
    expect(count).to_have_text(str(before))
    choose(page, "candidate")
    dialog(page).locator("#reason").fill("专家推荐")
    if dialog(page).locator('[name="despite"]').count():
        dialog(page).locator('[name="despite"]').check()
    dialog(page).locator("form.record button[type=submit]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(count).to_have_text(str(before + 1))
    expect(page.locator(f'.board-cards[data-rung="none"] [data-firm="{firm}"]')).to_have_count(0)
    page.goto(f"/firms/{firm}/history")
    expect(page.locator("main")).to_contain_text("专家推荐")


def test_further_cards_come_beneath(page: Page) -> None:
    sign_in(page)
    page.goto("/board")
    column = page.locator('.board-cards[data-rung="tech_based"]')
    shown = column.locator(".board-card").count()
    column.locator("a[data-more]").click()
    expect(column.locator(".board-card")).to_have_count(2 * shown)


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("#document-file-new").set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": content}
    )
    page.locator(".upload button").first.click()


def test_documents_are_taken_shown_and_removed(page: Page) -> None:
    sign_in(page)
    near(page, 2)
    upload(page, "说明.pdf", b"<html><script>alert(1)</script></html>")
    expect(dialog(page).get_by_role("alert")).to_contain_text("不是可接受的格式")
    page.keyboard.press("Escape")
    upload(page, "说明.pdf", b"%PDF-1.7\ntrailer\n%%EOF\n")
    entry = page.locator("#documents .line", has_text="说明.pdf")
    expect(entry).to_be_visible()
    with page.expect_download() as download:
        entry.get_by_role("link", name="下载").click()
    assert download.value.suggested_filename == "说明.pdf"
    entry.get_by_role("link", name="删除").click()
    dialog(page).get_by_role("button", name="永久删除").click()
    expect(page.locator("#documents .line")).to_have_count(0)


def test_a_leader_looks_and_is_offered_no_form(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("leader")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.goto("/board")
    page.locator(".board-card summary").first.click()
    page.locator('.board-card a[data-rung="certified"]').first.click()
    expect(dialog(page)).to_contain_text("只有科技局分析员可以认定")
    expect(dialog(page).locator("form")).to_have_count(0)


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_pages_fit_and_are_accessible(page: Page, lang: str, theme: str, width: int) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    mark = f"{lang}-{theme}-{width}"
    address = near(page)
    page.locator("[data-chart][data-drawn]").first.wait_for()
    look(page, f"portrait-{mark}", width)
    page.locator('a[href$="/edit"]').click()
    expect(dialog(page)).to_be_visible()
    look(page, f"record-{mark}", width)
    page.goto(f"{address}/what-if?set=hnte_2016&try.rd_hnte.{LAST}=0")
    look(page, f"what-if-{mark}", width)
    page.goto("/board")
    look(page, f"board-{mark}", width)
    choose(page, "certified")
    look(page, f"move-{mark}", width)
    if lang == "en":
        assert not re.search("[\u4e00-\u9fff]", page.locator("h1").first.inner_text())


def test_it_prints_with_everything_open(page: Page) -> None:
    sign_in(page)
    near(page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".checklist details:not([open])").count() == 0
    expect(page.locator(".acts")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".checklist details:not([open])").count() > 0
