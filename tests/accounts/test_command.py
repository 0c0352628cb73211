"""`tidu user` and `tidu organisation`, and the link that a first start prints."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.accounts.models import Grant, User
from app.cli import cli
from app.core.errors import AppError
from tests.accounts.doors import PASSWORD
from tests.people import OUR_PAGE

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]


@pytest.fixture
def tidu(clone: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line on a database of its own; JSON where it is asked for."""
    url = clone.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("TIDU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TIDU_PUBLIC_URL", "https://tidu.example.cn/")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(cli, list(arguments))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    return run


def test_people_are_managed_from_the_command_line(tidu: Run, clone: Engine) -> None:
    link = tidu("user", "invite", "Zhang.Wei", "--role", "analyst", "--name", "张伟").strip()
    assert re.fullmatch(r"https://tidu\.example\.cn/invitations/[\w-]{43}", link)
    shown = tidu("user", "show", "zhang.wei", "--json")
    assert (shown["username"], shown["state"]) == ("zhang.wei", "invited")
    assert [(g["role"], g["organisation"]) for g in shown["grants"]] == [("analyst", "区科技局")]
    tidu("user", "grant", "zhang.wei", "--role", "leader", "--organisation", "science",
         "--since", "2027-01-01", "--until", "2027-12-31")  # fmt: skip
    assert tidu("user", "disable", "zhang.wei", "--json")["sessions_ended"] == 0
    assert tidu("user", "list", "--json")[0]["state"] == "disabled"
    tidu("user", "enable", "zhang.wei")
    revoked = tidu("user", "revoke", "zhang.wei", "--role", "leader", "--organisation", "science",
                   "--json")  # fmt: skip
    assert revoked["revoked"] == 1
    again = tidu("user", "reset", "zhang.wei", "--json")
    assert again["link"] != link and again["link"].startswith("https://tidu.example.cn/inv")
    assert tidu("user", "sessions", "zhang.wei", "--end", "--json")["sessions"] == []
    removed = tidu("user", "totp-reset", "zhang.wei", "--json")
    assert removed["second_factor_removed"] is False
    with Session(clone) as session:
        user = session.scalars(select(User)).one()
        assert user.password_hash is None and user.disabled_at is None
        assert session.scalars(select(Grant).where(Grant.revoked_at.is_(None))).one()


def test_every_listing_is_readable_too(tidu: Run) -> None:
    tidu("user", "invite", "zhang", "--role", "leader", "--until", "2099-12-31")
    assert "zhang" in tidu("user", "list") and "invited" in tidu("user", "list", "zha")
    assert "leader" in tidu("user", "show", "zhang")
    assert "device" in tidu("user", "sessions", "zhang")
    assert "science" in tidu("organisation", "list")


def test_bodies_are_managed_from_the_command_line(tidu: Run) -> None:
    tidu("organisation", "add", "north_hub", "北区孵化器", "--kind", "incubator")
    tidu("organisation", "members", "industry_regulators", "commerce", "agriculture")
    bodies = {body["code"]: body for body in tidu("organisation", "list", "--json")}
    assert bodies["north_hub"]["kind"] == "incubator"
    assert sorted(bodies["industry_regulators"]["members"]) == ["agriculture", "commerce"]
    tidu("organisation", "members", "industry_regulators")
    bodies = {body["code"]: body for body in tidu("organisation", "list", "--json")}
    assert bodies["industry_regulators"]["members"] == []
    tidu("user", "invite", "north", "--role", "incubator_manager", "--organisation", "north_hub")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "show", "nobody"), "没有用户 nobody"),
        (("user", "invite", "x", "--role", "leader", "--organisation", "no"), "没有代码为 no"),
        (("user", "invite", "x", "--role", "park_operator"), "请另选单位"),
        (("user", "invite", "x y", "--role", "leader"), "不可用"),
        (("organisation", "members", "science"), "不是单位组"),
    ],
)
def test_what_is_wrong_is_said(tidu: Run, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(AppError) as refused:
        tidu(*arguments)
    assert says in refused.value.detail
    assert tidu("user", "list", "--json") == []


def test_duties_stay_apart_on_the_command_line(tidu: Run) -> None:
    tidu("user", "invite", "zhang", "--role", "admin")
    with pytest.raises(AppError) as refused:
        tidu("user", "grant", "zhang", "--role", "auditor", "--organisation", "finance")
    assert "不能同时" in refused.value.detail


def test_nobody_sets_another_persons_password() -> None:
    shown = CliRunner().invoke(cli, ["user", "--help"]).stdout
    assert "invite" in shown and "create" not in shown and "--password" not in shown


@pytest.fixture
def started(tidu: Run, tmp_path: Path) -> Iterator[Callable[[], tuple[str, str]]]:
    """`tidu serve` as its own process: its address, and what it printed."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> tuple[str, str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        while processes:
            stop(processes.pop())
        out = tmp_path / f"out-{port}"
        with out.open("w") as file:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "app", "serve"], cwd=ROOT, text=True, stdout=file,
                    stderr=subprocess.DEVNULL,
                    env=os.environ | {"TIDU_PORT": str(port), "PYTHONPATH": str(ROOT),
                                      "TIDU_PUBLIC_URL": f"http://127.0.0.1:{port}"},
                )
            )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx2.get(f"{address}/health/ready").raise_for_status()
                break
            except httpx2.HTTPError:
                time.sleep(0.2)
        return address, out.read_text()

    yield start
    while processes:
        stop(processes.pop())


def stop(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C does."""
    process.terminate()
    process.wait(30)


def link_in(printed: str) -> str | None:
    """The one-time link, if one was printed."""
    found = re.search(r"http://127\.0\.0\.1:\d+(/invitations/[\w-]{43})\n", printed)
    return None if found is None else found[1]


def test_a_first_start_prints_a_link_and_no_password(
    started: Callable[[], tuple[str, str]],
) -> None:
    _, printed = started()
    first = link_in(printed)
    assert first is not None and "password" not in printed
    address, printed = started()
    second = link_in(printed)
    assert second is not None and second != first
    with httpx2.Client(base_url=address, headers=OUR_PAGE) as browser:
        assert browser.get(first).status_code == 404
        form = {"username": "root", "name": "王一", "organisation": "science",
                "password": PASSWORD, "again": PASSWORD}  # fmt: skip
        assert browser.post(second, data=form).status_code == 303
        signed_in = browser.post("/sign-in", data={"username": "root", "password": PASSWORD})
        assert signed_in.status_code == 303
        assert browser.get("/admin/people").status_code == 200
        assert browser.get(second).status_code == 404
    _, printed = started()
    assert link_in(printed) is None
