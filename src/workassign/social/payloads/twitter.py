"""What does X, once Twitter, send? Answers of its API in version 2; older tweets are next door.

Pages of search, mentions and streams have tweets in `data` (a list or one), and beside them in
`includes` the users and tweets that they speak of. Events of direct messages come alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads import tweets
from workassign.social.payloads.parts import Item, Part, Source, each, language_of, listed

__all__ = ["read"]

_CONTROL = ("delete", "limit", "disconnect", "warning", "scrub_geo", "status_withheld", "user_withheld")
"""What a stream of the older API says beside tweets."""


def read(payload: object, source: Source) -> Iterator[Mention | BadRecord]:
    """Yield the mentions of a page, of a line of a stream, of a list of either, or of an archive."""
    pages = enumerate(payload) if isinstance(payload, list) else [(None, payload)]
    return each(
        item
        for number, page in pages
        for item in _items(page, "" if number is None else f"[{number}]", source)
    )


def _items(page: object, path: str, source: Source) -> Iterator[Item]:
    """Yield what stands in *page*: tweets of the one form or the other, or one tweet."""

    def older(part: Part) -> Mention | None:
        return tweets.tweet(part, source)

    def archived(part: Part) -> Mention | None:
        return tweets.tweet(part, source, archived=True)

    if not isinstance(page, Mapping):
        yield path, page, older
        return
    whole = Part(page, path)
    if "data" in whole or "errors" in whole or "meta" in whole or "author_id" in whole:
        yield from _Page(whole, source).items()
    elif "tweet" in whole:
        yield from listed(whole, "tweet", archived)
    elif name := next((name for name in ("statuses", "tweet_create_events") if name in whole), None):
        yield from listed(whole, name, older)
    elif name := next((name for name in _CONTROL if name in whole), None):
        source.passed_over(f"{name} of a stream")
    else:
        yield path, page, older


class _Page:
    """An answer of version 2: tweets, and what they speak of."""

    def __init__(self, page: Part, source: Source) -> None:
        self._page = page
        self._source = source
        included = page.raw("includes")
        self._users = self._by_id(included, "users")
        self._tweets = self._by_id(included, "tweets")

    def _by_id(self, included: object, name: str) -> Mapping[str, Part]:
        """Return what is included as *name*; what has no id there is of no use, and noted."""
        found: dict[str, Part] = {}
        entries = included.get(name) if isinstance(included, Mapping) else None
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str | int):
                found[str(entry["id"])] = Part(entry, self._page.where(f"includes.{name}[{number}]"))
            else:
                self._source.passed_over(f"an entry of includes.{name} without an id")
        return found

    def items(self) -> Iterator[Item]:
        if "data" in self._page:
            yield from listed(self._page, "data", self.read)
        elif "author_id" in self._page:  # a tweet by itself
            yield (*self._page.item, self.read)
        if "errors" in self._page:
            self._source.passed_over("what the network calls an error")

    def read(self, part: Part) -> Mention | None:
        if "event_type" not in part:
            return self._tweet(part)
        if part.text("event_type") == "MessageCreate":
            return self._message(part)
        self._source.passed_over("an event of a conversation that is no message")
        return None

    def _tweet(self, part: Part) -> Mention:
        source = self._source
        others = {each.text("type"): each.id("id") for each in part.parts("referenced_tweets")}
        original = self._tweets.get(others.get("retweeted") or "")
        author, user = self._author(part, "author_id")
        figures = part.part("public_metrics")
        return Mention(
            id=part.must_id("id"),
            at=part.at("created_at"),
            text=source.text(tweets.unescaped(_text(part if original is None else original))),
            network=source.network,
            to=source.addressed(self._addressed(part)),
            author=author,
            name=user.line("name"),
            followers=user.part("public_metrics").count("followers_count"),
            verified=user.truth("verified"),
            language=language_of(part.text("lang")),
            in_reply_to=others.get("replied_to"),
            thread=part.id("conversation_id"),
            repost_of=others.get("retweeted"),
            public=user.truth("protected") is not True,
            ours=source.is_ours(author, user.text("username")),
            media=len(part.part("attachments").items("media_keys")),
            likes=figures.count("like_count"),
            reposts=figures.count("retweet_count"),
            replies=figures.count("reply_count"),
            attributes=tweets.quoting(others.get("quoted")),
        )

    def _message(self, part: Part) -> Mention:
        source = self._source
        author, user = self._author(part, "sender_id")
        return Mention(
            id=part.must_id("id"),
            at=part.at("created_at"),
            text=source.text(tweets.unescaped(part.text("text"))),
            network=source.network,
            author=author,
            name=user.line("name"),
            followers=user.part("public_metrics").count("followers_count"),
            verified=user.truth("verified"),
            thread=part.id("dm_conversation_id"),
            public=False,
            ours=source.is_ours(author, user.text("username")),
            media=len(part.part("attachments").items("media_keys")),
        )

    def _author(self, part: Part, name: str) -> tuple[str | None, Part]:
        """Return who wrote it, and what is known of her: included, or (some archives) in the tweet itself."""
        author = part.id(name)
        return author, self._users.get(author or "") or part.part("author")

    def _addressed(self, part: Part) -> Iterator[str]:
        answered = self._users.get(part.id("in_reply_to_user_id") or "")
        handles = [] if answered is None else [answered.text("username")]
        handles += [each.text("username") for each in part.part("entities").parts("mentions")]
        return (each for each in handles if each)


def _text(part: Part) -> str | None:
    """Return all of the text: of one that is long, `text` has only the begin."""
    return part.part("note_tweet").text("text") or part.text("text")
