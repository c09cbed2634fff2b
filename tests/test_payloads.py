"""What networks and inboxes send: recorded shapes become mentions, and nothing is lost in silence."""

from __future__ import annotations

import gzip
import json
import runpy
import time
from collections import Counter
from copy import deepcopy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.errors import UsageError
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads.reading import READERS, payload_lines, read_payload, read_payloads

EXAMPLES = Path(__file__).parents[1] / "examples" / "social"
NOON = 1_767_268_800.0
ISO = "2026-01-01T12:00:00.000Z"


def mentions(network: str, payload: object, *ours: str, notes: Counter[str] | None = None) -> list[Mention]:
    """Return the mentions in *payload*; there must be no bad record."""
    found = list(read_payload(network, payload, ours=ours, notes=notes))
    assert [each for each in found if isinstance(each, BadRecord)] == []
    return [each for each in found if isinstance(each, Mention)]


def fault(network: str, payload: object) -> str:
    """Return the reason of the one record in *payload*, which is bad."""
    (bad,) = read_payload(network, payload)
    assert isinstance(bad, BadRecord)
    return bad.reason


# --- Twitter --------------------------------------------------------------------------------

PAGE: dict[str, Any] = {
    "data": [
        {
            "id": "1600000000000000002",
            "text": "@air my bag is lost &amp; nobody answers &lt;3",
            "created_at": ISO,
            "author_id": "77",
            "conversation_id": "1600000000000000001",
            "in_reply_to_user_id": "5",
            "lang": "en",
            "edit_history_tweet_ids": ["1600000000000000002"],
            "attachments": {"media_keys": ["3_16", "3_17"]},
            "entities": {"mentions": [{"start": 0, "end": 4, "username": "air", "id": "5"}]},
            "referenced_tweets": [
                {"type": "replied_to", "id": "1600000000000000001"},
                {"type": "quoted", "id": "1599999999999999999"},
            ],
            "public_metrics": {"retweet_count": 3, "reply_count": 1, "like_count": 9, "quote_count": 0},
        },
        {
            "id": "1600000000000000003",
            "text": "RT @ann: @air my b…",
            "created_at": ISO,
            "author_id": "78",
            "lang": "und",
            "referenced_tweets": [{"type": "retweeted", "id": "1600000000000000009"}],
        },
    ],
    "includes": {
        "users": [
            {
                "id": "77",
                "name": "Ann",
                "username": "ann",
                "verified": True,
                "public_metrics": {"followers_count": 120, "following_count": 5, "tweet_count": 3000},
            },
            {"id": "5", "name": "Air", "username": "air"},
        ],
        "tweets": [{"id": "1600000000000000009", "text": "@air my bag has been gone for days"}],
        "media": [{"media_key": "3_16", "type": "photo"}],
    },
    "meta": {"result_count": 2, "newest_id": "1600000000000000003"},
}

OLD: dict[str, Any] = {
    "created_at": "Thu Jan 01 12:00:00 +0000 2026",
    "id": 1600000000000000002,
    "id_str": "1600000000000000002",
    "full_text": "@air my bag is lost &amp; nobody answers",
    "lang": "en",
    "in_reply_to_status_id_str": "1600000000000000001",
    "in_reply_to_screen_name": "air",
    "user": {
        "id_str": "77",
        "name": "Ann",
        "screen_name": "ann",
        "followers_count": 120,
        "verified": False,
        "protected": False,
    },
    "entities": {"user_mentions": [{"screen_name": "air", "id_str": "5"}], "media": [{"id_str": "1"}]},
    "extended_entities": {"media": [{"id_str": "1"}, {"id_str": "2"}]},
    "retweet_count": 3,
    "favorite_count": 9,
}


def test_a_page_of_tweets() -> None:
    """Users and the whole text of what is repeated stand beside the tweets."""
    reply, repost = mentions("twitter", PAGE, "@Air")

    assert reply == Mention(
        id="1600000000000000002",
        at=NOON,
        text="@air my bag is lost & nobody answers <3",
        network="twitter",
        line=1,
        to="air",
        author="77",
        name="Ann",
        followers=120,
        verified=True,
        language="en",
        in_reply_to="1600000000000000001",
        thread="1600000000000000001",
        media=2,
        likes=9,
        reposts=3,
        replies=1,
        attributes={"quote_of": "1599999999999999999"},
    )
    assert (repost.repost_of, repost.text) == ("1600000000000000009", "@air my bag has been gone for days")
    assert (repost.language, repost.name, repost.likes) == (None, None, None)


