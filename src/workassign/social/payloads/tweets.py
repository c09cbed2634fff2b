"""What does a tweet say in the older form: version 1.1 of the API, streams of then, archives?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.model import Value
from workassign.social.files.dates import from_twitter
from workassign.social.mentions import Mention
from workassign.social.payloads.parts import Part, Source, language_of

__all__ = ["quoting", "tweet", "unescaped"]


def tweet(part: Part, source: Source, *, archived: bool = False) -> Mention:
    """Return what the tweet in *part* says.

    In the archive of an account (*archived*) everything was written by that account, and so figures
    are texts and there is no author: what it holds is taken as the brand's own.
    """
    user, original = part.part("user"), part.part("retweeted_status")
    author, handle = user.id("id_str", "id"), user.text("screen_name")
    # A repost has a text that may be cut; what it repeats is whole.
    said = original or part
    return Mention(
        id=part.must_id("id_str", "id"),
        at=part.at("created_at", from_twitter),
        text=source.text(unescaped(_text(said))),
        network=source.network,
        to=source.addressed(_addressed(part)),
        author=author,
        name=user.line("name"),
        followers=user.count("followers_count"),
        verified=user.truth("verified"),
        language=language_of(part.text("lang")),
        in_reply_to=part.id("in_reply_to_status_id_str", "in_reply_to_status_id"),
        repost_of=original.id("id_str", "id"),
        public=user.truth("protected") is not True,
        ours=source.is_ours(author, handle) or (archived and author is None),
        media=_media(said),
        likes=_figure(part, "favorite_count", archived=archived),
        reposts=_figure(part, "retweet_count", archived=archived),
        replies=part.count("reply_count"),
        attributes=quoting(part.id("quoted_status_id_str", "quoted_status_id")),
    )


def unescaped(text: str | None) -> str | None:
    """Return *text* with the three characters that Twitter writes as entities, and no other.

    The ampersand comes last, so that one who wrote `&lt;` is shown with it.
    """
    if not text or "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def quoting(quoted: str | None) -> Mapping[str, Value]:
    """Return the attribute that names the post which this one quotes; none where it quotes none."""
    return {} if quoted is None else {"quote_of": quoted}


def _text(part: Part) -> str | None:
    longer = part.part("extended_tweet").text("full_text")
    return longer or part.text("full_text") or part.text("text")


def _addressed(part: Part) -> Iterator[str]:
    handles = [part.text("in_reply_to_screen_name")]
    handles += [each.text("screen_name") for each in part.part("entities").parts("user_mentions")]
    return (each for each in handles if each)


def _media(part: Part) -> int:
    """Return how many pictures came with it: `entities` has only the first."""
    whole = part.part("extended_tweet")
    places = (whole.part("extended_entities"), part.part("extended_entities"), part.part("entities"))
    return max(len(each.items("media")) for each in places)


def _figure(part: Part, name: str, *, archived: bool) -> int | None:
    """Return a count; in an archive it is a text of digits."""
    value = part.raw(name)
    if archived and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return part.count(name)
