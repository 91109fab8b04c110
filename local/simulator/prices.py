"""What a unit of what a model makes costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

Unit = Literal["images", "seconds"]


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a unit, which may depend on one of the inputs.

    Attributes
    ----------
    unit
        What is counted.
    usd
        The price of one unit by the value of the input ``varies_by``.
    usual
        The value for which the price list quotes the price.
    varies_by
        The input's name; None if the price is one.
    """

    unit: Unit
    usd: Mapping[str, Decimal]
    usual: str
    varies_by: str | None = None

    def of(self, inputs: Mapping[str, JsonValue]) -> Decimal:
        """Return the price of one unit for these inputs, complete with their defaults."""
        return self.of_usual() if self.varies_by is None else self.usd[str(inputs[self.varies_by])]

    def of_usual(self) -> Decimal:
        """Return the price of one unit that the price list quotes."""
        return self.usd[self.usual]
