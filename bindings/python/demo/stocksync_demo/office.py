"""The office: records the catalogue and the opening stock on a device like any other.

Owns the ids of the records that it creates. Must never write to the server in another way than a device does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .catalogue import SITES, Catalogue
from .phone import Phone

RECORDS_A_CALL = 1_000
LINES_A_MOVE = 200
SYNC_MS = 300_000


@dataclass
class Ids:
    """The ids of variants (by index) and locations (by name), and the way back."""

    variants: list[str] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)

    def variant_indices(self) -> dict[str, int]:
        """Index in the catalogue by id of the variant."""
        return {variant: index for index, variant in enumerate(self.variants)}

    def location_names(self) -> dict[str, str]:
        """Name by id of the location."""
        return {identity: name for name, identity in self.locations.items()}


async def _edit(phone: Phone, records: list[tuple[str, dict]]) -> list[str]:
    ids: list[str] = []
    for start in range(0, len(records), RECORDS_A_CALL):
        ids += (await phone.ask("edit", records=records[start : start + RECORDS_A_CALL]))["ids"]
    return ids


async def record_catalogue(phone: Phone, catalogue: Catalogue) -> Ids:
    """Records the catalogue and the opening stock on the office's device. Nothing is sent yet."""
    sites = await _edit(phone, [("locations", {"name": site, "kind": "site"}) for site in SITES])
    site_ids = dict(zip(SITES, sites, strict=True))
    bins = await _edit(
        phone,
        [
            ("locations", {"name": name, "kind": "bin", "code": name, "parent": site_ids[name.split("-")[0]]})
            for name in catalogue.bins
        ],
    )
    ids = Ids(locations=dict(zip(catalogue.bins, bins, strict=True)))
    products = await _edit(phone, [("products", {"name": variant.name, "status": "active"}) for variant in catalogue.variants])
    ids.variants = await _edit(
        phone,
        [
            (
                "variants",
                {
                    "product": product,
                    "status": "active",
                    "unit": "each",
                    "decimals": 0,
                    "tracking": "lot" if variant.lot else "none",
                },
            )
            for product, variant in zip(products, catalogue.variants, strict=True)
        ],
    )
    await _edit(
        phone,
        [
            (
                "identifiers",
                {
                    "variant": identity,
                    "scheme": variant.scheme,
                    "value": variant.code,
                    "pack_numerator": 1,
                    "pack_denominator": 1,
                },
            )
            for identity, variant in zip(ids.variants, catalogue.variants, strict=True)
        ],
    )
    await _edit(
        phone,
        [
            ("lots", {"variant": identity, "code": variant.lot, "expiry": variant.expiry})
            for identity, variant in zip(ids.variants, catalogue.variants, strict=True)
            if variant.lot
        ],
    )
    for location in catalogue.bins:
        lines = [[ids.variants[index], lot, quantity] for index, lot, quantity in catalogue.opening_lines(location)]
        for start in range(0, len(lines), LINES_A_MOVE):
            await phone.capture(
                {
                    "kind": "move",
                    "from": "supplier",
                    "to": ids.locations[location],
                    "lines": lines[start : start + LINES_A_MOVE],
                    "reason": "opening",
                }
            )
    return ids
