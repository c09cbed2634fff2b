"""How is work routed in one queue, and what does the queue promise?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from workassign.hours import Calendar
from workassign.model import LONGEST, range_problem, whole_problem
from workassign.needs import ANYBODY, Needs
from workassign.policies import offers as refusals
from workassign.policies import ordering, selection, work
from workassign.policies.admission import Overflow, Quota, whole
from workassign.policies.batch import Batch
from workassign.policies.escalation import MOST_STEPS, Step
from workassign.policies.grades import alike, is_free
from workassign.policies.keep_free import KeepFree
from workassign.policies.offers import RefusalPolicy
from workassign.policies.ordering import Ordering
from workassign.policies.review import Review
from workassign.policies.scoring import Scorer
from workassign.policies.selection import Selection
from workassign.policies.sla import SlaTarget, Target
from workassign.policies.work import WorkPolicy

__all__ = [
    "Alarms",
    "Queue",
    "calendar_of",
    "first_dues",
    "forecasts",
    "free_works",
    "has_door",
    "knows_ages",
    "positive",
    "problems",
]


@attrs.frozen(kw_only=True)
class Alarms:
    """When a queue is in trouble: each alarm is raised once, and cleared when it is so no more."""

    oldest_age: float | None = None
    """Something waits for longer than so many seconds."""
    next_breach: float | None = None
    """An SLA target is going to be missed within so many seconds."""
    no_eligible_agent: bool = False
    """Something waits that nobody who is signed on could take, not even when she is free.

    Cost: O(classes of equal needs) whenever an agent comes or goes, or while it is raised.
    """
    last_step: bool = False
    """Something waits that has taken every step of the queue: nothing more will be done for it."""


MOST_OFFERS = 50
"""So many agents at most are asked at once."""


@attrs.frozen(kw_only=True)
class Queue:
    """Where interactions of one kind wait, and the policies that hold there. Times in seconds."""

    needs: Needs = ANYBODY
    """What everything that waits here needs, beside what it needs itself."""
    tier: int = 1
    """Strict priority class of what waits here, 0 to 99; lower is served first."""
    ordering: Ordering = ordering.arrival
    scoring: tuple[Scorer, ...] = ()
    """Their seconds of head start are added up."""
    head_start_cap: float = 3600.0
    """No head start is larger, so nobody is overtaken by anything that comes later than this."""
    selection: Selection = selection.longest_idle
    work: WorkPolicy = work.greatest_need
    offer_for: float = 30.0
    """An offer that is not answered in time expires."""
    auto_accept: bool = False
    """Assign at once, without an offer."""
    wrap_up: float | None = None
    """After `Complete` the agent keeps its load for at most so long."""
    sla: SlaTarget | None = None
    """The short form of one target: the first acceptance, on the wall clock, is the first response."""
    targets: tuple[Target, ...] = ()
    """The promises, each with a clock of its own."""
    reopen: bool = True
    """A customer's message opens again what is closed."""
    reopen_within: float | None = None
    """Only for so long after it was closed; None: for as long as it is remembered."""
    alarms: Alarms | None = None
    steps: tuple[Step, ...] = ()
    """What changes for what waits: what it needs, its place, its queue; at most 64."""
    sticky_wait: float | None = None
    """How long an interaction waits for the agent it prefers, if she is there without room."""
    refusals: RefusalPolicy = refusals.per_cause()
    offers: int = 1
    """So many agents, 1 to 50, are asked at once, if they are free; the first to accept has it."""
    blind: bool = False
    """Who is offered something is not shown what it is before she has accepted it."""
    expected_wait: bool = False
    """Forecast how long what comes in will wait, and learn from how it went: see `expected_wait`."""
    wrap_up_most: float | None = None
    """A wrap-up can be extended to so long in all; None: it cannot."""
    next_level: str | None = None
    """The queue to which agents pass on what they cannot solve."""
    most: int | None = None
    """Nothing is let in while so many wait here that nobody has accepted here."""
    quota: Quota | None = None
    """At most so many are let in within a window of time."""
    overflow: tuple[Overflow, ...] = ()
    """Where something that is submitted goes instead: the first of these that holds."""
    review: Review | None = None
    """Which replies somebody looks at, before they are sent or after."""
    keep_free: KeepFree | None = None
    """How many of those who serve it are kept free for urgent work."""
    batch: Batch | None = None
    """Give out what waits at the ends of short windows, all at once."""


# --- checking -------------------------------------------------------------------------------


