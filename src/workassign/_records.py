"""What is kept of a queue, an interaction and an agent? Records, changed by `_state` alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import floor
from typing import Any, Literal, TypeAlias

from workassign import events as ev
from workassign._counters import Tally
from workassign._room import UNIT, Kind, has_room, on_channel
from workassign.hours import Calendar
from workassign.model import (
    Agent,
    AgentId,
    Fence,
    Instant,
    Interaction,
    InteractionId,
    OfferId,
    Presence,
    Status,
)
from workassign.needs import Needs
from workassign.plan import Queue
from workassign.policies.sla import Target

__all__ = [
    "PRESENT",
    "UNIT",
    "AgentState",
    "AgentView",
    "Clock",
    "Conversation",
    "Holding",
    "Parking",
    "Progress",
    "QueueState",
    "Reviewed",
    "Signature",
    "Stage",
    "Work",
]

Stage: TypeAlias = Literal[
    "waiting", "offered", "assigned", "wrapping", "closed", "parked", "awaiting_approval"
]

PRESENT = (Presence.AVAILABLE, Presence.BUSY)
"""Who is there and may soon take something, with room or without."""


class QueueState:
    """A queue as it stands: its settings and its balance."""

    __slots__ = ("joined", "name", "plan", "rules", "tally", "window")

    def __init__(self, name: str, plan: Queue) -> None:
        self.name = name
        self.plan = plan
        self.tally = Tally()
        self.joined: dict[Needs, Needs] = {}
        """What an interaction needs -> that, and what everything needs that waits here."""
        self.rules: Any = None
        """The engine's own: the plan's policies, ready to be asked."""
        self.window: tuple[Instant, int] | None = None
        """The last window of the quota in which something was let in: its beginning, how many."""

    def admitted(self, at: Instant) -> int:
        """Return how many were let in within the window of *at*, which there must be a quota for."""
        if self.window is None or self.window[0] != self._window(at):
            return 0
        return self.window[1]

    def admit(self, at: Instant, more: int) -> None:
        """Count *more* that were let in, if there is a quota."""
        if self.plan.quota is not None:
            self.window = (self._window(at), self.admitted(at) + more)

    def _window(self, at: Instant) -> Instant:
        assert self.plan.quota is not None
        per = self.plan.quota.per
        return floor(at / per) * per


class Signature:
    """What interactions have in common for matching: their queues, kind of work, tier and needs.

    `link` is `_index`'s own: what it computed once for all interactions of this signature.
    """

    __slots__ = ("channel", "kind", "link", "needs", "queue", "shared", "tier", "units", "views")

    def __init__(
        self, queue: QueueState, kind: Kind, needs: Needs, tier: int, shared: tuple[str, ...] = ()
    ) -> None:
        self.queue = queue
        self.shared = shared
        """The other queues that it is shared with."""
        self.views = tuple(dict.fromkeys((queue.name, *shared)))
        """The queues through which agents see it, its own first."""
        self.kind = kind
        self.channel = kind.channel
        self.units = kind.units
        self.needs = needs
        self.tier = tier
        self.link: Any = None

    def served_by(self, queues: Mapping[str, int] | None) -> bool:
        """Whether who has these *queues* sees it through one of them; None: every queue is hers."""
        return queues is None or any(view in queues for view in self.views)


class Progress:
    """How far an interaction has come in the schedule of its queue."""

    __slots__ = ("came", "head_start", "taken", "tier")

    def __init__(self, came: Instant) -> None:
        self.came = came
        """When it came to the queue."""
        self.taken = 0
        """The steps that were taken, as bits."""
        self.tier: int | None = None
        """The tier that a step gave it."""
        self.head_start = 0.0
        """The seconds that steps gave it."""


class Work:
    """An interaction as it stands. The timers ask `since`, `target` and `pending` of it."""

    __slots__ = (
        "answered",
        "hold",
        "interaction",
        "key",
        "pending",
        "place",
        "prefers",
        "progress",
        "refused",
        "seq",
        "sig",
        "since",
        "stage",
        "submission",
        "target",
        "version",
    )

    def __init__(
        self, interaction: Interaction, sig: Signature, seq: int, since: Instant, target: float | None
    ) -> None:
        """Start to wait, as a plain one does: it is kept for no one, and its age is its key."""
        self.interaction = interaction
        self.sig = sig
        self.seq = seq
        # Without a head start the key is the very same float object: at a million, 32 MB less.
        self.key = self.since = since
        self.target = target
        self.pending = target is not None
        """The first-response clock runs."""
        self.prefers: tuple[AgentId, Instant] | None = None
        """Whom it should go to first, and from when on it may wait for her."""
        self.submission: ev.Submitted | None = None
        """None where everything that it said is here already."""
        self.stage: Stage = "waiting"
        self.hold: Holding | None = None
        self.refused: dict[AgentId, tuple[Instant, Instant]] | None = None
        """Who refused it -> ends of the pair's cool-down and exclusion; the oldest first."""
        self.answered = 0
        """0: never accepted, 1: in an earlier queue only, 2: in this queue."""
        self.version = 1
        self.progress: Progress | None = None
        """None until a step was taken, or it came from another queue."""
        self.place: object = None
        """`_index`'s own: where it waits."""

    @staticmethod
    def of(event: ev.Submitted, sig: Signature) -> Work:
        """Return what came in with *event*, whatever that says of it."""
        interaction, at = event.interaction, event.at
        work = Work(interaction, sig, event.sequence, at, event.target)
        work.key = event.reference - event.head_start if event.head_start else event.reference
        if interaction.prefers is not None:
            work.prefers = interaction.prefers, at
        if interaction.not_before is not None:
            work.since = max(at, float(interaction.not_before))
        if event.terms or event.reference is not at:
            work.submission = event
        return work

    def first_said(self) -> ev.Submitted:
        """Return the event of its submission."""
        if self.submission is not None:
            return self.submission
        since = self.since
        return ev.Submitted(since, self.interaction, self.seq, self.sig.tier, since, 0.0, (), self.target)

    @property
    def preferred(self) -> AgentId | None:
        """Whom it should go to first."""
        return None if self.prefers is None else self.prefers[0]

    @property
    def kept_until(self) -> Instant | None:
        """Until when it may wait for whom it should go to first; None: it does not."""
        wait = self.sig.queue.plan.sticky_wait
        return None if wait is None or self.prefers is None else self.prefers[1] + wait

    @property
    def came(self) -> Instant:
        """When it came to the queue where it is."""
        return self.since if self.progress is None else self.progress.came

    @property
    def stands_still(self) -> bool:
        """Whether it waits, and has taken no step since it came in: its first one is ahead."""
        return self.stage == "waiting" and self.progress is None and not self.again

    @property
    def again(self) -> bool:
        """Whether its age counts from another instant than that of its submission."""
        return self.submission is not None and self.submission.at != self.since

    @property
    def due(self) -> Instant | None:
        """When the first response is due."""
        return None if self.target is None else self.since + self.target


