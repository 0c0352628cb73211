"""The log: one JSON line per event, never the values that passed through."""

import sys
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict

NAMED = ("sqlstate", "constraint_name", "table_name", "column_name")


def log_plainly() -> None:
    """One JSON line per event on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _trace,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )


class _Lines:
    """Standard error, whatever it is by now."""

    def __init__(self, *_: Any) -> None:
        pass

    def info(self, line: str) -> None:
        """One line."""
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    error = warning = info


def _trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Where it was raised, and what kind of error; its message may hold anybody's data."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["trace"] = trace_of(error)
    return event


def trace_of(error: BaseException) -> list[str]:
    """The error and its causes, each with its kind and its frames, innermost last."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < 200:
        lines = [*_frames(seen.__traceback__), _kind(seen), *lines]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]


def _kind(error: BaseException) -> str:
    """Its class; of the database's errors also what it names, without the row."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    told = getattr(error, "diag", None)
    named = {name: getattr(told, name, None) for name in NAMED} if told is not None else {}
    return " ".join([kind, *(f"{name}={value}" for name, value in named.items() if value)])
