"""Which distribution does a case mean? Tables such as `{"dist": "exponential", "mean": 1.0}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import gamma, sqrt
from typing import Any

import attrs
import numpy as np

from workassign.lab.distributions import (
    Constant,
    Distribution,
    Erlang,
    Exponential,
    Floats,
    Gamma,
    LogNormal,
    Mixed,
    Sum,
    Uniform,
)

__all__ = ["NotExpressed", "amount", "spread"]


class NotExpressed(Exception):  # noqa: N818 - it is an answer about a case, not a mistake
    """A case says something that no scenario is known for; the text says what."""


@attrs.frozen
class Weibull:
    """Wears out (shape above 1) or in (below)."""

    scale: float
    shape: float

    @property
    def mean(self) -> float:
        """Return scale x Γ(1 + 1 / shape)."""
        return self.scale * gamma(1 + 1 / self.shape)

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values."""
        return self.scale * dice.weibull(self.shape, size)


def amount(data: object) -> Distribution:
    """Return the distribution that *data* says.

    Raises:
        NotExpressed: If it is not known, or a figure is missing.
    """
    if not isinstance(data, Mapping):
        raise NotExpressed(f"no distribution: {data!r}")
    kind = str(data.get("dist", data.get("type", ""))).lower().replace("-", "").replace("_", "")
    make = _KINDS.get(kind)
    if make is None:
        raise NotExpressed(f"distribution {data.get('dist')!r}")
    try:
        return make(data)
    except (KeyError, TypeError, ValueError) as error:
        raise NotExpressed(f"distribution {dict(data)!r}: {error}") from None


def _mean(data: Mapping[str, Any]) -> float:
    return float(data["mean"]) if "mean" in data else 1.0 / float(data["rate"])


def _constant(data: Mapping[str, Any]) -> Distribution:
    return Constant(float(data["value"] if "value" in data else data["mean"]))


def _uniform(data: Mapping[str, Any]) -> Distribution:
    low = data["low"] if "low" in data else data["min"]
    return Uniform(float(low), float(data["high"] if "high" in data else data["max"]))


def _gamma(data: Mapping[str, Any]) -> Distribution:
    shape = float(data["shape"]) if "shape" in data else 1.0 / _squared_cv(data)
    mean = shape * float(data["scale"]) if "scale" in data else _mean(data)
    return Gamma(mean, shape)


def _squared_cv(data: Mapping[str, Any]) -> float:
    for name in ("scv", "cv2", "squared_cv"):
        if name in data:
            return float(data[name])
    return float(data["cv"]) ** 2


def _weibull(data: Mapping[str, Any]) -> Distribution:
    shape = float(data["shape"] if "shape" in data else data["k"])
    if "scale" in data:
        return Weibull(float(data["scale"]), shape)
    return Weibull(_mean(data) / gamma(1 + 1 / shape), shape)


def _hyperexponential(data: Mapping[str, Any]) -> Distribution:
    shares = _first(data, ("probs", "p", "probabilities", "weights", "shares"))
    if isinstance(shares, int | float):
        shares = [shares, 1 - shares]
    if shares is not None:
        means = _first(data, ("means",)) or [1 / rate for rate in data["rates"]]
        return Mixed([Exponential(float(mean)) for mean in means], [float(share) for share in shares])
    # Only a mean and a variation: two phases, balanced (each has half of the mean).
    variation, mean = _squared_cv(data), _mean(data)
    share = (1 + sqrt((variation - 1) / (variation + 1))) / 2
    parts = [Exponential(mean / (2 * share)), Exponential(mean / (2 * (1 - share)))]
    return Mixed(parts, [share, 1 - share])


def _mixed(data: Mapping[str, Any]) -> Distribution:
    parts = data["parts"] if "parts" in data else data["components"]
    shares = _first(data, ("probs", "p", "probabilities", "weights", "shares"))
    return Mixed([amount(part) for part in parts], [float(share) for share in shares])


def _first(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((data[name] for name in names if name in data), None)


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Distribution]] = {
    "constant": _constant,
    "deterministic": _constant,
    "fixed": _constant,
    "exponential": lambda data: Exponential(_mean(data)),
    "exp": lambda data: Exponential(_mean(data)),
    "erlang": lambda data: Erlang(_mean(data), int(data["k"] if "k" in data else data["shape"])),
    "gamma": _gamma,
    "hyperexponential": _hyperexponential,
    "hyperexp": _hyperexponential,
    "h2": _hyperexponential,
    "lognormal": lambda data: LogNormal(_mean(data), sqrt(_squared_cv(data))),
    "mixture": _mixed,
    "mixed": _mixed,
    "sum": lambda data: Sum([amount(part) for part in data["parts"]]),
    "uniform": _uniform,
    "weibull": _weibull,
}


def spread(work: Distribution) -> float:
    """Return about how large variance / mean² is, from a sample: for the length of runs only."""
    values = work.sample(np.random.default_rng(1), 20_000)
    return float(values.var() / values.mean() ** 2)