def problems(queue: Queue, calendars: Mapping[str, Calendar]) -> list[tuple[str, str]]:
    """Return what is wrong with *queue* in a plan with these *calendars*: the setting and the rule."""
    if not isinstance(queue, Queue):
        return [("", f"must be a Queue, not {queue!r}")]
    found = [
        *_setting_problems(queue),
        *_target_problems(queue, calendars),
        *_alarm_problems(queue.alarms),
        *_step_problems(queue.steps, calendars),
        *_door_problems(queue, calendars),
        *_table_problems("review", queue.review, Review),
        *_table_problems("keep_free", queue.keep_free, KeepFree),
        *_batch_problems(queue),
    ]
    return [(path, problem) for path, problem in found if problem is not None]


def _setting_problems(queue: Queue) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = [
        ("offer_for", positive(queue.offer_for)),
        ("wrap_up", None if queue.wrap_up is None else positive(queue.wrap_up)),
        ("sticky_wait", None if queue.sticky_wait is None else positive(queue.sticky_wait)),
        ("head_start_cap", positive(queue.head_start_cap)),
        ("wrap_up_most", _most_problem(queue)),
        ("reopen_within", None if queue.reopen_within is None else positive(queue.reopen_within)),
    ]
    if not isinstance(queue.needs, Needs):
        found.append(("needs", f"must be Needs(...), not {queue.needs!r}"))
    found.append(("tier", whole_problem(queue.tier, 0, 99)))
    switches = [slot for slot in _SWITCHES if type(getattr(queue, slot)) is not bool]
    found += [(slot, f"must be true or false, not {getattr(queue, slot)!r}") for slot in switches]
    if problem := whole_problem(queue.offers, 1, MOST_OFFERS):
        found.append(("offers", problem))
    elif queue.auto_accept and (queue.offers > 1 or queue.blind):
        found.append(("auto_accept", "nothing is offered then: leave out offers and blind"))
    slots = ("ordering", "selection", "work", "refusals")
    wrong = [slot for slot in slots if not callable(getattr(queue, slot))]
    found += [(slot, f"must be callable, not {getattr(queue, slot)!r}") for slot in wrong]
    policies = [(slot, getattr(queue, slot)) for slot in (*slots, "sla")]
    if isinstance(queue.scoring, tuple):
        policies += [(f"scoring[{i}]", each) for i, each in enumerate(queue.scoring)]
    uncalled = [(slot, each) for slot, each in policies if getattr(each, "__is_factory__", False)]
    found += [
        (slot, f"{each.__name__} makes a policy: call it, {each.__name__}(...)") for slot, each in uncalled
    ]
    try:
        hash(queue.selection)
    except TypeError:
        found.append(("selection", f"must be hashable, not {queue.selection!r}: give it a __hash__"))
    if queue.sla is not None and not callable(queue.sla):
        found.append(("sla", f"must be callable, not {queue.sla!r}"))
    if queue.ordering is ordering.due and queue.sla is None and not first_dues(queue):
        found.append(("ordering", "due needs an sla: nothing here would ever be due"))
    if not isinstance(queue.scoring, tuple) or not all(callable(each) for each in queue.scoring):
        found.append(("scoring", f"must be a tuple of callables, not {queue.scoring!r}"))
    return found


_SWITCHES = ("auto_accept", "reopen", "blind", "expected_wait")


def _most_problem(queue: Queue) -> str | None:
    """Return what is wrong with the longest wrap-up."""
    most = queue.wrap_up_most
    if most is None or (problem := positive(most)) is not None:
        return None if most is None else problem
    if queue.wrap_up is None:
        return "needs a wrap_up that it could extend"
    usual = positive(queue.wrap_up) is None
    return f"must be at least wrap_up, {queue.wrap_up}" if usual and most < queue.wrap_up else None


def first_dues(queue: Queue) -> list[Target]:
    """Return the targets that say by when somebody must turn to a newcomer."""
    targets = queue.targets if isinstance(queue.targets, tuple) else ()
    return [each for each in targets if getattr(each, "measures", "") in ("accept", "first_response")]


def has_door(queue: Queue) -> bool:
    """Whether *queue* does not let in whatever comes."""
    return bool(queue.overflow) or queue.most is not None or queue.quota is not None


def forecasts(queue: Queue) -> bool:
    """Whether *queue* has to know how long something will wait."""
    asked = any(step.expected_wait is not None for step in queue.steps)
    return queue.expected_wait or asked or any(rule.forecasts for rule in queue.overflow)


def knows_ages(queue: Queue) -> bool:
    """Whether *queue* has to know what is the oldest in it."""
    return any(rule.oldest_age is not None for rule in queue.overflow)


def free_works(queues: Mapping[str, Queue]) -> dict[str, str]:
    """Return, for each of *queues* whose work policy is free, the first whose work policy is the same."""
    found: dict[str, str] = {}
    for name, queue in queues.items():
        if is_free(queue.work):
            same = (first for first in found if alike(queues[first].work, queue.work))
            found[name] = next(same, name)
    return found


