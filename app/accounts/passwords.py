"""Rules of passwords: long enough, not among those that everybody tries, not one's own name."""

import hashlib
import unicodedata
from pathlib import Path
from typing import BinaryIO

from app.accounts.models import User
from app.accounts.secrets import LONGEST_PASSWORD, PASSWORDS, normalised
from app.accounts.words import PASSWORD_FAULTS
from app.core.clock import now
from app.core.errors import Invalid
from app.core.settings import Settings

SHORTEST_PASSWORD = 10
# What a guesser tries first; "Passw0rd2024!" is found after 10 million guesses.
FEWEST_GUESSES = 100_000_000


class WeakPassword(Invalid):
    """`fault` is a key of words.PASSWORD_FAULTS."""

    def __init__(self, fault: str) -> None:
        detail = " ".join((PASSWORD_FAULTS[fault][0], f"({PASSWORD_FAULTS[fault][1]})"))
        super().__init__(detail, errors=[{"pointer": "/password", "detail": detail}])
        self.fault = fault


def hashed(settings: Settings, password: str, username: str, name: str) -> str:
    """The hash to keep; WeakPassword says in words what is wrong with the password."""
    given = normalised(password)
    fault = _fault(given, username, name) or _breach(settings.breached_passwords, given)
    if fault is not None:
        raise WeakPassword(fault)
    return PASSWORDS.hash(given)


def _fault(password: str, username: str, name: str) -> str | None:
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    if any(unicodedata.category(character).startswith("C") for character in password):
        return "unprintable"
    own = [part.lower() for part in (username, name) if len(part) >= 2]
    if any(part in password.lower() for part in own):
        return "personal"
    from zxcvbn import zxcvbn  # its lists take a moment to load

    found = zxcvbn(password[:72], user_inputs=[*own, "tidu", "qianjiang", "kejiju"])
    return "common" if found["guesses"] < FEWEST_GUESSES else None


def _breach(file: Path | None, password: str) -> str | None:
    if file is None:
        return None
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return "breached" if _listed(file, digest.encode()) else None


def _listed(file: Path, digest: bytes) -> bool:
    """Bisect a file of sorted lines `SHA1` or `SHA1:count`; dozens of reads in any size of file."""
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            found = _line_from(lines, middle)
            low, high = (middle + 1, high) if found and found < digest else (low, middle)
        return _line_from(lines, low) == digest


def _line_from(lines: BinaryIO, offset: int) -> bytes:
    """The digest of the first line that begins at the offset or after it."""
    lines.seek(max(offset - 1, 0))
    if offset:
        lines.readline()
    return lines.readline()[:40].upper()


def set_password(settings: Settings, user: User, password: str) -> None:
    """Keep a new password of a person."""
    user.password_hash = hashed(settings, password, user.username, user.name)
    user.password_changed_at = now()
