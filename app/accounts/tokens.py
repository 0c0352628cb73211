"""Machines: tokens issued to an organisation, each within its scopes, for a time, from places."""

import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network

from sqlalchemy import ColumnElement, Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import limits
from app.accounts.actor import ROLE_OF_ORGANISATION, Actor
from app.accounts.models import Token, TokenUse
from app.accounts.secrets import digest
from app.accounts.service import organisation
from app.core.addresses import Address
from app.core.clock import now
from app.core.db import plainly
from app.core.errors import Conflict, Invalid
from app.core.settings import Settings

SCOPES = (
    "firms:read", "firms:write", "figures:write", "contacts:read", "contacts:write",
    "webhooks:write",
)  # fmt: skip
LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 43 letters out of 62 are 256 bits; six hold the checksum by which scanners tell a real token.
RANDOM, CHECKSUM = 43, 6
PATTERN = re.compile(rf"tidu_([0-9a-f]{{8}})_[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}", re.ASCII)
LONGEST_DAYS, LONGEST_OVERLAP, OVERLAP = 730, 30, 7
LONGEST_NAME, MOST_RANGES = 100, 50
USE_IS_NOTED_EVERY = timedelta(minutes=1)
# The bucket is that of `limits._policy`.
ADMIT = f"""
with found as (
  select token.id, token.name, token.scopes, token.organisation_id, organisation.kind,
         token_use.used_at, coalesce(token.requests_per_minute, %(usual)s) as rate
  from token join organisation on organisation.id = token.organisation_id
  left join token_use on token_use.token_id = token.id
  where token.token_hash = %(digest)s and token.expires_at > %(now)s and token.revoked_at is null
    and (cardinality(token.ranges) = 0 or cast(%(address)s as inet) <<= any(token.ranges))
), bucket as (
  select 'token:' || id as key, make_interval(secs => 60.0 / rate) as step,
         make_interval(secs => (greatest(1, rate * %(seconds)s / 60) - 1) * 60.0 / rate) as room
  from found
), spent as ({limits.SPEND})
select found.*, spent.granted, spent.owed from found, spent
"""  # noqa: S608 - made of our own text


@dataclass(frozen=True)
class Wanted:
    """What a new token is to be: whose, what for, what it may do, how long, whence, how often."""

    organisation: str
    name: str
    scopes: tuple[str, ...]
    days: int = 90
    ranges: tuple[str, ...] = ()
    requests_per_minute: int | None = None


@dataclass(frozen=True)
class Issued:
    """A new token and its secret, which is known only now."""

    token: Token
    secret: str


@dataclass(frozen=True)
class Bearer:
    """Who a valid secret stands for, and what its limit said to this request."""

    actor: Actor
    token_id: int
    allowance: limits.Allowance
    # Whether its last use is known well enough.
    use_is_noted: bool


# --- secrets ------------------------------------------------------------------------------------


def checksum(body: str) -> str:
    """CRC-32 of what stands before it, in base 62: tells a token from what only looks like one."""
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
    return letters


def is_token(given: str) -> bool:
    """Whether a text is shaped like a token and its checksum is right."""
    whole = PATTERN.fullmatch(given) is not None
    return whole and checksum(given[:-CHECKSUM]) == given[-CHECKSUM:]


def _new_secret() -> tuple[str, str]:
    prefix = secrets.token_hex(4)
    body = f"tidu_{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(RANDOM))
    return prefix, body + checksum(body)


# --- issue, rotate, revoke ----------------------------------------------------------------------


def issue(session: Session, wanted: Wanted, by: Actor) -> Issued:
    """A new token; only its hash is kept. Every fault of what is wanted is told at once."""
    _check(wanted)
    body = organisation(session, wanted.organisation)
    if body.kind not in ROLE_OF_ORGANISATION:
        raise Invalid(
            f"{body.name} 是一组单位，不能持有令牌：请为其成员单位签发 (a group holds no tokens)"
        )
    session.refresh(body, with_for_update=True)  # two clicks of one button come one after the other
    name = wanted.name.strip()
    if session.scalar(select(Token.id).where(Token.organisation_id == body.id, Token.name == name,
                                             _alive())):  # fmt: skip
        raise Conflict(
            f"{body.name} 已有名为“{name}”的有效令牌：请换一个名称，或轮换原令牌 "
            "(name is taken: choose another, or rotate)"
        )
    return _stored(
        session,
        Token(
            name=name,
            scopes=sorted(set(wanted.scopes)),
            organisation_id=body.id,
            ranges=[ip_network(each) for each in dict.fromkeys(wanted.ranges)],
            requests_per_minute=wanted.requests_per_minute,
            expires_at=now() + timedelta(days=wanted.days),
        ),
        by,
    )


def _stored(session: Session, token: Token, by: Actor) -> Issued:
    token.prefix, secret = _new_secret()
    token.token_hash, token.issued_by = digest(secret), by.name
    session.add(token)
    session.flush()  # its number is shown with it
    return Issued(token, secret)


def _alive() -> ColumnElement[bool]:
    return (Token.expires_at > now()) & Token.revoked_at.is_(None)


def _check(wanted: Wanted) -> None:
    faults = [
        *_name_faults(wanted.name),
        *_scope_faults(wanted.scopes),
        *_days_faults(wanted.days),
        *_range_faults(wanted.ranges),
        *_rate_faults(wanted.requests_per_minute),
    ]
    if faults:
        errors = [{"pointer": f"/{name}", "detail": detail} for name, detail in faults]
        raise Invalid(faults[0][1], errors=errors)


