package org.stocksync

import java.io.RandomAccessFile
import java.nio.file.Files
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Errors arrive as their own types, with their fields. */
class ErrorTest {
    @Test
    fun `a value of another form names its type`() = Workplace().work { inventory ->
        val stock = inventory.stock()
        val wrong = assertThrows<StocksyncException.InvalidInput> {
            runBlocking { stock.balances(variant = VariantId("no id")) }
        }
        assertEquals("variant_id", wrong.field)
        assertThrows<StocksyncException.InvalidInput> { runBlocking { stock.balances(limit = 501u) } }
        assertThrows<StocksyncException.NotFound> { runBlocking { stock.undo() } }
        assertThrows<StocksyncException.SignInRequired> { runBlocking { inventory.sync().start(1_000).`wait`() } }
    }

    @Test
    fun `a file that is no database is left as it is`() {
        val workplace = Workplace()
        val bytes = ByteArray(8_192) { 90 }
        Files.write(workplace.file, bytes)
        assertThrows<StocksyncException.StorageCorrupt> { runBlocking { workplace.open() } }
        assertTrue(Files.readAllBytes(workplace.file).contentEquals(bytes))
    }

    @Test
    fun `a database of a newer app asks for an update`() {
        val workplace = Workplace()
        workplace.work { }
        RandomAccessFile(workplace.file.toFile(), "rw").use { file ->
            file.seek(USER_VERSION)
            file.writeInt(999)
        }
        assertThrows<StocksyncException.NewerDatabase> { runBlocking { workplace.open() } }
    }

    private companion object {
        /** Where SQLite's header has the number of the newest migration. */
        const val USER_VERSION = 60L
    }
}
