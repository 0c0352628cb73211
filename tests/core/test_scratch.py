"""Folders for files on their way, whatever becomes of who uses them."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.core import scratch

USER = """
from app.core import scratch
with scratch.folder() as folder:
    (folder / "file").write_bytes(b"x")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_folder_is_gone_after_its_block_whatever_happens_in_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch.folder() as folder:
        (folder / "file").write_bytes(b"x")
        assert scratch.clear() == 0 and folder.is_dir(), "it is in use"
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_is_cleared_away(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", USER], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as user:  # fmt: skip
        assert user.stdout is not None
        left = Path(user.stdout.readline().strip())
        assert scratch.clear() == 0 and (left / "file").is_file(), "it is in use"
        user.kill()
        user.wait()
        assert left.is_dir()
    assert scratch.clear() == 1 and list(tmp_path.iterdir()) == []
