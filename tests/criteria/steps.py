"""Gaps of the oracle: how many whole steps (fen, persons, points, days) make a comparison pass."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.criteria.facts import add_months
from tests.criteria.quantities import KINDS, Measurer

FALLS_SHORT = ("at_least", "more_than")
STRICT = ("more_than", "less_than")


def steps_to_pass(
    measurer: Measurer, operator: str, node: dict[str, Any], threshold: Fraction
) -> int | None:
    """The gap of an unmet comparison; None where no amount can be named."""
    ((key, body),) = node.items()
    if key == "ref":
        return steps_to_pass(measurer, operator, measurer.named[body]["of"], threshold)
    rising = operator in FALLS_SHORT
    if key in ("days", "months", "months_begun"):
        return _waiting(measurer, operator, node, threshold) if rising else None
    distance = _distance(measurer, key, body, threshold)
    if distance is None:
        return None
    exact = distance * steps_per_unit(node, measurer) * (1 if rising else -1)
    return floor(exact) + 1 if operator in STRICT else ceil(exact)


def _distance(measurer: Measurer, key: str, body: Any, threshold: Fraction) -> Fraction | None:
    """How much more of what can be changed is wanted, in its unit; negative if less."""
    value = measurer.measure({key: body}).lo
    if value is None:
        return None
    if key == "ratio":
        over, under = measurer.measure(body["of"]).lo, measurer.measure(body["to"]).lo
        assert over is not None
        assert under is not None
        return threshold * under - over if under > 0 else None
    if key in ("growth", "compound_growth"):
        years = body.get("years", 1)
        now, base = measurer.figure(body["of"], -1), measurer.figure(body["of"], -1 - years)
        assert now is not None
        assert base is not None
        wanted: Fraction = base * (1 + threshold) ** years
        return wanted - now
    if key == "mean":
        return (threshold - value) * measurer.total(body)[1]
    return None if key in ("mean_growth", "yearly_count") else threshold - value


def steps_per_unit(node: dict[str, Any], measurer: Measurer) -> int:
    """Stored steps of the thing to be changed: fen of a yuan, else whole units."""
    ((key, body),) = node.items()
    if key == "ratio":
        return steps_per_unit(body["of"], measurer)
    if key == "best":
        return steps_per_unit(body[0], measurer)
    if key == "ref":
        return steps_per_unit(measurer.named[body]["of"], measurer)
    if isinstance(body, dict) and "of" in body and key not in ("tiers", "points"):
        return {"money": 100, "percent": 10_000}.get(KINDS[body["of"]], 1)
    return 1


def _waiting(
    measurer: Measurer, operator: str, node: dict[str, Any], threshold: Fraction
) -> int | None:
    """Days until a duration is reached."""
    ((key, body),) = node.items()
    start, end = measurer.attribute(body["from"]), measurer.attribute(body.get("to", "as_of"))
    if start is None or end is None:
        return None
    wanted = int(threshold) + (operator == "more_than")
    if key == "days":
        return int(wanted - (end - start).days)
    return int((add_months(start, wanted) - end).days)
