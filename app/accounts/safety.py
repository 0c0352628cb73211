"""What is checked of the settings before anything is served: weak secrets, missing halves."""

from urllib.parse import urlsplit

from app.accounts.actor import Role
from app.accounts.keys import UnsafeSettings, derived
from app.core.settings import Settings

SHORTEST_KEY, SHORTEST_CLIENT_SECRET, SHORTEST_DATABASE_PASSWORD = 32, 16, 10
# What people leave in place of a secret that they meant to choose.
PLACEHOLDERS = ("changeme", "change-me", "change_me", "password", "secret", "example", "12345678",
                "abcdefgh", "your-", "todo", "xxxx", "default", "insert")  # fmt: skip


def check(settings: Settings) -> None:
    """Raise UnsafeSettings at the first setting with which Tidu must not start."""
    _check_roles(settings)
    _check_list(settings)
    _check_provider(settings)
    if settings.environment == "production":
        _check_production(settings)
    derived(settings, "start")  # the key is there, or can be made


def _check_roles(settings: Settings) -> None:
    known = [role.value for role in Role]
    if strange := [name for name in settings.require_second_factor if name not in known]:
        raise UnsafeSettings(
            f"TIDU_REQUIRE_SECOND_FACTOR names no role {strange[0]}: use {', '.join(known)}"
        )


def _check_list(settings: Settings) -> None:
    file = settings.breached_passwords
    if file is not None and not file.is_file():
        raise UnsafeSettings(
            f"TIDU_BREACHED_PASSWORDS names {file}, which is not a file: correct or unset it"
        )


def _check_provider(settings: Settings) -> None:
    given = {
        "TIDU_OIDC_ISSUER": settings.oidc_issuer,
        "TIDU_OIDC_CLIENT_ID": settings.oidc_client_id,
        "TIDU_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "TIDU_PUBLIC_URL": settings.public_url,
    }
    if settings.oidc_issuer is None:
        return
    if missing := [name for name, value in given.items() if not value]:
        raise UnsafeSettings(f"sign-in by {settings.oidc_issuer} needs {missing[0]}: set it")


def _check_production(settings: Settings) -> None:
    if not settings.allowed_hosts:  # a guess would let others choose them
        raise UnsafeSettings(
            "TIDU_ALLOWED_HOSTS is not set: name the hosts under which Tidu is reached"
        )
    if settings.secret_key is not None:
        _check_secret("TIDU_SECRET_KEY", settings.secret_key.get_secret_value(), SHORTEST_KEY)
    if settings.oidc_client_secret is not None:
        secret = settings.oidc_client_secret.get_secret_value()
        _check_secret("TIDU_OIDC_CLIENT_SECRET", secret, SHORTEST_CLIENT_SECRET)
    if settings.oidc_issuer is not None and not settings.oidc_issuer.startswith("https://"):
        raise UnsafeSettings("TIDU_OIDC_ISSUER is not an https:// address: use one")
    password = urlsplit(settings.database_url or "").password
    if password is not None:
        _check_secret("the password in DATABASE_URL", password, SHORTEST_DATABASE_PASSWORD)


def _check_secret(name: str, secret: str, shortest: int) -> None:
    """Random text of that length has many different characters and no words."""
    remedy = f"use {shortest} random characters or more, for example from `openssl rand -base64 48`"
    if len(secret) < shortest:
        raise UnsafeSettings(f"{name} is too short ({len(secret)} characters): {remedy}")
    few = len(set(secret)) < shortest // 3
    if few or any(word in secret.lower() for word in PLACEHOLDERS):
        raise UnsafeSettings(f"{name} can be guessed: {remedy}")
