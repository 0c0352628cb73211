"""Record filters of the oracle's counts: whether one record is counted, not counted or unknown."""

from datetime import date, timedelta
from typing import Any

from tests.criteria.facts import Record, add_months, within

CLASS_I = {
    "invention_patent",
    "plant_variety",
    "national_crop_variety",
    "national_new_drug",
    "protected_chinese_medicine",
    "ic_layout",
}
CLASS_II = {"utility_model", "design", "software_copyright"}


def fits(kind: str, record: Record, where: dict[str, Any], as_of: date) -> bool | None:
    """Whether the record passes the whole filter: one certain no is enough to leave it out."""
    answers = [_answer(kind, record, name, wanted, as_of) for name, wanted in where.items()]
    answers.append(_exists(kind, record, as_of))
    return False if False in answers else None if None in answers else True


def _exists(kind: str, record: Record, as_of: date) -> bool | None:
    """Counts are of records on the date: what came later is not there yet."""
    if kind == "award":
        return bool(record["day"] <= as_of)
    if kind == "standard":
        return bool(record["day"] <= as_of)
    return within(record, as_of) if kind == "rd_body" else True


def _either(*answers: bool | None) -> bool | None:
    return True if True in answers else None if None in answers else False


def _answer(kind: str, record: Record, name: str, wanted: Any, as_of: date) -> bool | None:
    if name == "level":
        return record["level"] in wanted
    if name == "within_years":
        return bool(record["day"] >= add_months(as_of, -12 * wanted))
    if name in ("rank_at_most", "owner_rank_at_most"):
        rank = record.get("rank" if name == "rank_at_most" else "owner_rank")
        return None if rank is None else rank <= wanted
    if kind != "ip_right":
        raise ValueError(f"{kind} has no filter {name}")
    return _right_answer(record, name, wanted, as_of)


def _right_answer(right: Record, name: str, wanted: Any, as_of: date) -> bool | None:
    if name == "class":
        return right["kind"] in (CLASS_I if wanted == 1 else CLASS_II)
    if name == "kind":
        return right["kind"] in wanted
    if name == "valid":
        return _valid(right, as_of)
    if name == "undisputed":
        disputed = right.get("disputed")
        return None if disputed is None else not disputed
    if name in ("core_support", "main_product", "earning"):
        answer: bool | None = right.get(name)
        return answer
    if name == "high_value":
        return bool(set(right.get("high_value", ())) & set(wanted))
    if name == "unused_in":
        uses = [use.split(":") for use in right.get("used_in", ())]
        used = any(title == wanted for title, _year in uses)
        return right["kind"] in CLASS_I or not used
    return _history_answer(right, name, wanted, as_of)


def _valid(right: Record, as_of: date) -> bool | None:
    granted, ended = right.get("granted"), right.get("ended")
    if ended is not None and ended <= as_of:
        return False
    return None if granted is None else granted <= as_of


def _history_answer(right: Record, name: str, wanted: Any, as_of: date) -> bool | None:
    acquired, granted = right.get("acquired"), right.get("granted")
    if name == "acquired":
        return None if acquired is None else acquired in wanted
    if name == "not_acquired":
        return None if acquired is None else acquired not in wanted
    if name == "kept_years":
        return None if granted is None else add_months(granted, 12 * wanted) <= as_of
    if name == "transfer_kept_days":
        since = right.get("acquired_on")
        own = None if acquired is None else acquired == "own_research"
        long = None if since is None else since <= as_of - timedelta(days=wanted)
        return _either(own, long)
    raise ValueError(f"unknown filter {name}")
