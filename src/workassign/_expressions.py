"""What do expressions over skills and attributes mean?

An expression is a tree of three kinds of node: a `Fact` about an agent, or one that must not
hold, `All` of several, `OneOf` several. Trees are only built by `fact`, `all_of`, `any_of` and
`negated`, which keep them in one form, so that what is written in another order, twice, nested,
negated twice or with a common part taken out is the same tree.

A comparison with something that an agent lacks is false, whatever it compares: `NOT` of it is
true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Any, Literal, NamedTuple, TypeAlias

from workassign._ranges import Ranges, difference, intersection, union

__all__ = [
    "ANYTHING",
    "NOTHING",
    "All",
    "Expression",
    "Fact",
    "Kind",
    "OneOf",
    "all_of",
    "any_of",
    "fact",
    "facts",
    "implies",
    "in_order",
    "merged",
    "negated",
    "replaced",
    "together",
]

Kind: TypeAlias = Literal["skill", "number", "word", "has", "agent"]


class Fact(NamedTuple):
    """Something that is so of an agent, or, *negated*, is not.

    `skill`: she has skill *name* at a level in *values* (ranges). `number`, `word`: one of her
    values of attribute *name* is in *values*. `has`: she has attribute *name*. `agent`: she is
    one of *values*.
    """

    kind: Kind
    name: str
    values: tuple[Any, ...]
    negated: bool = False


class All(NamedTuple):
    """Everything in it holds."""

    parts: tuple[Expression, ...]
    word: str = "AND"


class OneOf(NamedTuple):
    """Something in it holds."""

    parts: tuple[Expression, ...]
    word: str = "OR"


Expression: TypeAlias = Fact | All | OneOf

ANYTHING = All(())
NOTHING = OneOf(())

_SINGLE = ("skill", "agent", "has")
"""Facts about something of which an agent has one value only: two of them are one."""

_LEVELS: Ranges = ((0.0, True, inf, False),)
"""Every level that there can be."""


# --- building -------------------------------------------------------------------------------


def fact(kind: Kind, name: str, values: Iterable[Any] = ()) -> Expression:
    """Return the expression that something is so of an agent."""
    found: tuple[Any, ...]
    if kind == "skill":
        found = intersection(tuple(values), _LEVELS)
    elif kind == "number":
        found = union(tuple(values))
    else:
        found = tuple(sorted(set(values), key=in_order))
    return Fact(kind, name, found) if found or kind == "has" else NOTHING


def negated(expression: Expression) -> Expression:
    """Return the expression that holds where *expression* does not."""
    if isinstance(expression, Fact):
        return expression._replace(negated=not expression.negated)
    parts = (negated(part) for part in expression.parts)
    return any_of(parts) if isinstance(expression, All) else all_of(parts)


def all_of(parts: Iterable[Expression]) -> Expression:
    """Return the expression that holds where all *parts* do."""
    return _joined(parts, All, OneOf)


def any_of(parts: Iterable[Expression]) -> Expression:
    """Return the expression that holds where any of *parts* does."""
    return _joined(parts, OneOf, All)


def _joined(parts: Iterable[Expression], node: type[All | OneOf], other: type[All | OneOf]) -> Expression:
    """Return *parts* under one *node*, in the one form; *other* is the other kind of node."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, node) else [part]
    flat.sort(key=in_order)
    if other(()) in flat:
        return other(())
    plain = merged((part for part in flat if isinstance(part, Fact)), node)
    if other(()) in plain:
        return other(())
    known = [*plain, *_unique(part for part in flat if not isinstance(part, Fact))]
    known = _absorbed(known, node, other)
    if (common := _common(known, other)) is not None:
        return _joined(_factored(known, common, node, other), node, other)
    known.sort(key=in_order)
    return known[0] if len(known) == 1 else node(tuple(known))


def _unique(parts: Iterable[Expression]) -> list[Expression]:
    return list(dict.fromkeys(parts))


def merged(found: Iterable[Fact], node: type[All | OneOf]) -> list[Expression]:
    """Return facts without those that others decide, and with those that one fact can say made one.

    Where two of them decide the whole *node*, the other kind of node, empty, is among what is returned.
    """
    by_name: dict[str, list[Expression]] = {}
    for each in found:
        kept = by_name.setdefault(each.name, [])
        new: Expression = each
        i = 0
        while i < len(kept) and isinstance(new, Fact):
            before = kept[i]
            one = together(before, new, node) if isinstance(before, Fact) else before
            if one is None:
                i += 1
            else:
                del kept[i]
                new, i = one, 0
        kept.append(new)
    return _unique(each for kept in by_name.values() for each in kept)


def together(a: Fact, b: Fact, node: type[All | OneOf]) -> Expression | None:
    """Return two facts as one expression under *node*; None: they are two."""
    if node is OneOf:  # by De Morgan
        flipped = together(_flipped(a), _flipped(b), All)
        return None if flipped is None else negated(flipped)
    if implies(a, b):
        return a
    if implies(b, a):
        return b
    if implies(a, _flipped(b)):
        return NOTHING
    if a.kind != b.kind or a.kind == "has":
        return None
    if a.negated and b.negated:
        return a._replace(values=_either(a, b))
    if a.kind not in _SINGLE:  # of several values, some may meet one fact and some the other
        return None
    if a.negated:
        a, b = b, a
    values = _except(a, b) if b.negated else _both(a, b)
    return a._replace(values=values) if values else NOTHING


