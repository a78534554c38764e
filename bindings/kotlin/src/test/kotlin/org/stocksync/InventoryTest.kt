package org.stocksync

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Opening, recording, reading, shutting down. */
class InventoryTest {
    @Test
    fun `a receipt makes a balance with name, SKU and unit`() = Workplace().work { inventory ->
        val tea = inventory.records().variant("Tea")
        val shelf = inventory.records().location("Shelf 1")
        val act = inventory.stock().beginAct()
        val op = inventory.stock().record(receipt(tea, shelf, 48), act)
        assertEquals(Quantity.units(48), op.balances.single().onHand)

        val row = inventory.stock().balances(location = shelf).rows.single()
        assertEquals(VariantView(tea, "Tea", "TEA-1", "each", 0u), row.cell.variant)
        assertEquals("Shelf 1", row.cell.location.name)
        assertEquals(Quantity(48_000), row.onHand)

        val movement = inventory.stock().ops(limit = 1u).rows.single()
        val detail = movement.detail as OpDetail.Movement
        assertEquals("supplier", detail.source.name)
        assertEquals("Tea", detail.lines.single().variant.name)
        assertTrue(movement.own && movement.live)
    }

    @Test
    fun `exceptions come by kind and in pages`() = Workplace().work { inventory ->
        val tea = inventory.records().variant("Tea")
        for (name in listOf("A", "B")) {
            val sale = OpRequest.Move(
                source = inventory.records().location(name),
                destination = LocationId.CUSTOMER,
                lines = listOf(MovementLine(tea, Quantity.units(1))),
            )
            inventory.stock().record(sale)
        }
        val first = inventory.stock().exceptions(limit = 1u)
        val second = inventory.stock().exceptions(after = first.next, limit = 1u)
        assertEquals(listOf(ExceptionKind.OVERSOLD), first.rows.map { exception -> exception.kind })
        assertEquals(setOf("A", "B"), (first.rows + second.rows).map { exception -> exception.cell.location.name }.toSet())
        assertNull(inventory.stock().exceptions(after = second.next, limit = 1u).next)
    }

    @Test
    fun `what was recorded is there after shutting down and opening again`() = runBlocking {
        val workplace = Workplace()
        val variant = VariantId("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
        val shelf = LocationId("0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a")
        val first = workplace.open()
        first.stock().record(receipt(variant, shelf, 5))
        val stock = first.stock()
        first.shutdown()
        first.shutdown()
        assertThrows<StocksyncException.Closed> { runBlocking { stock.beginAct() } }
        assertThrows<StocksyncException.Closed> { first.stock() }
        first.close()
        workplace.work { inventory ->
            assertEquals(Quantity.units(5), inventory.stock().balance(CellRef(variant, shelf)).onHand)
        }
    }

    @Test
    fun `a scan in a shift is recorded and tells its signal`() = Workplace().work { inventory ->
        inventory.records().create(
            RecordCollection.LOCATIONS,
            "name" to text("Dock"), "kind" to text("bin"), "code" to text("DOCK"),
        )
        val labels = inventory.labels()
        val shift = inventory.shift()
        val mode = labels.commandText(ShiftInput.SetMode(ShiftMode.RECEIVE))
        for (label in listOf(mode, labels.locationText("DOCK"))) {
            val outcome = shift.process(ShiftInput.Scan(ScanText(label, ScanSource.SCANNER)))
            assertEquals(ShiftSignal.SUCCESS, outcome.signal)
        }
        val unknown = shift.process(ShiftInput.Scan(ScanText("4006381333931", ScanSource.SCANNER)))
        assertEquals(Feedback.UNKNOWN_CODE, unknown.feedback)
        assertEquals("Dock", shift.heldScans().rows.single().location.name)
        val tea = inventory.records().variant("Tea")
        assertEquals(1, shift.attach(unknown.text, tea, Pack(numerator = 6)))
        assertEquals(Quantity.units(6), inventory.stock().balances(variant = tea).rows.last().onHand)
    }
}
