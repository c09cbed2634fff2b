"""In which stage is an interaction after an event?"""

from __future__ import annotations

from collections.abc import Mapping

from workassign import events as ev
from workassign._records import Stage

__all__ = ["MOVES", "after"]

MOVES: Mapping[Stage, Mapping[type, Stage]] = {
    "waiting": {
        ev.Offered: "offered",
        ev.Assigned: "assigned",
        ev.Transferred: "waiting",
        ev.Cancelled: "closed",
        ev.Abandoned: "closed",
        ev.Parked: "parked",
        ev.Collapsed: "closed",
        ev.TemplateSent: "closed",
    },
    "offered": {
        ev.Offered: "offered",
        ev.Assigned: "assigned",
        ev.Declined: "waiting",
        ev.OfferExpired: "waiting",
        ev.OfferRescinded: "waiting",
    },
    "assigned": {
        ev.WrapUpStarted: "wrapping",
        ev.Completed: "closed",
        ev.Requeued: "waiting",
        ev.Transferred: "waiting",
        ev.Cancelled: "closed",
        ev.Parked: "parked",
        ev.ReplyProposed: "awaiting_approval",
    },
    "wrapping": {
        ev.Completed: "closed",
        ev.MessageReceived: "assigned",
        ev.WrapUpExtended: "wrapping",
    },
    "closed": {ev.Reopened: "waiting"},
    "parked": {
        ev.Resumed: "waiting",
        ev.Parked: "parked",
        ev.Assigned: "assigned",
        ev.Transferred: "parked",
        ev.Cancelled: "closed",
        ev.Abandoned: "closed",
    },
    "awaiting_approval": {
        ev.ReplyApproved: "assigned",
        ev.ReplyRejected: "assigned",
        ev.ReplyWithdrawn: "assigned",
    },
}
"""The life of an interaction: stage -> event -> next stage. What is not here must not happen.

Where several are asked at once it waits again when the last of them has refused; the offers that are
left when one accepts are taken back, which moves it no more.
"""


def after(event: type) -> dict[str, Stage]:
    """Return the moves that one kind of event makes, by stage: one look-up on the hot path."""
    return {stage: moves[event] for stage, moves in MOVES.items() if event in moves}
