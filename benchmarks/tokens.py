"""What a token costs each request: finding it, and taking one out of its bucket."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.accounts import tokens
from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation
from app.core.db import make_engine
from app.core.postgres import running
from app.core.settings import Settings
from app.start import migrate

CALLS = 3_000


def timed(engine: Engine, settings: Settings, secret: str) -> float:
    """Milliseconds of one authentication and its limit, as `app.accounts.auth` does it."""
    start = perf_counter()
    with Session(engine) as session, session.begin():
        assert tokens.admit(session, settings, secret, None) is not None
    return (perf_counter() - start) * 1000


def main() -> None:
    """Print p50 and p95 for one caller and for eight at once."""
    with tempfile.TemporaryDirectory(prefix="tidu-bench-") as folder:
        settings = Settings(data_dir=Path(folder))
        with running(settings) as url:
            engine = make_engine(url, settings)
            migrate(engine)
            with Session(engine) as session, session.begin():
                session.add(Organisation(code="bench", name="bench", kind="park"))
                session.flush()  # the token names it
                secret = tokens.issue(
                    session, tokens.Wanted("bench", "bench", ("firms:read",)), SYSTEM
                ).secret
            alone = engine.execution_options(isolation_level="AUTOCOMMIT")
            for callers in (1, 8):
                with ThreadPoolExecutor(callers) as pool:
                    spent = list(pool.map(
                        lambda _: timed(alone, settings, secret), range(CALLS)))  # fmt: skip
                cuts = quantiles(spent, n=100)
                print(f"{callers} at once: p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms")
            engine.dispose()


if __name__ == "__main__":
    main()
