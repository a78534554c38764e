"""Labels through the library: what is printed is scanned again and means the same, and what cannot be read is refused."""

from __future__ import annotations

import struct
import zlib

from tests.support import InventoryCase
from stocksync import FrameRequest, LabelElement, LabelFormat, LabelMedia, LabelPayload, LabelPicture
from stocksync import BarcodeFormat, LabelRequest, LabelSymbology, ScanMode

FORMATS = (BarcodeFormat.CODE128, BarcodeFormat.QR_CODE, BarcodeFormat.DATA_MATRIX)
MEDIA = LabelMedia(width=10_000, height=5_000, dpi=203)


def frame(png: bytes) -> FrameRequest:
    """The pixels of a picture of one bit a dot whose rows are not filtered."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)
    data, at = b"", 8
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    rows, stride = zlib.decompress(data), 1 + (width + 7) // 8
    assert not any(rows[::stride])
    bits = (f"{int.from_bytes(rows[at + 1 : at + stride]):0{8 * stride - 8}b}" for at in range(0, len(rows), stride))
    luma = b"".join(row[:width].translate({48: 0, 49: 255}).encode("latin-1") for row in bits)
    return FrameRequest(luma=luma, width=width, height=height, stride=width, mode=ScanMode.STILL)


def label(symbology: LabelSymbology, payload: LabelPayload, *lines: str, picture: object = None) -> LabelRequest:
    """One label."""
    return LabelRequest(symbology=symbology, payload=payload, picture=picture, lines=list(lines))


class Labels(InventoryCase):
    """Printed and scanned."""

    async def scanned(self, request: LabelRequest) -> tuple[BarcodeFormat, str, str]:
        """What the scanner reads on a label."""
        png = await self.inventory.labels().render([request], MEDIA, LabelFormat.PNG())
        (symbol,) = await self.inventory.scan().read_frame(frame(png))
        return symbol.format, symbol.symbology, symbol.text

    async def test_the_label_of_a_location_is_scanned(self) -> None:
        payload = LabelPayload.CODE(text=self.inventory.labels().location_text("A-01-03"))
        for symbology, name in zip(LabelSymbology, FORMATS, strict=True):
            read, _, text = await self.scanned(label(symbology, payload, "A-01-03", "Müsli & Öl"))
            self.assertEqual((read, text), (name, "-L/A-01-030"))

    async def test_a_product_label_finds_its_product(self) -> None:
        variant = await self.variant("Olive oil", "09501101530003")
        pairs = {"10": "AB-123", "17": "270131", "01": "09501101530003"}
        elements = [LabelElement(ai=ai, value=value) for ai, value in pairs.items()]
        request = label(LabelSymbology.DATA_MATRIX, LabelPayload.ELEMENTS(elements=elements), "Olive oil")
        _, symbology, text = await self.scanned(request)
        found = await self.inventory.scan().lookup(text, symbology=symbology)
        self.assertEqual([match.variant.id for match in found.matches], [variant])
        self.assertEqual((found.lot, found.expiry, symbology), ("10:AB-123", "2027-01-31", "]d2"))

    async def test_a_pallet_in_every_form(self) -> None:
        number = self.inventory.labels().sscc(3, "9501101", 42)
        self.assertEqual(number, "395011010000000422")
        payload = LabelPayload.ELEMENTS(elements=[LabelElement(ai="00", value=number)])
        request = label(LabelSymbology.CODE128, payload, "TO: Dock 7")
        self.assertEqual(await self.scanned(request), (BarcodeFormat.CODE128, "]C1", f"00{number}"))
        zpl = await self.inventory.labels().render([request] * 3, MEDIA, LabelFormat.ZPL())
        self.assertEqual((zpl.count(b"^XA"), zpl[-5:]), (3, b"\n^XZ\n"))
        pdf = await self.inventory.labels().render([request] * 3, MEDIA, LabelFormat.PDF(sheet=None))
        self.assertTrue(pdf.startswith(b"%PDF-") and b"/Count 3" in pdf)

    async def test_what_cannot_be_read_is_refused(self) -> None:
        code = LabelPayload.CODE(text="A-1")
        wrong = LabelPayload.ELEMENTS(elements=[LabelElement(ai="01", value="09501101530004")])
        thai = label(LabelSymbology.QR_CODE, code, "ข้าว")
        torn = LabelPicture(width=9, height=2, dark=b"\0")
        for field, requests, media in (
            ("payload", [label(LabelSymbology.QR_CODE, LabelPayload.CODE(text="a~1"))], MEDIA),
            ("payload", [label(LabelSymbology.QR_CODE, wrong)], MEDIA),
            ("lines", [thai], MEDIA),
            ("picture", [label(LabelSymbology.QR_CODE, code, picture=torn)], MEDIA),
            ("size", [label(LabelSymbology.CODE128, code)], LabelMedia(width=1_000, height=1_000, dpi=203)),
            ("dpi", [label(LabelSymbology.CODE128, code)], LabelMedia(width=1_000, height=1_000, dpi=72)),
            ("labels", [], MEDIA),
        ):
            await self.assert_invalid(field, self.inventory.labels().render(requests, media, LabelFormat.ZPL()))
