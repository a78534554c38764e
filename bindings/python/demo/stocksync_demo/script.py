"""The script of the shift, drawn from the seed alone. Owns the order of turns.

Must never ask a device or a clock: the same seed gives the same turns on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from .catalogue import UNIT, Catalogue
from .pictures import Picture
from .proxy import Line
from .shelf import Cell, Shelf

TURNS_A_DEVICE = 60
BURST = 150
#: A device is killed this many ms after this many ops of the burst were reported as saved.
KILL_SAVES = (5, 60)
KILL_MS = (0, 4)
SERVER_DIES_MS = (0, 60)


@dataclass(frozen=True)
class Act:
    """One act of one device. `kind`: receive, issue, move or count."""

    device: int
    kind: str
    cell: Cell
    picture: Picture
    quantity: int = 0
    to: str = ""


@dataclass(frozen=True)
class Shrink:
    """Stock disappears without an op."""

    cell: Cell
    quantity: int


@dataclass(frozen=True)
class Sync:
    """A device tries to sync over a line in the given state."""

    device: int
    line: Line
    #: The server is killed this many ms after the device began.
    server_dies_ms: int | None = None


@dataclass(frozen=True)
class Contest:
    """Two devices count one cell while a third sells from it: it is undecidable which count saw the sale."""

    counters: tuple[int, int]
    seller: int
    cell: Cell
    picture: Picture
    quantity: int


@dataclass(frozen=True)
class Kill:
    """A device issues units one by one until its process is killed; after a restart it issues the remaining units."""

    device: int
    cell: Cell
    picture: Picture
    issues: int
    after_saves: int
    after_ms: int


Turn = Act | Shrink | Sync | Contest | Kill


class _Writer:
    """Writes the script with a shelf of its own, so that no turn takes more than the shelf holds."""

    def __init__(self, seed: int, catalogue: Catalogue, devices: int) -> None:
        self.draw = random.Random(f"script {seed}")
        self.catalogue = catalogue
        self.devices = devices
        self.shelf = Shelf(dict(catalogue.opening.quantities))
        self.turns: list[Turn] = []
        self.closed: set[Cell] = set()  # cells that only their contest uses

    def picture_of(self, cell: Cell) -> Picture:
        return self.draw.choice(self.catalogue.variants[cell[0]].pictures)

    def filled_cell(self, at_least: int) -> Cell:
        while True:
            variant = self.draw.choice(self.catalogue.pictured)
            cells = [
                (variant.index, location, variant.lot)
                for location in self.catalogue.bins
                if self.shelf.quantity((variant.index, location, variant.lot)) >= at_least
            ]
            cells = [cell for cell in cells if cell not in self.closed]
            if cells:
                return self.draw.choice(cells)

    def act(self, device: int) -> None:
        kind = self.draw.choices(("receive", "issue", "move", "count"), (3, 5, 3, 2))[0]
        cell = self.filled_cell(10 * UNIT)
        quantity = self.draw.randrange(1, 9) * UNIT
        to = self.draw.choice([location for location in self.catalogue.bins if location != cell[1]])
        if (cell[0], to, cell[2]) in self.closed:
            kind = "issue"
        if kind == "count" and self.draw.random() < 0.5:
            self.turns.append(Shrink(cell, UNIT))
            self.shelf.take(cell, UNIT)
        if kind == "receive":
            self.shelf.put(cell, quantity)
        elif kind in ("issue", "move"):
            self.shelf.take(cell, quantity)
        if kind == "move":
            self.shelf.put((cell[0], to, cell[2]), quantity)
        counted = 0 if kind == "count" else quantity
        self.turns.append(Act(device, kind, cell, self.picture_of(cell), counted, to if kind == "move" else ""))

    def contest(self) -> None:
        cell = self.filled_cell(50 * UNIT)
        self.closed.add(cell)
        first, second, seller = self.draw.sample(range(self.devices), 3)
        quantity = self.draw.randrange(2, 6) * UNIT
        self.shelf.take(cell, quantity)
        self.turns.append(Contest((first, second), seller, cell, self.picture_of(cell), quantity))

    def kill(self) -> None:
        cell = self.filled_cell(BURST * UNIT)
        self.shelf.take(cell, BURST * UNIT)
        device, saves = self.draw.randrange(self.devices), self.draw.randrange(*KILL_SAVES)
        after = self.draw.randrange(*KILL_MS)
        self.turns.append(Kill(device, cell, self.picture_of(cell), BURST, saves, after))


def write(seed: int, catalogue: Catalogue, devices: int) -> list[Turn]:
    """The turns of a seed, in order."""
    writer = _Writer(seed, catalogue, devices)
    draw = writer.draw
    order = [device for device in range(devices) for _ in range(TURNS_A_DEVICE)]
    draw.shuffle(order)
    contest_at = draw.randrange(len(order) // 4, len(order) // 2)
    kill_at = draw.randrange(len(order) // 2, len(order) * 3 // 4)
    # Each device tries to sync over every kind of bad line, in the second half of the shift. Ops whose reply was cut are
    # sent again at the end and count once.
    tries = [(draw.randrange(len(order) // 4, len(order)), device, line)
             for device in range(devices) for line in (Line.DOWN, Line.CUT_REQUEST, Line.CUT_REPLY)]
    tries += [(draw.randrange(len(order) // 3, len(order)), device, Line.UP) for device in range(0, devices, 2)]
    dies, dies_ms = draw.randrange(0, devices, 2), draw.randrange(*SERVER_DIES_MS)
    for index, device in enumerate(order):
        if index == contest_at:
            writer.contest()
        if index == kill_at:
            writer.kill()
        writer.turns += [
            Sync(who, line, dies_ms if line is Line.UP and who == dies else None)
            for at, who, line in sorted(tries, key=str)
            if at == index
        ]
        writer.act(device)
    return writer.turns
