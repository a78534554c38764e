"""Pictures of barcodes. Owns the reader of 8-bit grey PNG files and of their manifest.

Must never pass the expected text to a device: devices get pixels, only the driver gets the expected text.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """One line of the manifest."""

    file: str
    format: str
    expected: str
    degraded: bool


def manifest(folder: Path) -> list[Picture]:
    """The pictures that show a code, in the order of the manifest."""
    pictures = []
    for line in (folder / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, form, expected, kind, _ = line.split("\t")
        if form != "NONE":
            text = expected.replace("\\x1d", "\x1d")
            pictures.append(Picture(file, form, text, kind == "degraded"))
    return pictures


def read_grey(path: Path) -> tuple[bytes, int, int]:
    """Pixels, width and height of an 8-bit grey PNG that is not interlaced."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path.name} is not a PNG file")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    if (depth, colour, interlace) != (8, 0, 0):
        raise ValueError(f"{path.name} is not 8-bit grey")
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += 12 + length
    return _unfilter(zlib.decompress(packed), width, height), width, height


def _unfilter(rows: bytes, width: int, height: int) -> bytes:
    """Reverses the row filters of PNG, for one byte a pixel."""
    before, out = bytearray(width), bytearray()
    for y in range(height):
        start = y * (width + 1)
        kind, row = rows[start], bytearray(rows[start + 1 : start + 1 + width])
        for x in range(width if kind else 0):
            left = row[x - 1] if x else 0
            up, corner = before[x], before[x - 1] if x else 0
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = up
            elif kind == 3:
                guess = (left + up) // 2
            else:
                near = left + up - corner
                guess = min((left, up, corner), key=lambda value: abs(near - value))
            row[x] = (row[x] + guess) & 0xFF
        out += row
        before = row
    return bytes(out)