def test_a_line_of_a_stream_has_one_tweet() -> None:
    line = {"data": PAGE["data"][0], "includes": PAGE["includes"], "matching_rules": [{"id": "1"}]}

    assert mentions("twitter", line) == mentions("twitter", PAGE)[:1]


def test_what_the_brand_wrote_is_ours_by_its_handle_or_its_id() -> None:
    own = {**PAGE, "data": {"id": "1", "text": "Hello", "created_at": ISO, "author_id": "5"}}

    assert [mentions("twitter", own, *ours)[0].ours for ours in ((), ("AIR",), ("5",), ("ann",))] == [
        *(False, True, True, False)
    ]


def test_direct_messages_are_not_public() -> None:
    event = {"id": "9", "event_type": "MessageCreate", "text": "hi", "sender_id": "77", "created_at": ISO}
    page = {
        **PAGE,
        "data": [{**event, "dm_conversation_id": "5-77"}, {"id": "10", "event_type": "ParticipantsJoin"}],
    }
    notes: Counter[str] = Counter()

    (message,) = mentions("twitter", page, notes=notes)

    assert (message.public, message.thread, message.author, message.name) == (False, "5-77", "77", "Ann")
    assert notes == {"an event of a conversation that is no message: passed over": 1}


def test_older_tweets() -> None:
    (tweet,) = mentions("twitter", {"statuses": [OLD], "search_metadata": {}}, "air")

    assert tweet == Mention(
        id="1600000000000000002",
        at=NOON,
        text="@air my bag is lost & nobody answers",
        network="twitter",
        line=1,
        to="air",
        author="77",
        name="Ann",
        followers=120,
        verified=False,
        language="en",
        in_reply_to="1600000000000000001",
        media=2,
        likes=9,
        reposts=3,
    )
    assert mentions("twitter", [OLD], "air") == mentions("twitter", OLD, "air") == [tweet]


def test_an_older_repost_has_the_whole_text_of_what_it_repeats() -> None:
    repost = {**OLD, "id_str": "3", "full_text": "RT @ann: @air my b…", "retweeted_status": OLD}

    (found,) = mentions("twitter", repost)

    assert (found.id, found.repost_of) == ("3", OLD["id_str"])
    assert found.text == "@air my bag is lost & nobody answers"


def test_the_archive_of_an_account_holds_what_it_wrote_itself() -> None:
    """With a name before the JSON, and figures as texts."""
    tweet = {key: OLD[key] for key in ("created_at", "id_str", "full_text", "lang")}
    archive = f"window.YTD.tweets.part0 = {json.dumps([{'tweet': {**tweet, 'favorite_count': '12'}}])}"

    (found,) = mentions("twitter", archive)

    assert (found.ours, found.author, found.likes, found.at) == (True, None, 12, NOON)


# --- Mastodon -------------------------------------------------------------------------------

STATUS: dict[str, Any] = {
    "id": "116158204733911093",
    "created_at": ISO,
    "in_reply_to_id": "116158204733911000",
    "spoiler_text": "air travel",
    "visibility": "direct",
    "language": "es-MX",
    "content": '<p><a href="https://s.example/@air">@<span>air</span></a> hola &amp; adi&oacute;s<br>hoy</p>',
    "account": {
        "id": "109",
        "username": "ann",
        "acct": "ann@t.example",
        "display_name": "Ann",
        "bot": False,
        "followers_count": 12,
    },
    "media_attachments": [{"id": "1"}],
    "mentions": [{"id": "4", "acct": "bob"}, {"id": "23", "acct": "air"}],
    "replies_count": 0,
    "reblogs_count": 2,
    "favourites_count": 3,
    "reblog": None,
}
NOTIFICATION: dict[str, Any] = {
    "id": "34",
    "type": "mention",
    "created_at": ISO,
    "account": STATUS["account"],
    "status": STATUS,
}


def test_a_mastodon_notification() -> None:
    (found,) = mentions("mastodon", [NOTIFICATION], "air")

    assert found == Mention(
        id="116158204733911093",
        at=NOON,
        text="air travel\n\n@air hola & adiós\nhoy",
        network="mastodon",
        line=1,
        to="air",
        author="109",
        name="Ann",
        followers=12,
        language="es",
        in_reply_to="116158204733911000",
        public=False,
        media=1,
        likes=3,
        reposts=2,
        replies=0,
    )
    streamed = {"stream": ["user"], "event": "notification", "payload": json.dumps(NOTIFICATION)}
    assert mentions("mastodon", STATUS, "air") == mentions("mastodon", streamed, "air") == [found]


