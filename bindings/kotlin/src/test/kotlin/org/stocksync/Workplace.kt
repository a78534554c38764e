package org.stocksync

import java.nio.file.Path
import kotlin.io.path.createTempDirectory
import kotlinx.coroutines.runBlocking

/** A folder with an inventory in it, and how tests make records and ops. */
class Workplace(private val config: (String) -> OpenConfig = { OpenConfig(path = it) }) {
    val file: Path = createTempDirectory("stocksync").resolve("stock.sqlite")

    suspend fun open(): Inventory = Inventory.open(config(file.toString()))

    /** Runs with an open inventory, which is shut down and released afterwards. */
    fun work(block: suspend (Inventory) -> Unit): Unit = runBlocking {
        open().use { inventory ->
            try {
                block(inventory)
            } finally {
                inventory.shutdown()
            }
        }
    }
}

fun text(value: String): FieldValue = FieldValue.Text(value)

suspend fun Records.create(collection: RecordCollection, vararg fields: Pair<String, FieldValue>): RecordId =
    edit(listOf(RecordEditRequest(collection = collection, fields = mapOf(*fields)))).single()

suspend fun Records.variant(name: String, unit: String = "each"): VariantId {
    val product = create(RecordCollection.PRODUCTS, "name" to text(name), "status" to text("active"))
    val variant = create(
        RecordCollection.VARIANTS,
        "product" to text(product.value),
        "status" to text("active"),
        "sku" to text("TEA-1"),
        "unit" to text(unit),
        "decimals" to FieldValue.Integer(0),
        "tracking" to text("none"),
    )
    return variant.toVariantId()
}

suspend fun Records.location(name: String): LocationId =
    create(RecordCollection.LOCATIONS, "name" to text(name), "kind" to text("bin")).toLocationId()

fun receipt(variant: VariantId, location: LocationId, units: Long): OpRequest = OpRequest.Move(
    source = LocationId.SUPPLIER,
    destination = location,
    lines = listOf(MovementLine(variant = variant, quantity = Quantity.units(units))),
)
