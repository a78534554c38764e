/** Ids, quantities and times: one type each, so that a location is never given where a variant is wanted. */
package org.stocksync

import java.math.BigDecimal
import java.time.Instant

/** Id of a tenant: 16 bytes in hexadecimal with hyphens. */
@JvmInline
value class TenantId(val value: String)

/** Id of an enrolled device: 16 bytes in hexadecimal with hyphens. */
@JvmInline
value class DeviceId(val value: String)

/** Id of a person: 16 bytes in hexadecimal with hyphens. */
@JvmInline
value class UserId(val value: String)

/** Id of a record of any collection: 16 bytes in hexadecimal with hyphens. */
@JvmInline
value class RecordId(val value: String) {
    /** As the variant whose record this is. */
    fun toVariantId(): VariantId = VariantId(value)

    /** As the location whose record this is. */
    fun toLocationId(): LocationId = LocationId(value)
}

/** Id of a variant, which is what balances are of: that of the variant's record. */
@JvmInline
value class VariantId(val value: String)

/** A location: the id of its record, or one of the virtual locations below. */
@JvmInline
value class LocationId(val value: String) {
    companion object {
        /** Where receipts come from and supplier returns go. */
        val SUPPLIER = LocationId("supplier")

        /** Where sales go and customer returns come from. */
        val CUSTOMER = LocationId("customer")

        /** The other end of adjustments and of what counts reveal. */
        val LOSS = LocationId("loss")

        /** Waste and damage. */
        val SCRAP = LocationId("scrap")

        /** Shipped and not yet received. */
        val IN_TRANSIT = LocationId("in_transit")

        /** Consumed by, or made by, production. */
        val PRODUCTION = LocationId("production")
    }
}

/** Id of a session of counts. */
@JvmInline
value class SessionId(val value: String)

/** How one op names another, such as the op that a void is to undo. Opaque text, the same on every device. */
@JvmInline
value class OpReference(val value: String)

/** What a person knew when an act began. Opaque text that an app may keep over a restart; losing it loses nothing else. */
@JvmInline
value class ActToken(val value: String)

/** Where the next page of a list begins. Opaque text; give it to the call that answered with it. */
@JvmInline
value class PageToken(val value: String)

/**
 * Thousandths of the variant's base unit: 2.5 kg of a variant that is counted in kg are 2,500. An app may give sizes below
 * 2^53; one line of an op takes at most 10^12.
 */
@JvmInline
value class Quantity(val thousandths: Long) : Comparable<Quantity> {
    override fun compareTo(other: Quantity): Int = thousandths.compareTo(other.thousandths)

    /** In whole units, exactly. */
    fun toBigDecimal(): BigDecimal = BigDecimal.valueOf(thousandths, 3)

    companion object {
        /** So many whole units. */
        fun units(units: Long): Quantity = Quantity(Math.multiplyExact(units, 1_000L))
    }
}

/** Milliseconds since 1970-01-01T00:00Z. */
@JvmInline
value class Timestamp(val epochMilliseconds: Long) {
    /** As a moment of the platform. */
    fun toInstant(): Instant = Instant.ofEpochMilli(epochMilliseconds)
}
