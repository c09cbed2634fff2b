"""What does somebody want, and how urgent is it? By words, in English; the words can be replaced.

Rules that work before anything was labelled. Each kind of intent and of urgency is a list of words and
phrases, matched as topics are (whole words, any case, `*` at the end for any ending); of a text, the
first 1,000 characters are read, so that the work is bounded whatever comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from workassign.errors import PlanError
from workassign.social.texts.features import mended
from workassign.social.texts.keywords import Keywords, Tokens
from workassign.social.texts.topics import plain
from workassign.social.texts.words import COMPLAINING, PRAISING

__all__ = [
    "INTENTS",
    "URGENT",
    "Words",
    "intent_among",
    "intent_of",
    "intent_words",
    "intents",
    "urgency",
    "urgency_of",
    "urgency_words",
]

Words: TypeAlias = Mapping[str, tuple[str, ...]]

PRAISE = "praise"
QUESTION = "question"
"""What is left of the texts that hold a question mark."""

_AMBIGUOUS = {
    "again", "bag", "baggage", "bags", "cold", "compensation", "held", "hold", "hour", "hours", "hrs",
    "luggage", "rebook", "refund", "refunds", "sitting", "still", "voucher", "why", "yet",
}  # fmt: skip
"""A model weighs them; alone they are no complaint."""

INTENTS: Words = MappingProxyType(
    {
        "churn threat": (
            "never again", "never fly*", "never book*", "never buy*", "never using", "last time",
            "lost my business", "lost a customer", "lost a loyal customer", "switching to", "switch to",
            "taking my business", "take my business", "cancel my account", "cancel my subscription",
            "cancel my membership", "close my account", "done with you", "goodbye forever",
        ),
        "bug report": (
            "bug", "bugs", "crash", "crashes", "crashed", "crashing", "error message", "error code",
            "glitch*", "broken link", "app is down", "site is down", "website is down", "not loading",
            "won't load", "doesn't load", "can't log in", "can't login", "cannot log in", "404",
        ),
        "complaint": tuple(sorted(COMPLAINING - _AMBIGUOUS)),
        "request": (
            "please", "pls", "plz", "can you", "could you", "can i", "could i", "may i", "i need",
            "we need", "i want", "help", "refund*", "compensation", "rebook*", "dm me", "call me",
            "send me", "let me know", "voucher", "receipt",
        ),
        "praise": tuple(sorted(PRAISING - {"kind", "cool", "best", "nice"})),
    }
)  # fmt: skip
"""Intent -> words. The first, in this order, with a word in the text wins; a question precedes praise."""

URGENT: Mapping[float, tuple[str, ...]] = MappingProxyType(
    {
        1.0: (
            "emergency", "911", "ambulance", "bleeding", "injur*", "unsafe", "fire", "smoke", "hospital",
            "suicide", "kill myself", "heart attack", "allergic", "insulin", "medication", "police",
            "threat*", "assault*", "harass*", "unaccompanied",
        ),
        0.8: (
            "stranded", "stuck", "sleeping at the airport", "sleep in the airport", "no hotel",
            "locked out", "missed my connection", "miss my connection", "missing my connection",
            "boarding now", "right now", "asap", "urgent", "urgently", "immediately", "hacked", "fraud*",
            "stolen", "lawyer*", "attorney*", "sue", "suing", "lawsuit", "legal action", "small claims",
            "journalist", "reporter", "press", "news", "consumer protection", "regulator",
        ),
        0.6: (
            "today", "tonight", "now", "this morning", "this afternoon", "this evening", "in an hour",
            "cancelled", "canceled", "cancellation*", "tarmac", "diverted", "overbooked", "funeral",
            "wedding", "lost my", "lost bag*", "lost luggage", "no power", "outage", "down again",
        ),
        0.4: (
            "tomorrow", "delayed", "delay", "waiting", "on hold", "hours", "no response", "no answer",
            "missed", "never again", "unacceptable", "third time", "refund*",
        ),
    }
)  # fmt: skip
"""How urgent -> words: danger to people; stranded, now, law and press; today and cancellations; waiting."""


def intents(words: Words = INTENTS) -> Callable[[str | Tokens], str | None]:
    """Return what says the intent of a text: the first of *words* that is found, None for none.

    A text with a question mark that neither threatens, reports, complains nor requests is a "question".
    Cost: linear in what is read, some microseconds for a tweet.

    Raises:
        PlanError: If a word could never be found.
    """
    known = intent_words(words)

    def intent(text: str | Tokens) -> str | None:
        tokens = _tokens(text)
        return intent_among(known, lambda name: known[name].any(tokens), tokens)

    return intent


def intent_words(words: Words = INTENTS) -> dict[str, Keywords]:
    """Return what finds the words of each intent, in their order.

    Raises:
        PlanError: If a word could never be found.
    """
    return {name: _keywords(listed, f"intents.{name}") for name, listed in words.items()}


def intent_among(names: Iterable[str], says: Callable[[str], bool], tokens: Tokens) -> str | None:
    """Return the intent of a text of which *says* tells whether it has words of one of *names*."""
    praised = False
    for name in names:
        if name == PRAISE:
            praised = True
        elif says(name):
            return name
    if "?" in tokens.text:
        return QUESTION
    return PRAISE if praised and says(PRAISE) else None


def urgency(words: Mapping[float, tuple[str, ...]] = URGENT) -> Callable[[str | Tokens], float]:
    """Return what says how urgent a text is: the greatest of *words* that is found, else 0.

    Cost: linear in what is read, some microseconds for a tweet.

    Raises:
        PlanError: If a word could never be found, or an urgency is not from 0 to 1.
    """
    levels = urgency_words(words)

    def urgent(text: str | Tokens) -> float:
        tokens = _tokens(text)
        return next((level for level, keywords in levels.items() if keywords.any(tokens)), 0.0)

    return urgent


def urgency_words(words: Mapping[float, tuple[str, ...]] = URGENT) -> dict[float, Keywords]:
    """Return what finds the words of each level, the greatest first.

    Raises:
        PlanError: If a word could never be found, or an urgency is not from 0 to 1.
    """
    for level in words:
        if not 0 <= level <= 1:
            raise PlanError([f"urgency.{level}: must be between 0 and 1"])
    return {level: _keywords(words[level], f"urgency.{level}") for level in sorted(words, reverse=True)}


def _tokens(text: str | Tokens) -> Tokens:
    return text if isinstance(text, Tokens) else Tokens(plain(mended(text)))


def _keywords(words: tuple[str, ...], place: str) -> Keywords:
    try:
        return Keywords(words)
    except ValueError as error:
        raise PlanError([f"{place}: {error}"]) from None


intent_of = intents()
"""The intent of a text by the words above: `intent_of("where is my bag?")`."""
urgency_of = urgency()
"""The urgency of a text by the words above, 0 to 1."""
