"""How is an expression written?

    expression   = part { ("AND" | "OR") part }          AND binds closer than OR
    part         = "NOT" part | "(" expression ")" | "ANYBODY" | "NOBODY" | comparison
    comparison   = "skills" "HAS" text | "attributes" "HAS" text
                 | "level" "(" text ")" (relation | between)
                 | "agent" (("==" | "!=") text | membership)
                 | name ("HAS" value | relation | between | membership)
    relation     = ("==" | "!=" | "<" | "<=" | ">" | ">=") value
    between      = "BETWEEN" number "AND" number         both ends belong
    membership   = ["NOT"] "IN" "[" value { "," value } "]"
    value        = text | number | "true" | "false"
    preferences  = { "PREFER" expression ["WEIGHT" number] }

Nothing else: no calls but `level`, no loops, no arithmetic. Words in capitals may be written in
any case. Reading costs O(length).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import inf
from typing import Any, NamedTuple, TypeAlias

from workassign._expressions import (
    ANYTHING,
    NOTHING,
    All,
    Expression,
    Fact,
    all_of,
    any_of,
    fact,
    negated,
)
from workassign._names import checked_name
from workassign._ranges import Interval, Ranges
from workassign.errors import UsageError

__all__ = ["DEEPEST", "HEAVIEST", "JOINED", "MOST_FACTS", "RULE_LIMIT", "Wants", "one_of", "read", "written"]

RULE_LIMIT = 4096
"""A rule is at most this long, in characters."""

DEEPEST = 32
"""So many brackets and NOTs at most are open at once."""

MOST_FACTS = 100
"""So many comparisons at most."""

JOINED = 4
"""Needs of an interaction, of its queue and of steps together may be so many times as large."""

HEAVIEST = 1e6
"""No preference weighs more."""

Wants: TypeAlias = tuple[tuple[Expression, float], ...]
"""What is preferred, and how much."""

_KEYWORDS = frozenset(
    {"and", "or", "not", "has", "in", "between", "prefer", "weight", "anybody", "nobody", "true", "false"}
)
_OURS = frozenset({"skills", "attributes", "level", "agent"})

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')
    |(?P<number>-?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?(?![\w.]))
    |(?P<sign><=|>=|==|!=|<|>|\(|\)|\[|\]|,)
    |(?P<name>[^\W\d][\w.-]*)""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int
    """Where it begins, from 1."""

    @property
    def word(self) -> str:
        """The keyword, or sign, that it is."""
        return self.text.lower() if self.kind in ("name", "sign", "end") else ""


def read(rule: str, times: int = 1) -> tuple[Expression, Wants]:
    """Return what *rule* says: what is needed, and what is preferred; *times* widens the limits.

    Raises:
        UsageError: If it is too long or too deep, or cannot be read; it names the column.
    """
    if len(rule) > RULE_LIMIT * times:
        raise UsageError(f"a rule must have at most {RULE_LIMIT * times} characters, not {len(rule)}")
    return _Reader(rule, times).needs()


class _Reader:
    """Reads a rule from left to right, one token ahead."""

    def __init__(self, rule: str, times: int) -> None:
        self._times = times
        self._tokens = _tokens(rule)
        self._next = next(self._tokens)
        self._depth = 0
        self._facts = 0

    def needs(self) -> tuple[Expression, Wants]:
        expression = ANYTHING if self._next.word == "prefer" else self._expression()
        wants = []
        while self._take("prefer"):
            wanted, weight = self._expression(), 1.0
            if self._take("weight"):
                weight = self._weight()
            wants.append((wanted, weight))
        if self._next.kind != "end":
            raise self._wrong("AND, OR, PREFER or the end")
        return expression, tuple(wants)

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return any_of(parts)

    def _conjunction(self) -> Expression:
        parts = [self._part()]
        while self._take("and"):
            parts.append(self._part())
        return all_of(parts)

    def _part(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST * self._times:
            raise _error(f"more than {DEEPEST * self._times} brackets and NOTs are open", self._next.column)
        if self._take("not"):
            part = negated(self._part())
        elif self._take("("):
            part = self._expression()
            self._expect(")")
        elif self._take("anybody"):
            part = ANYTHING
        elif self._take("nobody"):
            part = NOTHING
        else:
            part = self._comparison()
        self._depth -= 1
        return part

    def _comparison(self) -> Expression:
        self._facts += 1
        if self._facts > MOST_FACTS * self._times:
            raise _error(f"more than {MOST_FACTS * self._times} comparisons", self._next.column)
        name = self._name()
        if name == "skills":
            self._expect("has")
            return fact("skill", self._text(), ((0.0, True, inf, False),))
        if name == "attributes":
            self._expect("has")
            return fact("has", self._text())
        if name == "level":
            self._expect("(")
            skill = self._text()
            self._expect(")")
            return self._level(skill)
        if name == "agent":
            return self._membership(lambda values: fact("agent", "", values), self._text)
        return self._attribute(name)

    def _level(self, skill: str) -> Expression:
        if self._take("between"):
            return fact("skill", skill, (self._between(),))
        sign = self._sign("a comparison or BETWEEN")
        return fact("skill", skill, _RANGES[sign](self._number()))

    def _attribute(self, name: str) -> Expression:
        if self._take("has"):
            return one_of(name, [self._value()])
        if self._take("between"):
            return fact("number", name, (self._between(),))
        if self._next.word in ("<", "<=", ">", ">="):
            return fact("number", name, _RANGES[self._sign("a comparison")](self._number()))
        there = fact("has", name)
        return self._membership(lambda values: one_of(name, values), self._value, there)

    def _membership(
        self,
        one_of: Callable[[list[Any]], Expression],
        value: Callable[[], Any],
        there: Expression = ANYTHING,
    ) -> Expression:
        """Return what `==`, `!=`, `IN` or `NOT IN` says; *there* must hold for the two that say not."""
        if self._take("=="):
            return one_of([value()])
        if self._take("!="):
            return all_of([there, negated(one_of([value()]))])
        is_not = self._take("not")
        if not self._take("in"):
            raise self._wrong("IN" if is_not else "a comparison, BETWEEN, HAS, IN or NOT IN")
        self._expect("[")
        values = [value()]
        while self._take(","):
            values.append(value())
        self._expect("]")
        return all_of([there, negated(one_of(values))]) if is_not else one_of(values)

    def _between(self) -> Interval:
        column = self._next.column
        low = self._number()
        self._expect("and")
        high = self._number()
        if high < low:
            raise _error(f"BETWEEN {low:g} AND {high:g} holds nothing: the lesser comes first", column)
        return low, True, high, True

    # --- tokens -----------------------------------------------------------------------------

    def _advance(self) -> _Token:
        token, self._next = self._next, next(self._tokens, self._next)
        return token

    def _take(self, word: str) -> bool:
        if self._next.word != word:
            return False
        self._advance()
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(word.upper())

    def _wrong(self, wanted: str) -> UsageError:
        found = "the rule ends" if self._next.kind == "end" else f"there is {self._next.text[:40]!r}"
        return _error(f"{wanted} is expected, but {found}", self._next.column)

    def _name(self) -> str:
        token = self._next
        if token.kind != "name" or token.word in _KEYWORDS:
            raise self._wrong("a comparison")
        self._advance()
        if token.word in _OURS:
            return token.word
        if self._next.word == "(":
            raise _error(f"there is no function {token.text[:40]!r}, only level(...)", token.column)
        return _checked(token.text, "an attribute", token.column)

    def _text(self) -> str:
        token = self._next
        if token.kind != "text":
            raise self._wrong("a name in quotes")
        self._advance()
        return _checked(_unquoted(token), "a name", token.column)

    def _sign(self, wanted: str) -> str:
        if self._next.word not in _RANGES:
            raise self._wrong(wanted)
        return self._advance().word

    def _number(self) -> float:
        if self._next.kind != "number":
            raise self._wrong("a number")
        token = self._advance()
        number = float(token.text)
        if not -inf < number < inf:
            raise _error(f"{token.text[:40]} is too large", token.column)
        return number + 0.0  # no -0.0: it is written otherwise, but equal

    def _weight(self) -> float:
        column, weight = self._next.column, self._number()
        if not 0 < weight <= HEAVIEST:
            raise _error(f"a weight must be more than 0 and at most {HEAVIEST:g}, not {weight:g}", column)
        return weight

    def _value(self) -> str | float | bool:
        if self._next.kind == "number":
            return self._number()
        if self._next.kind == "text":
            return _unquoted(self._advance())
        if self._next.word in ("true", "false"):
            return self._advance().word == "true"
        raise self._wrong("a value: text in quotes, a number, true or false")


def _tokens(rule: str) -> Iterator[_Token]:
    at = 0
    while at < len(rule):
        found = _TOKEN.match(rule, at)
        if found is None:
            what = "a text that does not end" if rule[at] in "\"'" else repr(rule[at : at + 20])
            raise _error(f"{what} means nothing here", at + 1)
        if found.lastgroup != "space":
            yield _Token(found.lastgroup or "", found.group(), at + 1)
        at = found.end()
    yield _Token("end", "", len(rule) + 1)


def _unquoted(token: _Token) -> str:
    inner = token.text[1:-1]
    text = re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise _error("a text holds a NUL or a lone surrogate", token.column)
    return text


def _checked(name: str, what: str, column: int) -> str:
    try:
        return checked_name(name, what)
    except UsageError as error:
        raise _error(str(error), column) from None


def _error(problem: str, column: int) -> UsageError:
    return UsageError(f"rule, column {column}: {problem}")


def one_of(name: str, values: list[str | float | bool]) -> Expression:
    """Return the expression that one of an agent's values of an attribute is among these."""
    words = [value for value in values if isinstance(value, str | bool)]
    numbers = [
        (float(value), True, float(value), True) for value in values if not isinstance(value, str | bool)
    ]
    return any_of([fact("word", name, words), fact("number", name, numbers)])


