"""How are durations and amounts spread? Distributions that are drawn in columns.

Each draws the same numbers again from a generator in the same state, and those of one family the
same numbers but for their scale: whoever compares two floors compares them with the same customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, inf, isfinite, log, sqrt
from typing import Any, Protocol, TypeAlias, runtime_checkable

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from workassign.errors import PlanError
from workassign.settings import structured

__all__ = [
    "Constant",
    "Distribution",
    "Empirical",
    "Erlang",
    "Exponential",
    "Floats",
    "Gamma",
    "Given",
    "Integers",
    "LogNormal",
    "Mixed",
    "Pareto",
    "Shifted",
    "Sum",
    "Uniform",
    "distribution",
]

Floats: TypeAlias = NDArray[np.float64]
"""A column of numbers."""
Integers: TypeAlias = NDArray[np.int64]
"""A column of whole numbers."""


@runtime_checkable
class Distribution(Protocol):
    """Something of which so many values can be drawn."""

    @property
    def mean(self) -> float:
        """Its expectation; infinity if it has none."""

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values, each >= 0."""


def as_floats(values: ArrayLike) -> Floats:
    """Return *values* as a column."""
    return np.asarray(values, dtype=np.float64)


def as_tuple(values: Iterable[float]) -> tuple[float, ...]:
    """Return *values* for good."""
    return tuple(values)


def _as_parts(parts: Iterable[Distribution]) -> tuple[Distribution, ...]:
    return tuple(parts)


def _at_least(least: float, *, above: bool = False) -> Callable[[Any, Any, Any], None]:
    """Return a validator: a finite number from *least* on, or *above* it."""

    def check(_: object, field: Any, value: object) -> None:  # noqa: ANN401 - attrs' own type is private
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and isfinite(value) and (value > least if above else value >= least)):  # type: ignore[operator,arg-type]
            bound = f"above {least:g}" if above else f"at least {least:g}"
            raise ValueError(f"{field.name} must be a finite number {bound}, not {value!r}")

    return check


_positive = _at_least(0.0, above=True)
_not_negative = _at_least(0.0)


@attrs.frozen
class Constant:
    """Always the same."""

    value: float = attrs.field(validator=_not_negative)

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* times the value."""
        return np.full(size, float(self.value))


@attrs.frozen
class Exponential:
    """Without memory."""

    mean: float = attrs.field(validator=_positive)

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        return dice.standard_exponential(size) * self.mean


@attrs.frozen
class LogNormal:
    """Skewed to the right, as handle times are; *cv* is standard deviation / mean."""

    mean: float = attrs.field(validator=_positive)
    cv: float = attrs.field(validator=_not_negative)

    @classmethod
    def of_median(cls, median: float, spread: float) -> LogNormal:
        """Return the one of which half are below *median*; *spread*: deviation of the logarithm.

        >>> round(LogNormal.of_median(100.0, 0.5).mean, 1)
        113.3
        """
        return cls(median * exp(spread**2 / 2), sqrt(exp(spread**2) - 1))

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        variance = log(1 + self.cv**2)
        values: Floats = np.exp(log(self.mean) - variance / 2 + sqrt(variance) * dice.standard_normal(size))
        return values


@attrs.frozen
class Gamma:
    """Of any shape > 0: below 1 more spread out than exponential, above it less."""

    mean: float = attrs.field(validator=_positive)
    shape: float = attrs.field(validator=_positive)

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        return dice.standard_gamma(self.shape, size) * (self.mean / self.shape)


@attrs.frozen
class Erlang:
    """The sum of *k* exponential phases."""

    mean: float = attrs.field(validator=_positive)
    k: int = attrs.field()

    @k.validator
    def _check_k(self, _: object, k: object) -> None:
        if type(k) is not int or not 1 <= k <= 10_000:
            raise ValueError(f"k must be a whole number from 1 to 10,000, not {k!r}")

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        return dice.standard_gamma(self.k, size) * (self.mean / self.k)


@attrs.frozen
class Uniform:
    """From *low* to *high*, all alike."""

    low: float = attrs.field(validator=_not_negative)
    high: float = attrs.field(validator=_not_negative)

    def __attrs_post_init__(self) -> None:
        """Check the order."""
        if self.high < self.low:
            raise ValueError(f"high must be at least low, {self.low!r}, not {self.high!r}")

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        return self.low + (self.high - self.low) * dice.random(size)


@attrs.frozen
class Pareto:
    """Heavy-tailed from *least* on: P(X > x) = (least / x)^tail."""

    least: float = attrs.field(validator=_positive)
    tail: float = attrs.field(validator=_positive)

    @property
    def mean(self) -> float:
        """Infinite where the tail is at most 1."""
        return self.least * self.tail / (self.tail - 1) if self.tail > 1 else inf

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        values: Floats = self.least * np.exp(dice.standard_exponential(size) / self.tail)
        return values


@attrs.frozen
class Empirical:
    """One of the *values* that were observed, all alike."""

    values: tuple[float, ...] = attrs.field(converter=as_tuple)

    @values.validator
    def _check_values(self, _: object, values: tuple[float, ...]) -> None:
        _check_column("values", values)
        if not values:
            raise ValueError("values must not be empty")

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(np.mean(self.values))

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* of the values."""
        return np.asarray(self.values, dtype=float)[dice.integers(0, len(self.values), size)]


