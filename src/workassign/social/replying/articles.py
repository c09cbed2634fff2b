"""Where do the articles of a knowledge base come from? JSON lines, or a folder of Markdown.

| in a line of JSON | in a file of Markdown |
| --- | --- |
| `id` | its path in the folder, without `.md` |
| `title` | `title` above the text, else the first heading, else the id |
| `text` | all else |
| `language`, `brand` | the same, above the text |
| `tags`, a list | `tags` above the text, with commas between |

Above the text means between two lines `---`, `key: value` on each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workassign.errors import UsageError
from workassign.social.replying.knowledge import ARTICLE_LIMIT, Article

__all__ = ["read_articles"]

_KEYS = ("id", "title", "text", "language", "brand", "tags")
_ABOVE = ("title", "language", "brand", "tags")


def read_articles(path: str | Path) -> list[Article]:
    """Return the articles in *path*: a folder of Markdown, or a file with a JSON object on each line.

    In the order of the lines, or of the files' paths. Hidden files are left out.

    Raises:
        UsageError: If it cannot be read or anything is wrong; it names the file and the line.
    """
    place = Path(path)
    try:
        return list(_in_folder(place) if place.is_dir() else _in_lines(place))
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{place.name}: is no UTF-8") from None


def _in_lines(path: Path) -> Iterator[Article]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                raise UsageError(f"{path.name}, line {number}: is no JSON") from None
            yield _article(said, f"{path.name}, line {number}")


def _article(said: Any, where: str) -> Article:  # noqa: ANN401 - whatever a line of JSON holds
    """Return the article that *said* is, a line of JSON."""
    if not isinstance(said, dict):
        raise UsageError(f"{where}: must be an object, not {type(said).__name__}")
    if unknown := sorted(set(said) - set(_KEYS)):
        raise UsageError(f"{where}: {unknown[0][:40]!r} is unknown; there are {', '.join(_KEYS)}")
    for key in ("id", "title", "text"):
        if not isinstance(said.get(key), str):
            raise UsageError(f"{where}: {key} must be text")
    for key in ("language", "brand"):
        if not isinstance(said.get(key), str | None):
            raise UsageError(f"{where}: {key} must be text")
    tags = said.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UsageError(f"{where}: tags must be a list of texts")
    try:
        return Article(**{**said, "tags": tuple(tags)})
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _in_folder(folder: Path) -> Iterator[Article]:
    files = sorted(folder.rglob("*.md"), key=lambda file: file.relative_to(folder).as_posix())
    for file in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        if file.is_file() and not any(part.startswith(".") for part in name.split("/")):
            yield _page(file, name)


def _page(file: Path, name: str) -> Article:
    """Return the article in a file of Markdown."""
    if file.stat().st_size > 4 * ARTICLE_LIMIT:
        raise UsageError(f"{name}.md: must have at most {ARTICLE_LIMIT:,} characters")
    try:
        whole = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{name}.md: is no UTF-8") from None
    lines = whole.splitlines()
    above: dict[str, str] = {}
    if lines and lines[0].strip() == "---":
        above, lines = _above(lines, name)
    heading = next((line for line in lines if line.startswith("# ")), None)
    tags = tuple(tag.strip() for tag in above.get("tags", "").split(",") if tag.strip())
    return Article(
        id=name,
        title=above.get("title") or (name if heading is None else heading[2:].strip()),
        text="\n".join(line for line in lines if line is not heading).strip(),
        language=above.get("language") or None,
        brand=above.get("brand") or None,
        tags=tags,
    )


def _above(lines: list[str], name: str) -> tuple[dict[str, str], list[str]]:
    """Return what stands above the text, and the lines of the text."""
    said: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip() == "---":
            return said, lines[number:]
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _ABOVE:
            raise UsageError(f"{name}.md, line {number}: must be `key: value`; keys are {', '.join(_ABOVE)}")
        said[key.strip()] = value.strip().strip("\"'")
    raise UsageError(f"{name}.md: the line --- that ends what stands above the text is missing")
