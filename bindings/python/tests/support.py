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
from stocksync import BalanceRequest, CaptureRequest, Collection, FieldValue, LineRequest, OpenConfig  # noqa: E402
from stocksync import RecordRequest, StocksyncError  # noqa: E402

PICTURES = ROOT / "fixtures" / "barcodes"


def text(value: str) -> FieldValue:
    """A text field."""
    return FieldValue.TEXT(value=value)


def number(value: int) -> FieldValue:
    """A number field."""
    return FieldValue.INTEGER(value=value)


def record(collection: Collection, **fields: FieldValue) -> RecordRequest:
    """A new record."""
    return RecordRequest(collection=collection, id=None, fields=fields, deleted=None)


def location(name: str) -> RecordRequest:
    """A bin."""
    return record(Collection.LOCATIONS, name=text(name), kind=text("bin"))


def every(**filters: object) -> BalanceRequest:
    """The first page of balances."""
    return BalanceRequest(**{"variant": None, "location": None, "after": None, "limit": 500, **filters})


def new_id() -> str:
    """An id that nothing has: stock needs no record of what it names."""
    return str(uuid.uuid4())


def move(source: str, to: str, variant: str, quantity: int) -> CaptureRequest:
    """A movement of one line."""
    line = LineRequest(variant=variant, lot="", quantity=quantity, entered="")
    return CaptureRequest.MOVE(_from=source, to=to, lines=[line], reason="", reference="")


class InventoryCase(unittest.IsolatedAsyncioTestCase):
    """A test with an open inventory."""

    async def asyncSetUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "stock.sqlite")
        self.inventory = await self.open()

    async def asyncTearDown(self) -> None:
        await self.inventory.close()

    async def open(self) -> stocksync.Inventory:
        """The inventory at this test's path."""
        return await stocksync.Inventory.open(OpenConfig(path=self.path, extra_roots=[]))

    async def thing(self, name: str = "Bolt", code: str = "09527532721278") -> str:
        """Id of a new variant with one GTIN."""
        (product,) = await self.inventory.edit([record(Collection.PRODUCTS, name=text(name), status=text("active"))])
        fields = {"status": text("active"), "unit": text("each"), "decimals": number(0), "tracking": text("none")}
        (variant,) = await self.inventory.edit([record(Collection.VARIANTS, product=text(product), **fields)])
        pack = {"pack_numerator": number(1), "pack_denominator": number(1)}
        await self.inventory.edit(
            [record(Collection.IDENTIFIERS, variant=text(variant), scheme=text("gtin"), value=text(code), **pack)]
        )
        return variant

    async def assert_invalid(self, field: str, awaitable: object) -> None:
        """The call names this field."""
        with self.assertRaises(StocksyncError.InvalidInput) as caught:
            await awaitable
        self.assertIn(field, caught.exception.field)
        self.assertTrue(caught.exception.reason)
