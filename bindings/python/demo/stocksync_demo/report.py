"""The comparison at the end and how it is shown. Owns what counts as a difference.

Must never excuse one: only cells with an open `count_overlap` or `count_conflict` may differ from the true shelf, and
none may differ between devices and server.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field

from .office import Ids
from .phone import Phone
from .shelf import Cell

UNSURE = ("count_overlap", "count_conflict")
SHOWN = 12


@dataclass
class Report:
    """What the run came to."""

    seed: int
    devices: int
    ops: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    frames: int = 0
    frames_unread: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    killed_reported: int = 0
    killed_kept: int = 0
    cells: int = 0
    cuts: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    seconds: float = 0.0
    shift_seconds: float = 0.0
    heal_seconds: float = 0.0
    exceptions: dict[str, int] = field(default_factory=dict)
    #: Counted cells: name, number counted last, true shelf, ledger, whether a person must look.
    counted: list[tuple[str, int, int, int, bool]] = field(default_factory=list)
    #: SHA-256 over every balance by the catalogue's names: the same for the same seed.
    balances: str = ""
    differences: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run proved what it is for."""
        return not self.differences

    def as_json(self) -> str:
        """For `--json`."""
        return json.dumps({**asdict(self), "ok": self.ok}, indent=2, ensure_ascii=False)


def by_name(balances: dict[tuple[str, str, str], int], ids: Ids) -> dict[Cell, int]:
    """Balances of real places by the catalogue's names; a cell that is not of the catalogue keeps its ids."""
    things, names = ids.things(), ids.names()
    return {
        (things.get(variant, variant), names[location], lot): held
        for (variant, location, lot), held in balances.items()
        if location in names and held
    }


def digest(balances: dict[Cell, int]) -> str:
    """One text for all balances."""
    text = json.dumps(sorted([list(cell), held] for cell, held in balances.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(name: str, found: dict, expected: dict, excused: set) -> list[str]:
    """One line for each cell that differs."""
    cells = sorted(set(found) | set(expected), key=str)
    return [
        f"{name}: {cell} is {found.get(cell, 0)}, not {expected.get(cell, 0)}"
        for cell in cells
        if cell not in excused and found.get(cell, 0) != expected.get(cell, 0)
    ]


class Live:
    """One line for each device, written over itself on a terminal; elsewhere only news are printed."""

    def __init__(self, quiet: bool) -> None:
        self._over = sys.stdout.isatty() and not quiet
        self._lines = 0

    def show(self, phones: list[Phone]) -> None:
        """The devices as they are now."""
        if not self._over:
            return
        if self._lines:
            sys.stdout.write(f"\x1b[{self._lines}A")
        for phone in phones:
            line = f"{phone.name:<10} {phone.state:<9} {phone.pending:>5} to send   log {phone.cursor:>7}"
            sys.stdout.write(f"\x1b[2K{line}   line {phone.proxy.line.value}\n")
        self._lines = len(phones)
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """News, above the lines of the devices."""
        self._lines = 0
        print(text, flush=True)


def table(report: Report) -> str:
    """The table at the end."""
    rows = [
        ("operations recorded", report.ops),
        ("accepted by the server", report.accepted),
        ("sent again, counted once", report.duplicates),
        ("rejected", report.rejected),
        ("camera frames / not read", f"{report.frames} / {report.frames_unread}"),
        ("saved before the kill: reported / found", f"{report.killed_reported} / {report.killed_kept}"),
        ("processes killed", ", ".join(f"{name} {times}" for name, times in sorted(report.killed.items()))),
        ("connections cut", report.cuts),
        ("cells compared on every device, server and shelf", report.cells),
        ("bytes up / down", f"{report.bytes_up} / {report.bytes_down}"),
        ("seconds: all / shift / healing", f"{report.seconds} / {report.shift_seconds} / {report.heal_seconds}"),
        *((f"exception {kind}", count) for kind, count in sorted(report.exceptions.items())),
    ]
    lines = ["", *(f"{name:<50} {value}" for name, value in rows), "", "counted cells: counted, shelf now, ledger now"]
    for name, counted, shelf, ledger, unsure in report.counted:
        verdict = "a person looks again" if unsure else "equal" if shelf == ledger else "DIFFERENT"
        lines.append(f"  {name:<40} {counted / 1000:>8g} {shelf / 1000:>8g} {ledger / 1000:>8g}   {verdict}")
    lines.append("")
    lines += [f"DIFFERENCE  {text}" for text in report.differences[:SHOWN]]
    if len(report.differences) > SHOWN:
        lines.append(f"... and {len(report.differences) - SHOWN} more")
    lines.append("all equal" if report.ok else f"{len(report.differences)} differences")
    return "\n".join(lines)


def count_kinds(rows: list) -> dict[str, int]:
    """How many exceptions of each kind."""
    return dict(sorted(Counter(row[0] for row in rows).items()))
