"""Settings with which Tidu does not start, and the key that development makes for itself."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from app.accounts.keys import FILE, UnsafeSettings, derived, keyed_hash, seal, unseal
from app.accounts.safety import check
from app.core.settings import Settings
from app.main import create_app

ROOT = Path(__file__).resolve().parents[2]
STRONG = "Vb2n8QxT0s-LwK4y7RzPd1mHc9JfUa3EgXo5iN6k"
PROVIDER = {"oidc_issuer": "https://id.example.cn", "oidc_client_id": "tidu",
            "oidc_client_secret": SecretStr(STRONG), "public_url": "https://t.cn"}  # fmt: skip


NAMED = {"TIDU_ENVIRONMENT": "production", "TIDU_ALLOWED_HOSTS": "tidu.example.cn"}


def production(**given: Any) -> Settings:
    """Settings of production, sound but for what is given."""
    usual: dict[str, Any] = {"environment": "production", "secret_key": SecretStr(STRONG),
                             "allowed_hosts": ("tidu.example.cn",)}  # fmt: skip
    return Settings(**(usual | given))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"secret_key": None}, "TIDU_SECRET_KEY is missing"),
        ({"allowed_hosts": ()}, "TIDU_ALLOWED_HOSTS is not set"),
        ({"secret_key": SecretStr("short")}, "TIDU_SECRET_KEY is too short (5"),
        ({"secret_key": SecretStr("a" * 64)}, "TIDU_SECRET_KEY can be guessed"),
        ({"secret_key": SecretStr("changeme-" + STRONG)}, "TIDU_SECRET_KEY can be guessed"),
        (PROVIDER | {"oidc_client_secret": SecretStr("tidu")}, "TIDU_OIDC_CLIENT_SECRET is too"),
        (PROVIDER | {"oidc_issuer": "http://id.example.cn"}, "not an https:// address"),
        (PROVIDER | {"oidc_client_id": None}, "needs TIDU_OIDC_CLIENT_ID"),
        (PROVIDER | {"public_url": None}, "needs TIDU_PUBLIC_URL"),
        ({"database_url": "postgresql://tidu:tidu@db/tidu"}, "the password in DATABASE_URL"),
        ({"database_url": "postgresql://tidu:password123@db/tidu"}, "can be guessed"),
        ({"require_second_factor": ("admin", "king")}, "names no role king"),
        ({"breached_passwords": Path("/nowhere/list.txt")}, "not a file"),
    ],
)
def test_weak_settings_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsafeSettings) as refused:
        check(production(**given))
    assert says in refused.value.detail and "\n" not in refused.value.detail
    assert STRONG not in refused.value.detail


def test_sound_settings_of_production_are_accepted(engine: Engine) -> None:
    settings = production(**PROVIDER, database_url=f"postgresql://tidu:{STRONG}@db/tidu")
    assert create_app(settings, engine).state.settings is settings
    assert settings.https and settings.require_second_factor == ("admin", "analyst")
    assert STRONG not in repr(settings).replace(f":{STRONG}@", "")


def test_development_asks_for_less() -> None:
    settings = Settings()
    assert not settings.https and settings.require_second_factor == ()


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The program itself."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, text=True, check=False,
        capture_output=True, timeout=60, env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("env", "says"),
    [
        (NAMED, "tidu: TIDU_SECRET_KEY is missing"),
        (NAMED | {"TIDU_SECRET_KEY": "secret"}, "is too short"),
        ({"TIDU_ENVIRONMENT": "staging"}, "tidu: TIDU_ENVIRONMENT: Input should be 'development'"),
        ({"TIDU_TRUSTED_PROXIES": "everybody"}, "tidu: TIDU_TRUSTED_PROXIES: "),
    ],
)
def test_it_says_so_in_one_line_and_does_not_start(
    tmp_path: Path, env: dict[str, str], says: str
) -> None:
    done = run("serve", TIDU_PORT="8399", TIDU_DATA_DIR=str(tmp_path), **env)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_development_makes_one_key_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings(data_dir=folder)
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda n: derived(settings, "test"), range(8)))
    assert len(made) == 1 and [f.name for f in folder.iterdir()] == [FILE]
    file = folder / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(file.read_text()) == 64
    file.chmod(0o644)
    derived(settings, "another purpose")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_sealed_opens_with_its_key_for_its_purpose_alone() -> None:
    one, other = (Settings(secret_key=SecretStr(key)) for key in ("one key", "another"))
    sealed = seal(one, "a", "文字")
    assert unseal(one, "a", sealed) == "文字"
    assert unseal(one, "b", sealed) is None and unseal(other, "a", sealed) is None
    assert unseal(one, "a", sealed[:-6] + "AAAA==") is None and unseal(one, "a", "") is None
    assert keyed_hash(one, "a", "x") != keyed_hash(other, "a", "x")


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDU_REQUIRE_SECOND_FACTOR", "admin, leader")
    monkeypatch.setenv("TIDU_TRUSTED_PROXIES", "10.0.0.0/8,::1/128")
    settings = Settings()
    assert settings.require_second_factor == ("admin", "leader")
    assert [str(n) for n in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    monkeypatch.setenv("TIDU_TRUSTED_PROXIES", "10.0.0.1/8")
    with pytest.raises(ValidationError):
        Settings()
