"""By how much can somebody who waits be overtaken?

The starvation bound. Within a tier the least key goes first, and the key is
`reference - head start`. So where an agent who could take `i` is given `j`, key(j) <= key(i):

    arrival(j) - arrival(i)  <=  target(i) - target(j) + head start(j) - head start(i)

with the targets of the `due` order, 0 in the order of arrival. Head starts are >= 0 and at most
their queue's most, and nothing here changes while either waits: that is the whole proof. Only a
step that gives a tier or a head start changes it, and is no part of the bound.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from workassign.linting.known import head_start, target
from workassign.plan import Plan, Queue
from workassign.policies import ordering, work

__all__ = ["Bound", "starvation_bound", "tiers_of"]


@attrs.frozen(kw_only=True)
class Bound:
    """How much later something may arrive and still overtake, within one tier and in all.

    Proven for an interaction `i` that has no tier of its own, while it waits and no hold keeps
    it apart: no agent who has room for `i` and could take it is given, instead, an
    interaction of the same tier that arrived more than `within` seconds after `i`. It holds as
    long as no policy fails, up to the rounding of keys. An interaction that brings its own tier
    joins that tier with its own queue's head start, and is not counted here; nor is what a step put
    first: `reason` says where there are such steps.
    """

    tier: int
    queues: tuple[str, ...]
    within: float | None
    """Seconds, against everything in the tier; None: no bound."""
    overall: float | None
    """Seconds, against everything; None: no bound, since an earlier tier always comes first."""
    reason: str
    """What the figures rest on, or why there is none."""

    def __str__(self) -> str:
        """Say it in one line."""
        bound = (
            "no bound" if self.within is None else f"overtaken by nothing more than {self.within:g} s later"
        )
        inside = "" if self.overall is not None or self.within is None else " within the tier"
        return f"tier {self.tier} ({', '.join(self.queues)}): {bound}{inside}; {self.reason}"


def tiers_of(plan: Plan) -> dict[int, dict[str, Queue]]:
    """Return the queues of each tier, the first tier first."""
    tiers: dict[int, dict[str, Queue]] = {}
    for name, queue in plan.queues.items():
        tiers.setdefault(queue.tier, {})[name] = queue
    return dict(sorted(tiers.items()))


def starvation_bound(plan: Plan) -> list[Bound]:
    """Return what can be promised to those who wait: one bound for each tier, the first first.

    >>> from workassign.policies import scoring
    >>> plan = Plan(queues={"vip": Queue(scoring=(scoring.sentiment(most=600),)), "web": Queue(tier=2)})
    >>> vip, web = starvation_bound(plan)
    >>> print(vip)
    tier 1 (vip): overtaken by nothing more than 600 s later; head starts of at most 600 s
    >>> web.overall is None, web.reason
    (True, 'no head starts; but what is of tier 1 always comes first')
    """
    bounds: list[Bound] = []
    for tier, queues in tiers_of(plan).items():
        within, reason = _within(queues)
        if bounds:
            earlier = " or ".join(str(each.tier) for each in bounds)
            reason += f"; but what is of tier {earlier} always comes first"
        if _steps_put_first(plan, tier):
            reason += "; but steps may put something first"
        overall = None if bounds else within
        bounds.append(Bound(tier=tier, queues=tuple(queues), within=within, overall=overall, reason=reason))
    return bounds


def _steps_put_first(plan: Plan, tier: int) -> bool:
    """Whether a step gives a head start in *tier*, or puts something there or before it."""
    return any(
        (step.tier is not None and step.tier <= tier) or (step.head_start > 0 and queue.tier == tier)
        for queue in plan.queues.values()
        for step in queue.steps
    )


def _within(queues: Mapping[str, Queue]) -> tuple[float | None, str]:
    """Return the bound among *queues*, which are all of a tier, and what it rests on."""
    targets: dict[str, float] = {}
    for name, queue in queues.items():
        if queue.batch is not None:
            return None, f"queue {name} gives out in batches"
        if queue.work is not work.greatest_need:
            return None, f"queue {name} is not served by greatest need"
        if queue.ordering is ordering.arrival:
            targets[name] = 0.0
        elif queue.ordering is not ordering.due:
            return None, f"queue {name} is neither in arrival nor in due order"
        elif (within := target(queue)) is None:
            return None, f"queue {name} is in due order and its targets are not known beforehand"
        else:
            targets[name] = within
    latest = max(targets.values())
    mosts = {name: head_start(queue) for name, queue in queues.items()}
    bound = max(latest - targets[name] + mosts[name] for name in queues)
    most = max(mosts.values())
    spread = latest - min(targets.values())
    reason = f"head starts of at most {most:g} s" if most else "no head starts"
    return bound, reason + (f", targets that differ by {spread:g} s" if spread else "")
