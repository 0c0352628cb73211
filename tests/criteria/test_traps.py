"""Where criteria are easily confused: each trap through the compiled SQL."""

from datetime import date
from typing import Any

import pytest
import yaml
from sqlalchemy.orm import Session

from app.criteria.store import load_shipped, sets_in_force
from tests.criteria import casefiles, compiled
from tests.criteria.compiled import Found
from tests.criteria.facts import merged, parsed

DAY = date(2026, 6, 1)
# One criterion per scope of research cost.
RESEARCH = {
    "rd_hnte": "hnte.rd",
    "rd_deduct": "tsme.score",
    "rd_acct": "lg.rd_sum",
}
# One criterion per sort of revenue.
REVENUE = {
    "revenue_sales": "pool.fast",
    "revenue_total": "hnte.income",
    "revenue_operating": "lg.revenue",
    "revenue_main": "scale.revenue",
}
CODES = ("hnte_2016", "tech_sme_2017", "pool_qianjiang_2023", "little_giant_2026", "srdi_2026",
         "above_scale_2024", "single_champion_2023", "srdi_2022")  # fmt: skip


def base(name: str) -> dict[str, Any]:
    """The facts of a case file's base firm, which meets everything of its set."""
    raw = yaml.safe_load((casefiles.FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = raw["base"]
    return found


def judged(
    db: Session, facts: dict[str, Any], as_of: date = DAY, codes: tuple[str, ...] = CODES
) -> dict[str, Found]:
    """A firm's verdicts by set."""
    return compiled.judge(db, compiled.shipped(db, codes), [parsed(facts)], as_of)[0]


def outcomes(verdicts: dict[str, Found]) -> dict[str, str]:
    """Every criterion's outcome."""
    return {name: o for found in verdicts.values() for name, o in found.outcomes.items()}


FIGURES = {
    "staff_avg": {2025: 100},
    "st_staff_avg": {2025: 30},
    "revenue_sales": {2023: 10_000_000, 2024: 10_000_000, 2025: 11_000_000},
    "revenue_total": {2025: 20_000_000},
    "revenue_hightech": {2025: 12_000_000},
    "revenue_operating": {2024: 50_000_000, 2025: 50_000_000},
    "revenue_main": {2025: 20_000_000},
    "cost_expense": {2025: 10_000_000},
    **{scope: {2023: 9_000_000, 2024: 9_000_000, 2025: 9_000_000} for scope in RESEARCH},
    "rd_stat": {2023: 9_000_000, 2024: 9_000_000, 2025: 9_000_000},
}
FIRM: dict[str, Any] = {
    "firm": {"registered_on": date(2015, 1, 1), "industry_code": "C3912"},
    "figures": FIGURES,
    "checked": ["ip_right", "award", "standard", "rd_body"],
}


@pytest.mark.parametrize("scope", [*RESEARCH, "rd_stat"])
@pytest.mark.parametrize("present", [True, False])
def test_research_scopes_never_stand_in_for_each_other(
    db: Session, scope: str, present: bool
) -> None:
    """Only the criterion of a scope reads it: zero fails it alone, missing is unknown there."""
    value = {2023: 0, 2024: 0, 2025: 0} if present else None
    found = outcomes(judged(db, merged(FIRM, {"figures": {scope: value}})))
    for other, criterion in RESEARCH.items():
        bad = "unmet" if present else "unknown"
        assert found[criterion] == (bad if other == scope else "met"), criterion


@pytest.mark.parametrize("kind", list(REVENUE))
def test_revenues_never_stand_in_for_each_other(db: Session, kind: str) -> None:
    """Without one of the four revenues exactly the criterion that reads it is unknown."""
    whole = outcomes(judged(db, FIRM))
    assert {whole[criterion] for criterion in REVENUE.values()} == {"met"}
    found = outcomes(judged(db, merged(FIRM, {"figures": {kind: None}})))
    for other, criterion in REVENUE.items():
        assert found[criterion] == ("unknown" if other == kind else "met"), criterion


def test_above_70_but_at_least_50_and_60(db: Session) -> None:
    """A score of 70 fails the high-tech certificate; 50 and 60 pass SRDI and little giant."""
    change = {"figures": {"results_converted": {2023: 1, 2024: 1, 2025: 1}}}
    at_most_70 = judged(db, merged(base("hnte_2016"), change))["hnte_2016"]
    assert (at_most_70.outcomes["hnte.score"], at_most_70.gaps["hnte.score"]) == ("unmet", 14)
    for name, criterion, mark in (("srdi_2026", "srdi.score", 50),
                                  ("little_giant_2026", "lg.score", 60)):  # fmt: skip
        for points, outcome in ((mark, "met"), (mark - 1, "unmet")):
            facts = merged(base(name), {"figures": {"srdi_score": {2025: points}}})
            assert judged(db, facts)[name].outcomes[criterion] == outcome


@pytest.mark.parametrize(
    ("as_of", "purpose", "expected"),
    [
        (date(2026, 3, 31), "first", {"srdi_2022", "little_giant_2022"}),
        (date(2026, 4, 1), "first", {"srdi_2026", "little_giant_2026"}),
        (date(2026, 3, 31), "review", {"little_giant_2022_review", "srdi_2022_review"}),
        (date(2026, 4, 1), "review", {"srdi_2026_review", "little_giant_2022_review"}),
        (date(2026, 6, 30), "review", {"srdi_2026_review", "little_giant_2022_review"}),
        (date(2026, 7, 1), "review", {"srdi_2026_review", "little_giant_2026_review"}),
    ],
)
def test_version_follows_the_date_and_review_its_own(
    db: Session, as_of: date, purpose: str, expected: set[str]
) -> None:
    """The day of application chooses the text; the 2026 review round kept the old one."""
    load_shipped(db)
    found = {s.policy.code for s in sets_in_force(db, as_of, purpose)
             if s.policy.title in ("srdi", "little_giant")}  # fmt: skip
    assert found == expected


def test_certificate_opens_tech_sme_which_opens_srdi(db: Session) -> None:
    """A valid high-tech certificate is a direct route; the tech-SME number is the base tier."""
    poor = {"rights": None, "figures": {"rd_deduct": {2025: 0}}}
    facts = merged(base("tech_sme_2017"), poor)
    assert judged(db, facts)["tech_sme_2017"].outcome == "unmet"
    facts["designations"] = [{"kind": "hnte", "from": date(2024, 1, 1), "to": date(2026, 12, 31)}]
    found = judged(db, facts)
    assert found["tech_sme_2017"].outcome == "met"
    assert found["srdi_2026"].outcomes["srdi.prereq"] == "unmet"
    facts["designations"].append({"kind": "tech_sme", "from": DAY, "to": date(2026, 12, 31)})
    assert judged(db, facts)["srdi_2026"].outcomes["srdi.prereq"] == "met"


def test_champion_is_no_longer_eligible_for_little_giant(db: Session) -> None:
    """From the first to the last day of the champion's title, and only then."""
    facts = base("little_giant_2026")
    facts["designations"].append(
        {"kind": "single_champion", "from": date(2026, 6, 2), "to": date(2029, 6, 1)}
    )
    days = {date(2026, 6, 1): "met", date(2026, 6, 2): "unmet"}
    found = {day: judged(db, facts, day)["little_giant_2026"].outcomes["lg.not_champion"]
             for day in days}  # fmt: skip
    assert found == days


def test_granted_under_2022_at_risk_under_2026(db: Session) -> None:
    """What met the 2022 text in full may fail the 2026 text: both are asked for by name."""
    facts = merged(base("srdi_2022"), {
        "designations": [
            {"kind": "srdi", "from": date(2025, 6, 1), "to": date(2028, 5, 31),
             "under": "srdi_2022"},
            {"kind": "tech_sme", "from": date(2026, 1, 1), "to": date(2026, 12, 31)},
        ],
        "figures": {
            "segment_years": {2025: 3},
            "rd_acct": {2024: 1_000_000, 2025: 1_000_000},
            "revenue_operating": {2024: 12_000_000, 2025: 12_000_000},
            "revenue_main": {2025: 11_000_000},
            "equity_raised": {2024: 0, 2025: 0},
            "srdi_score": {2025: 45},
        },
    })  # fmt: skip
    found = judged(db, facts)
    assert found["srdi_2022"].outcome == "met"
    assert found["srdi_2026"].outcome == "unmet"
    failed = {n for n, o in found["srdi_2026"].outcomes.items() if o == "unmet"}
    assert {"srdi.scale", "srdi.score"} <= failed
    assert "srdi.prereq" not in failed


def test_missing_is_never_zero(db: Session) -> None:
    """A firm of which nothing is known fails nothing that is a figure, a right or a judgement."""
    found = judged(db, {})
    assert found["hnte_2016"].unmet == 0
    assert found["little_giant_2026"].unmet == 1
    assert found["little_giant_2026"].outcomes["lg.prereq"] == "unmet"
