"""The feed's side of the database."""

from pathlib import Path

from app.core.clock import DISTRICT

FUNCTIONS = Path(__file__).with_name("functions.sql")
MADE_NAMES = (
    "feed_after(bigint, text[], int)",
    "feed_sees_apart(boolean, int, text, text)",
    "feed_sees(int, int, date)",
    "feed_oldest(timestamptz)",
    "feed_head()",
)


def functions(schema: str) -> str:
    """The statements that make the feed's functions in a schema."""
    text = FUNCTIONS.read_text(encoding="utf-8")
    return text.format(schema=schema, time_zone=DISTRICT.key)