def test_a_boost_repeats_a_status_and_clicks_are_passed_over() -> None:
    boost = {**NOTIFICATION, "type": "reblog", "status": {**STATUS, "visibility": "public"}}
    click = {**NOTIFICATION, "type": "favourite"}
    notes: Counter[str] = Counter()

    boosted, reposted = mentions(
        "mastodon",
        [
            boost,
            click,
            {**STATUS, "id": "7", "content": "", "reblog": STATUS},
            {"event": "delete", "payload": "1"},
        ],
        notes=notes,
    )

    assert (boosted.id, boosted.repost_of, boosted.public) == ("notification/34", STATUS["id"], True)
    assert (reposted.id, reposted.repost_of, reposted.text) == ("7", STATUS["id"], boosted.text)
    assert sum(notes.values()) == 2


@pytest.mark.parametrize(
    ("visibility", "public"), [("public", True), ("unlisted", True), ("private", False), ("local", False)]
)
def test_who_can_read_a_status(visibility: str, public: bool) -> None:
    assert mentions("mastodon", {**STATUS, "visibility": visibility})[0].public is public


# --- Bluesky --------------------------------------------------------------------------------

ROOT = "at://did:plc:air/app.bsky.feed.post/3kroot"
POST: dict[str, Any] = {
    "uri": "at://did:plc:ann/app.bsky.feed.post/3kabc",
    "cid": "bafyreib",
    "author": {
        "did": "did:plc:ann",
        "handle": "ann.bsky.social",
        "displayName": "Ann",
        "verification": {"verifiedStatus": "valid", "verifications": []},
    },
    "reason": "reply",
    "reasonSubject": ROOT,
    "record": {
        "$type": "app.bsky.feed.post",
        "createdAt": ISO,
        "langs": ["en-US"],
        "text": "¡Hola! @air.example my bag",
        "facets": [
            {
                "index": {"byteStart": 8, "byteEnd": 20},
                "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:air"}],
            }
        ],
        "reply": {
            "root": {"uri": ROOT, "cid": "x"},
            "parent": {"uri": "at://did:plc:bob/app.bsky.feed.post/3kpar", "cid": "y"},
        },
        "embed": {
            "$type": "app.bsky.embed.recordWithMedia",
            "media": {"$type": "app.bsky.embed.images", "images": [{}, {}]},
            "record": {"record": {"uri": ROOT, "cid": "x"}},
        },
    },
    "isRead": False,
    "indexedAt": "2026-01-01T12:00:01.000Z",
    "labels": [],
}


def test_a_bluesky_notification() -> None:
    (found,) = mentions("bluesky", {"notifications": [POST], "cursor": "c"}, "air.example")

    assert found == Mention(
        id=POST["uri"],
        at=NOON,
        text="¡Hola! @air.example my bag",
        network="bluesky",
        line=1,
        to="air.example",
        author="did:plc:ann",
        name="Ann",
        verified=True,
        language="en",
        in_reply_to="at://did:plc:bob/app.bsky.feed.post/3kpar",
        thread=ROOT,
        media=2,
        attributes={"quote_of": ROOT},
    )


def test_a_bluesky_post_that_begins_a_conversation_is_its_own_thread() -> None:
    record = {"text": "@air", "createdAt": "0001-01-01T00:00:00Z", "langs": ["en", "es"]}
    post = {**POST, "reason": "mention", "record": record, "likeCount": 3, "indexedAt": ISO}

    (found,) = mentions("bluesky", {"posts": [post]})

    assert (found.thread, found.in_reply_to, found.likes) == (POST["uri"], None, 3)
    assert (found.at, found.language) == (NOON, None), "a program may say any year, and several languages"


def test_a_bluesky_repost_and_clicks() -> None:
    record = {"$type": "app.bsky.feed.repost", "createdAt": ISO, "subject": {"uri": ROOT, "cid": "x"}}
    repost = {**POST, "uri": "at://did:plc:ann/app.bsky.feed.repost/1", "reason": "repost", "record": record}
    notes: Counter[str] = Counter()

    (found,) = mentions(
        "bluesky", [repost, {**POST, "reason": "like"}, {**POST, "reason": "follow"}], notes=notes
    )

    assert (found.repost_of, found.text, found.author) == (ROOT, "", "did:plc:ann")
    assert sum(notes.values()) == 2


