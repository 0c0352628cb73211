"""What can be wrong before anything runs is said in one line with the way out."""

import ast
import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "scripts" / "run.py"


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    """The scripts' common part, which is no package."""
    spec = importlib.util.spec_from_file_location("_setup", ROOT / "scripts" / "_setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_set_up(setup: ModuleType) -> bool:
    """Whether run.py would find everything done; a test must not install packages."""
    stamps = {
        setup.VENV / "installed-requirements-dev.lock": ROOT / "requirements-dev.lock",
        ROOT / "node_modules" / ".stamp-all": ROOT / "package-lock.json",
    }
    return all(
        stamp.is_file() and stamp.read_text() == setup.digest(lock)
        for stamp, lock in stamps.items()
    )


def started(setup: ModuleType, *arguments: object, **variables: str) -> tuple[int, str]:
    """How run.py ends and what it says."""
    if not is_set_up(setup):
        pytest.skip("the environment was not set up by scripts/test.py")
    env = {k: v for k, v in os.environ.items() if not k.startswith("TIDU_")} | variables
    done = subprocess.run(
        [sys.executable, RUN, "--empty", *map(str, arguments)],
        env=env, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr


def assert_one_line(found: tuple[int, str], code: int, *told: str) -> None:
    """One line, prefixed, with what to do."""
    ended, said = found
    assert (ended, said.count("\n")) == (code, 1), said
    assert said.startswith("tidu: ")
    for words in told:
        assert words in said


def test_a_port_that_is_taken(setup: ModuleType, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = started(setup, "--port", port, "--data-dir", tmp_path / "data")
    assert_one_line(found, 3, str(port), "--port", "TIDU_PORT")
    assert not (tmp_path / "data").exists()  # nothing is made before it is known to be of use


def test_a_data_folder_that_is_a_file(setup: ModuleType, tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = started(setup, "--port", port, "--data-dir", blocked)
    assert_one_line(found, 3, str(blocked), "--data-dir", "TIDU_DATA_DIR")


def test_a_database_that_does_not_answer(setup: ModuleType) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgresql://nobody:secret-word@127.0.0.1:{port}/nothing"
    found = started(setup, "--port", port, DATABASE_URL=url)
    assert_one_line(found, 3, "DATABASE_URL", "check that it runs")
    assert "secret-word" not in found[1]


def test_a_server_that_is_told_to_stop_takes_its_database_along(
    setup: ModuleType, tmp_path: Path
) -> None:
    if not is_set_up(setup):
        pytest.skip("the environment was not set up by scripts/test.py")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | {"TIDU_DURABLE": "false"}
    server = subprocess.Popen(
        [sys.executable, RUN, "--empty", "--port", str(port), "--data-dir", str(tmp_path)],
        env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    pid = tmp_path / "pg" / "postmaster.pid"
    try:
        assert answers_within(port, 60)
        assert pid.exists()
    finally:
        server.terminate()
        _, said = server.communicate(timeout=60)
    assert (server.returncode, said) == (0, "")
    assert not pid.exists()


def answers_within(port: int, seconds: int) -> bool:
    """Whether the server comes up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.2)
    return False


def test_a_port_that_is_no_port(setup: ModuleType, tmp_path: Path) -> None:
    found = started(setup, "--data-dir", tmp_path, TIDU_PORT="eight thousand")
    assert_one_line(found, 2, "TIDU_PORT")


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 15)])
def test_a_python_without_packages_for_it(setup: ModuleType, version: tuple[int, int]) -> None:
    with pytest.raises(SystemExit) as ended:
        setup.main(lambda: setup.check_python(version))
    said = str(ended.value.code)
    assert said.startswith(f"tidu: Python {version[0]}.{version[1]} is not supported")
    assert "3.11 to 3.14" in said and "\n" not in said


def test_an_old_python_gets_as_far_as_being_told(setup: ModuleType) -> None:
    for name in ("_setup", "run", "test"):
        source = (ROOT / "scripts" / f"{name}.py").read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 8))
    # Annotations of newer forms are never evaluated.
    assert all(isinstance(kind, str) for kind in setup.run.__annotations__.values())


def test_every_python_with_packages_for_it(setup: ModuleType) -> None:
    for minor in range(11, 15):
        setup.check_python((3, minor))
    setup.check_python()


def test_a_disk_that_is_full(setup: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        setup.main(lambda: setup.check_space(tmp_path, needed=2**60))
    assert "MB are free" in str(ended.value.code) and "free at least" in str(ended.value.code)


def test_a_step_that_fails_shows_why(setup: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        setup.main(lambda: setup.run([sys.executable, "-c", "exit('no disk')"], "it failed: retry"))
    assert str(ended.value.code) == "tidu: it failed: retry"
    assert "no disk" in capsys.readouterr().err
