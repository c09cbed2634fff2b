"""Policies that the golden journals name. Never change or move one: the journals are for ever."""

from collections.abc import Sequence

from workassign.model import Instant, Interaction
from workassign.policies.batch import Column, Given, Pair, Row


def moody(interaction: Interaction, at: Instant) -> float:
    """Give a quarter of a minute; fail where the interaction says so."""
    if interaction.attributes.get("moody"):
        raise ValueError("not today")
    return 15.0


def last_first(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """Give one of the last pair; fail where all that waits is alike."""
    if len(rows) < 2:
        raise ValueError("not for one")
    return [(pairs[-1].row, pairs[-1].column, 1)]
