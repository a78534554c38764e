"""The shift: runs the turns of the script, changes the true shelf at the time of each act, and injects faults.

Owns the findings of the shift. Must never decide anything by a database: a turn depends on script, shelf and what a device
reports as saved.
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

#: Acts of two devices on one cell, one of them a count, are this far apart, so that their order is certain.
APART_SECONDS = 0.5
#: Deadline of a sync over a bad line.
BAD_LINE_MS = 2_000
UP_MS = 20_000


@dataclass
class Findings:
    """What the shift counted and found."""

    frames: int = 0
    unread: int = 0
    reported: int = 0
    recorded: int = 0
    #: Cells with counts whose order is undecidable, by design of the script.
    contested: set[Cell] = field(default_factory=set)
    counted: dict[Cell, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


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
        self.findings = Findings()
        self._pictures = pictures
        self._faults = faults
        self._show = show
        #: Cell -> (time, device, whether it was a count) of the last act on it.
        self._touched: dict[Cell, tuple[float, int, bool]] = {}

    async def run(self, turns: list[Turn]) -> None:
        """Runs all turns in order."""
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
        destination = (act.cell[0], act.to, act.cell[2])
        cells = [act.cell, destination] if act.to else [act.cell]
        is_count = act.kind == "count"
        await self._wait_apart(cells, act.device, is_count)
        await phone.capture(self._request(act.kind, act.cell, act.quantity, act.to))
        if is_count:
            self.findings.counted[act.cell] = self.shelf.quantity(act.cell)
        elif act.kind == "receive":
            self.shelf.put(act.cell, act.quantity)
        else:
            self.shelf.take(act.cell, act.quantity)
        if act.to:
            self.shelf.put(destination, act.quantity)
        self._touch(cells, act.device, is_count)
        phone.state = act.kind
        await phone.status()

    def _request(self, kind: str, cell: Cell, quantity: int, to: str = "") -> dict:
        """The request for the device; a count reads the true shelf now."""
        variant, location = self.ids.variants[cell[0]], self.ids.locations[cell[1]]
        if kind == "count":
            counted = self.shelf.quantity(cell)
            return {"kind": "count", "variant": variant, "location": location, "lot": cell[2], "counted": counted}
        ends = {
            "receive": ("supplier", location),
            "issue": (location, "customer"),
            "move": (location, self.ids.locations.get(to, "")),
        }[kind]
        return {"kind": "move", "from": ends[0], "to": ends[1], "lines": [[variant, cell[2], quantity]], "reason": kind}

    async def _identify(self, phone: Phone, cell: Cell, picture: Picture) -> None:
        """Scans the picture on the device; if it cannot be read, looks up the text as if typed."""
        self.findings.frames += 1
        scan = await phone.ask("scan", path=str(self._pictures / picture.file))
        if scan["text"] is None:
            self.findings.unread += 1
            scan = await phone.ask("lookup", text=picture.expected)
        elif scan["text"] != picture.expected:
            self.findings.differences.append(f"{picture.file} was read as {scan['text']!r}")
        expected = self.ids.variants[cell[0]]
        if expected not in scan["variants"] or scan["lot"] != cell[2]:
            found = f"{scan['variants']} {scan['lot']!r}"
            self.findings.differences.append(f"{phone.name}: {picture.file} is {found}, not {expected}")

    async def _wait_apart(self, cells: list[Cell], device: int, is_count: bool) -> None:
        for cell in cells:
            last, last_device, was_count = self._touched.get(cell, (0.0, device, False))
            if last_device != device and (was_count or is_count):
                await asyncio.sleep(max(0.0, last + APART_SECONDS - time.monotonic()))

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
        """Two devices begin a count, the third sells, then both record: the first the number from before the sale."""
        first, second = (self.phones[device] for device in turn.counters)
        seller = self.phones[turn.seller]
        for phone in (first, second, seller):
            await self._identify(phone, turn.cell, turn.picture)
        await self._wait_apart([turn.cell], -1, True)
        self.findings.contested.add(turn.cell)
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
            await phone.status()

    async def _kill(self, turn: Kill) -> None:
        """Kills the process while it records; after a restart the device records the units that are missing."""
        phone = self.phones[turn.device]
        self._faults.killed["device"] += 1
        await self._identify(phone, turn.cell, turn.picture)
        await self._wait_apart([turn.cell], turn.device, False)
        before = (await phone.status(), len(phone.saved))
        request = self._request("issue", turn.cell, 1_000)
        await phone.burst_until_killed(request, turn.issues, turn.after_saves, turn.after_ms)
        await self._show()
        await phone.start()  # a new process on the same database
        recorded = (await phone.status())["seq"] - before[0]["seq"]
        self.findings.reported = len(phone.saved) - before[1]
        self.findings.recorded = recorded
        self.findings.differences += await phone.missing()
        if not self.findings.reported <= recorded <= turn.issues:
            self.findings.differences.append(f"{phone.name} reported {self.findings.reported} ops as saved and has {recorded}")
        if left := turn.issues - recorded:
            await phone.ask("burst", request=request, times=left)
        self.shelf.take(turn.cell, 1_000 * turn.issues)
        self._touch([turn.cell], turn.device, False)
