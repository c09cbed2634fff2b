"""When does a rule about mentions hold? Conditions as data, written once for routes and for answers.

The law: *what nobody could tell meets no condition*. A sentiment of None is neither angry nor glad.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from workassign.social.texts.keywords import Keywords, Tokens

__all__ = ["READ", "Condition", "Facts", "When", "condition"]

READ = 10_000
"""Words are looked for in so many characters from the beginning of a text: what comes after is not read."""


@attrs.frozen(kw_only=True)
class Facts:
    """What is known of a mention once it was understood and weighed; None: nobody could tell."""

    brand: str | None = None
    desk: str | None = None
    network: str = ""
    public: bool = True
    language: str | None = None
    topic: str | None = None
    intent: str | None = None
    segment: str | None = None
    """Of the customer, as the operator calls it: gold, press."""
    sentiment: float | None = None
    """-1 to 1."""
    urgency: float | None = None
    """0 to 1."""
    influence: float | None = None
    """0 to 100."""
    followers: int | None = None
    actionable: float | None = None
    """How likely it asks for or needs something, 0 to 1."""
    wait: float | None = None
    """The expected wait in seconds, if it were queued now."""
    mentions: int = 1
    """So many share the interaction with it, itself included."""
    open: bool | None = None
    """Its desk is open now."""
    text: str = attrs.field(default="", repr=False)
    """As `plain` returns it; never shown."""
    tokens: Tokens | None = attrs.field(default=None, repr=False, eq=False)
    """Of that text, where somebody has split it already."""


_KINDS = ("brand", "desk", "network", "language", "topic", "intent", "segment")
"""Facts that are one of several names; the condition has the same name, in the plural."""

_RANGES = {
    "sentiment": (-1, 1),
    "urgency": (0, 1),
    "influence": (0, 100),
    "followers": (0, 1e12),
    "actionable": (0, 1),
    "wait": (0, 1e12),
    "mentions": (1, 1e9),
}
"""Facts that are numbers; the conditions are NAME_from and NAME_to, both ends included."""


@attrs.frozen(kw_only=True)
class When:
    """All conditions that are given hold at once; with none of them it always holds.

    Raises:
        ValueError: If a condition is one that nothing could meet.
    """

    brands: tuple[str, ...] = ()
    """It is one of these; so for all lists of names."""
    desks: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    sentiment_from: float | None = None
    """At least this; so for all that end in _from. At most, where they end in _to."""
    sentiment_to: float | None = None
    urgency_from: float | None = None
    urgency_to: float | None = None
    influence_from: float | None = None
    influence_to: float | None = None
    followers_from: float | None = None
    followers_to: float | None = None
    actionable_from: float | None = None
    actionable_to: float | None = None
    wait_from: float | None = None
    wait_to: float | None = None
    mentions_from: float | None = None
    mentions_to: float | None = None
    public: bool | None = None
    """Everybody can read it (true), or it was sent to us alone (false)."""
    open: bool | None = None
    """Its desk is open now (true), or closed (false)."""
    words: tuple[str, ...] = ()
    """One of these words or phrases is in its first 10,000 characters."""
    no_words: tuple[str, ...] = ()
    """None of these is."""

    def __attrs_post_init__(self) -> None:
        """Check every condition."""
        for name, (low, high) in _RANGES.items():
            least, most = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            for end, value in (("from", least), ("to", most)):
                if value is not None and not low <= value <= high:
                    raise ValueError(f"{name}_{end} must be between {low:g} and {high:g}, not {value!r}")
            if least is not None and most is not None and least > most:
                raise ValueError(f"{name}_from must be at most {name}_to, {most!r}, not {least!r}")
        Keywords(self.words)
        Keywords(self.no_words)

    @property
    def always(self) -> bool:
        """Whether it has no condition."""
        return all(getattr(self, each.name) in ((), None) for each in attrs.fields(When))


Condition: TypeAlias = Callable[[Facts], bool]
"""Whether facts meet a condition, or all conditions of a rule."""


def condition(when: When) -> Condition:
    """Return whether facts meet *when*, made ready to be asked often.

    Cost of a question: the conditions that are given, up to the first that fails; words come last.

    >>> angry = condition(When(sentiment_to=-0.5, topics=("bags",)))
    >>> angry(Facts(sentiment=-0.9, topic="bags")), angry(Facts(topic="bags"))
    (True, False)
    """
    named = ((kind, getattr(when, f"{kind}s")) for kind in _KINDS)
    tests = [_one_of(kind, frozenset(names)) for kind, names in named if names]
    switches = ((name, getattr(when, name)) for name in ("public", "open"))
    tests += [_is(name, wanted=wanted) for name, wanted in switches if wanted is not None]
    for name in _RANGES:
        least, most = getattr(when, f"{name}_from"), getattr(when, f"{name}_to")
        if least is not None or most is not None:
            tests.append(_within(name, least, most))
    if when.words:
        tests.append(_says(when.words, wanted=True))
    if when.no_words:
        tests.append(_says(when.no_words, wanted=False))
    return tests[0] if len(tests) == 1 else _all(tuple(tests))


def _all(tests: tuple[Condition, ...]) -> Condition:
    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - three times as fast as `all`, and asked of every mention
            if not test(facts):
                return False
        return True

    return holds


def _one_of(kind: str, names: frozenset[str]) -> Condition:
    return lambda facts: getattr(facts, kind) in names


def _is(name: str, *, wanted: bool) -> Condition:
    return lambda facts: getattr(facts, name) is wanted


def _within(name: str, least: float | None, most: float | None) -> Condition:
    low = -float("inf") if least is None else least
    high = float("inf") if most is None else most

    def test(facts: Facts) -> bool:
        value = getattr(facts, name)
        return value is not None and low <= value <= high

    return test


def _says(words: tuple[str, ...], *, wanted: bool) -> Condition:
    keywords = Keywords(words)

    def says(facts: Facts) -> bool:
        tokens = Tokens(facts.text[:READ]) if facts.tokens is None else facts.tokens
        return keywords.any(tokens) is wanted

    return says