@attrs.frozen(eq=False)
class Given:
    """Known beforehand, one for each in order: for traces. There must be enough of them."""

    values: Floats = attrs.field(converter=as_floats)

    @values.validator
    def _check_values(self, _: object, values: Floats) -> None:
        _check_column("values", values, infinite=True)

    @property
    def mean(self) -> float:
        """Their mean; 0 if there are none."""
        return float(self.values.mean()) if self.values.size else 0.0

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return the first *size* values; no dice are rolled."""
        if size > self.values.size:
            raise ValueError(f"{size} values are needed, but only {self.values.size} are given")
        return self.values[:size]


@attrs.frozen
class Sum:
    """Several parts, one after the other: talk, then notes."""

    parts: tuple[Distribution, ...] = attrs.field(converter=_as_parts)

    @parts.validator
    def _check_parts(self, _: object, parts: tuple[Distribution, ...]) -> None:
        _check_parts(parts)

    @property
    def mean(self) -> float:
        """The sum of their means."""
        return sum(part.mean for part in self.parts)

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* sums."""
        total: Floats = np.sum([part.sample(dice, size) for part in self.parts], axis=0)
        return total


@attrs.frozen
class Mixed:
    """One of several *parts*, each with its share; hyperexponential if they are exponential."""

    parts: tuple[Distribution, ...] = attrs.field(converter=_as_parts)
    shares: tuple[float, ...] = attrs.field(converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        """Check both."""
        _check_parts(self.parts)
        _check_column("shares", self.shares)
        if len(self.shares) != len(self.parts) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"shares must be one for each part and sum up to 1, not {self.shares!r}")

    @property
    def mean(self) -> float:
        """The means, weighted."""
        return sum(share * part.mean for share, part in zip(self.shares, self.parts, strict=True) if share)

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        which = np.searchsorted(np.cumsum(self.shares)[:-1], dice.random(size), side="right")
        drawn = np.array([part.sample(dice, size) for part in self.parts])
        values: Floats = drawn[which, np.arange(size)]
        return values


@attrs.frozen
class Shifted:
    """A *part* that begins after so many seconds, or is never for a share of all (*never*, 0 to 1).

    With *never* it is a patience: that share waits for ever.
    """

    part: Distribution
    by: float = attrs.field(default=0.0, validator=_not_negative)
    never: float = attrs.field(default=0.0, validator=_not_negative)

    def __attrs_post_init__(self) -> None:
        """Check the part and the share."""
        _check_parts((self.part,))
        if self.never > 1:
            raise ValueError(f"never must be a share from 0 to 1, not {self.never!r}")

    @property
    def mean(self) -> float:
        """Infinite if some never come."""
        return inf if self.never else self.by + self.part.mean

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values, infinity for never."""
        values = self.by + self.part.sample(dice, size)
        return np.where(dice.random(size) < self.never, inf, values) if self.never else values


def _check_parts(parts: Sequence[object]) -> None:
    if not parts or not all(isinstance(part, Distribution) for part in parts):
        raise ValueError(f"parts must be distributions, at least one, not {parts!r}")


def _check_column(name: str, values: Sequence[float] | Floats, *, infinite: bool = False) -> None:
    column = np.asarray(values, dtype=float)
    wrong = np.isnan(column) | (column < 0) | (np.isinf(column) & (not infinite))
    if column.ndim != 1 or wrong.any():
        found = column[wrong][0] if column.ndim == 1 else column.shape
        raise ValueError(f"{name} must be a list of finite numbers, at least 0, not {found!r}")


# --- as data --------------------------------------------------------------------------------


_KINDS: Mapping[str, type] = {
    "constant": Constant,
    "empirical": Empirical,
    "erlang": Erlang,
    "exponential": Exponential,
    "gamma": Gamma,
    "lognormal": LogNormal,
    "pareto": Pareto,
    "uniform": Uniform,
}


def distribution(data: object, path: str = "distribution") -> Distribution:
    """Return what a table such as `{ dist = "lognormal", mean = 300, cv = 1.2 }` says.

    A number stands for a constant. `lognormal` may be given by `median` and `spread`; `sum` has
    `parts`, `mixed` has `parts` and `shares`, `shifted` a `part`, `by` and `never`.

    Raises:
        PlanError: If anything is wrong; every problem is listed behind *path*.
    """
    if isinstance(data, int | float) and not isinstance(data, bool):
        data = {"dist": "constant", "value": data}
    if not isinstance(data, Mapping):
        raise PlanError([f"{path}: must be a number of seconds or a table with dist, not {data!r}"])
    settings: dict[str, Any] = dict(data)
    kind = settings.pop("dist", None)
    try:
        if kind in ("sum", "mixed", "shifted"):
            return _composed(kind, settings, path)
        if kind == "lognormal" and "median" in settings:
            return LogNormal.of_median(**settings)
    except (TypeError, ValueError) as error:
        raise PlanError([f"{path}: {error}"]) from None
    if not isinstance(kind, str) or kind not in _KINDS:
        known = ", ".join(sorted([*_KINDS, "mixed", "shifted", "sum"]))
        raise PlanError([f"{path}.dist: there is no {kind!r}; there are {known}"])
    found: Distribution = structured(settings, _KINDS[kind], path)
    return found


def _composed(kind: str, settings: dict[str, Any], path: str) -> Distribution:
    if "part" in settings:
        settings["part"] = distribution(settings["part"], f"{path}.part")
    if isinstance(settings.get("parts"), list | tuple):
        parts = enumerate(settings["parts"])
        settings["parts"] = [distribution(part, f"{path}.parts[{place}]") for place, part in parts]
    composed: dict[str, Callable[..., Distribution]] = {"sum": Sum, "mixed": Mixed, "shifted": Shifted}
    return composed[kind](**settings)
