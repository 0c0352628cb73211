"""The offline list of breached passwords."""

import hashlib
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.orm import Session

from app.accounts.passwords import WeakPassword, hashed
from app.accounts.secrets import NOBODY, PASSWORDS, matches
from app.core.settings import Settings
from tests.accounts.doors import PASSWORD, another, door, enter, member

BREACHED = "long phrase number {n} that leaked"


def sha1(password: str) -> str:
    """As the lists write it."""
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("many", [0, 1, 2, 3, 500])
def test_every_line_of_the_list_is_found_and_nothing_else(
    tmp_path: Path, many: int, end: str
) -> None:
    random = Random(7)  # noqa: S311 - the same list every time
    leaked = [BREACHED.format(n=n) for n in range(many)]
    lines = sorted(
        sha1(each) + random.choice(["", ":3", ":1234567"]) for each in leaked
    )  # fmt: skip
    file = tmp_path / "breached.txt"
    file.write_bytes("".join(line + end for line in lines).encode())
    settings = Settings(breached_passwords=file)
    for each in leaked[:: max(1, many // 60)] + leaked[-1:]:
        with pytest.raises(WeakPassword) as refused:
            hashed(settings, each, "user", "name")
        assert refused.value.fault == "breached"
    assert matches("a phrase that is new", hashed(settings, "a phrase that is new", "user", "name"))


def test_the_list_is_asked_when_a_password_changes(db: Session, tmp_path: Path) -> None:
    file = tmp_path / "breached.txt"
    leaked = BREACHED.format(n=1)
    file.write_text(f"{sha1(leaked)}:42\n")
    browser = door(db, breached_passwords=file)
    enter(browser, member(db))
    form = {"current": PASSWORD, "password": leaked, "again": leaked}
    found = browser.post("/account/password", data=form)
    assert found.status_code == 422 and "已泄露的密码清单" in found.text
    page = another(browser).get("/sign-in")
    assert page.status_code == 200


def test_passwords_are_kept_by_argon2id() -> None:
    kept = hashed(Settings(), PASSWORD, "user", "name")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3")
    # Whoever is unknown is held against something that costs the same.
    assert (NOBODY[:30], len(NOBODY)) == (kept[:30], len(kept))
    assert not PASSWORDS.current_hasher.check_needs_rehash(NOBODY)
