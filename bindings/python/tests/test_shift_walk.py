"""The jobs of a handheld worker through the library: pick, receive, returns, counts, goods by weight, slips."""

from __future__ import annotations

import unittest
from pathlib import Path

import stocksync
from stocksync import ExpectedLine, Feedback, KeyboardLayout, Pack, RecordCollection, ScanSource, ScanText, ShiftInput
from stocksync import ShiftMode, ShiftOutcome, ShiftSettings, ShiftSignal, StocksyncError

from .support import InventoryCase, number, record, text

TEA, MUG = "4006381333931", "9527532721278"
#: Goods that vary in weight have a GTIN that begins with 9.
HAM = "99501101530013"
CHEESE = "09501101530003"


def settings(**chosen: object) -> ShiftSettings:
    """What an app chooses, all else as it is at first."""
    return ShiftSettings(**{"layout": KeyboardLayout.SAME, "utc_offset_minutes": 0, **chosen})


def azerty(code: str) -> str:
    """What a French keyboard makes of digits meant for a US one."""
    return code.translate(str.maketrans("1234567890", "&é\"'(-è_çà"))


class Walk(InventoryCase):
    """A worker with a handheld."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.tea = await self.stocked("Tea", TEA)
        self.mug = await self.stocked("Mug", MUG)
        self.dock = await self.location_of("Dock", "DOCK")
        self.shelf = await self.location_of("Shelf 1", "S-01")

    async def stocked(self, name: str, code: str, unit: str = "each", decimals: int = 0, tracking: str = "none") -> str:
        """A variant with a GTIN."""
        (product,) = await self.records.edit([record(RecordCollection.PRODUCTS, name=text(name), status=text("active"))])
        fields = {"status": text("active"), "unit": text(unit), "decimals": number(decimals)}
        fields["tracking"] = text(tracking)
        (variant,) = await self.records.edit([record(RecordCollection.VARIANTS, product=text(product), **fields)])
        pack = {"pack_numerator": number(1), "pack_denominator": number(1)}
        code = {"scheme": text("gtin"), "value": text(code.zfill(14))}
        await self.records.edit([record(RecordCollection.IDENTIFIERS, variant=text(variant), **code, **pack)])
        return variant

    async def location_of(self, name: str, code: str) -> str:
        """A bin with a label."""
        fields = {"name": text(name), "kind": text("bin"), "code": text(code)}
        (made,) = await self.records.edit([record(RecordCollection.LOCATIONS, **fields)])
        return made

    async def pull(self, code: str, source: ScanSource = ScanSource.SCANNER) -> ShiftOutcome:
        """A pull of the trigger."""
        return await self.shift.process(ShiftInput.SCAN(scan=ScanText(text=code, source=source)))

    async def does(self, mode: ShiftMode, location: str = "DOCK") -> None:
        """By the labels on the wall."""
        for label in (self.inventory.labels().command_text(ShiftInput.SET_MODE(mode=mode)), self.inventory.labels().location_text(location)):
            self.assertEqual((await self.pull(label)).signal, ShiftSignal.SUCCESS)

    async def receive(self, code: str, packs: int, location: str = "DOCK") -> None:
        """So many arrive."""
        await self.does(ShiftMode.RECEIVE, location)
        await self.shift.process(ShiftInput.TIMES(times=packs))
        self.assertEqual((await self.pull(code)).signal, ShiftSignal.SUCCESS)

    async def works_off(self, reference: str, *lines: tuple[str, int, int]) -> None:
        """A document of (variant, units, units over)."""
        lines = [ExpectedLine(variant=variant, quantity=units * 1_000, over=over * 1_000) for variant, units, over in lines]
        await self.shift.process(ShiftInput.EXPECT(document=reference, lines=lines))

    async def on_hand(self, variant: str, location: str) -> int:
        """Of a variant at a location, all lots."""
        page = await self.stock.balances(variant=variant, limit=500)
        return sum(row.on_hand for row in page.rows if row.cell.location.id == location)

    async def damage(self, begins: bytes) -> None:
        """Closes, damages what begins so in the file, and opens again."""
        await self.inventory.shutdown()
        path = Path(self.path)
        damaged = path.read_bytes().replace(begins, begins[:-1] + b"#")
        self.assertIn(begins[:-1] + b"#", damaged)
        path.write_bytes(damaged)
        self.inventory = await self.open()

    async def test_e04_a_pick_with_one_short(self) -> None:
        """Three lines; the wrong variant and one too many are blocked; one is not there."""
        ham = await self.stocked("Ham", HAM, "kg", 3)
        await self.receive(TEA, 10)
        await self.receive(MUG, 1)
        await self.receive(f"]C101{HAM}3103002000", 1)
        stranger = await self.stocked("Bolt", "4012345678901")
        acts = (await self.inventory.status()).captured_seq
        await self.does(ShiftMode.ISSUE)
        await self.works_off("SO-12", (self.tea, 3, 0), (self.mug, 2, 0), (ham, 1, 0))
        self.assertEqual((await self.pull(TEA)).left, 2_000)
        wrong = await self.pull("4012345678901")
        told = (ShiftSignal.ERROR, Feedback.NOT_ON_DOCUMENT, "Bolt")
        self.assertEqual((wrong.signal, wrong.feedback, wrong.text), told)
        await self.shift.process(ShiftInput.TIMES(times=3))
        self.assertEqual((await self.pull(TEA)).feedback, Feedback.NOT_ON_DOCUMENT, "four of three")
        self.assertEqual((await self.shift.view()).times, 3, "what was refused has not used it up")
        await self.shift.process(ShiftInput.TIMES(times=2))
        self.assertEqual((await self.pull(TEA)).left, 0)
        heavy = await self.pull(f"]C101{HAM}3103001200")
        self.assertEqual(heavy.feedback, Feedback.NOT_ON_DOCUMENT, "200 g over are too many where none is allowed")
        self.assertEqual((await self.pull(f"]C101{HAM}3103001000")).left, 0)
        self.assertEqual((await self.pull(MUG)).left, 1_000)
        left = {line.variant.id: line.left for line in (await self.shift.view()).expected}
        self.assertEqual(left, {self.tea: 0, self.mug: 1_000, ham: 0}, "one mug short, for screen and backorder")
        await self.shift.process(ShiftInput.EXPECT(document="", lines=[]))
        self.assertEqual((await self.shift.view()).document, "")
        self.assertEqual((await self.inventory.status()).captured_seq - acts, 4)
        for variant, sold in ((self.tea, 3_000), (self.mug, 1_000), (ham, 1_000), (stranger, 0)):
            self.assertEqual(await self.on_hand(variant, "customer"), sold)

    async def test_e09_a_delivery_against_a_document_and_blind(self) -> None:
        """Within the tolerance, beyond it, not on the document, and without one."""
        await self.does(ShiftMode.RECEIVE)
        await self.works_off("PO-7", (self.tea, 10, 1))
        await self.shift.process(ShiftInput.TIMES(times=10))
        self.assertEqual((await self.pull(TEA)).signal, ShiftSignal.SUCCESS)
        within = await self.pull(TEA)
        self.assertEqual((within.signal, within.left), (ShiftSignal.SUCCESS, -1_000))
        beyond = await self.pull(TEA)
        self.assertEqual((beyond.signal, beyond.feedback), (ShiftSignal.WARNING, Feedback.RECORDED_UNEXPECTED))
        extra = await self.pull(MUG)
        self.assertEqual((extra.signal, extra.left, extra.on_hand), (ShiftSignal.WARNING, -1_000, 1_000))
        (line, more) = (await self.shift.view()).expected
        self.assertEqual((line.left, line.over, more.variant.id), (-2_000, 1_000, self.mug))
        await self.shift.process(ShiftInput.EXPECT(document="", lines=[]))
        blind = await self.pull(MUG)
        self.assertEqual((blind.signal, blind.left, blind.on_hand), (ShiftSignal.SUCCESS, None, 2_000))

    async def test_e10_one_tap_modes(self) -> None:
        """Each in its direction; a damaged return never touches stock."""
        await self.receive(TEA, 10)
        await self.receive(TEA, 1, "S-01")
        location = self.dock
        for mode, here, far, total in (
            (ShiftMode.RETURN, 11_000, "customer", -1_000),
            (ShiftMode.SUPPLIER_RETURN, 10_000, "supplier", -10_000),
            (ShiftMode.DAMAGE, 9_000, "scrap", 1_000),
            (ShiftMode.WASTE, 8_000, "scrap", 2_000),
            (ShiftMode.DAMAGED_RETURN, 8_000, "scrap", 3_000),
        ):
            await self.does(mode)
            outcome = await self.pull(TEA)
            self.assertEqual((outcome.signal, await self.on_hand(self.tea, location)), (ShiftSignal.SUCCESS, here), mode)
            self.assertEqual(await self.on_hand(self.tea, far), total, mode)
        self.assertEqual(outcome.cell.location.id, "scrap", "the screen says where it went")
        self.assertEqual((await self.shift.process(ShiftInput.UNDO())).feedback, Feedback.UNDONE)
        self.assertEqual(await self.on_hand(self.tea, "scrap"), 2_000)

    async def test_a12_a_blind_count(self) -> None:
        """Nothing of the books is shown; it acts as a whole; an empty shelf is zero."""
        await self.receive(TEA, 48, "S-01")
        await self.receive(MUG, 5, "S-01")
        await self.shift.set_settings(settings(blind_counts=True))
        await self.does(ShiftMode.COUNT, "S-01")
        for _ in range(3):
            self.assertIsNone((await self.pull(TEA)).on_hand)
        self.assertIsNone((await self.shift.process(ShiftInput.PACKS(packs=45))).on_hand)
        view = await self.shift.view()
        self.assertEqual((view.counting.counted, view.count_open), (45_000, True))
        self.assertEqual(len(await self.stock.open_sessions()), 1)
        self.assertEqual(await self.on_hand(self.tea, self.shelf), 48_000, "not before it is finished")
        await self.shift.process(ShiftInput.FINISH(complete=True))
        self.assertEqual(await self.on_hand(self.tea, self.shelf), 45_000)
        self.assertEqual(await self.on_hand(self.mug, self.shelf), 0, "looked at everything, and there was no mug")
        await self.shift.set_settings(settings())
        self.assertEqual((await self.pull(TEA)).on_hand, 45_000)

    async def test_goods_by_weight(self) -> None:
        """The label's kilos; a label nobody can tell; one that is finer than the books."""
        ham = await self.stocked("Ham", HAM, "kg", 3)
        await self.does(ShiftMode.RECEIVE)
        outcome = await self.pull(f"]C101{HAM}3103001750")
        (weight,) = outcome.measures
        self.assertEqual((outcome.quantity, weight.quantity), (1_750, 1_750))
        self.assertEqual((weight.value, weight.unit), ("1.750", stocksync.MeasureUnit.KILOGRAM))
        fine = await self.pull(f"]C101{HAM}3105175055")
        self.assertEqual((fine.signal, fine.feedback), (ShiftSignal.ERROR, Feedback.UNUSABLE_MEASURE))
        self.assertIsNone(fine.measures[0].quantity)
        question = (await self.shift.view()).question
        told = (Feedback.UNUSABLE_MEASURE, "kg", "Dock")
        self.assertEqual((question.feedback, question.choices[0].variant.unit, question.location.name), told)
        self.assertEqual((await self.shift.process(ShiftInput.AMOUNT(quantity=1_751))).on_hand, 3_501)
        self.assertEqual(await self.on_hand(ham, self.dock), 3_501)
        wurst = await self.stocked("Wurst", "99501101530020", "Kilo", 2)
        self.assertEqual((await self.pull("]C101995011015300203103000500")).feedback, Feedback.NEED_QUANTITY)
        self.assertEqual((await self.shift.process(ShiftInput.AMOUNT(quantity=500))).on_hand, 500)
        self.assertEqual(await self.on_hand(wurst, self.dock), 500)
        looked = await self.inventory.scan().lookup(f"]C101{HAM}3103001750")
        self.assertEqual(looked.measures[0].kind, stocksync.MeasureKind.NET_WEIGHT)

    async def test_labels_of_the_shop_s_own_scale(self) -> None:
        """Each weight is another number of the same item, once the shop says how its codes are laid out."""
        (weight,) = (found for found in stocksync.in_store_layouts("DE") if found.prefix == "28")
        self.assertEqual((weight.value, weight.decimals), (stocksync.InStoreValue.WEIGHT, 3))
        await self.shift.set_settings(settings(in_store=[weight]))
        ham = await self.stocked("Ham", HAM, "kg", 3)
        await self.does(ShiftMode.RECEIVE)
        self.assertEqual((await self.pull("2811111068708")).feedback, Feedback.UNKNOWN_CODE)
        self.assertEqual(await self.shift.attach("2811111068708", ham, Pack()), 1)
        self.assertEqual(await self.on_hand(ham, self.dock), 6_870)
        (found,) = (await self.inventory.scan().lookup("2811111068708")).matches
        self.assertEqual(found.variant.id, ham)
        await self.assert_invalid("in_store", self.shift.set_settings(settings(in_store=[weight] * 65)))

    async def test_a_question_while_walking_on(self) -> None:
        """Answered late it is recorded where it was asked; never answered it waits for a person."""
        cheese = await self.stocked("Cheese", CHEESE, tracking="lot")
        await self.does(ShiftMode.RECEIVE)
        self.assertEqual((await self.pull(CHEESE)).feedback, Feedback.NEED_LOT)
        await self.shift.process(ShiftInput.LOCATION(location=self.shelf))
        done = await self.shift.process(ShiftInput.LOT(lot="10:L1"))
        self.assertEqual((done.signal, done.cell.location.id, done.cell.lot), (ShiftSignal.SUCCESS, self.dock, "10:L1"))
        await self.works_off("NOTE-1")
        await self.pull(CHEESE)
        self.assertEqual((await self.pull(TEA)).signal, ShiftSignal.SUCCESS, "a number without lines asks for nothing")
        (held_scan,) = (await self.shift.held_scans()).rows
        self.assertEqual((held_scan.gtin, held_scan.location.id, held_scan.mode), (CHEESE, self.shelf, ShiftMode.RECEIVE))
        self.assertEqual((held_scan.document, held_scan.times), ("NOTE-1", 1))
        with self.assertRaises(StocksyncError.NotFound):
            await self.shift.answer_held_scan(held_scan.number, self.tea, "10:L2")
        await self.shift.answer_held_scan(held_scan.number, cheese, "10:L2")
        self.assertEqual((await self.on_hand(cheese, self.shelf), (await self.shift.view()).held), (1_000, 0))

        await self.pull(CHEESE)
        await self.pull(TEA)
        before = (await self.inventory.status()).captured_seq
        self.assertEqual(await self.shift.attach(CHEESE, cheese, Pack()), 1, "or without a lot")
        self.assertEqual((await self.inventory.status()).captured_seq, before + 1, "its identifier is there already")

    async def test_a_scanner_on_a_french_keyboard(self) -> None:
        """What the layout did to the keys is undone; a label in its own separator is read; bad settings are named."""
        await self.shift.set_settings(settings(layout=KeyboardLayout.FRENCH_AZERTY, separators=["|"]))
        await self.inventory.shutdown()
        self.inventory = await self.open()
        view = await self.shift.view()
        self.assertEqual((view.settings.layout, view.settings.separators), (KeyboardLayout.FRENCH_AZERTY, ["|"]))
        await self.does(ShiftMode.RECEIVE)
        (typed,) = stocksync.KeyboardWedge().keys(azerty(TEA) + "\n", 1_000)
        outcome = await self.shift.process(ShiftInput.SCAN(scan=typed))
        self.assertEqual((outcome.signal, outcome.on_hand), (ShiftSignal.SUCCESS, 1_000))
        cheese = await self.stocked("Cheese", CHEESE, tracking="lot")
        self.assertEqual((await self.pull(f"]C110L7|01{CHEESE}")).cell.variant.id, cheese)
        for field, wrong in (
            ("utc_offset_minutes", settings(utc_offset_minutes=900)),
            ("separators", settings(separators=[""])),
        ):
            await self.assert_invalid(field, self.shift.set_settings(wrong))

    async def test_a_shift_that_cannot_be_read(self) -> None:
        """It starts anew and says so once; what it was is set aside; every act is there."""
        await self.receive(TEA, 3)
        acts = (await self.inventory.status()).captured_seq
        await self.damage(b'{"mode":')
        view = await self.shift.view()
        (aside,) = view.set_aside
        self.assertEqual((view.mode, view.location, aside.part), (ShiftMode.LOOK_UP, None, stocksync.SetAsidePart.SHIFT))
        self.assertTrue(aside.reason and b'"receive"' in aside.bytes)
        self.assertEqual((await self.shift.view()).set_aside, [])
        self.assertEqual(await self.shift.set_aside(), [aside])
        self.assertEqual((await self.inventory.status()).captured_seq, acts)
        await self.does(ShiftMode.RECEIVE)
        self.assertEqual((await self.pull(TEA)).on_hand, 4_000)
        await self.shift.delete_set_aside(aside.number)
        self.assertEqual(await self.shift.set_aside(), [])


if __name__ == "__main__":
    unittest.main()
