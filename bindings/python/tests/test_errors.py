"""Errors: each variant arrives as its own type with its fields, and a panic is one of them."""

from __future__ import annotations

import unittest

from tests.support import StocksyncError, stocksync

VARIANTS = {
    "offline": StocksyncError.Offline,
    "sign_in_required": StocksyncError.SignInRequired,
    "not_found": StocksyncError.NotFound,
    "invalid_input": StocksyncError.InvalidInput,
    "rejected": StocksyncError.Rejected,
    "storage_full": StocksyncError.StorageFull,
    "upgrade_required": StocksyncError.UpgradeRequired,
    "busy": StocksyncError.Busy,
    "closed": StocksyncError.Closed,
    "internal": StocksyncError.Internal,
}


class Errors(unittest.IsolatedAsyncioTestCase):
    """Through the debug function that fails on purpose."""

    async def test_each_variant_is_its_own_type(self) -> None:
        for name, variant in VARIANTS.items():
            with self.subTest(name), self.assertRaises(variant) as caught:
                await stocksync.provoke(name)
            self.assertIsInstance(caught.exception, StocksyncError)
            if name != "closed":
                self.assertEqual(caught.exception.reason, "on purpose")

    def test_every_variant_is_tried(self) -> None:
        found = {it for it in vars(StocksyncError).values() if isinstance(it, type) and issubclass(it, StocksyncError)}
        self.assertEqual(found, set(VARIANTS.values()))

    async def test_a_panic_is_an_internal_error_that_keeps_its_text_to_itself(self) -> None:
        with self.assertRaises(StocksyncError.Internal) as caught:
            await stocksync.provoke("panic")
        self.assertNotIn("purpose", caught.exception.reason)
        self.assertTrue(stocksync.build_identity().version)  # and the library goes on
