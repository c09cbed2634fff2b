"""What does an interaction need from the agent who takes it?

Equal needs are one object: they are interned when built, so that the engine compares them by
identity and computes only once which agents can meet them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, final
from weakref import WeakValueDictionary

from workassign._names import NAME_LIMIT, checked_name, shown
from workassign.errors import UsageError

if TYPE_CHECKING:
    from workassign._expressions import Expression, Fact
    from workassign._truth import Held, Test

__all__ = ["ANYBODY", "NAME_LIMIT", "Names", "Needs", "checked_levels", "checked_name", "joined", "kept"]


def checked_levels(levels: Mapping[str, float], what: str) -> tuple[tuple[str, float], ...]:
    """Return skills and levels sorted by skill, levels as floats.

    Raises:
        UsageError: If a skill is no name or a level is not a finite number >= 0.
    """
    if not isinstance(levels, Mapping):
        raise UsageError(f"skills of {what} must be a table skill -> level, not {shown(levels)}")
    pairs = []
    for skill, level in levels.items():
        checked_name(skill, f"a skill of {what}")
        if isinstance(level, bool) or not isinstance(level, int | float):
            raise UsageError(f"level of skill {skill!r} of {what} must be a number, not {shown(level)}")
        if not (0 <= level <= sys.float_info.max):
            rule = f"must be finite and >= 0, not {shown(level)}"
            raise UsageError(f"level of skill {skill!r} of {what} {rule}")
        pairs.append((skill, float(level)))
    return tuple(sorted(pairs))


_NO_ATTRIBUTES: Mapping[str, Any] = {}


class Names(NamedTuple):
    """The skills, the attributes and the agents that needs ask about."""

    skills: frozenset[str]
    attributes: frozenset[str]
    agents: frozenset[str]


@final
class Needs:
    """What an agent must have to take it, and what would be better.

    Built from skills with their least levels, which are all needed, or from a rule:

    >>> Needs({"billing": 3, "spanish": 1}) is Needs({"spanish": 1.0, "billing": 3.0})
    True
    >>> needs = Needs('skills HAS "billing" AND language IN ["es", "en"] PREFER level("refunds") >= 3')
    >>> needs.met_by({"billing": 1.0}, {"language": "es"})
    True

    Rules compare levels of skills, attributes of agents and their ids, with AND, OR, NOT and
    brackets; the grammar stands in the reference. They are put together with `&`, `|` and `~`:

    >>> Needs({"billing": 3}) & Needs('NOT team == "night"')
    Needs('level("billing") >= 3 AND NOT team == "night"')

    Levels are any ordered scale of numbers >= 0, higher is better. A comparison with something
    that an agent lacks is false, whatever it compares, and `NOT` of it is true. Where she has
    several values of an attribute, one that fits is enough.

    Needs that say the same in another order, nesting, or with repetitions are one object. What
    is preferred excludes nobody: of the agents who are free, those go first who have the
    larger sum of weights.

    Raises:
        UsageError: If a skill is no name or a level is not a finite number >= 0; if a rule
            cannot be read, is too long or too deep.
    """

    __slots__ = ("__weakref__", "_expression", "_names", "_test", "skills", "text", "wants")

    _expression: Expression | None
    _names: Names | None
    _test: Test | None

    skills: tuple[tuple[str, float], ...]
    """The skills that nobody can do without, with their least levels, sorted by skill."""

    text: str | None
    """The rule in its one form; None where `skills` says everything."""

    wants: tuple[tuple[Needs, float], ...]
    """What is preferred, and the weight of each, > 0."""

    def __new__(cls, needed: Mapping[str, float] | str | None = None) -> Needs:
        """Return the one object for what is *needed*: skill -> least level, or a rule."""
        if isinstance(needed, str):
            return _read(needed)
        return _interned(checked_levels(needed, "needs") if needed else (), None, None, ())

    @property
    def data(self) -> dict[str, float] | str:
        """What a journal keeps, and `Needs` takes: skills with their least levels, or the rule."""
        return dict(self.skills) if self.text is None else self.text

    @property
    def expression(self) -> Expression:
        """What is needed, as a tree."""
        if self._expression is None:
            from workassign._expressions import all_of, fact

            parts = [fact("skill", skill, ((least, True, math.inf, False),)) for skill, least in self.skills]
            object.__setattr__(self, "_expression", all_of(parts))
        assert self._expression is not None
        return self._expression

    @property
    def parts(self) -> tuple[Needs, ...]:
        """The needs that must all be met, each by itself; preferences are left out."""
        from workassign._expressions import All

        whole = self.expression
        return tuple(map(_relaxed, whole.parts)) if isinstance(whole, All) else (_relaxed(whole),)

    def met_by(self, levels: Mapping[str, float], attributes: Held = _NO_ATTRIBUTES, agent: str = "") -> bool:
        """Whether an agent with these skill *levels*, *attributes* and id can do it.

        Cost: O(comparisons), about a microsecond for a few of them.
        """
        if self.text is None:
            return all(skill in levels and levels[skill] >= least for skill, least in self.skills)
        if self._test is None:
            from workassign._truth import compiled

            object.__setattr__(self, "_test", compiled(self.expression))
        assert self._test is not None
        return self._test(levels, attributes, agent)

    def wanted(
        self, levels: Mapping[str, float], attributes: Held = _NO_ATTRIBUTES, agent: str = ""
    ) -> float:
        """Return the sum of the weights of what is preferred and such an agent has."""
        return math.fsum(weight for want, weight in self.wants if want.met_by(levels, attributes, agent))

    @property
    def names(self) -> Names:
        """What it asks about, in what is only preferred, too."""
        if self._names is None:
            from workassign._expressions import facts

            found = [
                *facts(self.expression),
                *(each for want, _ in self.wants for each in facts(want.expression)),
            ]
            of_agents = (each for each in found if each.kind == "agent")
            names = Names(
                frozenset(each.name for each in found if each.kind == "skill"),
                frozenset(each.name for each in found if each.kind not in ("skill", "agent")),
                frozenset(agent for each in of_agents for agent in each.values),
            )
            object.__setattr__(self, "_names", names)
        assert self._names is not None
        return self._names

    def __and__(self, other: Needs) -> Needs:
        """Return needs that ask for both, and prefer what either prefers."""
        from workassign._expressions import all_of

        if not isinstance(other, Needs):
            return NotImplemented
        return _of(all_of([self.expression, other.expression]), [*self.wants, *other.wants])

    def __or__(self, other: Needs) -> Needs:
        """Return needs that ask for one of both, and prefer what either prefers."""
        from workassign._expressions import any_of

        if not isinstance(other, Needs):
            return NotImplemented
        return _of(any_of([self.expression, other.expression]), [*self.wants, *other.wants])

    def __invert__(self) -> Needs:
        """Return needs that are met by all who do not meet these; preferences are left out."""
        from workassign._expressions import negated

        return _of(negated(self.expression))

    def prefer(self, wanted: Needs, weight: float = 1.0) -> Needs:
        """Return the same needs, with something more that is preferred.

        Raises:
            UsageError: If the weight is not a number > 0, at most 1,000,000.
        """
        from workassign._rules import HEAVIEST

        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not 0 < weight <= HEAVIEST:
            raise UsageError(f"a weight must be more than 0 and at most {HEAVIEST:g}, not {shown(weight)}")
        return _of(self.expression, [*self.wants, (wanted, float(weight))])

    # --- relaxed: whoever met the needs before still meets them -------------------------------

    def without(self, names: Iterable[str]) -> Needs:
        """Return needs that ask no more for these skills and attributes (`agent`: for who it is)."""
        from workassign._expressions import ANYTHING, replaced

        gone = set(names)
        return _relaxed(
            replaced(
                self.expression,
                lambda each: ANYTHING if (each.name or each.kind) in gone else each,
            ),
            self.wants,
        )

    def lowered(self, levels: Mapping[str, float]) -> Needs:
        """Return needs that ask for these skills (skill -> level) at no higher level than this."""
        from workassign._expressions import replaced
        from workassign._ranges import union

        def lower(each: Fact) -> Expression:
            if each.kind != "skill" or each.negated or levels.get(each.name, math.inf) >= each.values[0][0]:
                return each
            added = (levels[each.name], True, each.values[0][0], True)
            return each._replace(values=union(each.values, (added,)))

        return _relaxed(replaced(self.expression, lower), self.wants)

    def widened(self, values: Mapping[str, Iterable[str | float | bool]]) -> Needs:
        """Return needs that are content with these values of attributes (name -> values), too."""
        from workassign._expressions import any_of, replaced
        from workassign._rules import one_of

        def widen(each: Fact) -> Expression:
            if each.kind not in ("word", "number") or each.negated or each.name not in values:
                return each
            return any_of([each, one_of(each.name, list(values[each.name]))])

        return _relaxed(replaced(self.expression, widen), self.wants)

    # ------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: needs are shared, so they never change."""
        raise AttributeError("needs are shared and never change")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what is needed, so that a copy in another process is interned there."""
        return (kept, (self.data,))

    def __repr__(self) -> str:
        """Show what is needed."""
        return f"Needs({self.data!r})"


_known: WeakValueDictionary[object, Needs] = WeakValueDictionary()


@lru_cache(maxsize=1024)
def _read(rule: str, times: int = 1) -> Needs:
    """Return the needs that *rule* says: the same few are read over and over."""
    from workassign._rules import read

    expression, wants = read(rule, times)
    return _of(expression, [(_of(wanted, (), times), weight) for wanted, weight in wants], times)


def kept(data: Mapping[str, float] | str) -> Needs:
    """Return needs from their `data`: joined ones may be larger than what anybody may ask for.

    Raises:
        UsageError: As `Needs` does, with wider limits.
    """
    if isinstance(data, str):
        from workassign._rules import JOINED

        return _read(data, JOINED)
    return _listed(tuple(data), *data.values())


@lru_cache(maxsize=8192, typed=True)
def _listed(skills: tuple[str, ...], *levels: float) -> Needs:
    """Return the needs that list *skills* with these least *levels*: the same few are read over and over."""
    return Needs(dict(zip(skills, levels, strict=True)))


def joined(first: Needs, then: Needs, *, either: bool = False) -> Needs:
    """Return needs that ask for both, or, with *either*, for one of both; within wider limits.

    Raises:
        UsageError: If they are too large together, which two that anybody may ask for are not.
    """
    from workassign._expressions import all_of, any_of

    parts = [first.expression, then.expression]
    return _relaxed(any_of(parts) if either else all_of(parts), [*first.wants, *then.wants])


def _relaxed(expression: Expression, wants: Iterable[tuple[Needs, float]] = ()) -> Needs:
    """Return needs from others that may have been joined: within wider limits."""
    from workassign._rules import JOINED

    return _of(expression, wants, JOINED)


def _interned(
    skills: tuple[tuple[str, float], ...],
    text: str | None,
    expression: Expression | None,
    wants: tuple[tuple[Needs, float], ...],
) -> Needs:
    """Return the one object for these; *text* is None where *skills* says everything."""
    key = skills if text is None else text
    known = _known.get(key)
    if known is not None:
        return known
    made = object.__new__(Needs)
    values = {
        "skills": skills,
        "text": text,
        "_expression": expression,
        "_names": None,
        "_test": None,
        "wants": wants,
    }
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return _known.setdefault(key, made)  # another thread may have made it meanwhile


def _of(expression: Expression, wants: Iterable[tuple[Needs, float]] = (), times: int = 1) -> Needs:
    """Return the one object for an expression and what is preferred beside it; *times* widens the limits."""
    from workassign._expressions import ANYTHING, All, Fact, facts
    from workassign._implicants import canonical
    from workassign._rules import MOST_FACTS, RULE_LIMIT, written

    expression = canonical(expression)
    weights: dict[Needs, list[float]] = {}
    for want, weight in wants:
        if want.expression not in (ANYTHING, expression):  # whoever can do it has that anyway
            weights.setdefault(want, []).append(weight)
    sums = sorted(
        ((want, math.fsum(each)) for want, each in weights.items()), key=lambda pair: str(pair[0].data)
    )
    parts = expression.parts if isinstance(expression, All) else (expression,)
    least = [each for each in parts if isinstance(each, Fact) and each.kind == "skill" and not each.negated]
    skills = tuple((each.name, each.values[0][0]) for each in least)
    open_above = all(each.values == ((each.values[0][0], True, math.inf, False),) for each in least)
    if len(least) == len(parts) and open_above and not sums:
        return _interned(skills, None, None, ())
    text = written(expression, tuple((want.expression, weight) for want, weight in sums))
    number = sum(1 for needs in (expression, *(want.expression for want, _ in sums)) for _ in facts(needs))
    if number > MOST_FACTS * times or len(text) > RULE_LIMIT * times:
        raise UsageError(
            f"needs must have at most {MOST_FACTS * times} comparisons and {RULE_LIMIT * times} characters, "
            f"not {number} and {len(text)}"
        )
    return _interned(skills, text, expression, tuple(sums))


ANYBODY = Needs()
"""No needs: everybody who serves the queue and the channel can do it."""
