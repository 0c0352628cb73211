"""Settings, read once from the environment; nothing else in Tidu reads it."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[2]


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
    # Behind TLS, cookies are marked Secure.
    https: bool = False
    pool_size: int = Field(default=10, ge=1)
    statement_timeout_ms: int = 15_000
    session_idle_minutes: int = 30
    session_hours: int = 12
    upload_megabytes: int = 50
    # Durable by default; only tests and benchmarks trade it for speed.
    durable: bool = True
