"""What is known of a queue's policies from their names and settings alone?

Nothing is believed but what our own policies say of themselves, and only refusal policies are
asked, once for each cause.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from math import fsum, inf
from typing import Any

from workassign._tables import SLOTS
from workassign.plan import Plan, Queue
from workassign.policies import naming, scoring
from workassign.policies.offers import Backoff
from workassign.policies.scoring import Scorer
from workassign.policies.sla import always
from workassign.queues import first_dues

__all__ = [
    "backoffs",
    "fixed",
    "head_start",
    "is_ours",
    "most",
    "policies",
    "settings_of",
    "target",
    "targets",
]

_OURS = "workassign.policies."
_ASIDE = "workassign.lab."


def policies(plan: Plan) -> Iterator[tuple[str, Any]]:
    """Yield every policy of *plan* with its place."""
    for name, queue in plan.queues.items():
        for slot in SLOTS:
            if (policy := getattr(queue, slot)) is not None:
                yield f"queues.{name}.{slot}", policy
        for number, scorer in enumerate(queue.scoring):
            yield f"queues.{name}.scoring[{number}]", scorer
        for number, each in enumerate(queue.targets):
            if callable(each.within):
                yield f"queues.{name}.targets[{number}].within", each.within
        if queue.batch is not None:
            yield f"queues.{name}.batch.use", queue.batch.use
    if plan.capacity is not None:
        yield "capacity", plan.capacity


def is_ours(use: str) -> bool:
    """Whether a policy of this name is one of the library's."""
    return use.startswith((_OURS, _ASIDE))


def settings_of(spec: object, use: str) -> Mapping[str, Any] | None:
    """Return the settings of a described policy if it is our *use* (`room:factory`), else None."""
    return spec if isinstance(spec, Mapping) and spec["use"] == f"{_OURS}{use}" else None


def target(queue: Queue) -> float | None:
    """Return after how long somebody must turn to what comes, if that is one and the same for all."""
    if queue.sla is None:
        dues = first_dues(queue)
        plain = all(not callable(each.within) and each.calendar is None for each in dues)
        return min(float(each.within) for each in dues) if dues and plain else None  # type: ignore[arg-type]
    return always(queue.sla)


def targets(queues: Mapping[str, Queue]) -> dict[str, float]:
    """Return the `target` of each of *queues* that has one."""
    found = {name: target(queue) for name, queue in queues.items()}
    return {name: within for name, within in found.items() if within is not None}


def fixed(spec: object) -> float | None:
    """Return the seconds that a described target gives to all; None: they may differ."""
    if isinstance(spec, int | float):
        return float(spec)
    known = settings_of(spec, "sla:first_response")
    return None if known is None else float(known["seconds"])


def head_start(queue: Queue) -> float:
    """Return the most that a head start in *queue* can be."""
    return min(fsum(most(naming.describe(scorer)) for scorer in queue.scoring), queue.head_start_cap)


def most(spec: object) -> float:
    """Return the most that a scorer gives, from its name and settings; infinity if unknown."""
    if not isinstance(spec, Mapping) or not str(spec["use"]).startswith(f"{_OURS}scoring:"):
        return inf
    factory: Callable[..., Scorer] = getattr(scoring, str(spec["use"]).rpartition(":")[2])
    defaults = {name: each.default for name, each in inspect.signature(factory).parameters.items()}
    if "cases" in spec:
        return max(float(spec.get("otherwise", defaults["otherwise"])), *map(float, spec["cases"].values()))
    largest = float(spec.get("most", defaults.get("most", inf)))
    if "parts" not in spec:
        return largest
    # A part of weight 0 adds nothing, however much it scores.
    return min(fsum(float(weight) * most(part) for weight, part in spec["parts"] if weight), largest)


def scorers(place: str, queue: Queue) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of each of our scorers in *queue*, those within others included."""
    for number, scorer in enumerate(queue.scoring):
        yield from _parts(f"{place}.scoring[{number}]", naming.describe(scorer))


def _parts(place: str, spec: object) -> Iterator[tuple[str, str]]:
    if isinstance(spec, Mapping) and is_ours(str(spec["use"])):
        yield place, str(spec["use"]).rpartition(":")[2]
        for number, (_, part) in enumerate(spec.get("parts", ())):
            yield from _parts(f"{place}.parts[{number}]", part)


def backoffs(queue: Queue) -> dict[str, Backoff | None]:
    """Return the back-off after each cause; None where the policy fails."""
    found: dict[str, Backoff | None] = {}
    for cause in ("declined", "expired", "disconnected"):
        try:
            answer = queue.refusals(cause, "")
        except Exception:  # noqa: BLE001 - it is somebody else's code: anything may come
            found[cause] = None
        else:
            found[cause] = answer if isinstance(answer, Backoff) else None
    return found
