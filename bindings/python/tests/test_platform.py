"""What an app gives to the library: clock, secret store, log sink; and what it reads in an editor: docstrings."""

from __future__ import annotations

import queue

from tests.support import InventoryCase, move, new_id, stocksync
from stocksync import ClockReading

NOON = 1_790_000_000_000


class Clock(stocksync.DeviceClock):
    """Stands still, or throws."""

    def __init__(self, throws: bool = False) -> None:
        self.throws = throws

    def read(self) -> ClockReading:
        if self.throws:
            raise RuntimeError("a defect of the app")
        return ClockReading(wall=NOON, since_boot_ms=5_000)


class Sink(stocksync.LogSink):
    """Keeps its lines, and throws every time."""

    def __init__(self) -> None:
        self.lines: queue.Queue[tuple[stocksync.LogLevel, str, str]] = queue.Queue()

    def log(self, level: stocksync.LogLevel, target: str, message: str) -> None:
        self.lines.put((level, target, message))
        raise RuntimeError("a defect of the app")


class Platform(InventoryCase):
    """Implemented by the app, called on the library's threads."""

    async def captured(self) -> int:
        """The time of a new op."""
        await self.stock.record(move("supplier", new_id(), new_id(), 1_000))
        return (await self.stock.ops(limit=1)).rows[0].captured

    async def reopen(self, **platform: object) -> None:
        """Opens again with what the app gives."""
        await self.inventory.shutdown()
        self.inventory = await self.open(**platform)

    async def test_ops_carry_the_time_of_the_clock_that_was_given(self) -> None:
        await self.reopen(clock=Clock(), boot_id=new_id())
        self.assertEqual(await self.captured(), NOON)
        await self.reopen(clock=Clock())
        self.assertEqual(await self.captured(), NOON)

    async def test_a_clock_that_throws_is_replaced_by_the_machine_s(self) -> None:
        clock = Clock()
        await self.reopen(clock=clock, boot_id=new_id())
        clock.throws = True
        self.assertNotIn(await self.captured(), (0, NOON))

    async def test_a_boot_id_without_its_clock_is_refused(self) -> None:
        await self.inventory.shutdown()
        await self.assert_invalid("boot_id", self.open(boot_id=new_id()))
        await self.assert_invalid("boot_id", self.open(clock=Clock(), boot_id="today"))

    async def test_the_log_sink_receives_lines_and_may_throw(self) -> None:
        sink = Sink()
        await self.reopen(log_sink=sink)
        await self.reopen()
        heard = [sink.lines.get(timeout=10) for _ in range(2)]
        self.assertEqual({(level, message) for level, _, message in heard}, {(stocksync.LogLevel.INFO, "database opened")})

    def test_docstrings_travel(self) -> None:
        self.assertIn("It is durable when this returns", stocksync.Stock.record.__doc__)
        self.assertIn("what was recorded before stays recorded", stocksync.StocksyncError.__doc__)
