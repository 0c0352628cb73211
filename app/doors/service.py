"""Doors: made and revoked by whoever keeps the firm, opened by the firm, in one browser only.

A link is a random secret with a signature over it: a forged one is refused unread, and only hashes
are kept. The first browser that opens a link gets a cookie and the link is worth nothing in any
other one, so a link that was passed on opens nothing, and whoever made it sees that it was tried.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.acting import act_as_firm
from app.accounts.actor import Actor
from app.accounts.keys import keyed_hash
from app.accounts.secrets import digest, new_secret
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.core.settings import Settings
from app.doors.models import Correction, Door, DoorAnswer
from app.exchange.typing_in import read
from app.firms import queries
from app.firms.catalogue import INDICATORS
from app.firms.models import Firm
from app.firms.reporting import checked
from app.support.models import OPEN_STATES, SupportCase

PURPOSE, SIGNATURE = "door", 32
LONGEST, USUAL_DAYS, MOST_OPEN = 90, 30, 20
LONGEST_WORDS = 1000
BEHIND = text("select * from door_behind(:secret, :browser)")
NOTHING = ""  # no hash is empty


@dataclass(frozen=True)
class Knock:
    """What came of somebody's knocking: the door, and why it stays shut; None if it opens."""

    door: Door | None
    fault: str | None


# --- those who keep the firm ----------------------------------------------------------------------


