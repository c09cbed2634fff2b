"""Which head starts can never be given, or are all the same in the end?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum, inf
from typing import Any

from workassign.linting.findings import Finding, finding
from workassign.linting.known import most, settings_of
from workassign.plan import Queue
from workassign.policies import naming

__all__ = ["of_head_starts"]

_MEANT = "none, if that is meant"


def of_head_starts(place: str, queue: Queue) -> Iterator[Finding]:
    """Look at each scorer, and at the cap beside what all of them can add up to."""
    specs = [naming.describe(scorer) for scorer in queue.scoring]
    for number, spec in enumerate(specs):
        yield from _of_scorer(f"{place}.scoring[{number}]", spec)
    if specs:
        yield from _of_cap(f"{place}.head_start_cap", [most(spec) for spec in specs], queue.head_start_cap)
    elif queue.head_start_cap != Queue().head_start_cap:
        message = f"is {queue.head_start_cap:g} s, but nothing here gives a head start"
        yield finding("dead_setting", f"{place}.head_start_cap", message, "add a scorer, or leave it out")


def _of_cap(place: str, mosts: Sequence[float], cap: float) -> Iterator[Finding]:
    """Look at a cap beside the most that each scorer under it can give."""
    if inf in mosts:
        return
    total = fsum(mosts)
    if total < cap:
        message = f"is {cap:g} s but never reached: the scorers add up to at most {total:g} s"
        yield finding("cap_never_reached", place, message, f"{total:g} says the same")
    elif max(mosts) > cap:
        message = f"cuts often: one scorer alone gives up to {max(mosts):g} s, the cap is {cap:g} s"
        suggestion = "scale the scorers down: what is cut alike is not told apart any more"
        yield finding("cap_cuts_often", place, message, suggestion)
    elif total > cap:
        message = f"cuts where several scorers are high: they add up to {total:g} s, the cap is {cap:g} s"
        yield finding("cap_cuts", place, message, _MEANT)


def _of_scorer(place: str, spec: object) -> Iterator[Finding]:
    """Look for what gives nothing, and for a cap within that makes different customers alike."""
    if not isinstance(spec, Mapping):
        return
    if most(spec) == 0:
        yield finding(
            "dead_scorer", place, "can never give anything", "give a part some weight, or remove it"
        )
        return
    parts = spec.get("parts", ())
    for number, (weight, part) in enumerate(parts):
        yield from _of_part(f"{place}.parts[{number}]", weight, part)
    if (capped := settings_of(spec, "scoring:capped")) is not None:
        mosts = [weight * most(part) for weight, part in parts if weight]
        yield from _of_cap(f"{place}.most", mosts, float(capped.get("most", 900.0)))


def _of_part(place: str, weight: float, part: Any) -> Iterator[Finding]:  # noqa: ANN401 - plain data
    if weight == 0:
        yield finding("dead_part", place, "has weight 0: it never adds anything", "remove it, or weigh it")
    else:
        yield from _of_scorer(place, part)
