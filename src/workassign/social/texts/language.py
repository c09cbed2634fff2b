"""In which language is a text? A guess among those that the desk knows, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from workassign.errors import UsageError
from workassign.social.texts.features import mended

__all__ = ["LEAST_LETTERS", "LEAST_SURE", "READ", "guesser"]

READ = 240
"""So many characters are looked at: what comes later changes hardly any guess."""
LEAST_LETTERS = 12
"""A text with fewer letters, handles and addresses aside, is too short to tell."""
LEAST_SURE = 0.5
"""A guess that is less likely than that is none."""

_NO_WORDS = re.compile(r"[@#]\w+|https?://\S+")


def guesser(languages: Sequence[str], rivals: Sequence[str] = ()) -> Callable[[str], str | None]:
    """Return what guesses the language of a text among *languages* and *rivals* (ISO 639-1: en, es).

    *rivals*: languages that are not served but written. Without them every text is in one of
    *languages*: nothing else is thought of. None: fewer than `LEAST_LETTERS` letters, or no language
    is `LEAST_SURE`. Each guesser has its own model, about 100 MB; keep it. Cost: linear in the first
    `READ` characters, about that of VADER for a tweet.

    Raises:
        UsageError: If py3langid is not installed, or does not know a language, or none is named.
    """
    names = list(dict.fromkeys([*languages, *rivals]))
    if not languages:
        raise UsageError("languages must not be empty: which ones does the desk know?")
    if find_spec("py3langid") is None:
        raise UsageError('guessing languages needs py3langid: pip install "workassign[text]"')
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if unknown := [name for name in names if name not in model.labels]:
        raise UsageError(f"language {unknown[0][:40]!r} is not known; there are {', '.join(model.labels)}")
    model.set_languages(names)

    def guess(text: str) -> str | None:
        words = _NO_WORDS.sub(" ", mended(text[:READ]))
        # What was cut in the middle of a pair has a lone surrogate; the model reads UTF-8.
        words = words.encode(errors="ignore").decode()
        if sum(map(str.isalpha, words)) < LEAST_LETTERS:
            return None
        language, sure = model.classify(words)
        return str(language) if sure >= LEAST_SURE else None

    return guess
