"""The true shelf. Owns how many units really lie in each place, moved by the driver at the instant of each act.

Must never read a device, the server or a ledger: it is what they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Places by key ("bin:A-01") and things by index into the catalogue; lots as operations name them.
Cell = tuple[int, str, str]


@dataclass
class Shelf:
    """True quantities, thousandths of a unit."""

    there: dict[Cell, int] = field(default_factory=dict)

    def look(self, cell: Cell) -> int:
        """How much lies there now."""
        return self.there.get(cell, 0)

    def put(self, cell: Cell, quantity: int) -> None:
        """Something was put there."""
        self.there[cell] = self.look(cell) + quantity

    def take(self, cell: Cell, quantity: int) -> None:
        """Something was taken away; a shelf cannot hold less than nothing."""
        left = self.look(cell) - quantity
        if left < 0:
            raise ValueError(f"{cell} holds {self.look(cell)}, not {quantity}")
        self.there[cell] = left

    def filled(self) -> dict[Cell, int]:
        """The cells that hold something."""
        return {cell: quantity for cell, quantity in self.there.items() if quantity}
