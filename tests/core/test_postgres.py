"""The embedded server: shared, stopped by the last, and recovering from any kill."""

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core import postgres
from app.core.postgres import DatabaseUnavailable, running
from app.core.settings import Settings

HOLD = """
import time
from app.core.postgres import running
from app.core.settings import Settings
with running(Settings()) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def settings(folder: Path) -> Settings:
    """A data folder of its own."""
    return Settings(data_dir=folder, durable=False, database_url=None)


def answers(url: str) -> bool:
    """Whether a server is behind the URL."""
    try:
        with psycopg.connect(url.replace("+psycopg", "")):
            return True
    except psycopg.OperationalError:
        return False


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the folder."""
    env = {**os.environ, "TIDU_DATA_DIR": str(folder), "TIDU_DURABLE": "false"}
    process = subprocess.Popen([sys.executable, "-c", HOLD], env=env, text=True, stdout=-1)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def leave(process: subprocess.Popen[str]) -> None:
    """Killed, as by `kill -9`."""
    process.kill()
    process.communicate()


def test_the_last_to_leave_stops_the_server(tmp_path: Path) -> None:
    with running(settings(tmp_path)) as url:
        with running(settings(tmp_path)) as same:
            assert same == url
        assert answers(url)
    assert not answers(url)


def test_a_killed_process_leaves_a_usable_folder(tmp_path: Path) -> None:
    other = holder(tmp_path)
    leave(other)
    with running(settings(tmp_path)) as url:
        assert answers(url)
    assert not answers(url)


def test_a_killed_server_comes_back(tmp_path: Path) -> None:
    other = holder(tmp_path)
    pid = int((tmp_path / "pg" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    with running(settings(tmp_path)) as url:
        assert answers(url)
        leave(other)
    assert not answers(url)


def test_a_pid_of_another_program_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    with running(settings(tmp_path)):
        left = (tmp_path / "pg" / "postmaster.pid").read_text().splitlines()
    (tmp_path / "pg" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left[1:]]))
    with running(settings(tmp_path)) as url:
        assert answers(url)


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cases = {
        "cannot be written": Settings(data_dir=tmp_path / "file", database_url=None),
        "DATABASE_URL cannot be used": Settings(database_url="postgresql://x@127.0.0.1:1/x"),
    }
    for words, given in cases.items():
        with pytest.raises(DatabaseUnavailable) as error, running(given):
            pass
        assert words in str(error.value) and "\n" not in str(error.value)


def test_a_system_user_that_another_start_just_made_is_taken(monkeypatch: Any) -> None:
    known, asked = pwd.getpwnam, []

    def not_there_at_first(name: str) -> pwd.struct_passwd:
        asked.append(name)
        if len(asked) == 1:
            raise KeyError(name)
        return known(name)

    monkeypatch.setattr(postgres, "SYSTEM_USER", "root")  # one that every system has
    monkeypatch.setattr(pwd, "getpwnam", not_there_at_first)
    assert postgres._system_ids() == (0, 0)
