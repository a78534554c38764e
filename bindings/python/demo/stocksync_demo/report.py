"""The comparison at the end and its presentation. Owns what counts as a difference.

Must never ignore one: only cells with an open `count_overlap` or `count_conflict` may differ from the true shelf, and
no cell may differ between devices and server.
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
MAX_SHOWN = 12


@dataclass
class Report:
    """Numbers and differences of a run."""

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
    killed_recorded: int = 0
    cells: int = 0
    cuts: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    seconds: float = 0.0
    shift_seconds: float = 0.0
    heal_seconds: float = 0.0
    exceptions: dict[str, int] = field(default_factory=dict)
    #: Counted cells: name, last count, true shelf, ledger, whether a count exception is open.
    counted: list[tuple[str, int, int, int, bool]] = field(default_factory=list)
    #: SHA-256 over all balances by the names of the catalogue: the same for the same seed.
    balances: str = ""
    differences: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there are no differences."""
        return not self.differences

    def as_json(self) -> str:
        """The report as JSON, for `--json`."""
        return json.dumps({**asdict(self), "ok": self.ok}, indent=2, ensure_ascii=False)


def by_name(balances: dict[tuple[str, str, str], int], ids: Ids) -> dict[Cell, int]:
    """Balances at real locations by the names of the catalogue; an unknown variant keeps its id."""
    indices, names = ids.variant_indices(), ids.location_names()
    return {
        (indices.get(variant, variant), names[location], lot): quantity
        for (variant, location, lot), quantity in balances.items()
        if location in names and quantity
    }


def digest(balances: dict[Cell, int]) -> str:
    """A hash over all balances."""
    text = json.dumps(sorted([list(cell), quantity] for cell, quantity in balances.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(name: str, found: dict, expected: dict, unsure: set) -> list[str]:
    """One line for each cell that differs."""
    cells = sorted(set(found) | set(expected), key=str)
    return [
        f"{name}: {cell} is {found.get(cell, 0)}, not {expected.get(cell, 0)}"
        for cell in cells
        if cell not in unsure and found.get(cell, 0) != expected.get(cell, 0)
    ]


class Live:
    """One line for each device, updated in place on a terminal; elsewhere only messages are printed."""

    def __init__(self, quiet: bool) -> None:
        self._over = sys.stdout.isatty() and not quiet
        self._lines = 0

    def show(self, phones: list[Phone]) -> None:
        """Shows the current state of the devices."""
        if not self._over:
            return
        if self._lines:
            sys.stdout.write(f"\x1b[{self._lines}A")
        for phone in phones:
            line = f"{phone.name:<10} {phone.state:<9} {phone.pending:>5} to send   log {phone.cursor:>7}"
            sys.stdout.write(f"\x1b[2K{line}   line {phone.proxy.line.value}\n")
        self._lines = len(phones)
        sys.stdout.flush()

    def log(self, text: str) -> None:
        """Prints a message, above the lines of the devices."""
        self._lines = 0
        print(text, flush=True)


def table(report: Report) -> str:
    """The text of the report."""
    rows = [
        ("ops recorded", report.ops),
        ("accepted by the server", report.accepted),
        ("sent again, counted once", report.duplicates),
        ("rejected", report.rejected),
        ("pictures scanned / not readable", f"{report.frames} / {report.frames_unread}"),
        ("ops of the killed device: reported as saved / found", f"{report.killed_reported} / {report.killed_recorded}"),
        ("processes killed", ", ".join(f"{name} {times}" for name, times in sorted(report.killed.items()))),
        ("connections cut", report.cuts),
        ("cells compared on every device, server and shelf", report.cells),
        ("bytes up / down", f"{report.bytes_up} / {report.bytes_down}"),
        ("seconds: all / shift / healing", f"{report.seconds} / {report.shift_seconds} / {report.heal_seconds}"),
        *((f"exception {kind}", count) for kind, count in sorted(report.exceptions.items())),
    ]
    lines = ["", *(f"{name:<50} {value}" for name, value in rows), "", "counted cells: last count, shelf now, ledger now"]
    for name, counted, shelf, ledger, unsure in report.counted:
        verdict = "open exception" if unsure else "equal" if shelf == ledger else "DIFFERENT"
        lines.append(f"  {name:<40} {counted / 1000:>8g} {shelf / 1000:>8g} {ledger / 1000:>8g}   {verdict}")
    lines.append("")
    lines += [f"DIFFERENCE  {text}" for text in report.differences[:MAX_SHOWN]]
    if len(report.differences) > MAX_SHOWN:
        lines.append(f"... and {len(report.differences) - MAX_SHOWN} more")
    lines.append("all equal" if report.ok else f"{len(report.differences)} differences")
    return "\n".join(lines)


def count_kinds(rows: list) -> dict[str, int]:
    """Number of exceptions by kind."""
    return dict(sorted(Counter(row[0] for row in rows).items()))
