"""Camera frames through the library: every clean picture is read, nothing is read wrongly, wrong sizes are refused."""

from __future__ import annotations

import stocksync
from tests.support import PICTURES, InventoryCase
from stocksync import FrameRequest, RegionRequest, ScanMode
from stocksync_demo.catalogue import pictured_variants
from stocksync_demo.pictures import manifest, read_grey


def frame(luma: bytes, width: int, height: int, **changes: object) -> FrameRequest:
    """A photograph."""
    fields = {"stride": width, "mode": ScanMode.STILL, **changes}
    return FrameRequest(luma=luma, width=width, height=height, **fields)


class Frames(InventoryCase):
    """Of the repository's pictures."""

    async def test_clean_pictures_are_read_and_none_wrongly(self) -> None:
        read = 0
        for picture in manifest(PICTURES):
            if picture.degraded:
                continue
            symbols = await self.inventory.scan().read_frame(frame(*read_grey(PICTURES / picture.file)))
            self.assertEqual([symbol.text for symbol in symbols], [picture.expected], picture.file)
            self.assertEqual(symbols[0].symbology[:1], "]", picture.file)
            self.assertEqual(symbols[0].format.name.replace("_", ""), picture.format.replace("_", ""), picture.file)
            self.assertTrue(symbols[0].bytes and symbols[0].add_on is None, picture.file)
            read += 1
        self.assertGreater(read, 100)

    async def test_padded_rows_and_a_region_are_understood(self) -> None:
        luma, width, height = read_grey(PICTURES / "ean13-01.png")
        padded = b"".join(luma[y * width : (y + 1) * width] + b"\x7f" * 20 for y in range(height))
        whole = RegionRequest(left=0, top=0, width=width, height=height)
        symbols = await self.inventory.scan().read_frame(frame(padded, width, height, stride=width + 20, region=whole))
        self.assertEqual([symbol.text for symbol in symbols], ["9527532721278"])
        corner = RegionRequest(left=0, top=0, width=8, height=8)
        self.assertEqual(await self.inventory.scan().read_frame(frame(luma, width, height, region=corner)), [])

    async def test_pictures_in_colour_are_made_grey(self) -> None:
        luma, width, height = read_grey(PICTURES / "ean13-01.png")
        colour = b"".join(bytes((grey, grey, grey, 255)) for grey in luma)
        for convert, pixels, stride in (
            (stocksync.luma_from_rgba, colour, 4 * width),
            (stocksync.luma_from_bgra, colour, 4 * width),
            (stocksync.luma_from_nv21, luma + b"\x80" * (width * ((height + 1) // 2)), width),
        ):
            (symbol,) = await self.inventory.scan().read_frame(frame(convert(pixels, width, height, stride), width, height))
            self.assertEqual(symbol.text, "9527532721278", convert.__name__)
            with self.assertRaises(stocksync.StocksyncError.InvalidInput):
                convert(pixels[:99], width, height, stride)

    async def test_the_add_on_of_a_book_stands_beside_its_number(self) -> None:
        # 9780201379624 with 52495: runs of white and black in turn, from a quiet zone to a quiet zone.
        left = "131231211123212211232221"
        right = "141113123112111421221132"
        beside = "112" + "11".join(("1321", "2122", "2311", "3112", "1231"))
        runs = [20, *map(int, "111" + left + "11111" + right + "111"), 9, *map(int, beside), 20]
        row = b"".join((b"\xff", b"\0")[at % 2] * (3 * run) for at, run in enumerate(runs))
        (symbol,) = await self.inventory.scan().read_frame(frame(row * 120, len(row), 120))
        self.assertEqual((symbol.text, symbol.add_on, symbol.symbology), ("9780201379624", "52495", "]E0"))

    async def test_wrong_sizes_are_refused(self) -> None:
        scan = self.inventory.scan().read_frame
        outside = RegionRequest(left=60, top=0, width=10, height=10)
        for field, request in (
            ("luma", frame(b"\0" * 99, 10, 10)),
            ("stride", frame(b"\0" * 100, 10, 10, stride=9)),
            ("width", frame(b"", 0, 10)),
            ("width", frame(b"", 100_000, 100_000)),
            ("region", frame(b"\0" * 4_096, 64, 64, region=outside)),
        ):
            await self.assert_invalid(field, scan(request))

    async def test_a_frame_without_a_code_gives_none(self) -> None:
        self.assertEqual(await self.inventory.scan().read_frame(frame(b"\xff" * 76_800, 320, 240)), [])

    async def test_what_is_scanned_is_what_lookup_understands(self) -> None:
        # A scanned code finds what its GTIN names, whatever the symbology: with its lot where it carries one.
        items = [item for item in pictured_variants(PICTURES) if item.scheme == "gtin"]
        variants = {item.code: await self.variant(item.name, item.code) for item in items}
        for item in items:
            picture = item.pictures[0]
            (symbol,) = await self.inventory.scan().read_frame(frame(*read_grey(PICTURES / picture.file)))
            found = await self.inventory.scan().lookup(symbol.text, symbol.symbology)
            self.assertEqual([match.variant.id for match in found.matches], [variants[item.code]], picture.file)
            self.assertEqual(found.lot, item.lot, picture.file)
