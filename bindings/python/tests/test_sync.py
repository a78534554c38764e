"""Sync through the library: without a server it says so; with one, ops travel and listeners are heard."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import unittest
from pathlib import Path


from tests.support import ROOT, InventoryCase, StocksyncError, location, move, new_id, stocksync
from stocksync import OpenConfig
from stocksync_demo.server import Server

BUILT = ROOT / "target" / "debug" / "stocksync-server"
SERVER = os.environ.get("STOCKSYNC_SERVER_BIN") or (str(BUILT) if BUILT.exists() else None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Listener(stocksync.SyncListener):
    """Keeps what it hears, or throws."""

    def __init__(self, throws: bool = False) -> None:
        self.heard: list[stocksync.SyncProgress] = []
        self.throws = throws

    def progressed(self, progress: stocksync.SyncProgress) -> None:
        self.heard.append(progress)
        if self.throws:
            raise RuntimeError("a defect of the app")


class Watcher(stocksync.ChangeListener):
    """Keeps what it hears and throws every time."""

    def __init__(self) -> None:
        self.heard: list[stocksync.ChangeView] = []

    def changed(self, change: stocksync.ChangeView) -> None:
        self.heard.append(change)
        raise RuntimeError("a defect of the app")


class WithoutServer(InventoryCase):
    """Nobody answers."""

    async def test_sync_before_enrolling_asks_for_it(self) -> None:
        with self.assertRaises(StocksyncError.SignInRequired):
            await self.inventory.sync().start(1_000).wait()

    async def test_enrolling_without_a_network_is_offline(self) -> None:
        server = f"http://127.0.0.1:{free_port()}"
        with self.assertRaises(StocksyncError.Offline):
            await self.inventory.enrol(server=server, code="x.y", device_name="phone")

    async def test_an_address_that_is_none_is_invalid(self) -> None:
        await self.assert_invalid("server", self.inventory.enrol(server="not an address", code="x", device_name="p"))

    async def test_a_listener_hears_of_changes_and_may_throw(self) -> None:
        watcher, shelf = Watcher(), new_id()
        self.inventory.observe(watcher)
        await self.stock.record(move("supplier", shelf, new_id(), 1_000))
        for _ in range(100):
            if watcher.heard:
                break
            await asyncio.sleep(0.01)
        self.assertIn(shelf, [cell.location for cell in watcher.heard[0].cells])
        self.assertTrue((await self.inventory.status()).captured_seq)


@unittest.skipUnless(SERVER, "skipped: no server was built and STOCKSYNC_SERVER_BIN names none")
class WithServer(InventoryCase):
    """A server with a private Postgres."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.server = Server(SERVER, 0)
        await self.server.start()
        self.tenant = await self.server.create_tenant("Test")

    async def asyncTearDown(self) -> None:
        await super().asyncTearDown()
        await self.server.stop()

    async def test_two_devices_meet(self) -> None:
        code = await self.server.create_code(self.tenant)
        await self.inventory.enrol(server=self.server.url, code=code, device_name="first")
        with self.assertRaises(StocksyncError.Rejected):
            await self.inventory.enrol(server=self.server.url, code=code, device_name="again")
        variant = await self.variant()
        (shelf,) = await self.records.edit([location("A-01")])
        await self.stock.record(move("supplier", shelf, variant, 5_000))
        listener = Listener(throws=True)
        done = await self.inventory.sync().start(30_000, listener).wait()
        self.assertTrue(done.complete)
        self.assertEqual((done.accepted, done.rejected), (5, 0))
        self.assertEqual(listener.heard[-1].pending, 0)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "second.sqlite")
            second = await stocksync.Inventory.open(OpenConfig(path=path))
            code = await self.server.create_code(self.tenant)
            await second.enrol(server=self.server.url, code=code, device_name="second")
            done = await second.sync().start(30_000).wait()
            self.assertEqual(done.pulled, 5)
            page = await second.stock().balances(location=shelf)
            self.assertEqual([row.on_hand for row in page.rows], [5_000])
            found = await second.scan().lookup("9527532721278")
            self.assertEqual([match.variant.id for match in found.matches], [variant])
            await second.shutdown()

    async def test_a_cancelled_sync_ends_and_the_next_one_goes_on(self) -> None:
        code = await self.server.create_code(self.tenant)
        await self.inventory.enrol(server=self.server.url, code=code, device_name="first")
        await self.records.edit([location("A-01")])
        handle = self.inventory.sync().start(30_000)
        handle.cancel()
        await handle.wait()
        done = await self.inventory.sync().start(30_000).wait()
        self.assertTrue(done.complete)
        self.assertEqual((await self.inventory.status()).pending, 0)
