"""The chains and leading industries that the plan names, in both languages; others can be typed."""

NAMES = {
    "新材料": "New materials",
    "生物医药": "Biomedicine",
    "新能源": "New energy",
    "数字经济": "Digital economy",
    "消费品": "Consumer goods",
}


def named(chain: str, locale: str) -> str:
    """A chain as people read it; as it was typed where it has no other name."""
    return chain if locale == "zh" else NAMES.get(chain, chain)
