"""What the tests share: an inventory in a folder of its own, and a small catalogue. Nothing here outlives a test."""

from __future__ import annotations

import sys
import tempfile
import unittest
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings/python/src"), str(ROOT / "bindings/python/demo"), str(ROOT / "bindings/python")]

import stocksync  # noqa: E402
from stocksync import FieldValue, MovementLine, OpenConfig, OpRequest, RecordCollection, RecordEditRequest  # noqa: E402
from stocksync import StocksyncError  # noqa: E402

PICTURES = ROOT / "fixtures" / "barcodes"


def text(value: str) -> FieldValue:
    """A text field."""
    return FieldValue.TEXT(value=value)


def number(value: int) -> FieldValue:
    """A number field."""
    return FieldValue.INTEGER(value=value)


def record(collection: RecordCollection, **fields: FieldValue) -> RecordEditRequest:
    """A new record."""
    return RecordEditRequest(collection=collection, fields=fields)


def location(name: str) -> RecordEditRequest:
    """A bin."""
    return record(RecordCollection.LOCATIONS, name=text(name), kind=text("bin"))


def new_id() -> str:
    """An id that nothing has: stock needs no record of what it names."""
    return str(uuid.uuid4())


def move(source: str, destination: str, variant: str, quantity: int) -> OpRequest:
    """A movement of one line."""
    line = MovementLine(variant=variant, quantity=quantity)
    return OpRequest.MOVE(source=source, destination=destination, lines=[line])


class InventoryCase(unittest.IsolatedAsyncioTestCase):
    """A test with an open inventory."""

    async def asyncSetUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "stock.sqlite")
        self.inventory = await self.open()

    async def asyncTearDown(self) -> None:
        await self.inventory.shutdown()

    async def open(self, **platform: object) -> stocksync.Inventory:
        """The inventory at this test's path; its parts are attributes of the test."""
        inventory = await stocksync.Inventory.open(OpenConfig(path=self.path, **platform))
        self.stock, self.records, self.shift = inventory.stock(), inventory.records(), inventory.shift()
        return inventory

    async def variant(self, name: str = "Bolt", code: str = "09527532721278") -> str:
        """Id of a new variant with one GTIN."""
        product = record(RecordCollection.PRODUCTS, name=text(name), status=text("active"))
        (product,) = await self.records.edit([product])
        fields = {"status": text("active"), "unit": text("each"), "decimals": number(0), "tracking": text("none")}
        (variant,) = await self.records.edit([record(RecordCollection.VARIANTS, product=text(product), **fields)])
        fields = {"scheme": text("gtin"), "value": text(code), "pack_numerator": number(1), "pack_denominator": number(1)}
        await self.records.edit([record(RecordCollection.IDENTIFIERS, variant=text(variant), **fields)])
        return variant

    async def numbers_at(self, location: str) -> list[int]:
        """The numbers at a location, in order of cells."""
        return [row.on_hand for row in (await self.stock.balances(location=location, limit=500)).rows]

    async def assert_invalid(self, field: str, awaitable: object) -> None:
        """The call names this field."""
        with self.assertRaises(StocksyncError.InvalidInput) as caught:
            await awaitable
        self.assertIn(field, caught.exception.field)
        self.assertTrue(caught.exception.reason)
