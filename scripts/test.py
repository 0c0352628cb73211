#!/usr/bin/env python3
"""Set everything up and run the tests: `python3 scripts/test.py [pytest arguments]`."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _setup

# Each starts a database server of its own; one more than there are cores, for some tests wait.
WORKERS = min((os.cpu_count() or 1) + 1, 5)
SPREAD = ["--numprocesses", str(WORKERS), "--dist", "loadfile"]


def steps() -> int:
    """Environment, packages, assets, browser; then pytest."""
    _setup.check_python()
    _setup.install("requirements-dev.lock")
    _setup.fetch_node_packages(dev=True)
    _setup.copy_assets()
    env = os.environ | _setup.test_browser()
    arguments = sys.argv[1:] or SPREAD
    command = [str(_setup.PYTHON), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=_setup.ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    _setup.main(steps)
