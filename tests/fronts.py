"""A front with two airlines, and what people say to it."""

from __future__ import annotations

from typing import Any

from workassign.plan import Plan
from workassign.social.following import Taken
from workassign.social.front import Front
from workassign.social.mentions import Mention
from workassign.social.settings import MentionSettings
from workassign.social.understanding import Understanding

__all__ = ["LOST", "TABLE", "front_of", "kinds", "mention"]

TABLE: dict[str, Any] = {
    "queues": {"AirOne": "air", "SeaTwo": "sea"},
    "topics": [{"name": "bags", "words": ["bag*"]}],
    "threads": {},
    "collapse": {},
    "influence": {},
    "screen": [{"name": "praise", "words": ["love", "thanks"], "no_question": True}],
}
LOST = "My bag did not arrive in Denver this morning and nobody at the counter can tell me where it went"


def front_of(
    plan: Plan, table: dict[str, Any], understanding: Understanding | None = None, *, customers: Any = None
) -> Front:
    settings = MentionSettings.from_data({"mentions": table}, plan)
    return Front(settings, plan, understanding, customers=customers)


def mention(id: str, text: str = "where is it?", at: float = 0.0, **said: Any) -> Mention:
    return Mention(
        **{"id": id, "at": at, "text": text, "network": "x", "brand": "AirOne", "author": f"a{id}", **said}
    )


def kinds(taken: Taken) -> list[str]:
    return [type(each).__name__ for each in taken.happenings]
