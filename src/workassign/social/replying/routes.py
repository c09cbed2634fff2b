"""Whom does a mention concern? Bug reports the developers, praise marketing, threats the lawyers.

Rules in order, asked once a mention was understood. A rule *sends* if it says anything of the
interaction itself: queue, skills, tier, label, or with which queues it is shared. The first that
sends decides that; rules before it that only copy add their copies, and so does it. A copy is an
interaction of its own, for others to work on at their own pace; what two teams may take, but only
one does, is shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import attrs

from workassign.errors import PlanError
from workassign.model import SHARED_LIMIT, Instant, Interaction, InteractionId
from workassign.needs import NAME_LIMIT, Needs, checked_levels, checked_name
from workassign.plan import Plan
from workassign.social.conditions import Facts, When, condition
from workassign.social.happenings import Routed

__all__ = ["Route", "Routes", "routed", "routed_to"]


@attrs.frozen(kw_only=True)
class Route:
    """A rule: what is so goes there.

    Raises:
        ValueError: If it says nothing, or names a queue twice.
        UsageError: If a name is none.
    """

    name: str
    when: When = When()
    queue: str | None = None
    """Where it goes; None: where its brand goes."""
    skills: Mapping[str, float] = attrs.field(factory=dict)
    """Skill -> least level that it needs beside the others."""
    tier: int | None = None
    """Its strict priority class, 0 to 99; None: as it would be."""
    label: str | None = None
    shared_with: tuple[str, ...] = ()
    """Queues whose agents may take it, too."""
    copy_to: tuple[str, ...] = ()
    """Queues that get an interaction of their own about it."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        checked_name(self.name, "name")
        for name in (*self.shared_with, *self.copy_to):
            checked_name(name, "a queue")
        if self.label is not None:
            checked_name(self.label, "label")
        checked_levels(self.skills, f"route {self.name!r}")
        if self.tier is not None and not 0 <= self.tier <= 99:
            raise ValueError(f"tier must be from 0 to 99, not {self.tier}")
        if not self.sends and not self.copy_to:
            raise ValueError("says nothing: queue, skills, tier, label, shared_with or copy_to is missing")
        if len(self.shared_with) > SHARED_LIMIT:
            raise ValueError(
                f"shared_with must be at most {SHARED_LIMIT} queues, not {len(self.shared_with)}"
            )
        for field in ("shared_with", "copy_to"):
            queues = [*getattr(self, field), *([] if self.queue is None else [self.queue])]
            if len(set(queues)) < len(queues):
                raise ValueError(f"{field} must name each queue once, and not its own")

    @property
    def sends(self) -> bool:
        """Whether it says anything of the interaction itself."""
        return bool(
            self.queue is not None
            or self.skills
            or self.tier is not None
            or self.label is not None
            or self.shared_with
        )


class Routes:
    """The rules of a plan file, asked in their order."""

    def __init__(self, routes: Sequence[Route] = ()) -> None:
        """Route by *routes*."""
        self._routes = tuple(routes)
        self._tests = [(route, condition(route.when)) for route in routes]

    def of(self, facts: Facts) -> Route | None:
        """Return what holds for a mention of which these *facts* are known; None: it goes its usual way.

        That is the first rule that sends, with the copies of those before it; where none sends,
        the first that copies, with the copies of all. Cost: the conditions of the rules.
        """
        found: Route | None = None
        copies: dict[str, None] = {}
        for route, holds in self._tests:
            if not holds(facts):
                continue
            copies |= dict.fromkeys(route.copy_to)
            if route.sends:
                found = route
                break
            found = found or route
        if found is None or len(copies) == len(found.copy_to):
            return found
        taken = (found.queue, *found.shared_with)
        return attrs.evolve(found, copy_to=tuple(queue for queue in copies if queue not in taken))

    def check(self, plan: Plan, path: str = "mentions.routes") -> None:
        """Check what the rules name against *plan*; *path* is where they stand in the plan file.

        Raises:
            PlanError: If a queue or a skill is unknown, two have one name, or one is never reached.
        """
        if problems := self.problems(plan, path):
            raise PlanError(problems)

    def problems(self, plan: Plan, path: str = "mentions.routes") -> list[str]:
        """Return what is wrong under *plan*, each behind its path."""
        found: list[str] = []
        names: set[str] = set()
        taker: int | None = None
        for number, route in enumerate(self._routes):
            here = f"{path}[{number}]"
            own = () if route.queue is None else (("queue", route.queue),)
            shared = (("shared_with", name) for name in route.shared_with)
            copies = (("copy_to", name) for name in route.copy_to)
            for field, queue in (*own, *shared, *copies):
                if queue not in plan.queues:
                    found.append(f"{here}.{field}: there is no queue {queue!r}")
            unknown = (
                () if plan.skills is None else (each for each in route.skills if each not in plan.skills)
            )
            found += [f"{here}.skills: there is no skill {skill!r}" for skill in unknown]
            if route.name in names:
                found.append(f"{here}.name: there is another route {route.name!r}")
            if taker is not None:
                found.append(f"{here}: is never reached: {path}[{taker}] takes everything")
            elif route.sends and route.when.always:
                taker = number
            names.add(route.name)
        return found


def routed(interaction: Interaction, route: Route | None) -> tuple[Interaction, ...]:
    """Return *interaction* as *route* wants it, and its copies behind it.

    A copy has the same customer, sentiment, reference to the text and attributes, and `copy_of`
    among them. It needs what its queue needs, and is no part of the other: neither waits for
    the other to be done.
    """
    if route is None:
        return (interaction,)
    queue = interaction.queue if route.queue is None else route.queue
    shared = dict.fromkeys((*route.shared_with, *interaction.shared_with))
    own = attrs.evolve(
        interaction,
        queue=queue,
        needs=interaction.needs & Needs(route.skills) if route.skills else interaction.needs,
        tier=interaction.tier if route.tier is None else route.tier,
        label=interaction.label if route.label is None else route.label,
        shared_with=tuple(name for name in shared if name != queue)[:SHARED_LIMIT],
    )
    return (own, *(_copy(interaction, name) for name in route.copy_to if name != queue))


def _copy(interaction: Interaction, queue: str) -> Interaction:
    return Interaction(
        id=_copy_id(interaction.id, queue),
        queue=queue,
        channel=interaction.channel,
        customer=interaction.customer,
        sentiment=interaction.sentiment,
        ref=interaction.ref,
        attributes={**interaction.attributes, "copy_of": interaction.id},
    )


def _copy_id(interaction: InteractionId, queue: str) -> InteractionId:
    """Return the id of a copy; where that would be too long for one, what names it as surely."""
    whole = f"{interaction}/{queue}"
    if len(whole) <= NAME_LIMIT:
        return whole
    digest = blake2b(whole.encode(), digest_size=16).hexdigest()
    return f"{interaction[: NAME_LIMIT - len(digest) - 1]}~{digest}"


def routed_to(at: Instant, mention: str, route: Route, interactions: Sequence[Interaction]) -> Routed:
    """Return that *route* made *interactions* (see `routed`) of the mention of this key."""
    own, *copies = interactions
    return Routed(
        at=at,
        mention=mention,
        interaction=own.id,
        rule=route.name,
        queue=own.queue,
        copies=tuple(copy.id for copy in copies),
    )