def _flipped(each: Fact) -> Fact:
    return each._replace(negated=not each.negated)


def _both(a: Fact, b: Fact) -> tuple[Any, ...]:
    if a.kind == "skill":
        return intersection(a.values, b.values)
    return tuple(each for each in a.values if each in b.values)


def _either(a: Fact, b: Fact) -> tuple[Any, ...]:
    if a.kind in ("skill", "number"):
        return union(a.values, b.values)
    return tuple(sorted({*a.values, *b.values}, key=in_order))


def _except(a: Fact, b: Fact) -> tuple[Any, ...]:
    if a.kind == "skill":
        return difference(a.values, b.values)
    return tuple(each for each in a.values if each not in b.values)


def _absorbed(parts: list[Expression], node: type[All | OneOf], other: type[All | OneOf]) -> list[Expression]:
    """Leave out what another part decides: `A and (A or B)` is A, `A and (not A or B)` is A and B."""
    plain = [part for part in parts if not isinstance(part, other)]
    kept: list[Expression] = []
    for part in parts:
        if isinstance(part, other):
            if any(_settles(each, below, node) for below in part.parts for each in plain):
                continue
            left = (below for below in part.parts if not any(_rules_out(each, below, node) for each in plain))
            kept.append(_joined(left, other, node))
        else:
            kept.append(part)
    if kept == parts:
        return kept
    again = _joined(kept, node, other)
    return list(again.parts) if isinstance(again, node) else [again]


def _settles(known: Expression, below: Expression, node: type[All | OneOf]) -> bool:
    """Whether *known* makes the group that holds *below* superfluous within *node*."""
    return implies(known, below) if node is All else implies(below, known)


def _rules_out(known: Expression, below: Expression, node: type[All | OneOf]) -> bool:
    """Whether *below* decides nothing within *node*, because of *known*."""
    if not (isinstance(known, Fact) and isinstance(below, Fact)):
        return False
    return implies(known, _flipped(below)) if node is All else implies(_flipped(below), known)


def implies(a: Expression, b: Expression) -> bool:
    """Whether *b* certainly holds where *a* does. Facts about different things imply nothing."""
    if a == b:
        return True
    if not (isinstance(a, Fact) and isinstance(b, Fact)) or a.name != b.name:
        return False
    if "has" in (a.kind, b.kind):
        return _implies_has(a, b)
    if a.kind != b.kind:
        return False
    if a.negated and b.negated:
        return _is_within(b, a)
    if b.negated:
        return a.kind in _SINGLE and not a.negated and not _both(a, b)
    return not a.negated and _is_within(a, b)


def _implies_has(a: Fact, b: Fact) -> bool:
    """Whether *a* implies *b*, where one of them says that an attribute is there."""
    if {a.kind, b.kind} - {"has", "word", "number"}:
        return False
    return (b.kind == "has" and not a.negated and not b.negated) or (
        a.kind == "has" and a.negated and b.negated
    )


def _is_within(a: Fact, b: Fact) -> bool:
    """Whether every value of *a* is one of *b*."""
    if a.kind in ("skill", "number"):
        return not difference(a.values, b.values)
    return all(each in b.values for each in a.values)


def _common(parts: list[Expression], other: type[All | OneOf]) -> Expression | None:
    """Return what stands in most of the groups among *parts*, if it stands in several."""
    counts = Counter(below for part in parts if isinstance(part, other) for below in part.parts)
    shared = [(-count, in_order(below), below) for below, count in counts.items() if count > 1]
    return min(shared, key=lambda each: each[:2])[2] if shared else None


def _factored(
    parts: list[Expression], common: Expression, node: type[All | OneOf], other: type[All | OneOf]
) -> Iterator[Expression]:
    """Take *common* out: `(A or B) and (A or C)` is `A or (B and C)`."""
    rests: list[Expression] = []
    for part in parts:
        if isinstance(part, other) and common in part.parts:
            rests.append(_joined((below for below in part.parts if below != common), other, node))
        else:
            yield part
    yield _joined([common, _joined(rests, node, other)], other, node)


def in_order(part: object) -> tuple[Any, ...]:
    """Return by what parts, and values, are sorted: one total order over all of them."""
    if isinstance(part, Fact):
        kinds = ("agent", "skill", "has", "word", "number")
        return (0, kinds.index(part.kind), part.name, part.negated, tuple(map(in_order, part.values)))
    if isinstance(part, All | OneOf):
        return (1, isinstance(part, OneOf), len(part.parts), tuple(map(in_order, part.parts)))
    if isinstance(part, bool):
        return (2, part)
    return (3, part) if isinstance(part, str) else (4, part)


def facts(expression: Expression) -> Iterator[Fact]:
    """Yield every fact in *expression*."""
    if isinstance(expression, Fact):
        yield expression
    else:
        for part in expression.parts:
            yield from facts(part)


def replaced(expression: Expression, change: Callable[[Fact], Expression]) -> Expression:
    """Return *expression* with every fact changed."""
    if isinstance(expression, Fact):
        return change(expression)
    parts = (replaced(part, change) for part in expression.parts)
    return all_of(parts) if isinstance(expression, All) else any_of(parts)
