"""docs/security.md names places and tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PLACED = re.compile(r"`((?:app|migrations)/[\w/.]+)`")
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_promise_names_a_test_that_is_there() -> None:
    lines = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    promises = [line for line in lines if line.startswith("| ")][1:]
    assert len(promises) > 25
    for promise in promises:
        for place in PLACED.findall(promise):
            assert (TESTS.parent / place).exists(), place
        named = NAMED.findall(promise)
        assert named, promise
        for file, test in named:
            written = (TESTS / file).read_text(encoding="utf-8")
            assert f"def {test}(" in written, f"{file}::{test}"