# --- Chatwoot -------------------------------------------------------------------------------

CHATWOOT: dict[str, Any] = json.loads((EXAMPLES / "chatwoot.json").read_text(encoding="utf-8"))


def test_a_chatwoot_message() -> None:
    (found,) = mentions("chatwoot", CHATWOOT)

    assert found == Mention(
        id="118",
        at=1_772_443_248.0,
        text="Hi, my booking shows the wrong date. Can you change it?",
        network="chatwoot",
        line=1,
        to="Air Support",
        author="14",
        name="little-haze-776",
        thread="10",
        public=False,
        attributes={"channel_type": "Channel::WebWidget"},
    )


@pytest.mark.parametrize(
    ("change", "ours", "author"),
    [
        ({"message_type": 0}, False, "14"),
        ({"sender": None}, False, "14"),
        ({"message_type": "outgoing", "sender": {"id": 14, "type": "user"}}, True, "user/14"),
        ({"message_type": 1, "sender": None}, True, None),
        ({"message_type": "template", "sender": None}, True, None),
    ],
)
def test_who_wrote_in_chatwoot(change: dict[str, Any], ours: bool, author: str | None) -> None:
    """Agents and contacts are counted apart: agent 14 is not customer 14."""
    (found,) = mentions("chatwoot", {**CHATWOOT, **change})

    assert (found.ours, found.author) == (ours, author)
    assert found.attributes.get("automatic", False) is (change.get("message_type") == "template")


def test_notes_of_agents_and_other_events_of_chatwoot_are_passed_over() -> None:
    notes: Counter[str] = Counter()
    changes = ({"private": True, "message_type": 1}, {"message_type": 2}, {"event": "conversation_updated"})

    assert mentions("chatwoot", [{**CHATWOOT, **each} for each in changes], notes=notes) == []
    assert notes == {
        "a private note of agents: passed over": 1,
        "a message of Chatwoot itself: passed over": 1,
        "another event than message_created: passed over": 1,
    }


@pytest.mark.parametrize("at", ["2026-01-01 12:00:00 UTC", "2026-01-01T12:00:00.000Z", 1767268800])
def test_every_form_of_date_that_chatwoot_has(at: object) -> None:
    assert mentions("chatwoot", {**CHATWOOT, "created_at": at})[0].at == NOON


# --- e-mail ---------------------------------------------------------------------------------


def mail(body: str = "Where is my bag?\n", html: str | None = None, **fields: str) -> EmailMessage:
    message = EmailMessage()
    head = {
        "Message-ID": "<c@a.example>",
        "From": "Ann Ä <Ann@A.example>",
        "To": "Air <Help@air.example>",
        "Date": "Thu, 01 Jan 2026 12:00:00 +0000",
        "Subject": "Lost",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    for name, value in head.items():
        message[name] = value
    message.set_content(body)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def test_an_email() -> None:
    message = mail(References="<a@air.example> <b@air.example>", In_Reply_To="<b@air.example>")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="bag.png")

    (found,) = mentions("email", message.as_bytes(), "help@air.example")

    assert found == Mention(
        id="c@a.example",
        at=NOON,
        text="Lost\n\nWhere is my bag?",
        network="email",
        line=1,
        to="help@air.example",
        author="ann@a.example",
        name="Ann Ä",
        in_reply_to="b@air.example",
        thread="a@air.example",
        public=False,
        media=1,
    )
    assert mentions("email", message.as_string(), "help@air.example") == [found]


