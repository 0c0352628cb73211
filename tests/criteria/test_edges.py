"""Where a rule could be read two ways: what docs/criteria.md settles, by the SQL and the oracle."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.criteria.store import all_sets, get_sets, load_files, load_shipped
from app.firms.models import DESIGNATION_KINDS
from app.firms.queries import rung_of
from app.pipeline.service import assess
from tests.criteria import compiled
from tests.criteria.compiled import Found
from tests.criteria.facts import parsed
from tests.criteria.oracle import evaluate, load_sets
from tests.factories import make_firm

SETS = load_sets()
DAY = date(2026, 6, 1)
EVERYTHING = [code for code, one in SETS.items() if one.get("purpose", "first") == "first"
              and one["since"] <= DAY and (one.get("until") or DAY) >= DAY]  # fmt: skip


def agreed(
    db: Session, facts: dict[str, Any], code: str, policy: dict[str, Any], day: date = DAY
) -> Found:
    """One firm against one set: the SQL, which says what the oracle says."""
    firm = parsed(facts)
    found = compiled.judge(db, get_sets(db, [code]), [firm], day)[0][code]
    assert not compiled.differences(found, evaluate(policy, firm, day))
    return found


def written(db: Session, folder: Path, *rules: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A set of one's own, loaded as any other."""
    label = {"zh": "试", "en": "Trial"}
    policy = {
        "code": "trial", "title": "gazelle", "purpose": "review", "since": date(2020, 1, 1),
        "label": label, "document": "trial", "reviewed": date(2026, 1, 1), "origin": "bureau",
        "criteria": [{"id": f"trial.c{n}", "label": label, "article": "1", "confidence": "P",
                      "rule": rule} for n, rule in enumerate(rules)],
    }  # fmt: skip
    file = folder / "trial.yaml"
    file.write_text(yaml.safe_dump(policy, allow_unicode=True), encoding="utf-8")
    load_files(db, [file])
    return "trial", policy


def test_a_firm_without_a_full_year_is_unknown_in_every_figure(db: Session) -> None:
    """Missing is never zero: neither a sum, a mean nor a share of years it has not lived."""
    new = {"firm": {"registered_on": date(2026, 1, 2), "region_code": "500114",
                    "industry_code": "C3912", "resident_enterprise": True},
           "checked": ["ip_right", "award", "standard", "rd_body"]}  # fmt: skip
    compiled.shipped(db, EVERYTHING)
    outcomes: dict[str, str] = {}
    for code in EVERYTHING:
        outcomes |= agreed(db, new, code, SETS[code]).outcomes
    figures = ("hnte.staff", "hnte.rd", "hnte.rd_domestic", "hnte.income", "lg.revenue",
               "lg.growth", "lg.rd_sum", "lg.rd_ratio", "srdi.scale", "srdi.rd", "srdi.debt",
               "sc.revenue",
               "tsme.sales_cap", "tsme.score", "isme.direct_equity", "pool.rd", "pool.fast",
               "star.rd", "star.growth", "bse.rd", "scale.revenue", "size.sme", "gz.base",
               "grad.vc", "grad.revenue")  # fmt: skip
    assert {name: outcomes[name] for name in figures} == dict.fromkeys(figures, "unknown")


def test_a_span_that_ends_before_the_firm_began_is_unknown(db: Session, tmp_path: Path) -> None:
    """Only years before the first are left out, and only while the newest one was lived."""
    code, policy = written(
        db, tmp_path,
        {"at_most": {"of": {"sum": {"of": "equity_raised", "years": 2}}, "value": 1}},
        {"at_most": {"of": {"sum": {"of": "equity_raised", "years": 2, "last": -2}}, "value": 1}},
        {"at_most": {"of": {"mean": {"of": "equity_raised", "years": 3, "last": -2}}, "value": 1}},
    )  # fmt: skip
    facts = {"firm": {"registered_on": date(2025, 7, 1)}, "figures": {"equity_raised": {2025: 0}}}
    found = agreed(db, facts, code, policy)
    assert list(found.outcomes.values()) == ["met", "unknown", "unknown"]


