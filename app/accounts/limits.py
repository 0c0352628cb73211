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

# Takes one request out of the bucket that a common table expression named so describes.
SPEND = """
insert into rate_limit as held (key, full_at, granted)
select key, statement_timestamp() + step, true from bucket
on conflict (key) do update set
  granted = greatest(held.full_at, statement_timestamp())
    <= statement_timestamp() + (select room from bucket),
  full_at = greatest(held.full_at, statement_timestamp()) + case
    when greatest(held.full_at, statement_timestamp())
      <= statement_timestamp() + (select room from bucket)
    then (select step from bucket) else interval '0' end
returning granted, extract(epoch from full_at - statement_timestamp()) as owed
"""
SPEND_FAILURE = text(f"""
with bucket as (
  select cast(:key as text) as key, make_interval(secs => :step) as step,
         make_interval(secs => :room) as room
) {SPEND}
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

    @property
    def room(self) -> float:
        """How many seconds before a bucket is full one may still ask."""
        return (self.burst - 1) * self.step


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


def spend_failure(session: Session, address: Address | None, settings: Settings) -> Allowance:
    """Take one failed authentication out of an address's bucket."""
    where = "unknown" if address is None else line_of(address)
    policy = _policy("failures", settings.failures_per_minute, settings)
    session.execute(FORGET, {"share": 1 / SWEPT_EVERY})
    given = {"key": f"address:{where}", "step": policy.step, "room": policy.room}
    row = session.execute(SPEND_FAILURE, given).one()
    return allowance(policy, float(row.owed), granted=row.granted)


def allowance(policy: Policy, owed: float, *, granted: bool) -> Allowance:
    """What a bucket said, by the seconds until it will be full again."""
    spent = min(policy.burst, ceil(round(max(0.0, owed) / policy.step, 6)))
    wait = owed - (spent - 1) * policy.step if spent else 0
    return Allowance(policy, granted, policy.burst - spent, max(1, ceil(wait)) if spent else 0)