def test_of_two_forms_the_plain_one_is_read_and_html_alone_becomes_text() -> None:
    page = "<style>p{}</style><p>Where is <b>it</b>?</p><blockquote>On our side</blockquote>"
    only = mail()
    only.set_content(page, subtype="html")

    assert mentions("email", mail("plain\n", page).as_bytes())[0].text == "Lost\n\nplain"
    assert mentions("email", only.as_bytes())[0].text == "Lost\n\nWhere is it?"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("No.\n\nOn Thu, 1 Jan 2026 at 11:00, Air\n<help@air.example> wrote:\n> Yes?\n>\n", "No."),
        ("Nein.\nAm 01.01.2026 um 11:00 schrieb Air:\n> Ja?\n", "Nein."),
        ("No.\n-----Original Message-----\nFrom: Air\nSubject: bag\n\nYes?\n", "No."),
        ("> Yes?\nNo.\n> Sure?\nSure.\n", "> Yes?\nNo.\n> Sure?\nSure."),
        ("> all of it is quoted\n", "> all of it is quoted"),
        ("My friend wrote:\n> lost\n", "My friend wrote:"),
        ("See below\n---------- Forwarded message ---------\nFrom: x@y.example\n\nHelp\n", None),
        ("a -> b\n5 > 4\n", "a -> b\n5 > 4"),
    ],
)
def test_only_a_tail_that_is_surely_quoted_is_cut(body: str, kept: str | None) -> None:
    (found,) = mentions("email", mail(body, Subject="").as_bytes())

    assert found.text == (body.strip() if kept is None else kept)


@pytest.mark.parametrize(
    ("field", "value", "automatic"),
    [
        ("Auto_Submitted", "auto-replied; owner=x", True),
        ("Precedence", "bulk", True),
        ("Return_Path", "<>", True),
        ("Auto_Submitted", "no", False),
        ("Precedence", "list", False),
    ],
)
def test_what_no_human_wrote_says_so(field: str, value: str, automatic: bool) -> None:
    """A list is no sign: the brand's own address may be one."""
    (found,) = mentions("email", mail(**{field: value}).as_bytes())

    assert found.attributes.get("automatic", False) is automatic


def test_a_mail_without_an_id_is_known_by_a_digest() -> None:
    raw = mail().as_bytes().replace(b"Message-ID: <c@a.example>\n", b"")

    (once,), (again,) = mentions("email", raw), mentions("email", raw)

    assert once == again
    assert once.id == once.thread
    assert once.id.startswith("digest-")


def test_a_date_in_utc_of_an_unknown_zone_is_read() -> None:
    """RFC 5322: -0000 is UTC; nothing at all is an error."""
    assert mentions("email", mail(Date="Thu, 01 Jan 2026 12:00:00 -0000").as_bytes())[0].at == NOON
    assert "Date has no time zone" in fault(
        "email", mail().as_bytes().replace(b"12:00:00 +0000", b"12:00:00")
    )


# --- what is wrong --------------------------------------------------------------------------


def test_a_bad_record_is_reported_with_its_path_and_the_stream_goes_on() -> None:
    good = PAGE["data"][1]
    wrong = [{**good, "created_at": "yesterday"}, 7, {**good, "author_id": ["x"]}, {**good, "id": None}]

    found = list(read_payload("twitter", {**PAGE, "data": [good, *wrong, good]}))

    assert [type(each) for each in found] == [Mention, BadRecord, BadRecord, BadRecord, BadRecord, Mention]
    assert found[1:5] == [
        BadRecord(2, "data[1].created_at is no date and time: 'yesterday'"),
        BadRecord(3, "data[2] must be an object, not a number"),
        BadRecord(4, "data[3].author_id must be text or a whole number, not a list"),
        BadRecord(5, "data[4].id is missing"),
    ]
    assert [each.line for each in found] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("network", "payload", "reason"),
    [
        ("twitter", {"data": "x"}, "data must be an object, not text"),
        (
            "twitter",
            {**OLD, "created_at": "Thu Jan 41 12:00:00 +0000 2026"},
            "created_at is no date and time",
        ),
        ("twitter", {**OLD, "created_at": "2026-01-01T12:00:00"}, "created_at has no time zone"),
        (
            "twitter",
            {**OLD, "user": {"followers_count": "12"}},
            "user.followers_count must be a whole number",
        ),
        ("twitter", {**OLD, "user": {"verified": 1}}, "user.verified must be true or false, not a number"),
        ("twitter", {**OLD, "retweet_count": -1}, "retweet_count must be from 0"),
        ("mastodon", {**STATUS, "created_at": 1767268800}, "created_at is no date and time, but a number"),
        ("mastodon", {**STATUS, "content": []}, "content must be text, not a list"),
        ("mastodon", {**STATUS, "mentions": {}}, "mentions must be a list, not an object"),
        ("mastodon", [{**STATUS, "id": "a\0"}], "[0].id must be printable text"),
        ("mastodon", {"event": "update", "payload": "{"}, "payload is no JSON"),
        ("bluesky", {**POST, "record": 5}, "record must be an object, not a number"),
        ("bluesky", {**POST, "record": {"createdAt": "2026-01-01"}}, "record.createdAt has no time zone"),
        ("chatwoot", {}, "event is missing"),
        ("chatwoot", {**CHATWOOT, "message_type": 9}, "message_type is none of incoming, outgoing"),
        ("chatwoot", {**CHATWOOT, "created_at": 1767268800000}, "created_at must be from 1990 to 2100"),
        ("email", b"", "Date is missing"),
        ("email", {"from": "ann"}, "a mail must be bytes or text"),
        ("twitter", "{", "is no JSON"),
        ("twitter", "[" * 100_000, "is no JSON: too deep"),
        ("mastodon", '{"a":' * 100_000, "is no JSON: too deep"),
    ],
)
def test_what_is_wrong_is_named(network: str, payload: object, reason: str) -> None:
    assert reason in fault(network, payload)


