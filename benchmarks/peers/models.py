"""What has to be done? The same arrivals, classes, service times and patience for everybody."""

from __future__ import annotations

from functools import cached_property
from math import nan
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSES", "MODELS", "TIERS", "Model", "Starts", "abandoned", "made"]

Starts: TypeAlias = list[float]
"""When the service of each began, by arrival; NaN: its patience ended first."""

CLASSES = 10
TIERS = 3
"""The tier of a class is its number modulo this."""


@attrs.frozen(kw_only=True, eq=False)
class Model:
    """A stream of interactions and who there is. Times in mean service times."""

    name: str
    skills: list[tuple[int, ...]]
    """By agent: the classes that she can serve."""
    gap: NDArray[np.float64]
    """From the arrival before to this one; the first is from instant 0."""
    cls: NDArray[np.int64]
    service: NDArray[np.float64]
    patience: NDArray[np.float64] | None

    @cached_property
    def arrival(self) -> NDArray[np.float64]:
        """The gaps added up one by one, as clocks do that are told to wait."""
        return np.cumsum(self.gap)

    @cached_property
    def rows(self) -> Rows:
        """The same as Python's own numbers, for whoever reads them one by one."""
        return Rows(
            gap=self.gap.tolist(),
            arrival=self.arrival.tolist(),
            cls=self.cls.tolist(),
            service=self.service.tolist(),
            patience=None if self.patience is None else self.patience.tolist(),
        )

    def __len__(self) -> int:
        return len(self.gap)

    @property
    def classes(self) -> int:
        """How many there are."""
        return 1 + max(max(each) for each in self.skills)


@attrs.frozen(kw_only=True, eq=False)
class Rows:
    """The arrays of a model as lists."""

    gap: list[float]
    arrival: list[float]
    cls: list[int]
    service: list[float]
    patience: list[float] | None


MODELS: dict[str, tuple[float, float | None]] = {
    # M/M/100 at load 0.9: one class, everybody waits.
    "mmc": (90.0, None),
    # Skills, load 1.0, short patience: about 7 wait, 4 % abandon.
    "b1": (200.0, 1.0),
    # Skills, load 1.2, long patience: about 400 wait, 17 % abandon.
    "b2": (240.0, 10.0),
}
"""By name: arrivals in a mean service time, and mean patience."""


def made(name: str, many: int, seed: int = 1) -> Model:
    """Return so many interactions of the model of that name, drawn from *seed*."""
    rate, patience = MODELS[name]
    dice = np.random.default_rng(seed)
    gap = dice.exponential(1 / rate, many)
    cls = dice.integers(0, CLASSES, many)
    service = dice.exponential(1.0, many)
    plain = name == "mmc"
    return Model(
        name=name,
        skills=[(0,)] * 100 if plain else [skills_of(number) for number in range(200)],
        gap=gap,
        cls=np.zeros(many, np.int64) if plain else cls,
        service=service,
        patience=None if patience is None else dice.exponential(patience, many),
    )


def skills_of(number: int) -> tuple[int, ...]:
    """Return what the agent of that number can do: two or three classes."""
    row = number // CLASSES
    first = number % CLASSES
    found = {first, (first + 1 + row % 9) % CLASSES}
    if row % 2:
        found.add((first + 5) % CLASSES)
    return tuple(sorted(found))


def abandoned(many: int) -> Starts:
    """Return so many services that have not begun."""
    return [nan] * many
