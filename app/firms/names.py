"""Names and numbers of firms: how they are searched, and when a credit code is sound."""

import re
import unicodedata
from functools import lru_cache

from stdnum.cn import uscc

from app.firms.divisions import codes

ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_LENGTH = 9
SOUND_LENGTH = 18
# What a firm is called beside its own name, longest first: its legal form, and where it is.
LEGAL_FORM = re.compile(
    "(?:集团)?(?:股份有限公司|有限责任公司|有限公司|股份公司|普通合伙企业|有限合伙企业|合伙企业|"
    "个人独资企业|个体工商户|公司)$|[（(](?:有限合伙|普通合伙|特殊普通合伙)[)）]$"
)
BRACKETS = re.compile(r"[()（）【】\[\]《》<>·.,，、\s-]")
CITY = ("重庆市", "重庆")
SHORTEST_CORE = 2


def normal(name: str) -> str:
    """A name as it is kept: compatibility forms folded, white space trimmed."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def search_columns(name: str) -> dict[str, str]:
    """`name_search`: name, pinyin and initials in one text; `pinyin`: the order of lists."""
    folded = normal(name).lower()
    syllables = _syllables(folded)
    pinyin = "".join(syllables)
    initials = "".join(s[:1] for s in syllables)
    return {"name_search": f"{folded} {pinyin} {initials}", "pinyin": pinyin}


def core(name: str) -> str:
    """A name without its legal form and place: what two spellings of one firm have in common."""
    whole = BRACKETS.sub("", LEGAL_FORM.sub("", normal(name).lower()))
    whole = LEGAL_FORM.sub("", whole)
    for place in CITY:
        whole = whole.replace(place, "", 1)
    for place in sorted(codes(), key=len, reverse=True):
        if whole.startswith(place) and len(whole) >= len(place) + SHORTEST_CORE:
            whole = whole.removeprefix(place)
            break
    return whole


def sound(name: str) -> str:
    """How a name is read, without tones."""
    return "".join(_syllables(name))


@lru_cache(maxsize=32_768)
def _syllables(name: str) -> tuple[str, ...]:
    from pypinyin.seg.simpleseg import seg

    return tuple(syllable for word in seg(name) for syllable in _spoken(word))


@lru_cache(maxsize=65_536)
def _spoken(word: str) -> tuple[str, ...]:
    """The syllables of one word: names are made of the same ones over and over."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(word))


def credit_code_fault(code: str) -> str | None:
    """Why a credit code is not sound (GB 32100-2015), in the user's words; None if it is."""
    if len(code) != SOUND_LENGTH:
        return f"应为 18 位，实为 {len(code)} 位"
    if wrong := sorted(set(code) - set("0123456789ABCDEFGHJKLMNPQRTUWXY")):
        return f"含有不允许的字符 {' '.join(wrong)}"
    if not uscc.is_valid(code):
        return "校验码不符，代码中有错位或错字"
    if not _organisation_code_sound(code[8:17]):
        return "组织机构代码（第 9–17 位）校验不符"
    return None


def _organisation_code_sound(code: str) -> bool:
    """GB 11714: digits and letters A–Z as 10–35, weighted, modulo 11."""
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(code[:8], ORGANISATION_WEIGHTS, strict=True)
    )
    expected = "0123456789X"[(11 - total % 11) % 11]
    return code[ORGANISATION_LENGTH - 1] == expected
