"""How often one may call: buckets in the database, so that several processes share them.

A bucket holds what accrues in `burst_seconds` and fills at so many requests a minute. All that is
kept of it is the instant at which it will be full again (GCRA): one row, one statement a request.
Its table has no model: it is unlogged, no part of the records, and touched by these two statements.
"""

from dataclasses import dataclass
from math import ceil

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.addresses import Address, line_of
from app.core.errors import TooManyRequests
from app.core.settings import Settings

SPEND = text("""
insert into rate_limit as held (key, full_at, granted)
values (:key, statement_timestamp() + make_interval(secs => :step), true)
on conflict (key) do update set
  granted = greatest(held.full_at, statement_timestamp())
    <= statement_timestamp() + make_interval(secs => :room),
  full_at = greatest(held.full_at, statement_timestamp()) + case
    when greatest(held.full_at, statement_timestamp())
      <= statement_timestamp() + make_interval(secs => :room)
    then make_interval(secs => :step) else interval '0' end
returning granted, extract(epoch from full_at - statement_timestamp())
""")
# Addresses come and go: now and then those whose bucket has long been full are forgotten.
FORGET = text("""
delete from rate_limit where (select random()) < :share and key like 'address:%'
  and full_at < statement_timestamp() - interval '1 hour'
""")
SWEPT_EVERY = 100


@dataclass(frozen=True)
class Policy:
    """So many requests a minute, and so many of them at once."""

    name: str
    per_minute: int
    burst: int

    @property
    def step(self) -> float:
        """Seconds in which one more request accrues."""
        return 60 / self.per_minute


@dataclass(frozen=True)
class Allowance:
    """What a bucket said to one request."""

    policy: Policy
    granted: bool
    remaining: int
    # Seconds until there is one more than `remaining`.
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit fields of draft-ietf-httpapi-ratelimit-headers."""
        name = self.policy.name
        return {
            "ratelimit-policy": f'"{name}";q={self.policy.per_minute};w=60',
            "ratelimit": f'"{name}";r={self.remaining};t={self.wait}',
        }

    def refusal(self) -> TooManyRequests:
        """The error that tells when to come back."""
        return TooManyRequests(
            f"超过每分钟 {self.policy.per_minute} 次的限额：请在 {self.wait} 秒后重试 "
            f"(too many requests: retry after {self.wait} s)",
            retry_after=self.wait,
            **{"violated-policies": [self.policy.name]},
        )


def _policy(name: str, per_minute: int, settings: Settings) -> Policy:
    return Policy(name, per_minute, max(1, per_minute * settings.burst_seconds // 60))


def token_policy(settings: Settings, own: int | None) -> Policy:
    """What a token may send: its own rate, or the usual one."""
    return _policy("token", own or settings.token_requests_per_minute, settings)


def spend_token(session: Session, token_id: int, policy: Policy) -> Allowance:
    """Take one request out of a token's bucket."""
    return _spend(session, f"token:{token_id}", policy)


def spend_failure(session: Session, address: Address | None, settings: Settings) -> Allowance:
    """Take one failed authentication out of an address's bucket."""
    where = "unknown" if address is None else line_of(address)
    policy = _policy("failures", settings.failures_per_minute, settings)
    session.execute(FORGET, {"share": 1 / SWEPT_EVERY})
    return _spend(session, f"address:{where}", policy)


def _spend(session: Session, key: str, policy: Policy) -> Allowance:
    room = (policy.burst - 1) * policy.step
    row = session.execute(SPEND, {"key": key, "step": policy.step, "room": room}).one()
    owed = max(0.0, float(row[1]))
    spent = min(policy.burst, ceil(round(owed / policy.step, 6)))
    wait = owed - (spent - 1) * policy.step if spent else 0
    return Allowance(policy, row.granted, policy.burst - spent, max(1, ceil(wait)) if spent else 0)
