"""When do two expressions mean the same? They have the same prime implicants."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from workassign._expressions import (
    NOTHING,
    All,
    Expression,
    Fact,
    OneOf,
    all_of,
    any_of,
    implies,
    in_order,
    merged,
    together,
)

__all__ = ["MOST_TERMS", "canonical"]

MOST_TERMS = 32
"""With more alternatives than this, a form is only kept that may not be the one form."""

_Term: TypeAlias = tuple[Fact, ...]
"""Facts that hold together, sorted: one alternative."""


def canonical(expression: Expression) -> Expression:
    """Return the one form of *expression*, made of all its prime implicants (Blake 1937).

    Two expressions with the same meaning have the same form, as long as they have at most
    `MOST_TERMS` alternatives and it does not hang on several values of one attribute.
    """
    terms = _alternatives(expression)
    primes = None if terms is None else _primes(terms)
    return expression if primes is None else any_of(all_of(term) for term in primes)


def _alternatives(expression: Expression) -> list[_Term] | None:
    """Return the terms of which one must hold; None: they are too many."""
    if isinstance(expression, Fact):
        return [(expression,)]
    below = [_alternatives(part) for part in expression.parts]
    if isinstance(expression, OneOf):
        found = [term for terms in below for term in terms or ()]
        return None if None in below or len(found) > MOST_TERMS else found
    whole: list[_Term] = [()]
    for terms in below:
        if terms is None or len(whole) * len(terms) > MOST_TERMS:
            return None
        joined = (_term((*first, *then)) for first in whole for then in terms)
        whole = _largest([term for term in joined if term is not None])
    return whole


def _term(found: Iterable[Fact]) -> _Term | None:
    """Return facts as one term; None: they cannot hold together."""
    facts = merged(found, All)
    return None if NOTHING in facts else tuple(sorted(facts, key=in_order))  # type: ignore[arg-type]


def _largest(terms: Iterable[_Term]) -> list[_Term]:
    """Return *terms* without those that others include, in order."""
    kept: list[_Term] = []
    for term in sorted(set(terms), key=lambda each: (len(each), in_order(All(each)))):
        if not any(_includes(other, term) for other in kept):
            kept = [other for other in kept if not _includes(term, other)] + [term]
    return kept


def _includes(larger: _Term, smaller: _Term) -> bool:
    """Whether *larger* holds wherever *smaller* does."""
    return all(any(implies(each, wanted) for each in smaller) for wanted in larger)


def _primes(terms: list[_Term]) -> list[_Term] | None:
    """Return all prime implicants: add what two terms hold together, until nothing is new.

    None: they, or the way to them, are too many.
    """
    ahead, kept = deque(terms), list[_Term]()
    for _ in range(10 * MOST_TERMS):
        if not ahead:
            return kept
        term = ahead.popleft()
        if any(_includes(other, term) for other in kept):
            continue
        kept = [other for other in kept if not _includes(term, other)]
        ahead += [each for other in kept for each in _consensus(other, term)]
        kept.append(term)
        if len(kept) > MOST_TERMS or len(ahead) > 10 * MOST_TERMS:
            return None
    return None


def _consensus(first: _Term, then: _Term) -> Iterator[_Term]:
    """Yield the terms that hold because one of the two does: `A and B`, `not A and C` give `B and C`."""
    for a in first:
        for b in then:
            either = together(a, b, OneOf) if a.name == b.name else None
            if either is None or either in (a, b):
                continue
            rest = [each for each in first if each != a] + [each for each in then if each != b]
            term = _term([*rest, either] if isinstance(either, Fact) else rest)
            if term is not None:
                yield term
