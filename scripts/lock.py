#!/usr/bin/env python3
"""Write the lock files anew from pyproject.toml (needs `uv` on PATH); hashes, and no host names."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": ["local"],
    "requirements-dev.lock": ["local", "dev"],
    "requirements-bench.lock": ["local", "dev", "bench"],
}


def main() -> None:
    """One lock per environment."""
    for name, groups in LOCKS.items():
        chosen = [part for group in groups for part in ("--group", group)]
        subprocess.run(
            ["uv", "pip", "compile", "pyproject.toml", *chosen, "--universal", "--quiet",
             "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
             "--no-annotate", "-o", name],
            cwd=ROOT, check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
