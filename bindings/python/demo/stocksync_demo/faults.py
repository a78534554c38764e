"""Kills processes while others use them. Owns which process is killed and when, drawn from the seed.

Must never wait until a process is idle: a kill must be harmless at any time.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from .phone import Phone
from .server import Server

#: A range of seconds after the beginning of a scene.
UPLOAD = (0.2, 3.0)
FETCH = (0.1, 1.5)
HEAL = (0.0, 0.5)


class Faults:
    """Kills processes, and restarts server and Postgres. Devices are restarted by who uses them next."""

    def __init__(self, seed: int, server: Server, log: Callable[[str], None]) -> None:
        self._draw = random.Random(f"faults {seed}")
        self._server = server
        self._log = log
        #: Number of kills by kind of process.
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
        self._log(f"the {name} was killed")
        await self._server.start()

    async def phone(self, phones: list[Phone], after: float = 0.0) -> None:
        """Kills a random device. Its next user starts it again."""
        victim = self._draw.choice(phones)
        await asyncio.sleep(after)
        await victim.kill()
        self.killed["device"] += 1
        self._log(f"{victim.name} was killed")

    def delay(self, within: tuple[float, float]) -> float:
        """A random number of seconds within a range."""
        return self._draw.uniform(*within)

    @asynccontextmanager
    async def during(self, *kills: Awaitable[None]):
        """Runs kills at the same time as the body; at the end all of them have happened."""
        tasks = [asyncio.ensure_future(kill) for kill in kills]
        try:
            yield
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        await asyncio.gather(*tasks)
