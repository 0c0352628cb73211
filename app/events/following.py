"""Wait for the feed to grow, without a connection: one look a moment for all who wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.accounts.actor import Actor, Role
from app.events import queries

LOOK_SECONDS = 0.2
# So many readings at once take connections; the others wait their turn.
READINGS = 3
Asked = tuple[Role, int | None, int, tuple[str, ...], int]


@dataclass
class Tail:
    """The end of the feed as last seen, for all who follow it in this process.

    They wait for the same look and wake together, and who then asks for the same is given the same.
    """

    sessions: Callable[[], Any]
    seen: int = -1
    looked_at: float = 0.0
    look: asyncio.Task[None] | None = None
    under_way: dict[Asked, asyncio.Task[queries.Read]] = field(default_factory=dict)
    places: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(READINGS))

    async def grown_beyond(self, position: int, deadline: float) -> bool:
        """Whether anything was committed after the position before the deadline.

        Nobody leaves in the middle of a look, so none is under way when the last one has left.
        """
        while self.seen <= position:
            if time.monotonic() >= deadline:
                return False
            if self.look is None or self.look.done():
                self.look = asyncio.create_task(self._look())
            await asyncio.shield(self.look)  # raises what the database has said
        return True

    async def read(self, actor: Actor, after: int, kinds: list[str], most: int) -> queries.Read:
        """The next events, in a short transaction of their own."""
        asked = (actor.role, actor.organisation_id, after, tuple(kinds), most)
        task = self.under_way.get(asked)
        if task is None:
            task = self.under_way[asked] = asyncio.create_task(self._read(actor, *asked[2:]))
            task.add_done_callback(lambda _: self.under_way.pop(asked))
        return await asyncio.shield(task)

    async def _look(self) -> None:
        await asyncio.sleep(max(0.0, self.looked_at + LOOK_SECONDS - time.monotonic()))
        self.seen = await anyio.to_thread.run_sync(self._head, limiter=self.places)
        self.looked_at = time.monotonic()

    async def _read(
        self, actor: Actor, after: int, kinds: tuple[str, ...], most: int
    ) -> queries.Read:
        def in_transaction() -> queries.Read:
            with self.sessions() as session, session.begin():
                self._declare(session, actor)
                queries.check_reached(session, after)
                return queries.read(session, after, kinds, most)

        return await anyio.to_thread.run_sync(in_transaction, limiter=self.places)

    async def start(self, actor: Actor, after: int) -> int:
        """The oldest position, once `after` is known to be kept."""

        def in_transaction() -> int:
            with self.sessions() as session, session.begin():
                self._declare(session, actor)
                queries.check_reached(session, after)
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