Faults = list[tuple[str, str]]


def _name_faults(name: str) -> Faults:
    name = name.strip()
    if 0 < len(name) <= LONGEST_NAME and name.isprintable():
        return []
    return [("name", f"名称应为 1 至 {LONGEST_NAME} 个字符，说明用途 (a name of 1 to 100 letters)")]


def _scope_faults(scopes: tuple[str, ...]) -> Faults:
    if not scopes:
        return [("scopes", "请至少选择一个权限范围 (choose at least one scope)")]
    return [
        ("scopes", f"没有权限范围 {scope}：可用 {', '.join(SCOPES)} (no such scope)")
        for scope in dict.fromkeys(scopes)
        if scope not in SCOPES
    ]


def _days_faults(days: int) -> Faults:
    if 1 <= days <= LONGEST_DAYS:
        return []
    return [("days", f"有效期 {days} 天应在 1 至 {LONGEST_DAYS} 天之间 (1 to {LONGEST_DAYS} days)")]


def _range_faults(ranges: tuple[str, ...]) -> Faults:
    if len(ranges) > MOST_RANGES:
        return [("ranges", f"地址段最多 {MOST_RANGES} 个 (at most {MOST_RANGES} ranges)")]
    faults = []
    for each in ranges:
        try:
            ip_network(each)
        except ValueError:
            faults.append(("ranges", f"{each[:50]} 不是地址段" + _meant(each)))
    return faults


def _meant(written: str) -> str:
    """The range that was probably meant."""
    try:
        return f"：是否指 {ip_network(written, strict=False)}? (bits set outside the range)"
    except ValueError:
        return "，例如 203.0.113.0/24 或 2001:db8::/48 (not a range of addresses)"


def _rate_faults(rate: int | None) -> Faults:
    if rate is None or 1 <= rate <= 1_000_000:
        return []
    return [("requests_per_minute", "每分钟请求数应在 1 至 1000000 之间 (out of range)")]


def rotate(
    session: Session, token: Token, by: Actor, *, overlap_days: int = OVERLAP,
    days: int | None = None,
) -> Issued:  # fmt: skip
    """A successor with the same rights; the old token lives on for the overlap, and no longer.

    `days` is the successor's term; without it, as long as the old one was issued for.
    """
    if not 0 <= overlap_days <= LONGEST_OVERLAP:
        raise Invalid(f"重叠期 {overlap_days} 天应在 0 至 {LONGEST_OVERLAP} 天之间 (0 to 30 days)")
    term = max(1, (token.expires_at - token.created_at).days) if days is None else days
    if faults := _days_faults(term):
        raise Invalid(faults[0][1])
    session.refresh(token, with_for_update=True)
    if token.revoked_at is not None or token.expires_at <= now():
        raise Conflict(f"令牌 {token.prefix} 已失效，不能轮换：请签发新令牌 (no longer valid)")
    successor = session.scalar(select(Token.prefix).where(Token.predecessor_id == token.id))
    if successor is not None:
        raise Conflict(f"令牌 {token.prefix} 已由 {successor} 接替：请轮换后者 (already rotated)")
    token.expires_at = min(token.expires_at, now() + timedelta(days=overlap_days))
    same = ("name", "scopes", "organisation_id", "ranges", "requests_per_minute")
    return _stored(
        session,
        Token(
            **{name: getattr(token, name) for name in same},
            predecessor_id=token.id,
            expires_at=now() + timedelta(days=term),
        ),
        by,
    )


def revoke(session: Session, token: Token) -> None:
    """End a token at once; a second time changes nothing."""
    session.refresh(token, with_for_update=True)
    token.revoked_at = token.revoked_at or now()
    session.flush()


# --- use ----------------------------------------------------------------------------------------


def admit(
    database: Connection | Session, settings: Settings, secret: str, address: Address | None
) -> Bearer | None:
    """Who a secret stands for, if it holds here and now, and one request out of its bucket.

    Whatever is wrong, the answer is None. It is one statement, which every request waits for.
    """
    if not is_token(secret):
        return None
    where = None if address is None else str(address)
    rows = plainly(database, ADMIT, {
        "digest": digest(secret), "now": now(), "address": where,
        "usual": settings.token_requests_per_minute, "seconds": settings.burst_seconds,
    })  # fmt: skip
    if not rows:
        return None
    row = rows[0]
    actor = Actor(ROLE_OF_ORGANISATION[row.kind], row.organisation_id, row.name, token_id=row.id,
                  scopes=frozenset(row.scopes))  # fmt: skip
    policy = limits.token_policy(settings, row.rate)
    spent = limits.allowance(policy, float(row.owed), granted=row.granted)
    fresh = row.used_at is not None and row.used_at >= now() - USE_IS_NOTED_EVERY
    return Bearer(actor, row.id, spent, use_is_noted=fresh)


def note_use(session: Session, token_id: int, address: Address | None) -> None:
    """In a transaction of its own kind: nobody waits for the disk to learn of it."""
    session.execute(text("set local synchronous_commit = off"))
    noted = insert(TokenUse).values(token_id=token_id, used_at=now(), address=address)
    session.execute(
        noted.on_conflict_do_update(
            index_elements=["token_id"],
            set_={"used_at": noted.excluded.used_at, "address": noted.excluded.address},
            where=TokenUse.used_at < now() - USE_IS_NOTED_EVERY,
        )
    )
