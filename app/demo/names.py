"""Coined names and sound credit codes."""

from random import Random

from app.firms.names import ORGANISATION_WEIGHTS

PLACES = ("重庆", "重庆市黔江区", "黔江", "渝东南")
FIRST = "衡屿澜岑砚霁沅苒筠珩昀翊琅溪钧璟铄楷骏晟"
SECOND = "川岚泽峰昊元辰木禾石光宇禹松润桓蓝铭拓远"
INDUSTRIES = (
    # name, GB/T 4754 code, high-tech field, chain
    ("玻纤新材料", "C3061", "4.2", "新材料"),
    ("铝基材料", "C3252", "4.1", "新材料"),
    ("生物医药", "C2740", "2.2", "生物医药"),
    ("中药材科技", "C2730", "2.2", "生物医药"),
    ("智能装备", "C3490", "8.4", "新能源"),
    ("新能源科技", "C3825", "6.1", "新能源"),
    ("信息技术", "I6510", "1.1", "数字经济"),
    ("数据服务", "I6550", "5.3", "数字经济"),
    ("环保工程", "N7721", "7.1", "新材料"),
    ("生态农业", "A0141", "2.7", "消费品"),
    ("食品", "C1499", "2.6", "消费品"),
    ("丝绸服饰", "C1810", "8.9", "消费品"),
    ("检测技术", "M7452", "5.2", "数字经济"),
    ("商贸", "F5199", None, None),
)
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_LENGTH = 17


def firm_name(random: Random, industry: str, used: set[str]) -> str:
    """A coined name that no other firm of the demo has."""
    while True:
        word = random.choice(FIRST) + random.choice(SECOND)
        name = f"{random.choice(PLACES)}{word}{industry}{random.choice(FORMS)}"
        if name not in used:
            used.add(name)
            return name


def credit_code(number: int) -> str:
    """A code of the district with both check characters right (GB 32100, GB 11714)."""
    body = f"MAD{number:05d}"
    total = sum(int(c, 36) * w for c, w in zip(body, ORGANISATION_WEIGHTS, strict=True))
    organisation = body + "0123456789X"[(11 - total % 11) % 11]
    code = f"91500114{organisation}"
    weighted = sum(ALPHABET.index(c) * (3**i % 31) for i, c in enumerate(code))
    return code + ALPHABET[(31 - weighted % 31) % 31]
