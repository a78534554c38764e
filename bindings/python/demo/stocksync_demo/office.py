"""The office: brings the catalogue and the opening stock in, through a device like any other.

Owns the ids that records were given. Must never write to the server in another way than a device does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .catalogue import SITES, Catalogue
from .phone import Phone

RECORDS_A_CALL = 1_000
LINES_AN_ACT = 200
SYNC_MS = 300_000


@dataclass
class Ids:
    """Which id each thing and place has, both ways."""

    variants: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def things(self) -> dict[str, int]:
        """Index of the thing behind each variant."""
        return {variant: index for index, variant in enumerate(self.variants)}

    def names(self) -> dict[str, str]:
        """Name of each place behind its id."""
        return {identity: name for name, identity in self.places.items()}


async def _edit(phone: Phone, records: list[tuple[str, dict]]) -> list[str]:
    made: list[str] = []
    for start in range(0, len(records), RECORDS_A_CALL):
        made += (await phone.ask("edit", records=records[start : start + RECORDS_A_CALL]))["ids"]
    return made


async def bring_in(phone: Phone, catalogue: Catalogue) -> Ids:
    """Records everything on the office's device. Nothing is sent yet."""
    sites = await _edit(phone, [("locations", {"name": site, "kind": "site"}) for site in SITES])
    site_ids = dict(zip(SITES, sites, strict=True))
    bins = await _edit(
        phone,
        [
            ("locations", {"name": name, "kind": "bin", "code": name, "parent": site_ids[name.split("-")[0]]})
            for name in catalogue.bins
        ],
    )
    ids = Ids(places=dict(zip(catalogue.bins, bins, strict=True)))
    things = catalogue.things
    products = await _edit(phone, [("products", {"name": thing.name, "status": "active"}) for thing in things])
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
                    "tracking": "lot" if thing.lot else "none",
                },
            )
            for product, thing in zip(products, things, strict=True)
        ],
    )
    await _edit(
        phone,
        [
            (
                "identifiers",
                {
                    "variant": variant,
                    "scheme": thing.scheme,
                    "value": thing.code,
                    "pack_numerator": 1,
                    "pack_denominator": 1,
                },
            )
            for variant, thing in zip(ids.variants, things, strict=True)
        ],
    )
    await _edit(
        phone,
        [
            ("lots", {"variant": variant, "code": thing.lot, "expiry": thing.expiry})
            for variant, thing in zip(ids.variants, things, strict=True)
            if thing.lot
        ],
    )
    for place in catalogue.bins:
        lines = [[ids.variants[index], lot, held] for index, lot, held in catalogue.opening_lines(place)]
        for start in range(0, len(lines), LINES_AN_ACT):
            await phone.capture(
                {
                    "kind": "move",
                    "from": "supplier",
                    "to": ids.places[place],
                    "lines": lines[start : start + LINES_AN_ACT],
                    "reason": "opening",
                }
            )
    return ids
