"""Stock and records through the library: round trips, shutting down, threads, names, long lists."""

from __future__ import annotations

import asyncio
import threading

from tests.support import InventoryCase, MovementLine, OpRequest, RecordCollection, RecordEditRequest
from tests.support import StocksyncError, location, move, new_id, number, record, stocksync, text
from stocksync_demo.catalogue import check_digit

NAMES = ("Crème brûlée 🍮", "ねじ 3 mm", "مسمار", "Straße \u0041\u030a", "1/2\" x 3' \\ ; DROP")


class RoundTrips(InventoryCase):
    """What goes in comes out."""

    async def test_a_receipt_and_a_sale_make_a_balance(self) -> None:
        variant, shelf = new_id(), new_id()
        first = await self.stock.record(move("supplier", shelf, variant, 5_000))
        act = await self.stock.begin_act()
        second = await self.stock.record(move(shelf, "customer", variant, 2_000), act)
        self.assertEqual(second.seq, first.seq + 1)
        self.assertEqual([row.on_hand for row in second.balances], [3_000])
        page = await self.stock.balances(location=shelf)
        self.assertEqual([(row.cell.variant.id, row.on_hand) for row in page.rows], [(variant, 3_000)])
        status = await self.inventory.status()
        self.assertIsNone(status.enrolment)
        self.assertEqual(status.captured_seq, second.seq)
        self.assertEqual(status.pending, second.seq)

    async def test_undo_takes_the_newest_act_back(self) -> None:
        variant, shelf = new_id(), new_id()
        await self.stock.record(move("supplier", shelf, variant, 5_000))
        await self.stock.undo()
        self.assertEqual(await self.numbers_at(shelf), [0])

    async def test_below_zero_is_recorded_and_opens_an_exception(self) -> None:
        variant, shelf = new_id(), new_id()
        await self.stock.record(move(shelf, "customer", variant, 1_000))
        page = await self.stock.exceptions()
        found = [(row.kind, row.cell.location.id) for row in page.rows]
        self.assertEqual(found, [(stocksync.ExceptionKind.OVERSOLD, shelf)])

    async def test_counts_of_a_session_act_when_it_closes(self) -> None:
        variant, shelf = new_id(), new_id()
        session = await self.stock.begin_session()
        cell = stocksync.CellRef(variant=variant, location=shelf)
        for counted in (20_000, 25_000):
            await self.stock.record(OpRequest.COUNT(cell=cell, counted=counted, session=session))
        await self.stock.record(OpRequest.CLOSE_SESSION(session=session, complete=[shelf]))
        self.assertEqual(await self.numbers_at(shelf), [45_000])

    async def test_a_code_finds_its_variant_and_its_balances(self) -> None:
        variant = await self.variant()
        (shelf,) = await self.records.edit([location("A-01")])
        await self.stock.record(move("supplier", shelf, variant, 7_000))
        found = await self.inventory.scan().lookup("9527532721278", symbology="]E0")
        self.assertEqual([match.variant.id for match in found.matches], [variant])
        self.assertEqual(found.gtin, "09527532721278")
        self.assertEqual([row.on_hand for row in found.matches[0].balances], [7_000])
        self.assertEqual((await self.inventory.scan().lookup("4006381333931")).matches, [])

    async def test_names_of_every_script_come_back_unchanged(self) -> None:
        for index, name in enumerate(NAMES):
            code = f"952000000{index:03d}"
            code += check_digit(code)
            await self.variant(name, code.zfill(14))
            found = await self.inventory.scan().lookup(code)
            self.assertEqual([match.variant.name for match in found.matches], [name])
            (shelf,) = await self.records.edit([location(name)])
            record = await self.records.get(RecordCollection.LOCATIONS, shelf)
            self.assertEqual(record.fields["name"], text(name))

    async def test_a_record_is_changed_field_by_field_and_restored_after_deletion(self) -> None:
        (shelf,) = await self.records.edit([location("A-01")])

        async def change(deleted: bool | None, **fields: stocksync.FieldValue) -> stocksync.RecordView:
            request = RecordEditRequest(collection=RecordCollection.LOCATIONS, id=shelf, fields=fields, deleted=deleted)
            await self.records.edit([request])
            return await self.records.get(RecordCollection.LOCATIONS, shelf)

        found = await change(None, code=text("LOC:A-01"))
        self.assertEqual((found.fields["name"], found.fields["code"]), (text("A-01"), text("LOC:A-01")))
        found = await change(True, code=stocksync.FieldValue.NOTHING())
        self.assertTrue(found.deleted)
        self.assertNotIn("code", found.fields)
        self.assertFalse((await change(False)).deleted)

    async def test_a_thousand_records_cross_in_one_call(self) -> None:
        shelves = await self.records.edit([location(f"R-{number:04d}") for number in range(1_000)])
        self.assertEqual(len(set(shelves)), 1_000)

    async def test_a_thousand_rows_come_back_in_pages_none_twice(self) -> None:
        shelf, variants = new_id(), [new_id() for _ in range(1_000)]
        for start in range(0, 1_000, 200):
            some = variants[start : start + 200]
            lines = [MovementLine(variant=variant, quantity=1_000) for variant in some]
            request = OpRequest.MOVE(source="supplier", destination=shelf, lines=lines)
            saved = await self.stock.record(request)
            self.assertEqual(len(saved.balances), 200)
        rows, pages, after = [], 0, None
        while pages == 0 or after is not None:
            page = await self.stock.balances(location=shelf, after=after, limit=500)
            rows, pages, after = rows + page.rows, pages + 1, page.next
        self.assertEqual(sorted(row.cell.variant.id for row in rows), sorted(variants))
        self.assertLessEqual(pages, 3)


