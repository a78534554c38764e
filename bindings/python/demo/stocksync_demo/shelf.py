"""The true shelf. Owns the physical quantity of each cell, which the driver changes at the time of each act.

Must never read a device, the server or a ledger: they are compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Index of the variant in the catalogue, name of the location ("North-01"), lot as ops name it.
Cell = tuple[int, str, str]


@dataclass
class Shelf:
    """True quantities, thousandths of a unit."""

    quantities: dict[Cell, int] = field(default_factory=dict)

    def quantity(self, cell: Cell) -> int:
        """The quantity of a cell now."""
        return self.quantities.get(cell, 0)

    def put(self, cell: Cell, quantity: int) -> None:
        """Adds a quantity to a cell."""
        self.quantities[cell] = self.quantity(cell) + quantity

    def take(self, cell: Cell, quantity: int) -> None:
        """Removes a quantity from a cell; an error if the cell holds less."""
        left = self.quantity(cell) - quantity
        if left < 0:
            raise ValueError(f"{cell} holds {self.quantity(cell)}, not {quantity}")
        self.quantities[cell] = left

    def filled(self) -> dict[Cell, int]:
        """The cells whose quantity is not zero."""
        return {cell: quantity for cell, quantity in self.quantities.items() if quantity}
