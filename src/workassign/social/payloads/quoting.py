"""Where does an e-mail end, and what it answers begin?

Only a tail that is sure to be somebody else's words is cut: lines that begin with `>` to the very
end, with the line before them that says who wrote that; or what stands below the rule that some
programs draw above the head of the message they answer. Answers between quoted lines stay, and so
do forwarded messages.
"""

from __future__ import annotations

import re

__all__ = ["without_quoted_tail"]

_RULE = re.compile(
    r"\s*-{2,}\s*(?:original message|ursprüngliche nachricht|mensaje original|message d'origine"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht)\s*-{2,}\s*",
    re.IGNORECASE,
)
_HEAD = re.compile(r"\s*\*?(?:from|von|de|da|van)\s?:", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:wrote|schrieb|escribió|écrit|scritto|escreveu|schreef)\b", re.IGNORECASE)
_OPENS = re.compile(r"\s*(?:on|am|le|el|il|em|op)\b", re.IGNORECASE)
_WHO_OR_WHEN = re.compile(r"[@\d]")
"""An address or a date: without either, the line may be the customer's own words."""
_ATTRIBUTION_LINES = 3
"""Programs break the line that says who wrote over at most so many."""
_LINE_LIMIT = 400
"""A longer line, in characters, is neither a rule nor says who wrote."""


def without_quoted_tail(text: str) -> str:
    r"""Return *text* without what it quotes at its end; all of it, if nothing else would be left.

    Cost: linear in the length.

    >>> without_quoted_tail("No, the other bag.\n\nOn Monday, Air wrote:\n> The blue one?\n>\n")
    'No, the other bag.'
    """
    lines = text.split("\n")
    end = _above_rule(lines)
    if end is None:
        end = _above_quotes(lines)
    kept = "\n".join(lines[:end]).rstrip()
    return kept if kept.strip() else text.rstrip()


def _above_rule(lines: list[str]) -> int | None:
    """Return the line of the first rule with the head of a message below it."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith("--") and len(line) < _LINE_LIMIT and _RULE.fullmatch(line):
            below = [each for each in lines[number + 1 : number + 4] if each.strip()]
            if below and _HEAD.match(below[0]):
                return number
    return None


def _above_quotes(lines: list[str]) -> int:
    """Return the number of lines above the quoted ones at the end, and above who wrote those."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    if not any(line.lstrip().startswith(">") for line in lines[end:]):
        return len(lines)
    return _above_attribution(lines, end)


def _above_attribution(lines: list[str], end: int) -> int:
    """Return the number of lines above those that say who wrote what is quoted from *end* on."""
    least = end
    for start in range(end - 1, max(-1, end - 1 - _ATTRIBUTION_LINES), -1):
        if not lines[start].strip() or len(lines[start]) >= _LINE_LIMIT:
            break
        said = " ".join(lines[start:end]).rstrip()
        if not (said.endswith(":") and _SAYS.search(said)):
            continue
        # Of several lines the first has the date, else a sentence above may begin so by chance.
        if _OPENS.match(lines[start]) and (start == end - 1 or any(map(str.isdigit, lines[start]))):
            return start
        if least == end and _WHO_OR_WHEN.search(said):
            least = start
    return least
