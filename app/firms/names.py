"""Names and numbers of firms: how they are searched, and when a credit code is sound."""

import unicodedata
from functools import lru_cache

from stdnum.cn import uscc

ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_LENGTH = 9
SOUND_LENGTH = 18


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
