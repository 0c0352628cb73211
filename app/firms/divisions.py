"""Districts by code and by the names people use for them."""

from functools import lru_cache
from pathlib import Path

from app.core.yaml_files import read as read_yaml

MINORITIES = ("土家族苗族自治县", "苗族土家族自治县", "土家族自治县")


@lru_cache
def names(locale: str = "zh") -> dict[str, str]:
    """Every known district by its GB/T 2260 code, in one language."""
    raw = read_yaml(Path(__file__).with_name("divisions.yaml"))
    return {str(code): pair[0 if locale == "zh" else 1] for code, pair in raw.items()}


@lru_cache
def codes() -> dict[str, str]:
    """Codes by full and short name (黔江区, 黔江)."""
    found = {}
    for code, name in names().items():
        short = name
        for ending in (*MINORITIES, "区", "县"):
            if len(name) > len(ending) + 1 or ending in MINORITIES:
                short = short.removesuffix(ending)
        found[name] = found[short] = code
    return found


def code_of(spoken: str) -> str | None:
    """The code of a district as people write it; None where it is not certain."""
    text = spoken.removeprefix("重庆市").removeprefix("重庆")
    return codes().get(text) or (spoken if spoken in names() else None)
