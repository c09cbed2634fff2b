"""For whom is an expression true? Asked of one agent, or of many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeAlias

from workassign._expressions import All, Expression, Fact, Kind
from workassign._ranges import Ranges, contains

__all__ = ["Held", "Test", "compiled", "is_true"]

Held: TypeAlias = Mapping[str, Any]
"""An agent's attributes: name -> value, or a tuple of several."""

Test: TypeAlias = Callable[[Mapping[str, float], Held, str], bool]
"""Whether something is so of an agent: skills, attributes, id."""


def compiled(expression: Expression) -> Test:
    """Return a function that says whether *expression* holds for an agent. Cost of it: O(facts)."""
    if isinstance(expression, Fact):
        test = _TESTS[expression.kind](expression)
        return (lambda skills, held, agent: not test(skills, held, agent)) if expression.negated else test
    tests = tuple(compiled(part) for part in expression.parts)
    if len(tests) == 2:
        return _both_hold(*tests) if isinstance(expression, All) else _one_holds(*tests)
    every = isinstance(expression, All)

    def ask(skills: Mapping[str, float], held: Held, agent: str) -> bool:
        for test in tests:
            if test(skills, held, agent) is not every:
                return not every
        return every

    return ask


def _both_hold(first: Test, second: Test) -> Test:
    return lambda skills, held, agent: first(skills, held, agent) and second(skills, held, agent)


def _one_holds(first: Test, second: Test) -> Test:
    return lambda skills, held, agent: first(skills, held, agent) or second(skills, held, agent)


def _has_level(each: Fact) -> Test:
    name, values = each.name, each.values
    if len(values) == 1 and values[0][1:3] == (True, inf):
        least = values[0][0]
        return lambda skills, held, agent: skills.get(name, -1.0) >= least
    return lambda skills, held, agent: contains(values, skills.get(name, -1.0))


def _has_value(each: Fact) -> Test:
    name = each.name
    fits = _fits_word(each.values) if each.kind == "word" else _fits_number(each.values)

    def ask(skills: Mapping[str, float], held: Held, agent: str) -> bool:
        value = held.get(name)
        return any(map(fits, value)) if isinstance(value, tuple) else fits(value)

    return ask


def _fits_word(words: tuple[str | bool, ...]) -> Callable[[object], bool]:
    texts = frozenset(word for word in words if isinstance(word, str))
    bools = frozenset(word for word in words if isinstance(word, bool))
    # A number is no bool, although 1 == True.
    return lambda value: value in (bools if isinstance(value, bool) else texts)


def _fits_number(ranges: Ranges) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and contains(ranges, value)
    )


def _is_one_of(each: Fact) -> Test:
    agents = frozenset(each.values)
    return lambda skills, held, agent: agent in agents


def _has(each: Fact) -> Test:
    name = each.name
    return lambda skills, held, agent: name in held


_TESTS: Mapping[Kind, Callable[[Fact], Test]] = {
    "skill": _has_level,
    "number": _has_value,
    "word": _has_value,
    "has": _has,
    "agent": _is_one_of,
}


def is_true(expression: Expression, known: Callable[[Fact], int], everybody: int) -> int:
    """Return for whom *expression* holds, as bits: *known* says it of a fact, its negation aside.

    Cost: O(facts).
    """
    if isinstance(expression, Fact):
        bits = known(expression)
        return everybody ^ bits if expression.negated else bits
    if isinstance(expression, All):
        bits = everybody
        for part in expression.parts:
            bits &= is_true(part, known, everybody)
            if not bits:
                return 0
        return bits
    bits = 0
    for part in expression.parts:
        bits |= is_true(part, known, everybody)
        if bits == everybody:
            break
    return bits