def test_what_is_missing_is_unknown() -> None:
    """An id and an instant are enough."""
    for network, payload in {
        "twitter": {"data": [{"id": "1", "created_at": ISO}]},
        "mastodon": {"id": "1", "created_at": ISO},
        "bluesky": {"uri": "1", "record": {"createdAt": ISO}},
        "chatwoot": {"id": 1, "created_at": ISO, "event": "message_created", "message_type": "incoming"},
        "email": b"Message-ID: <1>\nDate: Thu, 01 Jan 2026 12:00:00 +0000\n\n",
    }.items():
        (found,) = mentions(network, payload)

        private = network in {"chatwoot", "email"}
        thread = "1" if network in {"bluesky", "email"} else None
        bare = Mention(id="1", at=NOON, text="", network=network, line=1, public=not private, thread=thread)
        assert found == bare


def test_a_long_id_stays_one_and_names_the_same_in_a_reply() -> None:
    long = "x" * 500 + "@a.example"
    raw = mail().as_bytes().replace(b"c@a.example", long.encode())

    (first,) = mentions("email", raw)
    (reply,) = mentions("email", raw.replace(b"Message-ID:", b"In-Reply-To:"))

    assert first.id == reply.in_reply_to
    assert len(first.key) < 200


def test_what_the_caller_got_wrong_is_an_error_at_once() -> None:
    with pytest.raises(UsageError, match="there is no network 'myspace'; there are bluesky"):
        read_payload("myspace", {})
    with pytest.raises(UsageError, match="ours must be several handles or ids, not the text 'air'"):
        read_payload("twitter", {}, ours="air")


# --- hostile input --------------------------------------------------------------------------

PAYLOADS: dict[str, Any] = {
    "twitter": PAGE,
    "mastodon": [NOTIFICATION],
    "bluesky": {"notifications": [POST]},
    "chatwoot": CHATWOOT,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: object) -> list[tuple[Any, Any]]:
    """Return every place in *value* where something else may stand."""
    here: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            here += [(value, key), *places(value[key])]
    return here


@given(st.sampled_from(sorted(PAYLOADS)), st.data())
def test_whatever_stands_in_a_payload_nothing_is_raised_and_nothing_lost(
    network: str, data: st.DataObject
) -> None:
    """With anything in any place: as many records as before, unless one is passed over and counted."""
    payload = deepcopy(PAYLOADS[network])
    usual = len(mentions(network, payload))
    holder, key = data.draw(st.sampled_from(places(payload)))
    before, holder[key] = holder[key], data.draw(ANYTHING)
    notes: Counter[str] = Counter()

    found = list(read_payload(network, payload, notes=notes))

    if not isinstance(before, list):
        assert len(found) + sum(each for note, each in notes.items() if "passed over" in note) >= usual
    for each in found:
        if isinstance(each, Mention):
            each.text.encode()
            assert len(each.key) <= 200


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_are_a_mail_or_a_bad_record(raw: bytes | str) -> None:
    assert len(list(read_payload("email", raw))) == 1


