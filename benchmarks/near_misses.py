"""Which mentions only look like another one? Pairs of texts by different customers, or of different news."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

__all__ = ["MISSES", "Miss"]

Miss: TypeAlias = Callable[[str, Random], "tuple[str, str] | None"]
"""Two texts of which the second must not collapse into the first. The first may be the text given;
None: nothing can be made of that."""

_NUMBER = re.compile(r"(?<![\w@#/.])\d+(?![\w/])")


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CITIES = _names(
    """
    Boston Chicago Denver Dallas Houston Austin Atlanta Miami Orlando Phoenix Seattle Portland Nashville
    Philadelphia Charlotte London Paris Munich Rome Tokyo Cancun Detroit Cleveland Newark Tampa
    """
)
_SMALL = _names(
    """
    Bozeman Missoula Asheville Flagstaff Tuscaloosa Dubrovnik Salzburg Leipzig Graz Bergen Turku Aarhus
    Gdansk Split Zadar Cork Galway Exeter Harrisburg Scranton Fargo Duluth Medford Eugene Pasco
    """
)
_CITY = re.compile(rf"\b({'|'.join(_CITIES)})\b", re.IGNORECASE)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "today", "tomorrow")
_DAY = re.compile(rf"\b({'|'.join(_DAYS)})\b", re.IGNORECASE)
_VERB = re.compile(r"\b(was|is|are|did|do|will|would|can|could|has|have)\b(?! not\b|n't|n’t)")
_SHORTHAND = re.compile(r"\b(?:not|never|no)\b ?")

_COMPLAINTS = (
    "@air My flight {number} from {city} to {city2} is {hours} hours late and nobody tells us anything",
    "@air flight {number} to {city} was {what} and I have been on hold for {minutes} minutes, please help",
    "@air you {what2} my bag on flight {number} on {day}, still no word from your desk in {city}",
    "@air I was charged ${amount} for the booking {code}, I want that money refunded to my card please",
    "Order {order} has not arrived in {city} although you promised it for {day}, can somebody look into it?",
    "Stuck in {city} since {day} with two small children because the crew of {number} timed out. Thanks",
    "@air my confirmation {code} does not work on your website, can you check what is wrong with it?",
    "@shop Paid {amount} for a kettle that stopped working after {minutes} days. How do I return it?",
    "{name} at gate {gate} in {city} was the rudest person whom I have ever met at an airport, do something",
)
_SHORT = (
    "@air thank you!",
    "@air Thanks so much for your help",
    "@air where is my bag?",
    "@air worst airline ever",
    "@air any update on this please?",
    "@air my flight was cancelled again",
    "@air please check your DM",
    "@air I have been on hold for an hour",
    "@air how can I get a refund?",
    "@air why is my flight delayed?",
    "@air you guys are the best",
    "@air will do, thank you",
)
_COMMENTS = (
    "This is exactly why I cancelled my membership last year",
    "They lost my suitcase in the same way, took them a month",
    "Not what their agent told my sister at the counter",
    "Good to hear, my parents fly with them next week",
    "Ask them about the refund they still owe my family",
)


def number_changed(text: str, dice: Random) -> tuple[str, str] | None:
    """Another flight, order, amount, hour."""
    return _replaced(_NUMBER, text, dice, lambda old: str(int(old[:18]) + dice.randint(1, 9)))


def city_changed(text: str, dice: Random) -> tuple[str, str] | None:
    return _replaced(_CITY, text, dice, lambda old: _as_written(old, dice.choice(_others(old, _CITIES))))


def small_city_changed(text: str, dice: Random) -> tuple[str, str] | None:
    """A city of which the finder cannot have a list, with its capital."""
    match = _CITY.search(text)
    if match is None:
        return None
    first, second = dice.sample(_SMALL, 2)
    return text[: match.start()] + first + text[match.end() :], text[: match.start()] + second + text[
        match.end() :
    ]


def day_changed(text: str, dice: Random) -> tuple[str, str] | None:
    return _replaced(_DAY, text, dice, lambda old: _as_written(old, dice.choice(_others(old, _DAYS))))


def negation_added(text: str, dice: Random) -> tuple[str, str] | None:
    return _replaced(_VERB, text, dice, lambda old: f"{old} {dice.choice(('not', 'NOT', 'never'))}")


def negation_taken_out(text: str, dice: Random) -> tuple[str, str] | None:
    return _replaced(_SHORTHAND, text, dice, lambda _: "")


def other_half(text: str, dice: Random) -> tuple[str, str] | None:
    """The same beginning, another end."""
    words = text.split()
    half = len(words) // 2
    if len(words) < 12:
        return None
    ends = (
        "and the crew just laughed about it when we asked for water",
        "so we missed the wedding of our best friends in the evening",
        "which is why next time everybody here takes the train instead",
        "but at least the woman at the counter found us some rooms",
    )
    return text, f"{' '.join(words[:half])} {dice.choice(ends)}"


def own_comment(text: str, dice: Random) -> tuple[str, str] | None:
    if len(text.split()) < 6:
        return None
    return text, f"{dice.choice(_COMMENTS)} RT @flyer_{dice.randrange(1000)}: {text}"


def same_template(_: str, dice: Random) -> tuple[str, str]:
    """Two customers with the same words for their own numbers, places, days."""
    template = dice.choice(_COMPLAINTS)
    first, second = _filled(template, dice), _filled(template, dice)
    return (first, second) if first != second else same_template(_, dice)


def one_slot(_: str, dice: Random) -> tuple[str, str]:
    """The same, and all but one of these are equal."""
    template = dice.choice(_COMPLAINTS)
    slots = _slots(dice)
    name = dice.choice(sorted(re.findall(r"{(\w+)}", template)))
    others = _slots(dice)
    while others[name] == slots[name]:
        others = _slots(dice)
    return template.format(**slots), template.format(**{**slots, name: others[name]})


def short_and_common(_: str, dice: Random) -> tuple[str, str]:
    text = dice.choice(_SHORT)
    return text, dice.choice((text, text.lower(), f"{text} 🙏"))


def _filled(template: str, dice: Random) -> str:
    return template.format(**_slots(dice))


def _slots(dice: Random) -> dict[str, str]:
    city, city2 = dice.sample(_CITIES + _SMALL, 2)
    return {
        "number": str(dice.randint(100, 4999)),
        "city": city,
        "city2": city2,
        "hours": str(dice.randint(2, 12)),
        "minutes": str(dice.randint(10, 180)),
        "day": dice.choice(_DAYS),
        "amount": f"{dice.randint(10, 900)}.{dice.randint(0, 99):02}",
        "code": "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=6)),
        "order": f"{dice.randint(1000, 9999)}-{dice.randint(10, 99)}",
        "what": dice.choice(("cancelled", "delayed", "diverted", "overbooked")),
        "what2": dice.choice(("lost", "damaged", "delayed", "opened")),
        "name": dice.choice(("Linda", "Marcus", "Priya", "Olaf", "Chen", "Rosa")),
        "gate": f"{dice.choice('ABCD')}{dice.randint(1, 40)}",
    }


def _replaced(
    pattern: re.Pattern[str], text: str, dice: Random, change: Callable[[str], str | None]
) -> tuple[str, str] | None:
    """Return *text*, and *text* with one of what *pattern* finds changed; None: nothing to change."""
    found = list(pattern.finditer(text))
    if not found:
        return None
    match = dice.choice(found)
    new = change(match.group())
    return None if new is None else (text, text[: match.start()] + new + text[match.end() :])


def _others(old: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name.lower() != old.lower()]


def _as_written(old: str, new: str) -> str:
    return new.upper() if old.isupper() else new.lower() if old.islower() else new


MISSES: dict[str, Miss] = {
    "number changed": number_changed,
    "city changed": city_changed,
    "unlisted city changed": small_city_changed,
    "day changed": day_changed,
    "negation added": negation_added,
    "negation taken out": negation_taken_out,
    "other second half": other_half,
    "quoted with a comment": own_comment,
    "same template": same_template,
    "template, one slot differs": one_slot,
    "short and common": short_and_common,
}
