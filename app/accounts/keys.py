"""One secret key, and a key of its own for every purpose derived from it."""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import AppError
from app.core.postgres import prepare_folder
from app.core.settings import Settings

FILE = "secret_key"


class UnsafeSettings(AppError):
    """Tidu does not start with these settings; one line says which, and what to set instead."""


def _master(settings: Settings) -> str:
    """The setting, or what development made for itself."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if settings.environment == "production":
        raise UnsafeSettings(
            "TIDU_SECRET_KEY is missing: set it to 32 random characters or more, "
            "for example what `openssl rand -base64 48` prints"
        )
    return _kept_in(settings.data_dir / FILE)


def _kept_in(file: Path) -> str:
    """The key in the file; whoever comes first makes it, whole, for the owner's eyes only."""
    if not file.exists():
        prepare_folder(file.parent)
        draft = file.with_name(f"{FILE}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process was quicker; its key holds
        finally:
            draft.unlink()
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return file.read_text(encoding="ascii").strip()


@lru_cache
def derived(settings: Settings, purpose: str) -> bytes:
    """The key of one purpose."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tidu {purpose}".encode())
    return key.derive(_master(settings).encode())


def keyed_hash(settings: Settings, purpose: str, text: str) -> str:
    """A hash that nobody without the key can look up in a list of guesses."""
    return hmac.new(derived(settings, purpose), text.encode(), sha256).hexdigest()


def seal(settings: Settings, purpose: str, text: str) -> str:
    """The text encrypted, and guarded against change."""
    return _fernet(settings, purpose).encrypt(text.encode()).decode()


def unseal(settings: Settings, purpose: str, sealed: str, seconds: int | None = None) -> str | None:
    """The text, unless it was changed, is older than that, or another key sealed it."""
    try:
        return _fernet(settings, purpose).decrypt(sealed.encode(), ttl=seconds).decode()
    except (InvalidToken, UnicodeError):
        return None


def _fernet(settings: Settings, purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(derived(settings, purpose)))