_RANGES: dict[str, Callable[[float], Ranges]] = {
    "==": lambda x: ((x, True, x, True),),
    "!=": lambda x: ((-inf, False, x, False), (x, False, inf, False)),
    "<": lambda x: ((-inf, False, x, False),),
    "<=": lambda x: ((-inf, False, x, True),),
    ">": lambda x: ((x, False, inf, False),),
    ">=": lambda x: ((x, True, inf, False),),
}


# --- writing --------------------------------------------------------------------------------


def written(expression: Expression, wants: Wants = ()) -> str:
    """Return the text that `read` takes for these: one text for one expression."""
    parts = [_written(expression)] if expression != ANYTHING or not wants else []
    for wanted, weight in wants:
        parts.append(f"PREFER {_written(wanted)}" + (f" WEIGHT {_figure(weight)}" if weight != 1 else ""))
    return " ".join(parts)


def _written(part: Expression, within: str = "") -> str:
    if isinstance(part, Fact):
        return _written_fact(part, within)
    if not part.parts:
        return "ANYBODY" if isinstance(part, All) else "NOBODY"
    return _joined([_written(each, part.word) for each in part.parts], part.word, within)


def _joined(parts: list[str], word: str, within: str) -> str:
    """Return parts between *word*; in brackets where they stand within something that binds closer."""
    text = f" {word} ".join(parts)
    return f"({text})" if len(parts) > 1 and within not in ("", word) else text


