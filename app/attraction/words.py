"""Closed values of attraction in words, and the partners and chains that the plan names."""

from app.firms import chains
from app.pipeline.trail import words

STAGES = words().values["lead.stage"]
CHANNELS = words().values["lead.channel"]
LOST = words().values["lead.lost_reason"]
# Others can be typed.
PARTNERS = ("西部科学城重庆高新区", "日照", "南充", "市科技局帮扶集团", "中信集团")
CHAINS = tuple(chains.NAMES)
# As people read a chain.
chain_named = chains.named
# What an investment can be typed in, with the yuan of one.
UNITS = {"元": 1, "万元": 10_000, "亿元": 100_000_000}
