"""Which articles of a knowledge base may answer this? The ones whose words weigh most in the question.

TF-IDF and the cosine of the angle between two texts (Salton and Buckley, Term-weighting approaches in
automatic text retrieval, 1988; Manning, Raghavan and Schütze, Introduction to Information Retrieval,
2008, 6.2-6.4). A word t that is n times in a text weighs

    (1 + ln n) × (ln((1 + N) / (1 + N_t)) + 1)

where N_t of N articles have it; the weights of a text are divided by the root of the sum of their
squares; the score is the sum, over the words that both have, of the products: from 0 (no word in
common) to 1 (the same words as often). Words that are in no article do not count. These are the
numbers of scikit-learn's `TfidfVectorizer(sublinear_tf=True, smooth_idf=True, norm="l2")`.

A suggestion is for an agent to look at: nothing is sent by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from math import isfinite, log, sqrt
from typing import TypeAlias

import attrs

from workassign.errors import UsageError
from workassign.model import Instant, InteractionId
from workassign.needs import checked_name
from workassign.social.happenings import Suggested
from workassign.social.texts.topics import plain

__all__ = ["READ", "Article", "Checked", "Knowledge", "Suggester", "Suggestion", "suggested"]

READ = 5_000
"""So many characters of a question are read, from its beginning."""

ARTICLE_LIMIT = 1_000_000
"""An article has at most so many characters."""

_WORD = re.compile(r"\w\w+")


@attrs.frozen(kw_only=True)
class Article:
    """One answer of the knowledge base.

    Raises:
        UsageError: If its id is no name, or its text is too long.
    """

    id: str
    title: str
    text: str = attrs.field(repr=False)
    language: str | None = None
    """ISO 639-1; None: for every language."""
    brand: str | None = None
    """None: for every brand."""
    tags: tuple[str, ...] = ()
    """Words that customers use and the article does not; they count as its own."""

    def __attrs_post_init__(self) -> None:
        """Check id and length."""
        checked_name(self.id, "article id")
        if len(self.title) + len(self.text) > ARTICLE_LIMIT:
            raise UsageError(f"article {self.id!r} must have at most {ARTICLE_LIMIT:,} characters")

    @property
    def words(self) -> str:
        """All that it is found by: title, text and tags."""
        return "\n".join((self.title, self.text, *self.tags))


@attrs.frozen
class Suggestion:
    """An article, and how much of the question it has in common: 0 to 1."""

    article: Article
    score: float


Suggester: TypeAlias = Callable[[str, str | None], Sequence[Suggestion]]
"""The articles that may answer a text in a language (None: nobody knows it), the best first."""


class Knowledge:
    """Finds articles by their words. An index from each word to the articles that have it."""

    def __init__(self, articles: Iterable[Article]) -> None:
        """Index *articles*. Cost: O(words).

        Raises:
            UsageError: If two have the same id.
        """
        self.articles = tuple(articles)
        ids = Counter(article.id for article in self.articles)
        if twice := next((id for id, times in ids.items() if times > 1), None):
            raise UsageError(f"there are two articles {twice!r}")
        counts = [Counter(_words(article.words)) for article in self.articles]
        having = Counter(word for count in counts for word in count)
        size = len(counts)
        self._rarity = {word: log((1 + size) / (1 + n)) + 1 for word, n in having.items()}
        self._found: dict[str, list[tuple[int, float]]] = {word: [] for word in having}
        for number, count in enumerate(counts):
            for word, weight in _weighed(count, self._rarity).items():
                self._found[word].append((number, weight))

    def suggest(
        self,
        text: str,
        language: str | None = None,
        brand: str | None = None,
        *,
        most: int = 3,
        least: float = 0.1,
    ) -> tuple[Suggestion, ...]:
        """Return up to *most* articles that score at least *least*, the best first, then by id.

        Articles in another language or of another brand are left out; what is None on either side
        fits. How rare a word is hangs on all articles. Cost: for each different word in the first
        5,000 characters, the articles that have it: a millisecond or two for 20 words and 500
        articles, so ask for what somebody looks at, not for every mention.
        """
        scores: dict[int, float] = {}
        for word, weight in _weighed(Counter(_words(text[:READ])), self._rarity).items():
            for number, its in self._found[word]:
                scores[number] = scores.get(number, 0.0) + weight * its
        fitting = {
            number: score
            for number, score in scores.items()
            if score >= least and _fits(self.articles[number], language, brand)
        }
        edge = min(nlargest(most, fitting.values()), default=0.0) - 1e-9
        # To twelve digits: articles of the same words tie, in whatever order they were added up.
        best = sorted(
            (-round(min(score, 1.0), 12), self.articles[number].id, number)
            for number, score in fitting.items()
            if score >= edge
        )
        return tuple(Suggestion(self.articles[number], -score) for score, _, number in best[:most])

    def __call__(self, text: str, language: str | None = None) -> tuple[Suggestion, ...]:
        """Return what `suggest` does: a knowledge base is a `Suggester`."""
        return self.suggest(text, language)


def _words(text: str) -> list[str]:
    """Return the words of *text*, of two letters or digits at least, as they are compared."""
    return _WORD.findall(plain(text))


def _weighed(count: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """Return the weight of each word that is known; the sum of their squares is 1."""
    weights = {word: (1 + log(n)) * rarity[word] for word, n in count.items() if word in rarity}
    norm = sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / norm for word, weight in weights.items()}


def _fits(article: Article, language: str | None, brand: str | None) -> bool:
    other_language = None not in (article.language, language) and article.language != language
    other_brand = None not in (article.brand, brand) and article.brand != brand
    return not (other_language or other_brand)


class Checked:
    """A suggester that can do no harm: what it does wrong is counted, and nothing is suggested then.

    It may raise anything and return anything. It may not take its time: what asks another
    machine has to have a time-out of its own.
    """

    def __init__(self, suggester: Suggester, most: int = 3) -> None:
        """Ask *suggester*, and pass on at most *most* of what it suggests."""
        self._suggester = suggester
        self._most = most
        self.asked = 0
        self.failed = 0
        """So often it raised, or what it returned was no list."""
        self.rubbish = 0
        """So many things in its lists were no suggestions, or the same article again."""
        self.error: str | None = None
        """The kind of the last error, without its message: that may quote the text."""

    def __call__(self, text: str, language: str | None = None) -> tuple[Suggestion, ...]:
        """Return the suggestions that are some, in their order. Never raises an `Exception`."""
        self.asked += 1
        try:
            found = list(self._suggester(text, language)[: self._most * 10])
        except Exception as error:  # noqa: BLE001 - it is somebody else's code: anything may come
            self.failed += 1
            self.error = type(error).__name__
            return ()
        good: dict[str, Suggestion] = {}
        for each in found:
            if _is_suggestion(each) and each.article.id not in good:
                good[each.article.id] = each
            else:
                self.rubbish += 1
        return tuple(good.values())[: self._most]


def _is_suggestion(each: object) -> bool:
    if type(each) is not Suggestion or type(each.article) is not Article:
        return False
    score = each.score
    return type(score) in (int, float) and isfinite(score) and 0 <= score <= 1


def suggested(at: Instant, interaction: InteractionId, suggestions: Sequence[Suggestion]) -> Suggested | None:
    """Return that *suggestions* were made for *interaction*; None: there are none."""
    if not suggestions:
        return None
    articles = tuple((each.article.id, each.score) for each in suggestions)
    return Suggested(at=at, interaction=interaction, articles=articles)