def calendar_of(target: Target, calendars: Mapping[str, Calendar]) -> Calendar | None:
    """Return the calendar whose open hours count for *target*; None: every hour does."""
    return calendars.get(target.calendar or "")


def _target_problems(queue: Queue, calendars: Mapping[str, Calendar]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the targets of a queue."""
    if not isinstance(queue.targets, tuple) or not all(isinstance(each, Target) for each in queue.targets):
        yield "targets", f"must be a tuple of Target, not {queue.targets!r}"
        return
    seen: set[str] = {"first_response"} if queue.sla is not None else set()
    for i, target in enumerate(queue.targets):
        path = f"targets[{i}]"
        found = [(f"{path}.{field}", problem) for field, problem in target.problems()]
        yield from found
        if target.calendar is not None and target.calendar not in list(calendars):
            yield f"{path}.calendar", f"there is no calendar {target.calendar!r}"
        if not found and target.label in seen:
            short = queue.sla is not None and target.label == "first_response"
            why = "sla is one, in short: leave it out" if short else "give one a name of its own"
            yield path, f"there are two targets {target.label!r}: {why}"
        seen |= set() if found else {target.label}


def _step_problems(steps: object, calendars: Mapping[str, Calendar]) -> Iterator[tuple[str, str]]:
    if not isinstance(steps, tuple) or not all(isinstance(each, Step) for each in steps):
        yield "steps", f"must be a tuple of Step, not {steps!r}"
    elif len(steps) > MOST_STEPS:
        yield "steps", f"must be at most {MOST_STEPS}, not {len(steps)}"
    else:
        for i, step in enumerate(steps):
            for field, problem in step.problems():
                yield f"steps[{i}]{field and '.'}{field}", problem
            if isinstance(step.closed, str) and step.closed not in calendars:
                yield f"steps[{i}].closed", f"there is no calendar {step.closed!r}"


def _door_problems(queue: Queue, calendars: Mapping[str, Calendar]) -> Iterator[tuple[str, str]]:
    if queue.most is not None:
        yield from whole("most", queue.most, 0)
    if queue.quota is not None and not isinstance(queue.quota, Quota):
        yield "quota", f"must be Quota, not {queue.quota!r}"
    elif queue.quota is not None:
        yield from ((f"quota.{field}", problem) for field, problem in queue.quota.problems())
    if not isinstance(queue.overflow, tuple) or not all(
        isinstance(rule, Overflow) for rule in queue.overflow
    ):
        yield "overflow", f"must be a tuple of Overflow, not {queue.overflow!r}"
        return
    for i, rule in enumerate(queue.overflow):
        found = list(rule.problems())
        if not found and rule.closed is not None and rule.closed not in calendars:
            found = [("closed", f"there is no calendar {rule.closed!r}")]
        yield from ((f"overflow[{i}]{field and '.'}{field}", problem) for field, problem in found)


def _table_problems(
    name: str, table: Review | KeepFree | None, kind: type[attrs.AttrsInstance]
) -> Iterator[tuple[str, str]]:
    if table is None:
        return
    if not isinstance(table, kind):
        yield name, f"must be {kind.__name__}, not {table!r}"
    else:
        yield from ((f"{name}{field and '.'}{field}", problem) for field, problem in table.problems())


def _batch_problems(queue: Queue) -> Iterator[tuple[str, str]]:
    batch = queue.batch
    if batch is not None and not isinstance(batch, Batch):
        yield "batch", f"must be Batch, not {batch!r}"
    elif batch is not None:
        yield from ((f"batch.{field}", problem) for field, problem in batch.problems())
        if queue.most == 0:
            yield "batch", "holds all that comes, and most = 0 lets nothing wait: leave one of them out"
        if type(queue.offers) is int and queue.offers > 1:
            yield "batch", "gives each interaction to one agent: leave out offers"


def _alarm_problems(alarms: Alarms | None) -> Iterator[tuple[str, str]]:
    if alarms is None:
        return
    if not isinstance(alarms, Alarms):
        yield "alarms", f"must be Alarms, not {alarms!r}"
        return
    for field in ("oldest_age", "next_breach"):
        value = getattr(alarms, field)
        if value is not None and (problem := positive(value)):
            yield f"alarms.{field}", problem
    for field in ("no_eligible_agent", "last_step"):
        if type(getattr(alarms, field)) is not bool:
            yield f"alarms.{field}", f"must be true or false, not {getattr(alarms, field)!r}"


def positive(value: object, most: float = LONGEST) -> str | None:
    """Return the rule that *value* breaks, if it is no duration; None: it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, not {value!r}"
    return range_problem(value, most)
