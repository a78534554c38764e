"""Errors: each variant arrives as its own type with its fields, and storage says what is wrong with it."""

from __future__ import annotations

import inspect
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.support import InventoryCase, StocksyncError, new_id, stocksync

#: Holds the database at a path until told otherwise.
HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
input()
"""
#: Each variant with its fields.
VARIANTS = [
    StocksyncError.Offline(reason="r"),
    StocksyncError.SignInRequired(reason="r"),
    StocksyncError.NotFound(reason="r"),
    StocksyncError.InvalidInput(field="f", reason="r"),
    StocksyncError.Rejected(code="c", reason="r"),
    StocksyncError.UpgradeRequired(reason="r"),
    StocksyncError.OutboxFull(reason="r"),
    StocksyncError.StorageFull(reason="r"),
    StocksyncError.StorageBusy(reason="r"),
    StocksyncError.StorageReadOnly(reason="r"),
    StocksyncError.StorageCorrupt(reason="r"),
    StocksyncError.NewerDatabase(reason="r"),
    StocksyncError.SyncRunning(),
    StocksyncError.Closed(),
    StocksyncError.Internal(reason="r"),
]


class Failing(stocksync.SecretStore):
    """Throws the same for every secret."""

    def __init__(self, thrown: Exception) -> None:
        self.thrown = thrown

    def load(self, name: str) -> str | None:
        raise self.thrown

    def save(self, name: str, secret: str) -> None:
        raise self.thrown

    def delete(self, name: str) -> None:
        raise self.thrown


class Errors(InventoryCase):
    """Thrown by a secret store of the app, they cross into the library and back."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        await self.inventory.shutdown()

    def change(self, *statements: tuple[str, tuple]) -> None:
        """Changes the database behind the library's back."""
        with sqlite3.connect(self.path) as database:
            for sql, values in statements:
                database.execute(sql, values)
        database.close()

    async def test_each_variant_is_its_own_type_with_its_fields(self) -> None:
        values = {"tenant": new_id(), "device": new_id(), "server": "https://localhost", "credential": "secret"}
        insert = "INSERT INTO meta (key, value) VALUES (?, ?)"
        self.change(*((insert, (key, value.encode())) for key, value in values.items()))
        for thrown in VARIANTS:
            with self.subTest(type(thrown).__name__), self.assertRaises(type(thrown)) as caught:
                await self.open(secret_store=Failing(thrown))
            self.assertEqual(vars(caught.exception), vars(thrown))
        with self.assertRaises(StocksyncError.Internal) as caught:
            await self.open(secret_store=Failing(RuntimeError("a defect of the app")))
        self.assertIn("a defect of the app", caught.exception.reason)

    def test_every_variant_is_tried(self) -> None:
        variants = {name for name, found in vars(StocksyncError).items() if inspect.isclass(found)}
        self.assertEqual(variants, {type(thrown).__name__ for thrown in VARIANTS})

    async def test_a_file_that_is_no_database_is_told_and_left_alone(self) -> None:
        Path(self.path).write_bytes(b"Z" * 8_192)
        with self.assertRaises(StocksyncError.StorageCorrupt):
            await self.open()
        self.assertEqual(Path(self.path).read_bytes(), b"Z" * 8_192)

    async def test_a_database_of_a_newer_app_asks_for_an_update(self) -> None:
        self.change(("PRAGMA user_version = 999", ()))
        with self.assertRaises(StocksyncError.NewerDatabase):
            await self.open()

    async def test_a_database_that_another_process_holds_is_busy(self) -> None:
        self.inventory = await self.open()
        # Locks of a file belong to a process: one of this process would hold nobody up.
        command = [sys.executable, "-c", HOLD, self.path]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with other:
            self.assertEqual(other.stdout.readline(), "locked\n")
            with self.assertRaises(StocksyncError.StorageBusy):
                await self.stock.begin_session()
            other.communicate("release\n")
        self.assertTrue(await self.stock.begin_session())

    async def test_a_folder_that_is_not_there_is_named(self) -> None:
        self.path = str(Path(self.path).parent / "nowhere" / "stock.sqlite")
        await self.assert_invalid("path", self.open())
