"""Both databases over the same facts."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from app.criteria.compiler import LoadedSet
from benchmarks import reference


@dataclass(frozen=True)
class Engines:
    """Both databases over the same facts, and the sets they hold firms against."""

    ours: Engine
    theirs: duckdb.DuckDBPyConnection
    folder: Path
    as_of: date
    sets: list[LoadedSet]

    @property
    def numbers(self) -> dict[str, int]:
        """The sets' numbers by their codes."""
        return {loaded.policy.code: loaded.id for loaded in self.sets}

    def copy(self, *tables: str) -> None:
        """Facts from ours to theirs."""
        with self.ours.connect() as connection:
            driver: Any = connection.connection.driver_connection
            for table in tables:
                reference.copy_table(driver, self.theirs, self.folder, table)
