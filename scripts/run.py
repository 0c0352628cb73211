#!/usr/bin/env python3
"""Set everything up and serve: `python3 scripts/run.py [--empty] [--port N] [--data-dir DIR]`."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _setup


def steps() -> int:
    """Environment, packages, assets; then this process becomes the server."""
    parser = argparse.ArgumentParser(description="Set up and run Tidu.")
    parser.add_argument("--empty", action="store_true", help="start without the demo district")
    parser.add_argument("--port", type=int, help="port to serve on (TIDU_PORT; 8000)")
    parser.add_argument("--data-dir", help="where the data lives (TIDU_DATA_DIR; var)")
    given = parser.parse_args()
    _setup.check_python()
    _setup.install("requirements.lock")
    _setup.fetch_node_packages(dev=False)
    _setup.copy_assets()
    if given.port is not None:
        os.environ["TIDU_PORT"] = str(given.port)
    if given.data_dir:
        os.environ["TIDU_DATA_DIR"] = given.data_dir
    demo = [] if given.empty else ["--demo"]
    python = str(_setup.PYTHON)
    os.execv(python, [python, "-m", "app", "serve", *demo])  # noqa: S606 - our own program


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(_setup.ROOT))
    _setup.main(steps)
