"""Closed values of attraction in words, and the partners and chains that the plan names."""

from app.firms import chains
from app.pipeline.trail import words

STAGES = words().values["lead.stage"]
CHANNELS = words().values["lead.channel"]
LOST = words().values["lead.lost_reason"]
# Others can be typed.
PARTNERS = {
    "西部科学城重庆高新区": "Chongqing High-tech Zone (Western Science City)",
    "日照": "Rizhao",
    "南充": "Nanchong",
    "市科技局帮扶集团": "Municipal science bureau's support group",
    "中信集团": "CITIC Group",
}
CHAINS = tuple(chains.NAMES)
# What an investment can be typed in, with the yuan of one.
UNITS = {"元": 1, "万元": 10_000, "亿元": 100_000_000}


def named(typed: str | None, locale: str) -> str | None:
    """A chain or a partner as people read it; as it was typed where it has no other name."""
    return typed if locale == "zh" else (chains.NAMES | PARTNERS).get(typed or "", typed)
