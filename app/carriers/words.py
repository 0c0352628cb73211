"""Closed values of carriers in words."""

from app.pipeline.trail import words

KINDS = words().values["carrier.kind"]
MEASURES = words().values["reward_rate.measure"]
LEFT = words().values["residency.left_reason"]
FIELDS = words().values["residency.field"]


def left(said: str | None, locale: str) -> str:
    """A reason for leaving: its code in words, with what was added."""
    code, _, more = (said or "").partition(": ")
    known = LEFT.get(code)
    label = said or "" if known is None else known[locale]
    return f"{label} · {more}" if known is not None and more else label
