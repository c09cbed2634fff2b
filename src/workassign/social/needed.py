"""What did people say of mentions afterwards? Labels, to measure by; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Iterable

from workassign.social.mentions import Mention

__all__ = ["needed_by", "needs_answer"]

SENTIMENT = "sentiment"
NEEDED = "needed"
NEGATIVE, POSITIVE = "negative", "positive"
YES, NO = ("true", "yes", "1"), ("false", "no", "0")


def needs_answer(sentiment: str, text: str) -> bool:
    """Whether a mention so labelled needs an answer: it is negative, or asks and is not positive."""
    felt = sentiment.strip().casefold()
    return felt == NEGATIVE or (felt != POSITIVE and "?" in text)


def needed_by(mentions: Iterable[Mention]) -> dict[str, bool]:
    """Return which mentions needed an answer, by their keys; those that nobody labelled are left out.

    The label `needed` (true or false) says so itself, else the label `sentiment` and the text do.
    """
    found = {}
    for mention in mentions:
        said, felt = mention.labels.get(NEEDED), mention.labels.get(SENTIMENT)
        word = None if said is None else said.strip().casefold()
        if word in (*YES, *NO):
            found[mention.key] = word in YES
        elif felt:
            found[mention.key] = needs_answer(felt, mention.text)
    return found
