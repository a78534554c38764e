"""Processes that are killed from outside while others rely on them. Owns who dies when, drawn from the seed.

Must never wait for a good moment: the point is that there is no bad one.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from .phone import Phone
from .server import Server

#: Seconds after the beginning of a scene.
UPLOAD = (0.2, 3.0)
FETCH = (0.1, 1.5)
HEAL = (0.0, 0.5)


class Faults:
    """Kills and, where nobody else would notice, starts again."""

    def __init__(self, seed: int, server: Server, say: Callable[[str], None]) -> None:
        self._draw = random.Random(f"faults {seed}")
        self._server = server
        self._say = say
        #: How often what was killed.
        self.killed: Counter[str] = Counter()

    async def server(self, after: float = 0.0) -> None:
        """Kills the server and starts it again."""
        await self._restart("server", self._server.kill, after)

    async def postgres(self, after: float = 0.0) -> None:
        """Kills the server's Postgres and starts both again."""
        await self._restart("Postgres", self._server.kill_postgres, after)

    async def _restart(self, name: str, kill: Callable[[], Awaitable[None]], after: float) -> None:
        await asyncio.sleep(after)
        await kill()
        self.killed[name] += 1
        self._say(f"the {name} was killed")
        await self._server.start()

    async def phone(self, phones: list[Phone], after: float = 0.0) -> None:
        """Kills a device in whatever it does. Whoever asks it next starts it again, as its owner would."""
        victim = self._draw.choice(phones)
        await asyncio.sleep(after)
        await victim.kill()
        self.killed["device"] += 1
        self._say(f"{victim.name} was killed")

    def moment(self, within: tuple[float, float]) -> float:
        """So many seconds from now."""
        return self._draw.uniform(*within)

    @asynccontextmanager
    async def during(self, *kills: Awaitable[None]):
        """The body runs while these come due; afterwards all of them have come."""
        tasks = [asyncio.ensure_future(kill) for kill in kills]
        try:
            yield
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        await asyncio.gather(*tasks)
