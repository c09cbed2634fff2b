"""How is a tweet put into words?

Law: a text depends on its dice and on what the tweet is about, so that a change of words
never moves an arrival.
"""

import re

import figures as real
from draw import Dice
from texts import TEXTS
from words import AIRLINE_NAMES, CODES, HANDLES, MANNERS, OPENERS, STEADY, WORDS

__all__ = ["LONGEST", "compose"]

LONGEST = 140  # characters, handle included
BRIEF = 26  # a text meant to be shorter than this, without its handle, is said briefly
SHORT = 55  # and one shorter than this takes its subject for granted
NEAR = 10  # how far a text may be from the length that it is meant to have
TRIES = 6  # at lengthening a text

SPANISH = 0.02  # chosen; measured: 0.1 %, too few to show routing by language
ELSEWHERE = 0.017  # measured: share of texts that do not begin with the handle
POINTED = 0.007  # measured: share of texts that begin with a full stop and the handle
MERGING = 0.055  # measured: share of texts to US Airways that name American, too
CLOSING = 0.2  # fitted: share of further sentences that only sigh, thank or ask for help
CROSSED = 0.15  # fitted: share of further sentences that are about another complaint
OPENED = 0.10  # chosen, as the next two: share of texts that clear their throat,
LOWER = 0.10  # that know no capital letter,
SHOUTED = 0.015  # and no other
# measured: shares of texts with a hashtag, a link, an emoji; a few links are in the texts
EXTRAS = {
    "negative": {"negative tag": 0.175, "link": 0.048, "negative face": 0.036},
    "neutral": {"neutral tag": 0.166, "link": 0.080, "neutral face": 0.063},
    "positive": {"positive tag": 0.198, "link": 0.080, "positive face": 0.110},
}

SLOT = re.compile(r"\{([^{}]+)\}")


def compose(dice: Dice, airline: str, subject: str, *, later: bool) -> str:
    """A tweet to the desk of *airline*, at most `LONGEST` characters.

    *subject* is a reason to complain, "neutral" or "positive"; an author's *later* tweet tends
    to be shorter.
    """
    mood = subject if subject in EXTRAS else "negative"
    known = {"code": CODES[airline], "airline": AIRLINE_NAMES[airline]}
    handle = mention(dice, airline)
    if dice.chance(SPANISH):
        return addressed(dice, handle, said(dice, f"{subject}, es", known))
    end = " ".join(said(dice, extra, known) for extra in extras(dice, mood))
    room = LONGEST - len(handle) - len(end) - 3
    meant = int(dice.between(real.LENGTHS[mood, later])) - len(handle) - len(end) - 2
    if meant < BRIEF:
        body = said(dice, f"{mood}, brief", known)
    else:
        body = sentences(dice, (subject, mood), known, min(meant, room - NEAR))
    return addressed(dice, handle, f"{typed(dice, body, room)} {end}".strip())


def mention(dice: Dice, airline: str) -> str:
    """The desk's handle, as somebody types it."""
    handle = dice.weigh(HANDLES[airline])
    merging = airline == "US Airways" and dice.chance(MERGING)
    return f"{handle} @AmericanAir" if merging else handle


def extras(dice: Dice, mood: str) -> list[str]:
    """The symbols of what stands behind the words."""
    return [symbol for symbol, share in EXTRAS[mood].items() if dice.chance(share)]


def said(dice: Dice, symbol: str, known: dict[str, str]) -> str:
    """One way to say *symbol*. What is *known* stays, and steady things become known."""
    if symbol in known:
        return known[symbol]
    text = SLOT.sub(lambda slot: said(dice, slot[1], known), dice.pick(GRAMMAR[symbol]))
    if symbol in STEADY:
        known[symbol] = text
    return text


def sentences(dice: Dice, about: tuple[str, str], known: dict[str, str], meant: int) -> str:
    """Sentences *about* a subject in a mood, together about *meant* characters or fewer."""
    subject, mood = about
    body = ""
    symbol = subject if meant >= SHORT else f"{subject}, more"
    for _ in range(TRIES):
        part = said(dice, symbol, known)
        if part not in body and len(body) + 1 + len(part) <= meant + NEAR:
            body = f"{body} {part}".strip()
        if len(body) >= meant - NEAR:
            break
        if body:
            symbol = next_symbol(dice, subject, mood)
    return body or said(dice, f"{mood}, close", known)


def next_symbol(dice: Dice, subject: str, mood: str) -> str:
    """What comes after a first sentence about *subject*."""
    if dice.chance(CLOSING):
        return f"{mood}, close"
    if mood == "negative" and dice.chance(CROSSED):
        subject = dice.weigh(real.REASONS["United"])
    return f"{subject}, more"


def typed(dice: Dice, text: str, room: int) -> str:
    """*text* as people type it, in at most *room* characters if it had no more before."""
    body = f"{dice.pick(OPENERS)} {text}" if dice.chance(OPENED) else text
    if dice.chance(LOWER):
        body = re.sub(r"(?<![\w/])\w+(?![\w/])", lambda word: word[0].lower(), body)
    elif dice.chance(SHOUTED):
        body = body.upper()
    for share, pattern, replacement in MANNERS:
        if dice.chance(share):
            body = re.sub(pattern, replacement, body)
    return body if len(body) <= room else text


def addressed(dice: Dice, handle: str, body: str) -> str:
    """*body* with the *handle*, in nearly all cases in front."""
    if dice.chance(ELSEWHERE):
        return f"{body} {handle}"
    return f".{handle} {body}" if dice.chance(POINTED) else f"{handle} {body}"


def parsed(bank: str) -> dict[str, tuple[str, ...]]:
    """The ways to say every symbol of a bank written like `texts.TEXTS`."""
    grammar: dict[str, tuple[str, ...]] = {}
    symbol = ""
    for line in bank.strip().splitlines():
        if line.startswith("# "):
            symbol = line.removeprefix("# ")
            grammar[symbol] = ()
        else:
            grammar[symbol] += tuple(part.strip() for part in line.split("|"))
    return grammar


GRAMMAR = parsed(TEXTS) | parsed(WORDS)
