"""What looks random, and is the same everywhere? A hash keyed by a seed: no dice are rolled."""

from __future__ import annotations

from struct import pack, unpack

from workassign.model import Instant

__all__ = ["bits_of", "checked_seed", "drawn"]

_WORD = 0xFFFFFFFFFFFFFFFF


def _mixed(number: int) -> int:
    """Scramble 64 bits (the finalizer of splitmix64): the same everywhere, unlike `hash`."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _WORD
    return number ^ (number >> 31)


def drawn(seed: int, *numbers: int) -> float:
    """Return a number from 0 up to, not including, 1 that *seed* and *numbers*, all >= 0, decide."""
    state = _mixed(seed & _WORD)
    for number in numbers:
        state = _mixed(state + number)
    return (state >> 11) * 2.0**-53


def bits_of(at: Instant) -> int:
    """Return an instant's 64 bits as a whole number.

    >>> bits_of(1.0) == bits_of(1)
    True
    """
    number: int = unpack("<Q", pack("<d", at + 0.0))[0]  # -0.0 + 0.0 is 0.0
    return number


def checked_seed(seed: object) -> int:
    """Return *seed*.

    Raises:
        ValueError: If it is no whole number.
    """
    if type(seed) is not int:
        raise ValueError(f"seed must be a whole number, not {seed!r}")
    return seed
