"""What the warehouse holds: things, codes, places and opening stock, the same for the same seed.

Owns generated data. The first things carry the codes of the pictures, so that a scan finds them; the rest fill the list
to the size of a real catalogue.
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
class Thing:
    """One variant, known by its index in the catalogue."""

    index: int
    name: str
    scheme: str
    code: str
    lot: str = ""
    expiry: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass
class Catalogue:
    """All of it."""

    things: list[Thing]
    bins: list[str]
    opening: Shelf
    pictured: list[Thing] = field(default_factory=list)

    def opening_lines(self, place: str) -> list[tuple[int, str, int]]:
        """Variant, lot and quantity of what lies in one bin at the beginning."""
        return [(cell[0], cell[2], held) for cell, held in self.opening.there.items() if cell[1] == place]


def check_digit(digits: str) -> str:
    """The check digit of a GTIN without one."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def expand_upce(text: str) -> str:
    """The 12 digits behind the 8 of a UPC-E symbol."""
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
    """The date as records hold it; day 00 is the last of the month, for which the 28th stands here."""
    day = yymmdd[4:] if yymmdd[4:] != "00" else "28"
    return f"20{yymmdd[:2]}-{yymmdd[2:4]}-{day}"


def _key(picture: Picture) -> tuple[str, str, str, str]:
    """Scheme, code, lot and expiry that a picture's text stands for."""
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


def pictured(folder: Path) -> list[Thing]:
    """The things that the pictures show, one for each code."""
    by_key: dict[tuple[str, str, str, str], list[Picture]] = {}
    for picture in manifest(folder):
        by_key.setdefault(_key(picture), []).append(picture)
    return [
        Thing(index, f"Pictured thing {index + 1}", *key, pictures=tuple(pictures))
        for index, (key, pictures) in enumerate(by_key.items())
    ]


def make(seed: int, folder: Path, variants: int = VARIANTS) -> Catalogue:
    """The catalogue of this seed."""
    draw = random.Random(f"catalogue {seed}")
    shown = pictured(folder)
    things, taken = list(shown), {thing.code for thing in shown}
    while len(things) < variants:
        body = f"0952{draw.randrange(10**9):09d}"
        code = body + check_digit(body)
        if code in taken:
            continue
        taken.add(code)
        name = f"{draw.choice(_MAKES)} {draw.choice(_KINDS)} {draw.randrange(2, 200)} mm".capitalize()
        things.append(Thing(len(things), name, "gtin", code))
    bins = [f"{site}-{number:02d}" for site in SITES for number in range(1, BINS_A_SITE + 1)]
    opening = Shelf()
    for thing in things:
        for place in draw.sample(bins, 2 if thing.pictures else 1):
            cell: Cell = (thing.index, place, thing.lot)
            opening.put(cell, draw.randrange(60, 240) * UNIT)
    return Catalogue(things, bins, opening, shown)
