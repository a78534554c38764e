"""The generated catalogue: variants, identifiers, locations and opening stock, the same for the same seed.

Owns generated data. The first variants have the codes of the pictures, so that a scan finds them; the others fill the
catalogue to a realistic size. Must never depend on anything but the seed and the pictures.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from .pictures import Picture, manifest
from .shelf import Cell, Shelf

VARIANTS = 5_000
BINS_A_SITE = 8
SITES = ("North", "South")
UNIT = 1_000  # thousandths: quantities are counted in these

_KINDS = ("Bolt", "Nut", "Washer", "Hinge", "Bracket", "Valve", "Filter", "Gasket", "Bearing", "Fuse", "Switch", "Lamp")
_MAKES = ("steel", "brass", "zinc", "nylon", "black", "white", "long", "short", "heavy", "fine")
_LOT_FIRST = re.compile(r"01(\d{14})10([^\x1d]+)\x1d17(\d{6})")
_EXPIRY_FIRST = re.compile(r"01(\d{14})17(\d{6})10(.+)")


@dataclass(frozen=True)
class CatalogueVariant:
    """One variant, identified by its index in the catalogue."""

    index: int
    name: str
    scheme: str
    code: str
    lot: str = ""
    expiry: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass
class Catalogue:
    """Variants, bins and opening stock."""

    variants: list[CatalogueVariant]
    bins: list[str]
    opening: Shelf
    pictured: list[CatalogueVariant] = field(default_factory=list)

    def opening_lines(self, location: str) -> list[tuple[int, str, int]]:
        """Variant, lot and quantity of the opening stock of one bin."""
        cells = self.opening.quantities.items()
        return [(cell[0], cell[2], quantity) for cell, quantity in cells if cell[1] == location]


def check_digit(digits: str) -> str:
    """The check digit for the other digits of a GTIN."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def expand_upce(text: str) -> str:
    """Expands the 8 digits of a UPC-E symbol to 12."""
    system, body, check = text[0], text[1:7], text[7]
    last = body[5]
    if last in "012":
        middle = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        middle = body[:3] + "00000" + body[3:5]
    elif last == "4":
        middle = body[:4] + "00000" + body[4]
    else:
        middle = body[:5] + "0000" + last
    return system + middle + check


def _expiry(yymmdd: str) -> str:
    """A date in the form of records. Day 00 means the last day of the month; the 28th is used for it."""
    day = yymmdd[4:] if yymmdd[4:] != "00" else "28"
    return f"20{yymmdd[:2]}-{yymmdd[2:4]}-{day}"


def _key(picture: Picture) -> tuple[str, str, str, str]:
    """Scheme, code, lot and expiry in the text of a picture."""
    text = picture.expected
    if picture.format in ("EAN_13", "EAN_8", "UPC_A", "ITF"):
        return "gtin", text.zfill(14), "", ""
    if picture.format == "UPC_E":
        return "gtin", expand_upce(text).zfill(14), "", ""
    if found := _LOT_FIRST.fullmatch(text):
        return "gtin", found[1], f"10:{found[2]}", _expiry(found[3])
    if found := _EXPIRY_FIRST.fullmatch(text):
        return "gtin", found[1], f"10:{found[3]}", _expiry(found[2])
    return "raw", text, "", ""


def pictured_variants(folder: Path) -> list[CatalogueVariant]:
    """The variants whose codes the pictures show, one for each code."""
    by_key: dict[tuple[str, str, str, str], list[Picture]] = {}
    for picture in manifest(folder):
        by_key.setdefault(_key(picture), []).append(picture)
    return [
        CatalogueVariant(index, f"Pictured variant {index + 1}", *key, pictures=tuple(pictures))
        for index, (key, pictures) in enumerate(by_key.items())
    ]


def make(seed: int, folder: Path, variants: int = VARIANTS) -> Catalogue:
    """Generates the catalogue of a seed."""
    draw = random.Random(f"catalogue {seed}")
    pictured = pictured_variants(folder)
    generated, codes = list(pictured), {variant.code for variant in pictured}
    while len(generated) < variants:
        body = f"0952{draw.randrange(10**9):09d}"
        code = body + check_digit(body)
        if code in codes:
            continue
        codes.add(code)
        name = f"{draw.choice(_MAKES)} {draw.choice(_KINDS)} {draw.randrange(2, 200)} mm".capitalize()
        generated.append(CatalogueVariant(len(generated), name, "gtin", code))
    bins = [f"{site}-{number:02d}" for site in SITES for number in range(1, BINS_A_SITE + 1)]
    opening = Shelf()
    for variant in generated:
        for location in draw.sample(bins, 2 if variant.pictures else 1):
            cell: Cell = (variant.index, location, variant.lot)
            opening.put(cell, draw.randrange(60, 240) * UNIT)
    return Catalogue(generated, bins, opening, pictured)
