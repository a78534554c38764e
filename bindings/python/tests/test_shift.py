"""A shift through the library: labels, scans, an unknown code, a restart."""

from __future__ import annotations

import unittest

import stocksync
from stocksync import ExpectedLine, Feedback, Pack, RecordCollection, ScanSource, ScanText, ShiftInput, ShiftMode
from stocksync import ShiftSignal

from .support import InventoryCase, number, record, text

TEA = "4006381333931"


def scan(code: str, source: ScanSource = ScanSource.SCANNER) -> ShiftInput:
    """A pull of the trigger."""
    return ShiftInput.SCAN(scan=ScanText(text=code, source=source))


class Shift(InventoryCase):
    """Work by scanning."""

    async def unlabelled(self, name: str) -> str:
        """A variant without a code."""
        (product,) = await self.records.edit([record(RecordCollection.PRODUCTS, name=text(name), status=text("active"))])
        fields = {"product": text(product), "status": text("active"), "unit": text("each"), "decimals": number(0)}
        (made,) = await self.records.edit([record(RecordCollection.VARIANTS, tracking=text("none"), **fields)])
        return made

    async def test_a_shift(self) -> None:
        """From a label on the wall to an unknown code that is known later."""
        (dock,) = await self.records.edit([
            record(RecordCollection.LOCATIONS, name=text("Dock"), kind=text("bin"), code=text("DOCK"))
        ])  # fmt: skip
        receive = self.inventory.labels().command_text(ShiftInput.SET_MODE(mode=ShiftMode.RECEIVE))
        for label in (receive, self.inventory.labels().location_text("DOCK")):
            self.assertEqual((await self.shift.process(scan(label))).feedback, Feedback.SHIFT_UPDATED)
        unknown = await self.shift.process(scan(TEA))
        self.assertEqual((unknown.signal, unknown.feedback), (ShiftSignal.ERROR, Feedback.UNKNOWN_CODE))
        tea = await self.unlabelled("Tea")
        self.assertEqual(await self.shift.attach(unknown.text, tea, Pack(numerator=6)), 1)
        await self.shift.process(ShiftInput.TIMES(times=2))
        done = await self.shift.process(scan(TEA))
        self.assertEqual((done.signal, done.quantity, done.on_hand), (ShiftSignal.SUCCESS, 12_000, 18_000))
        self.assertEqual((done.cell.variant.name, done.cell.location.id), ("Tea", dock))

        view = await self.shift.view()
        self.assertEqual((view.mode, view.location.name, view.held), (ShiftMode.RECEIVE, "Dock", 0))
        self.assertEqual(view.pending, (await self.inventory.status()).captured_seq)
        await self.shift.process(ShiftInput.UNDO())
        line = ExpectedLine(variant=tea, quantity=6_000)
        await self.shift.process(ShiftInput.SET_MODE(mode=ShiftMode.ISSUE))
        await self.shift.process(ShiftInput.EXPECT(document="SO-1", lines=[line]))
        self.assertEqual((await self.shift.process(scan(TEA))).signal, ShiftSignal.SUCCESS)
        self.assertEqual((await self.shift.process(scan(TEA))).feedback, Feedback.NOT_ON_DOCUMENT)

    async def test_slips(self) -> None:
        """A label before the camera is read once, and what is pressed after an unknown code means it."""
        await self.records.edit([
            record(RecordCollection.LOCATIONS, name=text("Dock"), kind=text("bin"), code=text("DOCK"))
        ])  # fmt: skip
        receive = self.inventory.labels().command_text(ShiftInput.SET_MODE(mode=ShiftMode.RECEIVE))
        for label in (receive, self.inventory.labels().location_text("DOCK")):
            await self.shift.process(scan(label))
        self.assertEqual((await self.shift.process(scan(TEA))).feedback, Feedback.UNKNOWN_CODE)
        self.assertEqual((await self.shift.process(ShiftInput.PACKS(packs=5))).signal, ShiftSignal.SUCCESS)
        (held_scan,) = (await self.shift.held_scans()).rows
        self.assertEqual((held_scan.times, held_scan.gtin), (5, "0" + TEA))
        undo = scan(self.inventory.labels().command_text(ShiftInput.UNDO()), ScanSource.CAMERA)
        signals = [(await self.shift.process(undo)).signal for _ in range(3)]
        self.assertEqual(signals, [ShiftSignal.SUCCESS, None, None])
        self.assertEqual((await self.shift.view()).held, 0)

    async def test_a_scanner_that_types(self) -> None:
        """Keys with their times, and a broadcast."""
        wedge = stocksync.KeyboardWedge()
        self.assertEqual(wedge.keys("400638", 1_000), [])
        (typed,) = wedge.keys("1333931\n", 1_010)
        self.assertEqual((typed.text, typed.source), (TEA, ScanSource.WEDGE))
        (mended,) = wedge.keys("40063813339X\b31\n", 9_000)
        self.assertEqual(mended.text, TEA)
        extras = {"com.symbol.datawedge.data_string": TEA, "com.symbol.datawedge.label_type": "LABEL-TYPE-EAN13"}
        self.assertEqual(stocksync.scan_of_intent(extras).symbology, "]E0")
        self.assertIsNone(stocksync.scan_of_intent({}))

    async def test_bad_input(self) -> None:
        """Each has its error, and the shift stands as before."""
        for bad in (scan(""), scan("9" * 5_000), ShiftInput.LOCATION(location="no id"), ShiftInput.CHOOSE(variant="no id")):
            with self.assertRaises(stocksync.StocksyncError.InvalidInput):
                await self.shift.process(bad)
        with self.assertRaises(stocksync.StocksyncError.InvalidInput):
            self.inventory.labels().command_text(ShiftInput.LOT(lot=""))
        with self.assertRaises(stocksync.StocksyncError.InvalidInput):
            self.inventory.labels().location_text("--")
        self.assertEqual((await self.shift.view()).mode, ShiftMode.LOOK_UP)


if __name__ == "__main__":
    unittest.main()
