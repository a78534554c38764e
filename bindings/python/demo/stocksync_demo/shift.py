"""The shift: hands out turns in true time, moves the true shelf at the instant of each act, brings the faults.

Must never look into a database to decide anything: a turn depends on script, shelf and what a device says it saved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Faults
from .office import Ids
from .phone import Phone
from .pictures import Picture
from .proxy import Line
from .script import Act, Contest, Kill, Shrink, Sync, Turn
from .shelf import Cell, Shelf

#: Acts of two devices on one cell, one of them a count, are this far apart: their order is then beyond doubt.
APART_SECONDS = 0.5
#: A sync over a bad line gives up after this.
BAD_LINE_MS = 2_000
UP_MS = 20_000


@dataclass
class Found:
    """What the shift has seen."""

    frames: int = 0
    unread: int = 0
    reported: int = 0
    kept: int = 0
    #: Cells whose counts nobody can order, by design.
    contested: set[Cell] = field(default_factory=set)
    counted: dict[Cell, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Shift:
    """Runs a script on phones."""

    def __init__(
        self,
        phones: list[Phone],
        ids: Ids,
        shelf: Shelf,
        pictures: Path,
        faults: Faults,
        show: Callable[[], Awaitable[None]],
    ) -> None:
        self.phones = phones
        self.ids = ids
        self.shelf = shelf
        self.found = Found()
        self._pictures = pictures
        self._faults = faults
        self._show = show
        #: Cell -> (when, device, whether it was a count) of the last act there.
        self._touched: dict[Cell, tuple[float, int, bool]] = {}

    async def run(self, turns: list[Turn]) -> None:
        """All turns, in their order."""
        for turn in turns:
            await self._turn(turn)
            await self._show()

    async def _turn(self, turn: Turn) -> None:
        if isinstance(turn, Act):
            await self._act(turn)
        elif isinstance(turn, Shrink):
            self.shelf.take(turn.cell, turn.quantity)
        elif isinstance(turn, Sync):
            await self._sync(turn)
        elif isinstance(turn, Contest):
            await self._contest(turn)
        else:
            await self._kill(turn)

    async def _act(self, act: Act) -> None:
        phone = self.phones[act.device]
        await self._identify(phone, act.cell, act.picture)
        there = (act.cell[0], act.to, act.cell[2])
        cells = [act.cell, there] if act.to else [act.cell]
        is_count = act.kind == "count"
        await self._wait_apart(cells, act.device, is_count)
        await phone.capture(self._request(act.kind, act.cell, act.quantity, act.to))
        if is_count:
            self.found.counted[act.cell] = self.shelf.look(act.cell)
        elif act.kind == "receive":
            self.shelf.put(act.cell, act.quantity)
        else:
            self.shelf.take(act.cell, act.quantity)
        if act.to:
            self.shelf.put(there, act.quantity)
        self._touch(cells, act.device, is_count)
        phone.state = act.kind
        await phone.look()

    def _request(self, kind: str, cell: Cell, quantity: int, to: str = "") -> dict:
        """The act as a device records it; a count reads the true shelf now."""
        variant, place = self.ids.variants[cell[0]], self.ids.places[cell[1]]
        if kind == "count":
            held = self.shelf.look(cell)
            return {"kind": "count", "variant": variant, "location": place, "lot": cell[2], "counted": held}
        ends = {
            "receive": ("supplier", place),
            "issue": (place, "customer"),
            "move": (place, self.ids.places.get(to, "")),
        }[kind]
        return {"kind": "move", "from": ends[0], "to": ends[1], "lines": [[variant, cell[2], quantity]], "reason": kind}

    async def _identify(self, phone: Phone, cell: Cell, picture: Picture) -> None:
        """Shows the picture to the device; what it cannot read, the person types."""
        self.found.frames += 1
        seen = await phone.ask("scan", path=str(self._pictures / picture.file))
        if seen["text"] is None:
            self.found.unread += 1
            seen = await phone.ask("lookup", text=picture.expected)
        elif seen["text"] != picture.expected:
            self.found.wrong.append(f"{picture.file} was read as {seen['text']!r}")
        expected = self.ids.variants[cell[0]]
        if expected not in seen["variants"] or seen["lot"] != cell[2]:
            found = f"{seen['variants']} {seen['lot']!r}"
            self.found.wrong.append(f"{phone.name}: {picture.file} is {found}, not {expected}")

    async def _wait_apart(self, cells: list[Cell], device: int, is_count: bool) -> None:
        for cell in cells:
            when, who, counted = self._touched.get(cell, (0.0, device, False))
            if who != device and (counted or is_count):
                await asyncio.sleep(max(0.0, when + APART_SECONDS - time.monotonic()))

    def _touch(self, cells: list[Cell], device: int, is_count: bool) -> None:
        for cell in cells:
            self._touched[cell] = (time.monotonic(), device, is_count)

    async def _sync(self, turn: Sync) -> None:
        phone = self.phones[turn.device]
        phone.proxy.set(turn.line)
        kills = [] if turn.server_dies_ms is None else [self._faults.server(turn.server_dies_ms / 1_000)]
        async with self._faults.during(*kills):
            await phone.sync(UP_MS if turn.line is Line.UP else BAD_LINE_MS)
        phone.proxy.set(Line.DOWN)

    async def _contest(self, turn: Contest) -> None:
        """Both begin to count, the third sells meanwhile, both say their number: the first the one from before."""
        first, second = (self.phones[device] for device in turn.counters)
        seller = self.phones[turn.seller]
        for phone in (first, second, seller):
            await self._identify(phone, turn.cell, turn.picture)
        await self._wait_apart([turn.cell], -1, True)
        self.found.contested.add(turn.cell)
        acts = [(await phone.ask("begin"))["act"] for phone in (first, second)]
        before = self._request("count", turn.cell, 0)
        await asyncio.sleep(APART_SECONDS)
        await seller.capture(self._request("issue", turn.cell, turn.quantity))
        self.shelf.take(turn.cell, turn.quantity)
        await asyncio.sleep(APART_SECONDS)
        await first.capture(before, acts[0])
        await asyncio.sleep(APART_SECONDS)
        await second.capture(self._request("count", turn.cell, 0), acts[1])
        for phone in (first, second, seller):
            await phone.look()

    async def _kill(self, turn: Kill) -> None:
        """Kills the process while it records. What it did not record, the person does again: the units are in hand."""
        phone = self.phones[turn.device]
        self._faults.killed["device"] += 1
        await self._identify(phone, turn.cell, turn.picture)
        await self._wait_apart([turn.cell], turn.device, False)
        before = (await phone.look(), len(phone.saved))
        request = self._request("issue", turn.cell, 1_000)
        await phone.burst_until_killed(request, turn.issues, turn.after_saves, turn.after_ms)
        await self._show()
        await phone.start()  # the same database, a new process
        recorded = (await phone.look())["seq"] - before[0]["seq"]
        self.found.reported = len(phone.saved) - before[1]
        self.found.kept = recorded
        self.found.wrong += await phone.missing()
        if not self.found.reported <= recorded <= turn.issues:
            self.found.wrong.append(f"{phone.name} reported {self.found.reported} acts as saved and has {recorded}")
        if left := turn.issues - recorded:
            await phone.ask("burst", request=request, times=left)
        self.shelf.take(turn.cell, 1_000 * turn.issues)
        self._touch([turn.cell], turn.device, False)
