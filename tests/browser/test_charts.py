"""Charts are drawn from data alone under the strict policy; without them the numbers remain."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.looking import look, prefer
from tests.browser.test_pages import sign_in

BOX = ".chart-box:has([data-chart=rungs]) "
CANVAS = "[data-chart=rungs][data-drawn] canvas"
# Where the first bar is drawn, in the page.
FIRST_BAR = """() => {
  const place = document.querySelector("[data-chart=rungs]");
  const [x, y] = echarts.getInstanceByDom(place).convertToPixel(
    { xAxisIndex: 0, yAxisIndex: 0 }, [0, 0]);
  const box = place.getBoundingClientRect();
  return [box.x + x + 3, box.y + y];
}"""
INKED = """() => {
  const canvas = document.querySelector("[data-chart=rungs] canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def open_cockpit(page: Page) -> None:
    """The page with most charts."""
    sign_in(page)
    page.goto("/cockpit")


def test_a_chart_is_drawn_and_a_point_opens_its_firms(page: Page) -> None:
    open_cockpit(page)
    expect(page.locator(CANVAS)).to_be_visible()
    page.locator(CANVAS).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert page.evaluate(INKED) > 10
    x, y = page.evaluate(FIRST_BAR)
    page.mouse.move(x, y)  # the tooltip is drawn, too: styled fragments would be refused
    page.wait_for_timeout(300)
    page.mouse.click(x, y)
    page.wait_for_url("**/firms?rung=incubated")


def test_the_same_numbers_stand_in_a_table(page: Page) -> None:
    open_cockpit(page)
    data = json.loads(page.locator("script#rungs").text_content() or "")
    values = [str(point["value"]) for point in data["series"][0]["data"]]
    table = page.locator(BOX + ".chart-data")
    expect(table.locator("table")).to_be_hidden()
    table.locator("summary").click()
    cells = [text.replace(",", "") for text in table.locator("tbody .num a").all_inner_texts()]
    assert cells == values
    assert len(cells) == 5


def test_where_nothing_can_be_drawn_the_table_opens(page: Page) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/echarts.min.js*", refuse)
    open_cockpit(page)
    expect(page.locator(BOX + ".chart-data table")).to_be_visible()
    expect(page.locator("[data-chart=rungs]")).to_be_hidden()


def test_a_chart_follows_theme_width_and_calm(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_cockpit(page)
    expect(page.locator(CANVAS)).to_be_visible()
    option = "echarts.getInstanceByDom(document.querySelector('[data-chart=rungs]')).getOption()"
    assert page.evaluate(f"{option}.animation") is False
    light = page.evaluate(f"{option}.color[0]")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    expect(page.locator(CANVAS)).to_be_visible()
    assert page.evaluate(f"{option}.color[0]") != light
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(300)
    assert page.locator(CANVAS).evaluate("c => c.getBoundingClientRect().width") < 390


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_with_a_chart_fits_and_is_accessible(page: Page, theme: str, width: int) -> None:
    sign_in(page)
    prefer(page, "en", theme, width)
    page.goto("/cockpit")
    expect(page.locator(CANVAS)).to_be_visible()
    page.wait_for_timeout(400)
    look(page, f"chart-{theme}-{width}", width)
