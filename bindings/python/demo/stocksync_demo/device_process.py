"""One device: a process with its own database, driven by lines of JSON on standard input.

Owns an `Inventory` and nothing else. What it prints after an act was recorded is what a person would hear as the tone:
the driver holds it to that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import stocksync
from stocksync import CellRef, FieldValue, FrameRequest, MovementLine, OpenConfig, OpRequest, RecordCollection
from stocksync import RecordEditRequest, ScanMode

from .pictures import read_grey

PAGE = 500
_COLLECTIONS = {
    "products": RecordCollection.PRODUCTS,
    "variants": RecordCollection.VARIANTS,
    "identifiers": RecordCollection.IDENTIFIERS,
    "locations": RecordCollection.LOCATIONS,
    "lots": RecordCollection.LOTS,
}


def _say(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _field(value: str | int | bool) -> FieldValue:
    if isinstance(value, bool):
        return FieldValue.FLAG(value=value)
    return FieldValue.INTEGER(value=value) if isinstance(value, int) else FieldValue.TEXT(value=value)


def _request(op: dict) -> OpRequest:
    """The request of one op as the driver writes it."""
    if op["kind"] == "count":
        cell = CellRef(variant=op["variant"], location=op["location"], lot=op["lot"])
        return OpRequest.COUNT(cell=cell, counted=op["counted"])
    lines = [MovementLine(variant=variant, lot=lot, quantity=quantity) for variant, lot, quantity in op["lines"]]
    return OpRequest.MOVE(source=op["from"], destination=op["to"], lines=lines, reason=op.get("reason", ""))


class Device:
    """The commands of the driver, one method each; what they answer goes back as JSON."""

    def __init__(self, inventory: stocksync.Inventory) -> None:
        self.inventory = inventory

    async def enrol(self, server: str, code: str, name: str) -> dict:
        """As this device."""
        found = await self.inventory.enrol(server=server, code=code, device_name=name)
        return {"tenant": found.tenant, "device": found.device}

    async def edit(self, records: list) -> dict:
        """Makes records: collection and fields of each."""
        requests = [
            RecordEditRequest(
                collection=_COLLECTIONS[kind], fields={name: _field(value) for name, value in fields.items()}
            )
            for kind, fields in records
        ]
        return {"ids": await self.inventory.records().edit(requests)}

    async def scan(self, path: str) -> dict:
        """Reads a picture. Pixels in, and what the library makes of them out."""
        luma, width, height = read_grey(Path(path))
        frame = FrameRequest(luma=luma, width=width, height=height, stride=width, mode=ScanMode.STILL)
        symbols = await self.inventory.scan().read_frame(frame)
        if not symbols:
            return {"text": None}
        found = await self.lookup(symbols[0].text, symbols[0].symbology)
        return {"text": symbols[0].text, **found}

    async def lookup(self, text: str, symbology: str | None = None) -> dict:
        """What a code is; typed where there is no symbology."""
        found = await self.inventory.scan().lookup(text, symbology)
        return {"variants": [match.variant.id for match in found.matches], "lot": found.lot}

    async def begin(self) -> dict:
        """A person begins an act."""
        return {"act": await self.inventory.stock().begin_act()}

    async def capture(self, request: dict, act: str | None = None) -> dict:
        """Records an act."""
        if act is None:
            act = await self.inventory.stock().begin_act()
        saved = await self.inventory.stock().record(_request(request), act)
        return {"seq": saved.seq, "reference": saved.reference}

    async def burst(self, request: dict, times: int) -> dict:
        """Records the same act many times, and says so after each."""
        for _ in range(times):
            _say({"saved": await self.capture(request)})
        return {}

    async def sync(self, deadline_ms: int) -> dict:
        """Syncs once, and says how it went."""
        try:
            handle = self.inventory.sync().start(deadline_ms)
            done = await handle.wait()
        except stocksync.StocksyncError as error:
            return {"failed": type(error).__name__, "reason": str(error)}
        return {
            "complete": done.complete,
            "accepted": done.accepted,
            "duplicates": done.duplicates,
            "rejected": done.rejected,
            "pulled": done.pulled,
        }

    async def status(self) -> dict:
        """How it stands."""
        now = await self.inventory.status()
        return {
            "pending": now.pending,
            "cursor": now.cursor,
            "seq": now.captured_seq,
            "rejected": now.rejected,
            "exceptions": now.exceptions,
        }

    async def balances(self) -> dict:
        """Every balance: variant, location, lot, on hand."""
        rows, after = [], None
        while True:
            page = await self.inventory.stock().balances(after=after, limit=PAGE)
            rows += [
                [row.cell.variant.id, row.cell.location.id, row.cell.lot, row.on_hand] for row in page.rows
            ]
            after = page.next
            if after is None:
                return {"rows": rows}

    async def exceptions(self) -> dict:
        """The open exceptions: kind and cell."""
        rows, after = [], None
        while True:
            page = await self.inventory.stock().exceptions(after=after, limit=PAGE)
            for row in page.rows:
                kind, cell = row.kind.name.lower(), row.cell
                rows.append([kind, cell.variant.id, cell.location.id, cell.lot])
            after = page.next
            if after is None:
                return {"rows": rows}

    async def rejected(self) -> dict:
        """The acts that the server will not apply."""
        page = await self.inventory.stock().rejected(limit=PAGE)
        return {"rows": [[row.op.seq, row.code, row.reason] for row in page.rows]}

    async def own_acts(self) -> dict:
        """Every own act that this database still names: seq and reference."""
        rows, after = [], None
        while True:
            page = await self.inventory.stock().ops(after=after, limit=PAGE)
            rows += [[op.seq, op.reference] for op in page.rows if op.own]
            after = page.next
            if after is None:
                return {"rows": rows}


async def main(path: str) -> None:
    """Opens the database and obeys until standard input ends."""
    inventory = await stocksync.Inventory.open(OpenConfig(path=path))
    device = Device(inventory)
    loop = asyncio.get_running_loop()
    _say({"ok": {}})
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = await getattr(device, command.pop("do"))(**command)
            _say({"ok": answer})
        except stocksync.StocksyncError as error:
            _say({"error": f"{type(error).__name__}: {error}"})
    await inventory.shutdown()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
