"""Settings, read once from the environment; nothing else in Tidu reads it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.addresses import Network

PROJECT = Path(__file__).resolve().parents[2]


def _listed(value: object) -> object:
    """A variable holds its items separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Every setting has a `TIDU_` variable; the database's is `DATABASE_URL`."""

    model_config = SettingsConfigDict(env_prefix="TIDU_", frozen=True)

    database_url: str | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url")
    )
    data_dir: Path = PROJECT / "var"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    environment: Literal["development", "production"] = "development"
    # Behind TLS, cookies are marked Secure and browsers are told to come back by TLS only.
    https: bool = False
    # Names under which Tidu is reached; production answers to no other.
    allowed_hosts: Names = ()
    # Proxies whose X-Forwarded-For is believed.
    trusted_proxies: Networks = ()
    # What one token may send, and how many seconds' worth of it at once; then the same for failed
    # authentication from one address.
    token_requests_per_minute: int = Field(default=600, ge=1)
    failures_per_minute: int = Field(default=20, ge=1)
    burst_seconds: int = Field(default=20, ge=1)
    pool_size: int = Field(default=10, ge=1)
    statement_timeout_ms: int = 15_000
    session_idle_minutes: int = 30
    session_hours: int = 12
    upload_megabytes: int = 50
    # Durable by default; only tests and benchmarks trade it for speed.
    durable: bool = True