class Limits(InventoryCase):
    """What is refused, and how."""

    async def test_the_field_is_named(self) -> None:
        variant, shelf = new_id(), new_id()
        record_op = self.stock.record
        await self.assert_invalid("quantity", record_op(move("supplier", shelf, variant, 0)))
        await self.assert_invalid("quantity", record_op(move("supplier", shelf, variant, 10**12 + 1)))
        await self.assert_invalid("variant_id", record_op(move("supplier", shelf, "no id", 1)))
        await self.assert_invalid("location_id", record_op(move("supplier", "nowhere", variant, 1)))
        await self.assert_invalid("limit", self.stock.balances(limit=501))
        self.assertEqual((await self.stock.balances(location=shelf)).rows, [])

    async def test_a_field_that_a_record_does_not_have_is_refused(self) -> None:
        await self.assert_invalid("wings", self.records.edit([record(RecordCollection.PRODUCTS, wings=number(2))]))

    async def test_a_required_field_is_asked_for_and_nothing_of_the_call_is_stored(self) -> None:
        before = (await self.inventory.status()).captured_seq
        nameless = record(RecordCollection.PRODUCTS, status=text("active"))
        await self.assert_invalid("name", self.records.edit([location("A"), nameless]))
        self.assertEqual((await self.inventory.status()).captured_seq, before)

    async def test_what_is_not_there_is_not_found(self) -> None:
        nothing = "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
        with self.assertRaises(StocksyncError.NotFound):
            await self.records.get(RecordCollection.PRODUCTS, nothing)
        target = f"{nothing}.1.{'0f' * 32}"
        with self.assertRaises(StocksyncError.NotFound):
            await self.stock.record(OpRequest.VOID(target=target))
        with self.assertRaises(StocksyncError.NotFound):
            await self.stock.record(OpRequest.CLOSE_SESSION(session=nothing, complete=[]))
        with self.assertRaises(StocksyncError.NotFound):
            await self.stock.undo()


class Lifetimes(InventoryCase):
    """Shutting down, reopening, threads."""

    async def test_after_shutting_down_every_part_says_so(self) -> None:
        await self.inventory.shutdown()
        await self.inventory.shutdown()
        with self.assertRaises(StocksyncError.Closed):
            await self.inventory.status()
        with self.assertRaises(StocksyncError.Closed):
            await self.stock.begin_act()
        with self.assertRaises(StocksyncError.Closed):
            self.inventory.sync()

    async def test_what_was_recorded_is_there_after_reopening(self) -> None:
        variant, shelf = new_id(), new_id()
        saved = await self.stock.record(move("supplier", shelf, variant, 5_000))
        await self.inventory.shutdown()
        self.inventory = await self.open()
        page = await self.stock.ops(limit=1)
        self.assertEqual([(op.seq, op.reference, op.own) for op in page.rows], [(saved.seq, saved.reference, True)])
        self.assertEqual(await self.numbers_at(shelf), [5_000])

    async def test_two_threads_share_one_inventory(self) -> None:
        variant, shelf = new_id(), new_id()
        seqs: list[int] = []

        async def receive() -> None:
            for _ in range(50):
                saved = await self.stock.record(move("supplier", shelf, variant, 1_000))
                seqs.append(saved.seq)

        threads = [threading.Thread(target=lambda: asyncio.run(receive())) for _ in range(2)]
        for thread in threads:
            thread.start()
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])
        self.assertEqual(len(set(seqs)), 100)
        self.assertEqual(await self.numbers_at(shelf), [100_000])

    async def test_a_call_that_is_not_awaited_to_its_end_leaves_nothing_half_done(self) -> None:
        variant, shelf = new_id(), new_id()
        task = asyncio.ensure_future(self.stock.record(move("supplier", shelf, variant, 1_000)))
        await asyncio.sleep(0)
        task.cancel()
        await self.stock.record(move("supplier", shelf, variant, 1_000))
        self.assertIn(await self.numbers_at(shelf), ([1_000], [2_000]))
