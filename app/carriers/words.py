"""Closed values of carriers in words."""

from app.firms.catalogue import Label

KINDS = {
    "makerspace": Label(zh="众创空间", en="makerspace"),
    "incubator": Label(zh="孵化器", en="incubator"),
    "accelerator": Label(zh="加速器", en="accelerator"),
}
MEASURES = {
    "entered": Label(zh="新入驻（每家）", en="firm that entered"),
    "graduates": Label(zh="毕业（每家）", en="graduate"),
    "tech_based": Label(zh="新成为科技型（每家）", en="firm that became tech-based"),
    "certified": Label(zh="新认定高企（每家）", en="firm newly certified"),
    "services": Label(zh="服务（每次）", en="service given"),
}
LEFT = {
    "promoted": Label(zh="晋级到上一级载体", en="moved up the chain"),
    "time_is_up": Label(zh="孵化期满", en="time is up"),
    "moved_away": Label(zh="迁出", en="moved away"),
    "closed": Label(zh="终止经营", en="closed down"),
    "rent": Label(zh="退租", en="gave up the premises"),
    "other": Label(zh="其他", en="other"),
}
FIELDS = {
    "biomedicine": Label(zh="生物医药", en="biomedicine"),
    "modern_agriculture": Label(zh="现代农业", en="modern agriculture"),
    "integrated_circuits": Label(zh="集成电路", en="integrated circuits"),
    "other": Label(zh="其他", en="other"),
}


def left(said: str | None, locale: str) -> str:
    """A reason for leaving: its code in words, with what was added."""
    code, _, more = (said or "").partition(": ")
    known = LEFT.get(code)
    label = said or "" if known is None else known[locale]
    return f"{label} · {more}" if known is not None and more else label