def make(
    session: Session, settings: Settings, actor: Actor, firm: Firm, given_to: str, days: int
) -> tuple[Door, str]:
    """A new door and its link's secret, which is shown once."""
    actor.require("firms:write")
    if not 1 <= days <= LONGEST:
        raise _wrong("days", f"有效期应为 1 至 {LONGEST} 天 (1 to {LONGEST} days)")
    if not given_to.strip():
        raise _wrong("given_to", "请写明交给谁（职务），例如 财务负责人 (whom it is given to)")
    session.refresh(firm, with_for_update=True)  # so that the number of doors is bounded
    standing = [one for one in listed(session, firm.id) if fault_of(one) is None]
    if len(standing) >= MOST_OPEN:
        raise Conflict(f"该企业已有 {MOST_OPEN} 个有效链接：请先撤销不用的 (too many links)")
    secret = new_secret()
    found = Door(
        firm_id=firm.id, secret_hash=digest(secret), given_to=given_to.strip()[:100],
        made_by=actor.name, expires_at=now() + timedelta(days=days),
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found, f"{secret}.{_signature(settings, secret)}"


def _signature(settings: Settings, secret: str) -> str:
    return keyed_hash(settings, PURPOSE, secret)[:SIGNATURE]


def listed(session: Session, firm_id: int) -> list[Door]:
    """A firm's doors, newest first."""
    query = select(Door).where(Door.firm_id == firm_id).order_by(Door.id.desc())
    return list(session.scalars(query))


def address(site: str, secret: str) -> str:
    """Where a link leads to."""
    return f"{site}/door/open/{secret}"


def get(session: Session, actor: Actor, firm_id: int, door_id: int) -> Door:
    """One door of a firm; NotFound also where the firm is not this actor's to know."""
    queries.get(session, actor, firm_id)
    found = session.get(Door, door_id)
    if found is None or found.firm_id != firm_id:
        raise NotFound("没有这个链接 (no such link)")
    return found


def revoke(session: Session, actor: Actor, firm_id: int, door_id: int) -> Door:
    """Shut a door for good."""
    actor.require("firms:write")
    found = get(session, actor, firm_id, door_id)
    session.refresh(found, with_for_update=True)
    shut(found, actor.name)
    session.flush()
    return found


def shut(door: Door, by: str) -> None:
    """Revoke a door; one that is shut already stays as it was."""
    if door.revoked_at is None:
        door.revoked_at, door.revoked_by = now(), by


# --- the firm -------------------------------------------------------------------------------------


def fault_of(door: Door) -> str | None:
    """Why a door leads nowhere any more."""
    if door.revoked_at is not None:
        return "revoked"
    return "expired" if door.expires_at <= now() else None


def knock(session: Session, settings: Settings, link: str, browser: str | None) -> Knock:
    """What is behind a link, for this browser."""
    secret, _, signature = link.partition(".")
    known = _signature(settings, secret) if link.isascii() else NOTHING
    if not hmac.compare_digest(known, signature if signature.isascii() else NOTHING) or not known:
        return Knock(None, "forged")
    found = _behind(session, digest(secret), NOTHING)
    if found is None:
        return Knock(None, "unknown")
    mine = browser is not None and found.browser_hash == digest(browser)
    elsewhere = None if mine or found.browser_hash is None else "elsewhere"
    return Knock(found, fault_of(found) or elsewhere)


def of_browser(session: Session, browser: str | None) -> Knock:
    """The door that this browser has opened."""
    found = None if browser is None else _behind(session, NOTHING, digest(browser))
    return Knock(found, "unknown" if found is None else fault_of(found))


def _behind(session: Session, secret: str, browser: str) -> Door | None:
    query = select(Door).from_statement(BEHIND)
    found: Door | None = session.scalar(query, {"secret": secret, "browser": browser})
    return found


def enter(session: Session, door: Door, request_id: str) -> None:
    """From here on the firm acts in this transaction, and nothing else of the register is there."""
    act_as_firm(session, door.firm_id, name_of(door), request_id=request_id)


def name_of(door: Door) -> str:
    """Who acts through it, as trail and documents say."""
    return f"企业通道 {door.id}"


def open_in(session: Session, door: Door, browser: str) -> bool:
    """Bind a door to a browser; False where another one came first."""
    free = update(Door).where(Door.id == door.id, Door.browser_hash.is_(None))
    done = session.execute(
        free.values(browser_hash=digest(browser), opened_at=now()).returning(Door.id)
    )
    return done.scalar() is not None


def propose(
    session: Session, door: Door, firm: Firm, typed: Mapping[tuple[str, int], str], unit: str,
    note: str,
) -> list[Correction]:  # fmt: skip
    """Figures as the firm says they are, for somebody to accept; Invalid names what is wrong.

    What equals the figure that stands is passed over; a newer word of the firm takes the place of
    its older one.
    """
    known = {(one.indicator.code, one.year): one.value for one in queries.figures_of(session,
             firm.id)}  # fmt: skip
    made = []
    for (code, year), words in sorted(typed.items()):
        entry = INDICATORS.get(code)
        if entry is None:
            raise _wrong(code, "没有这个指标：请刷新页面 (no such indicator: reload the page)")
        value = read(entry, words, unit)
        if value.value is None or value.value == known.get((code, year)):
            continue
        stored = checked(firm, year, {code: value.value})[code]
        made.append(Correction(firm_id=firm.id, door_id=door.id, year=year, indicator=code,
                               value=stored, typed=value.words,
                               note=note.strip()[:LONGEST_WORDS] or None))  # fmt: skip
    if not made:
        raise Invalid("没有与现有数据不同的填写：请填写要更正的数 (nothing differs: give a figure)")
    _replace(session, made)
    session.add_all(made)
    session.flush()
    return made


def _replace(session: Session, made: list[Correction]) -> None:
    """What the firm proposed of the same figures before is said anew."""
    for one in made:
        session.execute(
            update(Correction)
            .where(Correction.firm_id == one.firm_id, Correction.year == one.year,
                   Correction.indicator == one.indicator, Correction.state == "open")
            .values(state="replaced", settled_at=now())
        )  # fmt: skip


def answer(session: Session, door: Door, case_id: int | None, score: int, words: str) -> None:
    """How content the firm is, with a case of its own that is closed or with support as a whole."""
    if not 1 <= score <= 5:
        raise _wrong("score", "请选择 1 至 5 分 (choose from 1 to 5)")
    if case_id is not None:
        case = session.get(SupportCase, case_id)
        if case is None or case.firm_id != door.firm_id or case.state in OPEN_STATES:
            raise _wrong("case_id", "没有这件已办结的事项 (no such closed case)")
    given = {"score": score, "words": words.strip()[:LONGEST_WORDS] or None, "answered_at": now()}
    session.execute(
        insert(DoorAnswer)
        .values(firm_id=door.firm_id, door_id=door.id, case_id=case_id, **given)
        .on_conflict_do_update(index_elements=["door_id", "case_id"], set_=given)
    )


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
