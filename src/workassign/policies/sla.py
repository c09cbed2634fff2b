"""By when, and when does the clock stop?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import attrs

from workassign.errors import UsageError
from workassign.model import LARGEST, SHORTEST, Instant, Interaction, range_problem
from workassign.needs import checked_name
from workassign.policies.fields import cases_of, field_of
from workassign.policies.naming import describe, factory, resolve

__all__ = [
    "MEASURES",
    "Measure",
    "SlaTarget",
    "Target",
    "by",
    "first_response",
    "tightened",
]

SlaTarget: TypeAlias = Callable[[Interaction, Instant], float | None]
"""Seconds, from a millisecond up, from the start of the clock at an instant to its end; None: no target.

Where it is a queue's `sla`, the clock starts at the submission and ends at the first acceptance.
One with an attribute `always`, itself and the seconds, answers that for every interaction: it
need not be asked.
"""

Measure: TypeAlias = Literal["accept", "first_response", "next_response", "periodic_update", "resolution"]
"""What a clock measures: see `Target`."""

MEASURES: tuple[Measure, ...] = get_args(Measure)

_PAUSES = ("pending", "on_hold", "answered")
_RULES = ("carry", "restart")


@attrs.frozen(kw_only=True)
class Target:
    """A promise of a queue, and the clock that keeps it.

    | measures | the clock runs while | and stops when |
    | --- | --- | --- |
    | accept | nobody holds it | an agent accepts |
    | first_response | no agent has answered yet | an agent answers |
    | next_response | the customer, answered before, has written again | an agent answers |
    | periodic_update | an agent has answered before | an agent answers, and starts again |
    | resolution | it is open | the work is completed |

    Whatever else ends the running cancels the clock. The customer's further messages do not start
    a clock again that runs: a burst of them is one.
    """

    measures: Measure
    within: float | SlaTarget
    """Seconds of the calendar's time, or a policy that gives them for an interaction (None: no clock)."""
    name: str = ""
    """What events call it; by default what it measures."""
    calendar: str | None = None
    """The plan's calendar whose open hours count; None: every hour does."""
    warn_at: tuple[float, ...] = ()
    """Shares of `within`, rising, between 0 and 1: when so much is used up, a warning is given."""
    pauses: tuple[str, ...] = ()
    """While the clock stands still: `pending`, `on_hold` (see `Status`), `answered` (nobody waits
    for an answer: the customer does not have the last word)."""
    bots: bool = False
    """An automatic reply counts as an answer."""
    on_transfer: str = "carry"
    """In another queue's target of this name, what is used up counts (`carry`) or not (`restart`)."""
    on_reopen: str = "carry"
    """When it is opened again; first_response and resolution only, the others always restart."""

    @property
    def label(self) -> str:
        """Its name, or what it measures."""
        return self.name or self.measures

    def is_like(self, other: Target) -> bool:
        """Whether both promise the same, also when one was read back from data."""
        return self is other or self._in_words() == other._in_words()

    def _in_words(self) -> list[object]:
        """Return what it says; a policy by its name, if it has one."""
        said = [getattr(self, field.name) for field in attrs.fields(Target)]
        return [(describe(each) or each) if callable(each) else each for each in said]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with it: the field and the rule."""
        if self.measures not in MEASURES:
            yield "measures", f"must be one of {', '.join(MEASURES)}, not {self.measures!r}"
        if not callable(self.within) and (problem := range_problem(self.within)) is not None:
            yield "within", problem
        if getattr(self.within, "__is_factory__", False):
            yield "within", f"{self.within.__name__} makes a policy: call it"  # type: ignore[union-attr]
        if self.name != "":
            try:
                checked_name(self.name, "it")
            except UsageError as error:
                yield "name", str(error)
        if not isinstance(self.warn_at, tuple) or not all(map(_is_share, self.warn_at)):
            yield "warn_at", f"must be a list of shares between 0 and 1, not {self.warn_at!r}"
        elif list(self.warn_at) != sorted(set(self.warn_at)):
            yield "warn_at", f"must rise, not {self.warn_at!r}"
        if not isinstance(self.pauses, tuple) or not all(each in _PAUSES for each in self.pauses):
            yield "pauses", f"must be a list of {', '.join(_PAUSES)}, not {self.pauses!r}"
        if type(self.bots) is not bool:
            yield "bots", f"must be true or false, not {self.bots!r}"
        for field in ("on_transfer", "on_reopen"):
            if getattr(self, field) not in _RULES:
                yield field, f"must be one of {', '.join(_RULES)}, not {getattr(self, field)!r}"


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1


def _checked_seconds(what: str, seconds: object) -> float:
    if (problem := range_problem(seconds)) is not None:
        raise ValueError(f"{what} {problem}")
    return float(seconds)  # type: ignore[arg-type]


# Not in `__all__`: what is there can be named in a plan as its policy.
def always(sla: object) -> float | None:
    """Return the seconds that *sla* gives to every interaction, if it says so of itself."""
    said = getattr(sla, "always", None)
    if not isinstance(said, tuple) or len(said) != 2 or said[0] is not sla:
        return None
    seconds = said[1]
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return float(seconds) if number and SHORTEST <= seconds <= LARGEST else None


@factory
def first_response(seconds: float) -> SlaTarget:
    """Somebody accepts within *seconds* of the submission, whatever happens in between.

    Raises:
        ValueError: If *seconds* is not a finite number, at least a millisecond.
    """
    fixed = _checked_seconds("seconds", seconds)

    def target(interaction: Interaction, at: Instant) -> float | None:
        return fixed

    target.always = (target, fixed)  # type: ignore[attr-defined]  # with itself: a wrapper is asked
    return target


@factory
def tightened(
    seconds: float | SlaTarget,
    followers: Sequence[tuple[float, float]] = (),
    influence: Sequence[tuple[float, float]] = (),
    sentiment: Sequence[tuple[float, float]] = (),
) -> SlaTarget:
    """*seconds* for most, less for whom it matters more: the least of all that apply.

    Each step is `(bound, seconds)`: who has at least so many *followers* or so much *influence*
    (0 to 100), and messages whose *sentiment* (-1 to 1) is at most the bound, get these seconds.
    *seconds* may be another policy; where that says None there is no target.

    Raises:
        ValueError: If a number is out of its range.

    >>> from workassign.model import Customer
    >>> within = tightened(3600, followers=[(1_000_000, 900)], sentiment=[(-0.5, 1800)])
    >>> within(Interaction(id="a", customer=Customer(id="star", followers=2_000_000)), 0.0)
    900.0
    >>> within(Interaction(id="b", sentiment=-0.8), 0.0), within(Interaction(id="c"), 0.0)
    (1800.0, 3600.0)
    """
    usual = _as_policy("seconds", seconds)
    steps = {
        "followers": _steps("followers", followers, 0, 1e12),
        "influence": _steps("influence", influence, 0, 100),
        "sentiment": _steps("sentiment", sentiment, -1, 1),
    }

    def target(interaction: Interaction, at: Instant) -> float | None:
        least = usual(interaction, at)
        if least is None:
            return None
        customer, felt = interaction.customer, interaction.sentiment
        for name in ("followers", "influence"):
            value = getattr(customer, name, None)
            least = min([least, *(s for bound, s in steps[name] if value is not None and value >= bound)])
        return min([least, *(s for bound, s in steps["sentiment"] if felt is not None and felt <= bound)])

    return target


def _steps(
    name: str, steps: Sequence[tuple[float, float]], low: float, high: float
) -> list[tuple[float, float]]:
    found = []
    for step in steps:
        if not isinstance(step, Sequence) or isinstance(step, str) or len(step) != 2:
            raise ValueError(f"{name} must be a list of [bound, seconds], not {step!r}")
        bound, seconds = step
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not low <= bound <= high:
            raise ValueError(f"a bound of {name} must be between {low:g} and {high:g}, not {bound!r}")
        found.append((float(bound), _checked_seconds(f"seconds of {name}", seconds)))
    return found


@factory
def by(
    field: str, cases: Mapping[str, float | SlaTarget], otherwise: float | SlaTarget | None = None
) -> SlaTarget:
    """Seconds by channel, tier, customer segment or an attribute of the interaction.

    *field* is `channel`, `tier` (that of the interaction itself), `segment` or an attribute's
    name; *cases* has the seconds, or another policy, for its values, as text. *otherwise* is for
    all other values, and None means no target.

    Raises:
        ValueError: If there are no cases, or a number is out of its range.

    >>> from workassign.model import Customer
    >>> within = by("segment", {"gold": 600}, otherwise=by("channel", {"chat": 120}, otherwise=3600))
    >>> within(Interaction(id="a", customer=Customer(id="c", segment="gold")), 0.0)
    600.0
    >>> within(Interaction(id="b", channel="chat"), 0.0), within(Interaction(id="c"), 0.0)
    (120.0, 3600.0)
    """
    value_of = field_of(field)
    known = {value: _as_policy(f"cases.{value}", each) for value, each in cases_of(cases).items()}
    rest = None if otherwise is None else _as_policy("otherwise", otherwise)

    def target(interaction: Interaction, at: Instant) -> float | None:
        value = value_of(interaction)
        policy = rest if value is None else known.get(str(value), rest)
        return None if policy is None else policy(interaction, at)

    return target


def _as_policy(what: str, seconds: float | str | SlaTarget) -> SlaTarget:
    """Return a policy that was given as one, as its name (so a plan has it as data), or as seconds."""
    if isinstance(seconds, str):
        return resolve(seconds, "sla")
    return seconds if callable(seconds) else first_response(_checked_seconds(what, seconds))
