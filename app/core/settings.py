"""Settings, read once from the environment; nothing else in Tidu reads it."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
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


def _in_production(so_far: dict[str, Any]) -> bool:
    """Defaults that are stricter where people's real data is; `environment` stands above them."""
    return so_far.get("environment") == "production"


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
    # Behind TLS, cookies are marked Secure and browsers are told to come back by TLS only;
    # production is taken to be, unless it says otherwise.
    https: bool = Field(default_factory=_in_production)
    # Names under which Tidu is reached; production answers to no other.
    allowed_hosts: Names = ()
    # Proxies whose X-Forwarded-For is believed.
    trusted_proxies: Networks = ()
    # What one token may send, and how many seconds' worth of it at once; then the same for failed
    # authentication from one address.
    token_requests_per_minute: int = Field(default=600, ge=1)
    failures_per_minute: int = Field(default=20, ge=1)
    burst_seconds: int = Field(default=20, ge=1)
    # Where people reach Tidu, for links that leave it: https://tidu.example.gov.cn
    public_url: str | None = None
    # Keys of what is kept encrypted are derived from it; development makes one in the data folder.
    secret_key: SecretStr | None = None
    # Roles that must carry a second factor before anything opens.
    require_second_factor: Names = Field(
        default_factory=lambda found: ("admin", "analyst") if _in_production(found) else ()
    )
    # A file of SHA-1 digests of breached passwords, sorted, as haveibeenpwned.com gives them.
    breached_passwords: Path | None = None
    # Sign-in by another organisation's provider (OpenID Connect); nothing is called without it.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_label: str | None = None
    # Private networks that webhooks and connectors may reach; all other private ones are refused.
    outgoing_networks: Networks = ()
    # Before an outside platform is asked again; doubled each time.
    connector_pause_seconds: float = Field(default=1, ge=0)
    # Whether the server starts a worker beside itself; production runs `tidu worker` apart.
    with_worker: bool = Field(default_factory=lambda found: not _in_production(found))
    # The mail server that reminders go through; without one they stand on the page alone.
    smtp_host: str | None = None
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_tls: bool = False
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str | None = None
    pool_size: int = Field(default=10, ge=1)
    statement_timeout_ms: int = 15_000
    session_idle_minutes: int = 30
    session_hours: int = 12
    upload_megabytes: int = 50
    # Durable by default; only tests and benchmarks trade it for speed.
    durable: bool = True
