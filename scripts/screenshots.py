#!/usr/bin/env python3
"""Make the pictures of README and docs anew from a fresh demo district."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import _setup

IMAGES = _setup.ROOT / "docs" / "images"
PASSWORD = "tidu-demo-2027"  # noqa: S105 - the demo's
PATIENCE = 180
WIDE, NARROW = (1280, 800), (390, 844)
NEAR = "/pool?gap_count=1&hightech_field__isw=2.&fields=name,rung,readiness,unmet,gap.hnte.rd"
PORTRAIT = "/pool?gap_count=1&unmet=hnte.rd"
# Name, who looks, where, language, theme, size.
PICTURES = (
    ("cockpit", "leader", "/cockpit", "zh", "light", WIDE),
    ("pool", "analyst", NEAR, "zh", "light", WIDE),
    ("heat-map", "analyst", "/pool?display=heat", "en", "light", WIDE),
    ("board", "analyst", "/board", "zh", "light", WIDE),
    ("entry", "incubator1", "/entry", "zh", "light", WIDE),
    ("portrait", "analyst", PORTRAIT, "zh", "light", WIDE),
    ("portrait-dark", "analyst", PORTRAIT, "en", "dark", NARROW),
)


@contextmanager
def demo() -> Iterator[str]:
    """A demo district on a free port, gone afterwards."""
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="tidu-pictures-") as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"TIDU_DATA_DIR": folder, "TIDU_PORT": str(port)}
        server = subprocess.Popen(
            [_setup.VENV / "bin" / "tidu", "serve", "--demo"], env=env, stderr=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/health/ready")
            yield address
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str) -> None:
    """Until the server answers."""
    for _ in range(PATIENCE):
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
        else:
            return
    raise SystemExit("the demo did not start")


def take(browser: Any, address: str, picture: tuple[Any, ...]) -> None:
    """One picture."""
    name, who, path, lang, theme, (wide, high) = picture
    context = browser.new_context(base_url=address, viewport={"width": wide, "height": high})
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("[name=username]").fill(who)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.locator("main h1").wait_for()
    cookies = [
        {"name": n, "value": v, "url": address} for n, v in (("lang", lang), ("theme", theme))
    ]
    context.add_cookies(cookies)
    page.goto(path)
    if name.startswith("portrait"):
        page.goto(str(page.locator("td.firm a").first.get_attribute("href")).split("#")[0])
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # charts move into place
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


def steps() -> int:
    """Environment, packages, assets, browser; then, inside the environment, the pictures."""
    _setup.check_python()
    _setup.install("requirements-dev.lock")
    _setup.fetch_node_packages(dev=True)
    _setup.copy_assets()
    env = os.environ | _setup.test_browser()
    if Path(sys.prefix) != _setup.VENV:
        return subprocess.run([_setup.PYTHON, __file__], env=env, check=False).returncode
    from playwright.sync_api import sync_playwright

    with demo() as address, sync_playwright() as playwright:
        libraries = env.get("TIDU_TEST_CHROMIUM_LIBS")
        browser = playwright.chromium.launch(
            executable_path=env["TIDU_TEST_CHROMIUM"], args=["--no-sandbox"],
            env=env | ({"LD_LIBRARY_PATH": libraries} if libraries else {}),
        )  # fmt: skip
        for picture in PICTURES:
            take(browser, address, picture)
            print(f"· {picture[0]}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    _setup.main(steps)
