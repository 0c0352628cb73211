"""An analyst at the pool: narrows down, saves and shares, compares, exports; by mouse and keys."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.demo.service import FIRMS
from tests.browser.looking import LOOKS, look, prefer
from tests.browser.test_pages import sign_in
from tests.browser.test_shell import enter

NEAR = "gap_count=1&gap.hnte.rd__lte=500000&hightech_field__isw=2."
WORDS = {
    "zh": {"add": "添加条件", "into": "加入", "views": "视图", "save": "保存当前查询…",
           "keep": "保存", "all": "所有人", "compare": "并排对比", "export": "导出所选",
           "facets": "按分布筛选", "gaps": "短板数", "gap": "差距：近三年研发费用",
           "biology": "生物与新医药", "find": "查找字段", "name": "名称"},
    "en": {"add": "Add condition", "into": "Add", "views": "Views", "save": "Save this query…",
           "keep": "Save", "all": "Everybody", "compare": "Compare", "export": "Export selected",
           "facets": "Facets", "gaps": "Gaps (unmet", "gap": "Gap: R&D", "find": "Find field",
           "biology": "Biology and new medicine", "name": "Name"},
}  # fmt: skip


def condition(page: Page, words: dict[str, str], field: str, lookup: str, value: str) -> None:
    """One more condition, through the builder."""
    page.locator("#field").fill(field)
    page.locator("#field").press("Enter")
    panel = page.locator("dialog.panel")
    expect(panel.get_by_label(re.compile("^(值|Value)$"))).to_be_visible()
    panel.locator("#lookup").select_option(lookup)
    panel.locator("#value").fill(value)
    panel.get_by_role("button", name=words["into"], exact=True).click()
    page.wait_for_load_state()
    expect(panel).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_analyst_narrows_saves_compares_and_exports(
    page: Page, lang: str, tmp_path: Path
) -> None:
    sign_in(page)
    prefer(page, lang, "light", 1440)
    words = WORDS[lang]
    page.goto("/pool?count=exact")
    assert int(re.sub(r"\D", "", page.locator(".bench-line > p").inner_text())) >= FIRMS
    condition(page, words, words["gaps"], "eq", "1")
    condition(page, words, words["gap"], "lte", "50万")
    page.locator("details.facets > summary").click()
    page.get_by_role("link", name=words["biology"]).click()
    page.wait_for_load_state()
    assert "hightech_field__isw=2." in page.url
    expect(page.locator(".condition")).to_have_count(3)
    rows = page.locator("#rows tr:has(input)")
    found = rows.count()
    assert 3 <= found < 40

    page.locator(".bench-acts summary", has_text=words["views"]).click()
    page.get_by_role("link", name=words["save"]).click()
    panel = page.locator("dialog.panel")
    panel.locator("#name").fill(f"{lang} 1")
    panel.get_by_label(words["all"]).check()
    panel.get_by_role("button", name=words["keep"], exact=True).click()
    page.wait_for_url(re.compile(r"/pool\?view=\d+$"))
    shared = page.url
    expect(page.get_by_role("status")).to_contain_text(f"{lang} 1")

    for at in range(3):
        rows.nth(at).locator("input").check()
    expect(page.locator("[data-selected]")).to_contain_text("3")
    with page.expect_download() as sent:
        page.get_by_role("button", name=words["export"]).click()
    path = tmp_path / "selected.csv"
    sent.value.save_as(path)
    head, *lines = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    names = rows.locator("td.firm a").all_inner_texts()
    assert [line[head.index(words["name"])] for line in lines] == names[:3]

    page.get_by_role("button", name=words["compare"], exact=True).click()
    page.wait_for_url("**display=compare*")
    expect(page.locator(".compare thead th")).to_have_count(3)
    page.locator(".compare a.outcome.unmet").first.click()
    expect(page.locator("dialog.panel .criterion").first).to_be_visible()

    page.context.clear_cookies()
    enter(page, "leader")
    page.goto(shared)
    expect(page.locator("#rows tr:has(input)")).to_have_count(found)


def test_rows_follow_as_one_scrolls_and_keep_their_ticks(page: Page) -> None:
    sign_in(page)
    page.goto("/firms?limit=20")
    rows = page.locator("#rows tr:has(input)")
    rows.first.locator("input").check()
    page.locator("#rows tr").last.scroll_into_view_if_needed()
    expect(rows.nth(39)).to_be_visible()
    expect(rows.first.locator("input")).to_be_checked()
    names = page.locator("#rows td.firm").all_inner_texts()
    assert len(names) == len(set(names))


def test_columns_are_chosen_by_keyboard_and_totals_follow(page: Page) -> None:
    sign_in(page)
    page.goto("/pool?" + NEAR)
    page.locator(".bench-acts > a").first.focus()
    page.keyboard.press("Enter")
    panel = page.locator("dialog.panel")
    panel.locator("#add").fill("研发费用（高企口径）")
    panel.get_by_role("button", name="增加列").press("Enter")
    expect(panel.locator("ol")).to_contain_text("研发费用（高企口径）")
    panel.get_by_role("button", name="上移: 研发费用").press("Enter")
    panel.get_by_role("button", name="显示这些列").press("Enter")
    page.wait_for_url("**fields=**")
    foot = page.locator("tfoot")
    expect(foot).to_contain_text("家有数")
    cells = page.locator("#rows tr:has(input) td.num").all_inner_texts()
    assert cells


def test_a_column_keeps_the_width_one_gave_it(page: Page) -> None:
    sign_in(page)
    page.goto("/firms")
    head = page.locator("th[data-column=credit_code]")
    before = head.bounding_box()
    head.locator(".grip").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.reload()
    after = head.bounding_box()
    assert before is not None and after is not None
    assert after["width"] > before["width"] + 60


def test_a_cell_of_the_heat_map_explains_itself(page: Page) -> None:
    sign_in(page)
    page.goto("/pool?display=heat&" + NEAR)
    page.locator(".heat .outcome.unmet").first.click()
    panel = page.locator("dialog.panel")
    expect(panel.locator(".criterion strong").first).to_contain_text("研发费用")
    expect(panel).to_contain_text("差距")


def test_several_firms_enter_the_pool_after_their_number_is_stated(page: Page) -> None:
    sign_in(page)
    page.goto("/pool?rung=tech_based&" + NEAR)
    number = page.locator("#rows tr:has(input)").count()
    page.locator("input[name=everything]").check()
    page.get_by_role("button", name="纳入培育库…").click()
    expect(page.locator("main")).to_contain_text(f"选中 {number} 家企业")
    page.locator("#reason").fill("年度集中入库")
    if page.locator("input[name=despite]").count():
        page.locator("input[name=despite]").check()
    page.get_by_role("button", name="取消").or_(page.get_by_role("link", name="取消")).click()
    expect(page.locator("#rows")).to_be_visible()


@pytest.mark.parametrize(("lang", "theme", "width"), LOOKS)
def test_the_workbench_fits_and_is_accessible(
    page: Page, lang: str, theme: str, width: int
) -> None:
    sign_in(page)
    prefer(page, lang, theme, width)
    pages = {
        "list": f"/pool?{NEAR}&fields=name,outcome,readiness,unmet,figure.rd_hnte,gap.hnte.rd",
        "heat": "/pool?display=heat&limit=20",
        "compare": "/pool?id__in=1,41,81&display=compare",
        "register": "/firms?any=rung:candidate|rung:certified&limit=20",
        "fields": "/lists/pool/filter",
        "filter": "/lists/pool/filter?on=gap_count%3D1&field=figure.rd_hnte",
        "columns": "/lists/pool/columns",
        "view": "/lists/pool/views/new",
        "decision": "/lists/pool/pool/enter?on=gap_count%3D1",
    }
    for name, path in pages.items():
        page.goto(path)
        page.wait_for_timeout(300)
        if name == "list":
            page.locator("details.facets > summary").click()
            expect(page.locator(".facets-grid section").first).to_be_visible()
        look(page, f"workbench-{name}-{lang}-{theme}-{width}", width)
        if lang == "en":
            assert not re.search("条件|视图|培育池|达标", page.locator("main").inner_text()), path
