"""LibreOffice, where it is: it opens workbooks as people's programs do, and says what it read."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"


def opened(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """The first sheet of each workbook as text, by the workbook's name; CI installs LibreOffice."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    given = sorted(files)
    done = subprocess.run(
        [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
         FILTER, "--outdir", str(folder / "out"), *map(str, given)],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert "error" not in done.stderr.lower() and "repair" not in done.stderr.lower()
    # Each is named by its workbook and the sheet.
    return {
        file.stem.rpartition("-")[0]: file.read_text(encoding="utf-8")
        for file in (folder / "out").glob("*.csv")
    }
