"""What of the dropped is looked at all the same, where, and what is it if it was needed?"""

from __future__ import annotations

from workassign.model import Interaction, InteractionId
from workassign.social.audit import Audit, AuditSettings, Quality
from workassign.social.latest import Latest
from workassign.social.making import Later
from workassign.social.mentions import name_of
from workassign.social.screen import Stage

__all__ = ["Samples"]

LOOKS = 10_000
"""So many samples are remembered of which the engine has not said yet whether it lets them in."""


class Samples:
    """Draws samples of what is dropped, and keeps what each would be; bounded."""

    def __init__(self, settings: AuditSettings | None, channel: str) -> None:
        """Draw by *settings*; None: nobody looks at anything. What is looked at waits on *channel*."""
        self._settings = settings or AuditSettings(share=0.0)
        self._channel = channel
        self._audit = Audit(self._settings)
        self._sampled = Latest[InteractionId, Later](self._settings.most)
        self._looks = Latest[InteractionId, str](min(LOOKS, self._settings.most))
        """Interaction of the audit lane -> the stage whose work is looked at."""

    def dropped(self, name: InteractionId, stage: Stage) -> bool:
        """A *stage* dropped what would have that *name*; return whether people are to look at it."""
        return self._audit.dropped(name, stage.name, stage.audit)

    def keep(self, later: Later, interaction: Interaction, stage: Stage) -> Interaction | None:
        """Keep what was drawn; return what waits for whoever looks at it, if that is to wait."""
        self._sampled.put(interaction.id, later)
        if self._settings.queue is None:
            return None
        look = Interaction(
            id=name_of(f"audit/{interaction.id}"),
            queue=self._settings.queue,
            channel=self._channel,
            ref=interaction.ref,
            attributes={"stage": stage.name[:200], "audit_of": interaction.id},
        )
        self._looks.put(look.id, stage.name)
        return look

    def kept(self, name: InteractionId) -> None:
        """A mention was kept: whoever answers it can say whether it needed that."""
        self._audit.kept(name)

    def not_let_in(self, name: InteractionId) -> str | None:
        """The engine refused an interaction; return the stage whose work nobody can look at now."""
        self._audit.not_kept(name)
        return self._looks.take(name)

    def label(self, key: str, *, needed: bool) -> tuple[str, Later | None]:
        """Somebody looked at a mention: return its stage ("": kept), and what it is now, if it enters.

        Raises:
            UsageError: If it is not to be labelled: unknown, not sampled, too old, or labelled before.
        """
        stage = self._audit.label(name_of(key), needed=needed)
        later = self._sampled.take(name_of(key))
        return stage, later if stage and needed else None

    def quality(self) -> Quality:
        """Return how good the screening is, as far as people have labelled."""
        return self._audit.quality()
