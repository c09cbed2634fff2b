"""Which words tell what somebody is after? English, lower case, whole words."""

from __future__ import annotations

__all__ = ["ASKING", "COMPLAINING", "NEGATING", "PRAISING", "STRENGTHENING"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPLAINING = _words(
    """
    again angry annoyed annoying apologize apology awful bad bags baggage bag broke broken bullshit cancel
    canceled cancellation cancellations cancelled cancelling charged cold compensation complain complaint
    crap damaged damn delay delayed delays dirty disappointed disappointing disappointment disconnected
    disgusting error errors excuse excuses fail failed failing fails failure fee fees frustrated frustrating
    frustration fuck fucking furious hang held hell hold horrible hour hours hrs hung ignore ignored
    incompetent joke late liar lie lied lose losing lost luggage lying miss missed missing nobody never
    overbooked overcharged oversold poor poorly rebook rebooked refund refunds refuse refused ridiculous rip
    rude sat scam seriously shit sitting still stranded stuck suck sucks supposedly apparently tarmac terrible
    unacceptable unhelpful upset useless voucher wait waited waiting why worse worst wrong wtf yet
    """
)
"""What people say who complain about a service."""

PRAISING = _words(
    """
    amazing appreciate appreciated awesome beautiful best bravo cool enjoy enjoyed excellent excited fantastic
    friendly glad great happy helpful impressed kind kudos love loved nice perfect pleasure props rock rocks
    shoutout sweet thank thanks thankyou thx wonderful yay
    """
)
"""What people say who are content."""

ASKING = _words(
    """
    add any anyone are book booking can change could dm do does email follow following how info information
    is know looking need number please question reservation send sent tell want what when where which who
    will would
    """
)
"""What people say who want to know or to have something."""

NEGATING = _words(
    """
    aint aren't can't cannot cant couldn't didn't didnt doesn't doesnt don't dont hasn't haven't isn't isnt
    neither never no nobody none nor not nothing wasn't wasnt weren't without won't wont wouldn't
    """
)
"""What turns the next few words round."""

STRENGTHENING = _words(
    "absolutely completely extremely incredibly more most really so super too totally very"
)
"""What makes the next word stronger."""
