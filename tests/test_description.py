"""The interface's description keeps its promise, and the manual's commands work as they stand."""

import copy
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.tokens import SCOPES, Wanted, issue
from app.core.errors import AppError
from app.core.manual import FOLDER, PAGES
from app.core.settings import Settings
from app.facts.kinds import KINDS
from app.main import create_app
from tests.people import application
from tests.server import served

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"```(bash|python)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def description() -> ModuleType:
    """The script that checks the description."""
    spec = importlib.util.spec_from_file_location("description", ROOT / "scripts/description.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def promised() -> Any:
    return json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))


def test_nothing_that_was_promised_is_broken(description: ModuleType, promised: Any) -> None:
    assert list(description.breaks(promised, description.served())) == []


def test_what_breaks_a_program_is_found(description: ModuleType, promised: Any) -> None:
    def found(change: str, *path: str, value: Any = None) -> str:
        new = copy.deepcopy(promised)
        place = new
        for name in path[:-1]:
            place = place[name]
        if change == "remove":
            place.pop(path[-1])
        elif change == "append":
            place[path[-1]].append(value)
        else:
            place[path[-1]] = value
        return "\n".join(description.breaks(promised, new))

    firm = ("components", "schemas", "FirmIn")
    assert "GET /api/v1/funnel is gone" in found("remove", "paths", "/api/v1/funnel")
    assert "body/address is needed" in found("append", *firm, "required", value="address")
    assert "body/chain is not taken" in found("remove", *firm, "properties", "chain")
    narrowed = {"type": "integer"}
    assert "takes no" in found("set", *firm, "properties", "legal_form", value=narrowed)
    detail = ("components", "schemas", "FirmDetail", "properties")
    assert "name is not answered" in found("remove", *detail, "name")
    assert "may be integer now" in found("set", *detail, "name", value=narrowed)
    needed = {"name": "day", "in": "query", "required": True, "schema": {"type": "string"}}
    funnel = ("paths", "/api/v1/funnel", "get", "parameters")
    assert "needs day" in found("append", *funnel, value=needed)
    more = {"name": "day", "in": "query", "schema": {"type": "string"}}
    assert found("append", *funnel, value=more) == ""


def test_every_error_and_kind_is_in_the_manual() -> None:
    def names(kind: type[AppError]) -> Iterator[str]:
        yield kind.__name__
        for one in kind.__subclasses__():
            yield from names(one)

    for name in set(names(AppError)) - {"UnsafeSettings"}:  # that one is told at the start alone
        for page in ("errors.md", "errors.zh.md"):
            assert f"## {name} · " in (FOLDER / page).read_text(encoding="utf-8"), (name, page)
    for page in ("api.md", "api.zh.md"):
        reference = (FOLDER / page).read_text(encoding="utf-8")
        named = " ".join((FOLDER / page.replace("api", one)).read_text(encoding="utf-8")
                         for one in ("api", "filters", "connectors"))  # fmt: skip
        for path in json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))["paths"]:
            family = path.split("/")[3].partition(":")[0]
            assert family in named, f"say in docs/{page} what {path} does"
        for kind in KINDS:
            row = f"| `{kind.path}` | {', '.join(f'`{name}`' for name in kind.key)}"
            assert row in reference, f"say in docs/{page}: {row} |"


def test_the_manual_is_served_in_both_languages_without_a_network(db: Session) -> None:
    client = TestClient(application(db))
    for name in PAGES:
        page = client.get(f"/api/docs/{name}").text
        assert (
            "<h1>" in page
            and "http://" not in re.sub(r"127\.0\.0\.1", "", page).split("<article")[0]
        )
    assert "从令牌到每夜同步" in client.get("/api/docs/integration").text
    client.cookies.set("lang", "en")
    assert "nightly sync" in client.get("/api/docs/integration").text
    assert ".md" not in client.get("/api/docs/api").text  # every link leads somewhere
    assert client.get("/problems/Stale").url.fragment == "Stale"
    assert 'id="Stale"' in client.get("/api/docs/errors").text


@pytest.mark.timeout(300)
def test_the_guides_commands_run_as_they_stand(clone: Engine, tmp_path: Path) -> None:
    with Session(clone) as session, session.begin():
        token = issue(session, Wanted("tax", "guide", SCOPES), SYSTEM).secret
    english, chinese = ((FOLDER / f"integration{one}.md").read_text(encoding="utf-8")
                        for one in ("", ".zh"))  # fmt: skip
    blocks = BLOCK.findall(english)
    assert blocks == BLOCK.findall(chinese) and len(blocks) == 9
    with served(create_app(Settings(), clone)) as url:
        env = os.environ | {"TIDU_URL": url, "TIDU_TOKEN": token}
        for language, text in blocks:
            program = ["bash", "-eo", "pipefail", "-c"] if language == "bash" else ["python3", "-c"]
            path = f"{Path(sys.executable).parent}:{env['PATH']}"
            done = subprocess.run([*program, text], env=env | {"PATH": path}, cwd=tmp_path,
                                  capture_output=True, text=True, check=False)  # fmt: skip
            assert done.returncode == 0, (text, done.stderr)
