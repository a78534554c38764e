"""The surface: the text in the repository is what the library exports, and all of it is documented."""

from __future__ import annotations

import ast
import unittest
from pathlib import Path

from tests.support import ROOT, stocksync

import generate

MODULE = Path(stocksync.__file__).parent / "_generated" / "stocksync.py"
NARROW = ("u8", "u16", "i8", "i16")


class Surface(unittest.TestCase):
    """Of the generated module."""

    def test_the_text_in_the_repository_is_current(self) -> None:
        text = (ROOT / "bindings" / "surface.txt").read_text(encoding="utf-8")
        self.assertEqual(text, generate.surface(MODULE), "bindings/surface.txt is to be made anew")

    def test_everything_is_documented(self) -> None:
        tree = ast.parse(MODULE.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and generate._is_ours(node.name, stocksync.__all__):
                self.assertTrue(ast.get_docstring(node), node.name)
                for item in node.body:
                    if isinstance(item, ast.AsyncFunctionDef):
                        self.assertTrue(ast.get_docstring(item), f"{node.name}.{item.name}")

    def test_no_narrow_number_crosses(self) -> None:
        # Android's ahead-of-time compiler mishandles 8- and 16-bit results.
        for file in (ROOT / "bindings" / "src").rglob("*.rs"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.strip().startswith(("pub ", "fn ")) and "Vec<u8>" not in line:
                    for narrow in (*NARROW, "usize", "isize"):
                        self.assertNotRegex(line, rf"\b{narrow}\b", file.name)