class Parking:
    """What is put aside: until when, and what happens then."""

    __slots__ = ("agent", "on_reply", "scheduled", "until")

    def __init__(self, event: ev.Parked, before: Parking | None, *, scheduled: bool) -> None:
        self.until = event.until
        self.on_reply = event.on_reply
        who = event.agent if before is None else before.agent
        self.agent: AgentId | None = who if event.same_agent else None
        """Whom it goes to first; None: as before."""
        self.scheduled: bool = scheduled if before is None else before.scheduled
        """It came in for a later time, and has not been due yet: nothing counts so far."""


class Reviewed:
    """What a review is about: a reply to `interaction`."""

    __slots__ = ("author", "before", "interaction", "open")

    def __init__(self, event: ev.ReplyProposed | ev.ReplySampled, *, before: bool) -> None:
        self.interaction = event.interaction
        self.author = event.agent
        self.before = before
        """The reply was not sent when the review was opened."""
        self.open = True
        """Nobody has decided yet."""

    @property
    def awaited(self) -> bool:
        """Whether the reply is sent only when it is approved."""
        return self.before and self.open


class Clock:
    """An SLA clock that runs, or stands still."""

    __slots__ = (
        "calendar",
        "due",
        "elapsed",
        "missed",
        "number",
        "queue",
        "seconds",
        "since",
        "target",
        "warned",
        "warnings",
        "work",
    )

    def __init__(
        self, work: Work, target: Target, calendar: Calendar | None, number: int, event: ev.ClockStarted
    ) -> None:
        self.work = work
        self.queue = work.sig.queue
        """Where it was started."""
        self.target = target
        self.calendar = calendar
        self.number = number
        """Clocks are numbered in the order in which they were started."""
        self.seconds = event.seconds
        self.elapsed = event.elapsed
        """Seconds of its own time before `since`."""
        self.since: Instant | None = event.at
        """When it was started or resumed; None: it stands still."""
        self.due = event.due
        self.missed = event.due is None
        self.warnings = event.warnings
        self.warned = 0.0
        """The largest share that was warned of."""

    @property
    def wakes(self) -> Instant | None:
        """When its next threshold is reached; None if none is ahead of it."""
        return self.warnings[0][1] if self.warnings else self.due


class Conversation:
    """What was said about an interaction so far: only where there are clocks or messages."""

    __slots__ = ("answered", "clocks", "ended", "sentiment", "status", "unanswered")

    def __init__(self, since: Instant, sentiment: float | None) -> None:
        self.status = Status.OPEN
        self.answered = [False, False]
        """Whether an agent, and whether anything at all, has answered."""
        self.unanswered: list[Instant | None] = [since, since]
        """The oldest customer message that no agent, and that nothing at all, has answered since."""
        self.sentiment = sentiment
        """The last that is known."""
        self.clocks: dict[str, Clock] = {}
        self.ended: dict[str, tuple[float, bool]] = {}
        """Clocks that are over: how much was used up, and whether the target was missed."""


