"""What does a piece of HTML say to somebody who reads it?

Tags go, entities become their characters, scripts, styles and comments say nothing. The scanner is
our own, because `html.parser` takes time quadratic in what never closes: 100,000 characters of
`<a` keep it busy for ten seconds. This one goes over the text once, whatever stands there.
"""

from __future__ import annotations

import html
import re

from workassign.social.texts.cleaning import TEXT_LIMIT

__all__ = ["text_of"]

_SILENT = {
    name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "title", "template")
}
"""What stands in these is for the browser."""
_PARAGRAPHS = frozenset(
    ("p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "hr")
)
_LINES = frozenset(("br", "div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "body"))
_CELLS = frozenset(("td", "th"))
_QUOTED_VALUE = re.compile("=[\"']")
_AFTER_NAME = re.compile(r"[\s/>]")


def text_of(source: str) -> str:
    r"""Return what the HTML *source* says, in lines; those of a quotation begin with `> `.

    What is no whole tag is text. Reading ends where `TEXT_LIMIT` characters are passed: whoever
    cleans the text then cuts it, and says so. Cost: linear in the length.

    >>> text_of('<p>Where is <b>my</b> bag&quest;</p><script>alert(1)</script><p>3 &lt; 4<br>Ann</p>')
    'Where is my bag?\n\n3 < 4\nAnn'
    """
    page = _Page()
    scan = _Scan(source)
    here = 0
    while here < len(source) and page.length <= TEXT_LIMIT:
        opens = source.find("<", here)
        if opens < 0:
            opens = len(source)
        page.say(source[here:opens])
        if opens == len(source):
            break
        end = scan.end_of_markup(opens)
        if end is None:
            page.say("<")
            here = opens + 1
            continue
        name = _name(source, opens, end)
        if name:
            page.tag(name)
        here = scan.after_silence(name, end) if name in _SILENT else end
    return page.text()


def _name(source: str, opens: int, end: int) -> str:
    """Return the name of the tag, with its slash if it closes; nothing for comments and the like."""
    start = opens + 2 if source[opens + 1] == "/" else opens + 1
    if source[opens + 1] in "!?":
        return ""
    after = _AFTER_NAME.search(source, start, end)
    # No name that means anything is longer, and what a stranger makes up is not copied.
    stop = min(end if after is None else after.start(), start + 20)
    return source[opens + 1 : stop].lower()


class _Scan:
    """Finds where markup ends. What is nowhere ahead is looked for once, so that all stays linear."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._gone: set[str] = set()

    def _find(self, what: str, start: int) -> int:
        """Return where *what* is next, -1: nowhere. Asked from left to right."""
        if what in self._gone:
            return -1
        found = self._source.find(what, start)
        if found < 0:
            self._gone.add(what)
        return found

    def end_of_markup(self, opens: int) -> int | None:
        """Return the place behind the markup that begins at *opens*; None: that `<` is only a sign."""
        source = self._source
        if source.startswith("<!--", opens):
            end = self._find("-->", opens + 4)
            return None if end < 0 else end + 3
        after = source[opens + 1 : opens + 3]
        if not after or not (
            after[0] in "!?" or after[0].isalpha() or (after[0] == "/" and after[1:].isalpha())
        ):
            return None
        end = self._find(">", opens)
        return None if end < 0 else self._after_quotes(opens, end) + 1

    def _after_quotes(self, opens: int, end: int) -> int:
        """Return the first `>` behind *opens* that stands in no quoted value; *end* is the first of all."""
        source, here = self._source, opens
        while True:
            value = _QUOTED_VALUE.search(source, here, end)
            if value is None:
                return end
            quote = value.end() - 1
            closes = self._find(source[quote], quote + 1)
            if closes < 0:
                return end
            here = closes + 1
            if closes > end:
                further = self._find(">", here)
                if further < 0:
                    return end
                end = further

    def after_silence(self, name: str, end: int) -> int:
        """Return where the closing tag of *name* begins; *end* if there is none, so that nothing is lost."""
        if f"</{name}" in self._gone:
            return end
        found = _SILENT[name].search(self._source, end)
        if found is None:
            self._gone.add(f"</{name}")
            return end
        return found.start()


class _Page:
    """Lines of words, as they come."""

    def __init__(self) -> None:
        self.length = 0
        self._lines: list[str] = []
        self._words: list[str] = []
        self._apart = False
        """White space stands before whatever comes next on the line."""
        self._quoted = 0

    def say(self, text: str) -> None:
        """Add *text*, with its entities read and its white space closed up."""
        if not text:
            return
        said = _unescaped(text) if "&" in text else text
        words = " ".join(said.split())
        if words:
            # `self._words` empty: the line begins, and white space there says nothing.
            between = " " if self._words and (self._apart or said[0].isspace()) else ""
            self._words.append(between + words)
            self.length += len(between) + len(words)
            self._apart = said[-1].isspace()
        else:
            self._apart = True

    def tag(self, name: str) -> None:
        """Do what the tag *name* (`/p`: its end) means for lines and quotations."""
        plain = name.removeprefix("/")
        if plain in _PARAGRAPHS:
            self._break(paragraph=True)
        elif plain in _LINES:
            self._break(paragraph=False)
        elif plain in _CELLS:
            self._apart = True
        if plain == "blockquote":
            self._quoted = max(0, self._quoted + (-1 if name[0] == "/" else 1))

    def _break(self, *, paragraph: bool) -> None:
        if self._words:
            self._lines.append(("> " if self._quoted else "") + "".join(self._words))
            self._words = []
        self._apart = False
        if paragraph and self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        self._break(paragraph=False)
        return "\n".join(self._lines).strip()


def _unescaped(text: str) -> str:
    # No entity is longer than 40 characters, and a text that is too long is cut behind it anyway.
    try:
        return html.unescape(text[: 40 * TEXT_LIMIT])
    except ValueError:  # a number of more digits than Python reads
        return text
