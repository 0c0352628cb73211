"""Secrets: passwords by Argon2id, random tokens by a plain hash; neither is ever kept."""

import hashlib
import secrets

from pwdlib import PasswordHash

PASSWORDS = PasswordHash.recommended()
# Checked when the user is unknown, so that both answers take the same time.
NOBODY = PASSWORDS.hash(secrets.token_hex())


def digest(secret: str) -> str:
    """What is kept of a token or cookie: they are random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).hexdigest()