def _written_fact(each: Fact, within: str) -> str:
    if each.negated:
        return f"NOT {_written_fact(each._replace(negated=False), 'NOT')}"
    if each.kind == "has":
        return f"attributes HAS {_quoted(each.name)}"
    if each.kind in ("agent", "word"):
        return _written_words(each.name or "agent", each.values)
    if each.kind == "number":
        ranges = each.values if each.values != _ANY_NUMBER else _HALVES
        return _joined([_written_range(each.name, one) for one in ranges], "OR", within)
    parts = [
        _written_level(each.name, each_range, within if len(each.values) == 1 else "OR")
        for each_range in each.values
    ]
    return _joined(parts, "OR", within)


_ANY_NUMBER: Ranges = ((-inf, False, inf, False),)
_HALVES: Ranges = ((-inf, False, 0.0, False), (0.0, True, inf, False))


def _written_words(name: str, values: tuple[str | bool, ...]) -> str:
    shown = [_quoted(value) if isinstance(value, str) else str(value).lower() for value in values]
    return f"{name} == {shown[0]}" if len(shown) == 1 else f"{name} IN [{', '.join(shown)}]"


def _written_level(skill: str, interval: Interval, within: str) -> str:
    low, with_low, high, with_high = interval
    name = f"level({_quoted(skill)})"
    if (low, with_low, high) == (0, True, inf):
        return f"skills HAS {_quoted(skill)}"
    if high < inf and (low, with_low) != (0, True) and not (with_low and with_high):
        halves = [(low, with_low, inf, False), (-inf, False, high, with_high)]
        return _joined([_written_range(name, each) for each in halves], "AND", within)
    if (low, with_low) == (0, True) and high != 0:
        low = -inf
    return _written_range(name, (low, with_low, high, with_high))


def _written_range(name: str, interval: Interval) -> str:
    low, with_low, high, with_high = interval
    if low == high:
        return f"{name} == {_figure(low)}"
    if low > -inf and high < inf:
        return f"{name} BETWEEN {_figure(low)} AND {_figure(high)}"
    if low > -inf:
        return f"{name} {'>=' if with_low else '>'} {_figure(low)}"
    return f"{name} {'<=' if with_high else '<'} {_figure(high)}"


def _figure(number: float) -> str:
    return f"{int(number)}" if number == int(number) and abs(number) < 1e15 else repr(number)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
