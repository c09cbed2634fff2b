"""How is a text from outside made harmless without losing what it says?

Whoever may write to a brand may write anything: five million characters, NULs that databases
refuse, lone surrogates that no encoder takes, signs that turn the direction of reading around and
so hide what a text says. None of that is a reason to lose a customer: the text is kept, and what
was done to it is told.
"""

from __future__ import annotations

import re

__all__ = ["TEXT_LIMIT", "cleaned", "cleaned_line", "unmangled"]

TEXT_LIMIT = 100_000
"""A mention's text is at most this long, in characters."""

_MANGLED = re.compile("[\x80-\xff]{2,}")

# Line ends are no fault: networks and mail write them in three ways.
_LINE_END = re.compile("\r\n?")
_UNREADABLE = re.compile("[\0\ud800-\udfff]+")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069]+")
_ODD = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Any of these; most texts have none."""

_STEPS = (
    (_UNREADABLE, "\ufffd", "holds a NUL or a lone surrogate: replaced"),
    (_CONTROL, " ", "holds control characters: replaced"),
    (_TURNED, "", "turns the direction of reading: removed"),
)


def cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Return *text* as a mention may have it, and notes of what was done to it.

    UTF-8 that somebody read as Latin-1 (mangled emoji, which are full of control characters) is mended.
    A run of NULs and lone surrogates becomes one U+FFFD, a run of other control characters one
    space; line ends become a newline; tabs stay. Bidirectional overrides and isolates (U+202A to
    U+202E, U+2066 to U+2069) go; marks that Arabic and Hebrew need (U+200E, U+200F, U+061C) stay.
    Then the text is cut at `TEXT_LIMIT` characters. Cleaning twice is cleaning once.

    Cost: linear in the length; a text that needs nothing costs one look at it.

    >>> cleaned("late again\r\n\u202egab ym")
    ('late again\ngab ym', ('turns the direction of reading: removed',))
    """
    # What is printable has no control characters, no surrogates and none of the signs that turn.
    if len(text) <= TEXT_LIMIT and (text.isprintable() or _ODD.search(text) is None):
        return text, ()
    notes: list[str] = []
    if (mended := unmangled(text)) != text:
        text = mended
        notes.append("is UTF-8 that was read as Latin-1: mended")
    text = _LINE_END.sub("\n", text)
    for odd, instead, note in _STEPS:
        text, found = odd.subn(instead, text)
        if found:
            notes.append(note)
    if len(text) > TEXT_LIMIT:
        text = text[:TEXT_LIMIT]
        notes.append(f"has more than {TEXT_LIMIT:,} characters: cut")
    return text, tuple(notes)


def unmangled(text: str) -> str:
    r"""Return *text*, with UTF-8 that was read as Latin-1 as it was meant. Cost: linear.

    >>> unmangled("caf\xc3\xa9 \xf0\x9f\x98\xa1, not \xe9t\xe9")
    'café 😡, not été'
    """
    while (mended := _MANGLED.sub(_as_meant, text)) != text:  # each time it gets shorter
        text = mended
    return text


def _as_meant(found: re.Match[str]) -> str:
    try:
        return found[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return found[0]


def cleaned_line(text: str, most: int) -> str:
    """Return *text* cleaned, on one line, without white space around it, at most *most* characters."""
    # Cleaning and joining make it no longer, and what is behind a name four times too long is not missed.
    return " ".join(cleaned(text[: 4 * most])[0].split())[:most].rstrip()
