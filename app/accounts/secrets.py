"""Secrets: passwords by Argon2id, random tokens by a plain hash; neither is ever kept."""

import base64
import hashlib
import secrets
import unicodedata

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

PASSWORDS = PasswordHash.recommended()
LONGEST_PASSWORD = 128


def _hash_of_nothing() -> str:
    """What looks like any other hash and costs as much to check, and belongs to no password."""
    salt, hashed = (
        base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (16, 32)
    )
    return f"$argon2id$v=19$m=65536,t=3,p=4${salt}${hashed}"


# Checked when the user is unknown, so that both answers take the same time.
NOBODY = _hash_of_nothing()


def digest(secret: str) -> str:
    """What is kept of a token or cookie: they are random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """A cookie's or a link's secret: 256 random bits."""
    return secrets.token_urlsafe(32)


def normalised(password: str) -> str:
    """The same characters however a keyboard composed them; far too long ones are cut."""
    return unicodedata.normalize("NFKC", password[: 4 * LONGEST_PASSWORD])


def matches(password: str, hashed: str | None) -> bool:
    """Whether it is the password; one verification whatever is given."""
    given = normalised(password)
    sound = hashed is not None and len(given) <= LONGEST_PASSWORD
    try:
        right = PASSWORDS.verify(given, hashed if sound and hashed else NOBODY)
    except UnknownHashError:
        right = False
    return right and sound
