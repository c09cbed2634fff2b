"""What stands in an object of a payload? Strict about what is wrong, tolerant of what is missing.

A field of a wrong kind is a ValueError that names its path (`data[3].author_id`); a field that is
missing, or null, is None, and below it everything is missing too. Fields that nobody asks for are
passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import TypeAlias

import attrs

from workassign.errors import UsageError
from workassign.model import Instant
from workassign.needs import checked_name
from workassign.social.files.dates import from_iso
from workassign.social.mentions import BadRecord, Mention
from workassign.social.texts.cleaning import cleaned, cleaned_line

__all__ = ["Item", "Part", "Read", "Source", "each", "identity", "language_of", "listed"]

ID_LIMIT = 160
"""An id of a network, in characters; a longer one is told by its begin and a digest of all of it.

So the name of its network stands before it, and both are still a name.
"""
DISPLAY_LIMIT = 200
"""What an author is called is cut behind so many characters."""

_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}
_OLD_LANGUAGES = {"iw": "he", "in": "id", "ji": "yi"}
_NOTHING: Mapping[str, object] = {}

Read: TypeAlias = Callable[["Part"], Mention | None]
"""Makes a mention of a record; None: it is none. A ValueError or UsageError says that it is a bad one."""
Item: TypeAlias = tuple[str, object, Read]
"""The path of a record in its payload, the record, and who reads it."""


class Source:
    """Where mentions come from, who writes there for the brand, and what was odd in it."""

    def __init__(self, network: str, ours: Iterable[str], notes: Counter[str]) -> None:
        """Read what *network* sends; *ours* are handles and ids of the brand, *notes* are counted up.

        Raises:
            UsageError: If *ours* is a single text, of which every letter would be a handle.
        """
        if isinstance(ours, str):
            raise UsageError(f"ours must be several handles or ids, not the text {ours[:40]!r}")
        self.network = network
        self.notes = notes
        self._ours = frozenset(_plain(each) for each in ours)

    def is_ours(self, *names: str | None) -> bool:
        """Return whether one of *names*, handles or ids, is the brand's."""
        return any(name is not None and _plain(name) in self._ours for name in names)

    def addressed(self, handles: Iterable[str]) -> str | None:
        """Return the first of *handles* that is ours; if nobody said what is ours, the first."""
        found = [each.removeprefix("@") for each in handles]
        known = [each for each in found if not self._ours or _plain(each) in self._ours]
        fit = [each for each in known if 0 < len(each) <= ID_LIMIT and each.isprintable()]
        return fit[0] if fit else None

    def text(self, text: str | None) -> str:
        """Return *text* as a mention may have it; what was done to it is noted."""
        if not text:
            return ""
        harmless, notes = cleaned(text)
        self.notes.update(f"text {note}" for note in notes)
        return harmless

    def passed_over(self, what: str) -> None:
        """Count a record that is no mention."""
        self.notes[f"{what}: passed over"] += 1


def _plain(name: str) -> str:
    return name.strip().removeprefix("@").casefold()