@pytest.mark.parametrize(
    ("network", "payload"),
    [
        ("twitter", {**OLD, "full_text": "x\0" * 2_500_000}),
        ("mastodon", {**STATUS, "content": "<a b=" * 1_000_000}),
        ("bluesky", {**POST, "record": {"createdAt": ISO, "text": "\u202e\u2066x" * 1_700_000}}),
        ("chatwoot", {**CHATWOOT, "content": "\ud800" + "x" * 5_000_000}),
        ("email", mail("> a\n" * 1_250_000).as_bytes()),
    ],
    ids=["twitter", "mastodon", "bluesky", "chatwoot", "email"],
)
def test_a_text_of_five_megabytes_is_cut_not_lost(network: str, payload: object) -> None:
    notes: Counter[str] = Counter()
    began = time.perf_counter()

    (found,) = mentions(network, payload, notes=notes)

    assert len(found.text) == 100_000
    assert notes["text has more than 100,000 characters: cut"] == 1
    assert time.perf_counter() - began < 20  # at most 2 s; what is quadratic would take hours


@pytest.mark.parametrize("field", ["Subject", "Content-Type", "From", "Date", "References", "X"])
@pytest.mark.parametrize("bit", ["(", '"\\', "=?utf-8?q?a?= ", "a@b.c,", "x*0=y;", "<"])
def test_a_field_of_a_mail_may_be_long_and_odd(field: str, bit: str) -> None:
    raw = f"{field}: {bit * 200_000}\n".encode() + mail().as_bytes()
    began = time.perf_counter()

    (found,) = read_payload("email", raw)

    assert isinstance(found, BadRecord) is (field == "Date")
    assert time.perf_counter() - began < 10


def test_parts_within_parts_come_to_an_end() -> None:
    for depth in (15, 30, 1_000, 100_000):
        head = b"Message-ID: <1>\nDate: Thu, 01 Jan 2026 12:00:00 +0000\n"
        parts = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(depth)
        )

        (found,) = read_payload("email", head + parts + b"\nhi")

        assert isinstance(found, Mention) is (depth == 15)


def test_no_reason_has_a_word_of_a_text() -> None:
    secret = "my card is 4111"
    for network, payload in (
        ("twitter", {**OLD, "full_text": [secret]}),
        ("mastodon", {**STATUS, "content": {"a": secret}}),
        ("chatwoot", {**CHATWOOT, "content": [secret]}),
        ("mastodon", json.dumps({**STATUS, "content": secret})[:-1]),
    ):
        assert "4111" not in fault(network, payload)


# --- files ----------------------------------------------------------------------------------


def test_lines_of_payloads_are_numbered_as_in_their_file(tmp_path: Path) -> None:
    file = tmp_path / "page.jsonl.gz"
    lines = [json.dumps(PAGE), "", "{oops", json.dumps([1])]
    file.write_bytes(gzip.compress("\n".join(lines).encode()))

    found = list(payload_lines(file, "twitter", ours={"air"}))

    assert [(type(each), each.line) for each in found] == [
        *((Mention, 1), (Mention, 1), (BadRecord, 3), (BadRecord, 4)),
    ]
    assert found == list(read_payloads("twitter", file, ours={"air"}))


def test_a_mail_is_the_same_in_a_file_of_its_own_and_in_a_line(tmp_path: Path) -> None:
    raw = mail("Señor, ¿dónde?\n").as_bytes().replace(b"\n", b"\r\n") + b"\xff"
    (tmp_path / "m.eml").write_bytes(raw)
    (tmp_path / "m.jsonl").write_text(json.dumps(raw.decode(errors="surrogateescape")))

    (own,), (line,) = read_payloads("email", tmp_path / "m.eml"), read_payloads("email", tmp_path / "m.jsonl")

    assert own == line == mentions("email", raw)[0]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"m\.txt: its name must end in \.jsonl"):
        list(read_payloads("email", tmp_path / "m.txt"))
    with pytest.raises(UsageError, match="No such file"):
        list(read_payloads("mastodon", tmp_path / "m.json"))


# --- pages and examples ---------------------------------------------------------------------


def test_every_field_of_a_mention_is_in_its_reference() -> None:
    page = (Path(__file__).parents[1] / "docs/reference/mentions.md").read_text(encoding="utf-8")
    for field in attrs.fields(Mention):
        assert f"\n| `{field.name}` |" in page, field.name
    for network in READERS:
        assert f"`{network}`" in page


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mastodon", "mastodon/116158204733911093, to air, is offered to eva\n"),
        ("chatwoot", "chatwoot/118 is offered to bob\n"),
    ],
)
def test_the_examples_show_who_gets_it(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / f"{name}.py"))

    assert capsys.readouterr().out.startswith(said)
