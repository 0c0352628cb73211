"""Wait for the feed to grow, without a connection: one look a moment for all who wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor
from app.events import queries

LOOK_SECONDS = 0.2
# So many readings at once take connections; the others wait their turn.
READINGS = 3


@dataclass
class Tail:
    """The end of the feed as last seen, for all who follow it in this process."""

    sessions: Callable[[], Any]
    seen: int = -1
    looked_at: float = 0.0
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    places: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(READINGS))

    async def grown_beyond(self, position: int, deadline: float) -> bool:
        """Whether anything was committed after the position before the deadline."""
        while True:
            async with self.looking:
                if time.monotonic() - self.looked_at >= LOOK_SECONDS:
                    self.seen = await anyio.to_thread.run_sync(self._head, limiter=self.places)
                    self.looked_at = time.monotonic()
            if self.seen > position:
                return True
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(min(LOOK_SECONDS, max(0.01, deadline - time.monotonic())))

    async def read(self, actor: Actor, after: int, kinds: list[str], most: int) -> queries.Read:
        """The next events, in a short transaction of their own."""

        def in_transaction() -> queries.Read:
            with self.sessions() as session, session.begin():
                self._declare(session, actor)
                return queries.read(session, after, kinds, most)

        return await anyio.to_thread.run_sync(in_transaction, limiter=self.places)

    async def start(self, actor: Actor, after: int) -> int:
        """The oldest position, once `after` is known to be kept."""

        def in_transaction() -> int:
            with self.sessions() as session, session.begin():
                self._declare(session, actor)
                return queries.check_position(session, after)

        return await anyio.to_thread.run_sync(in_transaction, limiter=self.places)

    async def follow(
        self, actor: Actor, after: int, kinds: list[str], seconds: float
    ) -> AsyncIterator[queries.Read]:
        """Page after page until the time is up; an empty one says that all is quiet."""
        deadline = time.monotonic() + seconds
        while True:
            found = await self.read(actor, after, kinds, 500)
            after = found.next
            yield found
            if not found.full and not await self.grown_beyond(after, deadline):
                return

    def _head(self) -> int:
        with self.sessions() as session, session.begin():
            return queries.head(session)

    @staticmethod
    def _declare(session: Session, actor: Actor) -> None:
        act_as(session, actor)