class Part:
    """An object of a payload, and where it stands there; missing: an object without fields."""

    __slots__ = ("_data", "_path")

    def __init__(self, data: object, path: str) -> None:
        """Raise a ValueError if *data* is no object."""
        if data is not None and not isinstance(data, Mapping):
            raise ValueError(f"{path or 'a payload'} must be an object, not {_kind(data)}")
        self._data: Mapping[str, object] = _NOTHING if data is None else data
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._data.get(name) is not None

    def __bool__(self) -> bool:
        return bool(self._data)

    @property
    def item(self) -> tuple[str, object]:
        """The path of the object, and itself."""
        return self._path, self._data

    def where(self, name: str) -> str:
        """Return the path of the field *name*."""
        return f"{self._path}.{name}" if self._path else name

    def raw(self, name: str) -> object:
        """Return whatever stands in *name*."""
        return self._data.get(name)

    def text(self, name: str) -> str | None:
        """Return the text in *name*."""
        value = self._data.get(name)
        if value is None or isinstance(value, str):
            return value
        raise ValueError(f"{self.where(name)} must be text, not {_kind(value)}")

    def line(self, name: str) -> str | None:
        """Return the text in *name* as a short one that is shown to people: what somebody is called."""
        return cleaned_line(self.text(name) or "", DISPLAY_LIMIT) or None

    def id(self, *names: str) -> str | None:
        """Return the id in the first of *names* that has one: text, or a whole number."""
        for name in names:
            value = self._data.get(name)
            if value is not None and value != "":
                return identity(value, self.where(name))
        return None

    def must_id(self, *names: str) -> str:
        """Return `id`, or raise a ValueError if there is none."""
        found = self.id(*names)
        if found is None:
            raise ValueError(f"{self.where(names[0])} is missing")
        return found

    def count(self, name: str) -> int | None:
        """Return the whole number in *name*, at least 0."""
        value = self._data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{self.where(name)} must be a whole number, not {_kind(value)}")
        if not 0 <= value < 2**63:
            raise ValueError(f"{self.where(name)} must be from 0 to 2^63")
        return value

    def truth(self, name: str) -> bool | None:
        """Return whether *name* is true."""
        value = self._data.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise ValueError(f"{self.where(name)} must be true or false, not {_kind(value)}")

    def at(self, name: str, read: Callable[[str, str], Instant] = from_iso) -> Instant:
        """Return the instant in *name*, as *read* reads it; there must be one."""
        value = self._data.get(name)
        if value is None:
            raise ValueError(f"{self.where(name)} is missing")
        if not isinstance(value, str):
            raise ValueError(f"{self.where(name)} is no date and time, but {_kind(value)}")
        return read(value.strip(), self.where(name))

    def part(self, name: str) -> Part:
        """Return the object in *name*."""
        return Part(self._data.get(name), self.where(name))

    def parts(self, name: str) -> list[Part]:
        """Return the objects of the list in *name*."""
        where = self.where(name)
        return [Part(each, f"{where}[{number}]") for number, each in enumerate(self.items(name))]

    def items(self, name: str) -> list[object]:
        """Return what the list in *name* holds."""
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise ValueError(f"{self.where(name)} must be a list, not {_kind(value)}")
        return value


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "something else")


def identity(value: object, what: str) -> str:
    """Return *value*, an id that a network gave, as a name; *what* names it in the error.

    Raises:
        ValueError, UsageError: If it is neither printable text nor a whole number, or empty.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**128:
        value = str(value)  # as text an id is safe from programs that know only floats
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text or a whole number, not {_kind(value)}")
    name = value.strip()
    if len(name) > ID_LIMIT:
        digest = blake2b(name.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        name = f"{name[:120]}~{digest}"
    return checked_name(name, what)


def language_of(tag: str | None) -> str | None:
    """Return the ISO 639-1 code of a language *tag* (`en-US`: en), None if it has none.

    >>> language_of("zh-Hant-TW"), language_of("und"), language_of("iw")
    ('zh', None, 'he')
    """
    first = (tag or "")[:3].replace("_", "-").partition("-")[0].lower()
    if len(first) != 2 or not (first.isascii() and first.isalpha()):
        return None  # three letters: no language (und, qme), or one without a code of two
    return _OLD_LANGUAGES.get(first, first)


def listed(part: Part, name: str, read: Read) -> Iterator[Item]:
    """Yield what stands in *name* of *part*, the objects of a list or a single one, to be read by *read*."""
    value = part.raw(name)
    if isinstance(value, list):
        yield from ((f"{part.where(name)}[{number}]", each, read) for number, each in enumerate(value))
    else:
        yield part.where(name), value, read


def each(items: Iterable[Item]) -> Iterator[Mention | BadRecord]:
    """Yield what is read of each of *items*, numbered from 1; of what is no mention, nothing."""
    for number, (path, value, read) in enumerate(items, 1):
        try:
            found = read(Part(value, path))
        except (ValueError, UsageError) as error:
            yield BadRecord(number, str(error))
        else:
            if found is not None:
                yield attrs.evolve(found, line=number)