class Holding:
    """One interaction in one agent's hands, from the offer to the end of the wrap-up."""

    __slots__ = (
        "agent",
        "dozes",
        "fence",
        "how",
        "offer",
        "pending",
        "since",
        "target",
        "units",
        "until",
        "work",
        "wrapping",
    )

    again = False

    def __init__(
        self,
        work: Work,
        agent: AgentState,
        at: Instant,
        offer: OfferId | None,
        target: float | None,
        fence: Fence | None = None,
        how: str = "",
    ) -> None:
        self.work = work
        self.agent = agent
        self.units = work.sig.units
        """What it takes up now."""
        self.dozes = False
        """It is accepted, and somebody else's turn, where it takes up less then."""
        self.offer = offer
        self.since = at
        self.target = target
        self.pending = target is not None
        """The offer is open."""
        self.fence = fence
        self.how = how
        self.until: Instant | None = None
        """The end of the wrap-up, once it has begun."""
        self.wrapping: Instant | None = None
        """When it began last."""


class AgentView:
    """What policies see of an agent (`policies.selection.AgentFacts`): nothing can be set."""

    __slots__ = ("_of",)

    def __init__(self, of: AgentState) -> None:
        object.__setattr__(self, "_of", of)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("policies must not change what they are asked about")

    _of: AgentState

    @property
    def id(self) -> AgentId:
        return self._of.agent.id

    @property
    def number(self) -> int:
        return self._of.number

    @property
    def skills(self) -> Mapping[str, float]:
        return self._of.agent.skills

    @property
    def queues(self) -> Mapping[str, int] | None:
        return self._of.agent.queues

    @property
    def capacity(self) -> float:
        return self._of.agent.capacity

    @property
    def load(self) -> float:
        return self._of.load / UNIT

    @property
    def idle_since(self) -> Instant:
        return self._of.idle_since

    @property
    def last_offer(self) -> int:
        return self._of.last_offer

    @property
    def handled(self) -> int:
        return self._of.handled

    def on_channel(self, channel: str) -> int:
        return self._of.on_channel(channel)

    def channel_limit(self, channel: str) -> int | None:
        channels = self._of.agent.channels
        return None if channels is None else channels.get(channel, 0)


class AgentState:
    """An agent as she stands."""

    __slots__ = (
        "admitted",
        "after",
        "agent",
        "grace",
        "handled",
        "holdings",
        "idle_since",
        "last_offer",
        "lease",
        "load",
        "number",
        "open",
        "personal",
        "pool",
        "presence",
        "profile",
        "refusals",
        "ramp",
        "rest",
        "shift",
        "standings",
        "steady",
        "then",
        "told",
        "version",
        "view",
    )

    def __init__(self, agent: Agent, number: int, at: Instant) -> None:
        self.told = agent
        """As she was put on the roster, or changed."""
        self.agent = agent
        """As she is: with what her groups add."""
        self.number = number
        self.pool = round(agent.capacity * UNIT)
        self.presence = Presence.OFFLINE
        self.holdings: dict[InteractionId, Holding] = {}
        self.load = 0
        self.idle_since = at
        self.last_offer = 0
        self.handled = 0
        self.refusals: dict[str, deque[Instant]] = {}
        self.rest: Instant | None = None
        self.grace: Instant | None = None
        self.ramp: Instant | None = None
        """The end of the time in which she has one thing at a time, since she came."""
        self.shift: Instant | None = None
        """The end of her shift, if that was said."""
        self.after = Presence.OFFLINE
        """Where she goes then."""
        self.lease: Instant | None = None
        """When she is disconnected unless she is heard of; only while she is signed on."""
        self.then: Presence | None = None
        """Where she goes when she has drained, if that is not offline."""
        self.version = 1
        self.steady = False
        """Whenever she has room she is given work: no rest, ramp or end of her shift has to be asked."""
        self.view = AgentView(self)
        # `_index`'s own: channels with room, places in the pools, work that waits for her alone.
        self.admitted = False
        self.open = 0
        self.profile: Any = None
        self.standings: list[Any] = []
        self.personal: dict[Signature, Any] | None = None

    def can_do(self, sig: Signature, needs: Needs) -> bool:
        """Whether she serves the queue and the channel of *sig*, and meets *needs*, wherever she is."""
        who = self.agent
        handles = who.labels is None or who.labels.get(sig.kind.label or "") != 0
        return (
            sig.served_by(who.queues)
            and handles
            and self.view.channel_limit(sig.channel) != 0
            and who.meets(needs)
        )

    def settle(self) -> None:
        """Find out whether she is `steady`, after a change of what that hangs on."""
        timed = self.rest is not None or self.ramp is not None or self.shift is not None
        self.steady = self.presence is Presence.AVAILABLE and not timed and not self.agent.pull

    def is_ready(self, at: Instant) -> bool:
        """Whether she is given work unasked; her room is not looked at."""
        rests = self.rest is not None and at < self.rest
        return self.presence is Presence.AVAILABLE and not rests and not self.agent.pull

    def has_room(self, sig: Signature, but: Holding | None = None) -> bool:
        """Whether she may have one more, as if without *but*; the capacity policy is not asked."""
        return has_room(self, sig.kind, but)

    def on_channel(self, channel: str) -> int:
        """Return how many interactions of *channel* she is offered or holds. Cost: O(these)."""
        return on_channel(self, channel)
