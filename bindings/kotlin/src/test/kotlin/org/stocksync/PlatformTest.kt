package org.stocksync

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** What an app gives to the library: clock, listener, log sink. */
class PlatformTest {
    private val variant = VariantId("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    private val shelf = LocationId("0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a")

    @Test
    fun `ops carry the time of the clock that was handed in`() {
        val clock = object : DeviceClock {
            override fun read() = ClockReading(wall = Timestamp(1_790_000_000_000), sinceBootMs = 5_000)
        }
        val bootId = "0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b"
        Workplace { OpenConfig(path = it, clock = clock, bootId = bootId) }.work { inventory ->
            inventory.stock().record(receipt(variant, shelf, 1))
            assertEquals(Timestamp(1_790_000_000_000), inventory.stock().ops().rows.single().captured)
        }
        val withoutClock = Workplace { OpenConfig(path = it, bootId = bootId) }
        assertThrows<StocksyncException.InvalidInput> { runBlocking { withoutClock.open() } }
    }

    @Test
    fun `a clock that throws is replaced by the machine's`() {
        val clock = object : DeviceClock {
            override fun read(): ClockReading = throw IllegalStateException("a defect of the app")
        }
        Workplace { OpenConfig(path = it, clock = clock) }.work { inventory ->
            inventory.stock().record(receipt(variant, shelf, 1))
            val captured = inventory.stock().ops().rows.single().captured
            assertTrue(captured.epochMilliseconds > 1_700_000_000_000)
        }
    }

    @Test
    fun `a listener that throws hears of the next change all the same`() = Workplace().work { inventory ->
        val heard = LinkedBlockingQueue<ChangeView>()
        inventory.observe(object : ChangeListener {
            override fun changed(change: ChangeView) {
                heard.add(change)
                throw IllegalStateException("a defect of the app")
            }
        })
        repeat(2) { inventory.stock().record(receipt(variant, shelf, 1)) }
        repeat(2) {
            val change = heard.poll(10, TimeUnit.SECONDS)
            assertTrue(change!!.cells.contains(CellRef(variant, shelf)))
        }
    }

    @Test
    fun `the log sink receives the library's lines`() {
        val lines = LinkedBlockingQueue<String>()
        val sink = object : LogSink {
            override fun log(level: LogLevel, target: String, message: String) {
                lines.add("$level $message")
            }
        }
        Workplace { OpenConfig(path = it, logSink = sink) }.work { }
        assertNotNull(lines.poll(10, TimeUnit.SECONDS))
    }

    @Test
    fun `docstrings travel`() {
        val generated = Path.of(System.getProperty("stocksync.generated"), "org", "stocksync", "stocksync.kt")
        val code = Files.readString(generated)
        assertTrue(code.contains("* Records an op. It is durable when this returns: only now sound the tone."))
    }
}
