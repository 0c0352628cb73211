"""A page as a person with given preferences sees it: it fits, it is accessible, it can be kept."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
SHOTS = os.environ.get("TIDU_SHOTS")
# Language, theme and the width a page is opened at; it is then looked at in the other, too.
LOOKS = (("zh", "light", 1440), ("en", "dark", 390))
WIDE, NARROW = 1440, 390
SEVERE = (
    "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations']})"
    ".then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
    ".map(v => v.id + ': ' + v.nodes.slice(0, 2).map(n => n.html).join(' | ')))"
)


def prefer(page: Page, lang: str, theme: str, width: int) -> None:
    """Language, theme and width."""
    site = "/".join(page.url.split("/")[:3])
    page.context.add_cookies(
        [{"name": n, "value": v, "url": site} for n, v in (("lang", lang), ("theme", theme))]
    )
    page.set_viewport_size({"width": width, "height": 900})


def look(page: Page, name: str, width: int, part: str = "body") -> None:
    """axe finds nothing serious, nothing sticks out at either width; kept where TIDU_SHOTS says."""
    page.wait_for_load_state()
    expect(page.locator(".htmx-request")).to_have_count(0)  # parts that come after it
    page.mouse.move(0, 0)  # what opens under a resting pointer is not the page
    page.evaluate("scrollTo(0, 0)")  # what a head that stays covers meanwhile is no small target
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(SEVERE)
    assert found == [], f"{name}: {found}"
    for seen in (width, NARROW if width == WIDE else WIDE):
        page.set_viewport_size({"width": seen, "height": 900})
        if SHOTS:
            page.locator(part).screenshot(path=f"{SHOTS}/{name}-seen-{seen}.png")
        assert _fits(page, seen), f"{name} at {seen}"
    page.set_viewport_size({"width": width, "height": 900})


def _fits(page: Page, width: int) -> bool:
    """Whether nothing sticks out; charts follow the window a moment later."""
    for _ in range(50):
        if page.evaluate("document.documentElement.scrollWidth") <= width:
            return True
        page.wait_for_timeout(100)
    return False