def test_a_share_in_nothing_or_in_less_is_unknown(db: Session, tmp_path: Path) -> None:
    share = {"ratio": {"of": {"figure": {"of": "net_profit"}},
                       "to": {"figure": {"of": "net_assets_ye"}}}}  # fmt: skip
    code, policy = written(db, tmp_path, {"at_least": {"of": share, "value": "5%"}},
                           {"less_than": {"of": share, "value": "5%"}})  # fmt: skip
    for assets, outcome in ((-1, "unknown"), (0, "unknown"), (1, "met")):
        facts = {"figures": {"net_profit": {2025: 10}, "net_assets_ye": {2025: assets}}}
        found = agreed(db, facts, code, policy)
        assert found.outcomes["trial.c0"] == outcome
        assert found.outcomes["trial.c1"] == ("unmet" if outcome == "met" else "unknown")


def test_a_set_to_which_nothing_applies(db: Session) -> None:
    compiled.shipped(db, ["incubatee_2018"])
    facts = {"firm": {"registered_on": date(2015, 1, 1)}}
    found = agreed(db, facts, "incubatee_2018", SETS["incubatee_2018"], date(2025, 6, 1))
    assert (found.outcome, found.unmet, found.unknown) == ("not_applicable", 0, 0)
    assert found.readiness == 0


def test_closeness_is_cut_at_every_step(db: Session, tmp_path: Path) -> None:
    """Two thirds of one and all of another: (0.6666 + 1) / 2 cut to 0.8333, not 0.83335."""
    part = {"at_least": {"of": {"figure": {"of": "srdi_score"}}, "value": 3}}
    whole = {"at_least": {"of": {"figure": {"of": "segment_years"}}, "value": 1}}
    code, policy = written(db, tmp_path, {"all": [part, whole]})
    facts = {"figures": {"srdi_score": {2025: 2}, "segment_years": {2025: 1}}}
    assert agreed(db, facts, code, policy).readiness * 10_000 == 8_333


def test_the_gap_of_a_middle_is_in_whole_points(db: Session) -> None:
    """Worked out by hand in the cases; here: what is lacking, added to both ends, suffices."""
    facts: dict[str, Any] = {
        "firm": {"registered_on": date(2010, 1, 1)},
        "checked": ["ip_right"],
        "judgements": {f"hnte.score.{name}": 3 for name in (
            "ip.advancement", "ip.support", "management.rules", "management.body")},
        "figures": {"results_converted": {2023: 2, 2024: 2, 2025: 2}},
    }  # fmt: skip
    code = "pool_qianjiang_2023"
    compiled.shipped(db, [code])
    short = agreed(db, facts, code, SETS[code]).gaps["pool.strong"]
    assert short is not None and short > 0
    facts["judgements"] |= {"hnte.score.ip.advancement": 8, "hnte.score.ip.support": 8}
    nearer = agreed(db, facts, code, SETS[code]).gaps["pool.strong"]
    assert nearer == short - 10


def test_a_board_s_attributes_are_no_title_anybody_could_lose(db: Session) -> None:
    """A firm is listed by its listing; not meeting a board's attributes puts nothing at risk."""
    load_shipped(db)
    titles = {loaded.policy.code: loaded.policy.title for loaded in all_sets(db)}
    assert (titles["star_2024"], titles["bse_2024"]) == ("star_board", "bse_board")
    assert not {"listed", "otc"} & set(titles.values())
    assert not {"star_board", "bse_board"} & set(DESIGNATION_KINDS)
    listed = make_firm(db, designations=[{"kind": "listed", "from": date(2025, 1, 1)},
                                         {"kind": "hnte", "from": date(2025, 1, 1)}])  # fmt: skip
    assert rung_of(db, listed, DAY) == "certified"
    assert all(s.policy.rung is None for s in get_sets(db, ["star_2024", "bse_2024"]))


def test_no_day_without_a_set_for_a_grant_or_a_review_of_srdi_titles() -> None:
    """From the first rules of 2022 on, both ladders always have one version of either purpose."""
    for title in ("srdi", "little_giant"):
        for purpose in ("first", "review"):
            versions = sorted(
                (one["since"], one.get("until") or date.max) for one in SETS.values()
                if one["title"] == title and one.get("purpose", "first") == purpose
            )  # fmt: skip
            assert versions[0][0] == date(2022, 8, 1) and versions[-1][1] == date.max
            for (_, until), (since, _) in pairwise(versions):
                assert (since - until).days == 1, (title, purpose)


def test_a_used_set_is_never_deleted(db: Session) -> None:
    make_firm(db)
    assess(db, None, DAY)
    gone = text("delete from criteria_set where first_used_at is not null")
    with pytest.raises(IntegrityError, match="succeeded, never deleted"), db.begin_nested():
        db.execute(gone)
