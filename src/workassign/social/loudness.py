"""How far does it carry what she says, and what they say who said the same?"""

from __future__ import annotations

import attrs

from workassign.commands import Update
from workassign.model import Value
from workassign.social.mentions import Mention
from workassign.social.people.influence import Influence, Rolling
from workassign.social.threads import Conversation

__all__ = ["Loudness"]

SCORE_STEP = 1.0
"""A storm's influence is told to the engine when it has risen by so much, of 100."""


class Loudness:
    """Ranks mentions and storms on the scale of a desk, which may follow what comes."""

    def __init__(self, begin: Influence | None, follows: int | None) -> None:
        """Rank by the scale *begin*; with *follows* it is made anew of so many latest mentions.

        Without either nothing is ranked: followers are all that counts.
        """
        self._rolling = None if follows is None else Rolling(begin, last=follows, every=max(1, follows // 20))
        self._begin = begin

    @property
    def scale(self) -> Influence | None:
        """The scale that holds now."""
        return self._begin if self._rolling is None else self._rolling.scale

    def raw(self, mention: Mention) -> float | None:
        """Return how far it carries, before it is ranked; None: nobody knows."""
        scale = self.scale
        return None if scale is None else scale.raw(mention)

    def of(self, mention: Mention) -> tuple[float | None, float | None]:
        """Return how far it carries, 0 to 100, and before it is ranked; the scale learns from it."""
        scale, raw = self.scale, self.raw(mention)
        if scale is None or raw is None:
            return None, None
        score = scale.rank(raw)
        if self._rolling is not None:
            self._rolling.learn(raw)
        return score, raw

    def louder(self, conversation: Conversation) -> Update | None:
        """Return what the engine is told of a storm that has grown, if that is worth it."""
        customer, scale = conversation.known, self.scale
        if not conversation.open or customer is None or scale is None:
            return None
        score = scale.rank(scale.louder(conversation.influence, conversation.reach))
        if score < (conversation.score or 0.0) + SCORE_STEP:
            return None
        conversation.score = score
        conversation.known = attrs.evolve(customer, influence=score)
        reach: dict[str, Value] = {"mentions": conversation.mentions, "reach": conversation.reach}
        return Update(conversation.interaction, customer=conversation.known, attributes=reach)
