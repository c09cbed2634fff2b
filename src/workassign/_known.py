"""What is known of an interaction after an update?"""

from __future__ import annotations

import attrs

from workassign.commands import Update
from workassign.events import Updated
from workassign.model import Interaction

__all__ = ["known"]


def known(before: Interaction, said: Update | Updated) -> Interaction:
    """Return *before* with what is *said*: it replaces what was known; attributes are merged by name.

    The very same object comes back if that is nothing new.

    Raises:
        UsageError: If something is said that no interaction can be.

    >>> before = Interaction(id="t1", sentiment=0.5, attributes={"topic": "baggage"})
    >>> after = known(before, Update("t1", sentiment=-0.8, attributes={"refund": True}))
    >>> after.sentiment, dict(after.attributes)
    (-0.8, {'topic': 'baggage', 'refund': True})
    """
    attributes = before.attributes
    if said.attributes:
        attributes = {**attributes, **said.attributes}
    after = attrs.evolve(
        before,
        customer=before.customer if said.customer is None else said.customer,
        sentiment=before.sentiment if said.sentiment is None else said.sentiment,
        attributes=attributes,
        needs=before.needs if said.needs is None else said.needs,
        tier=before.tier if said.tier is None else said.tier,
    )
    return before if after == before else after
