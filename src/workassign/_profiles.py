"""What is computed once for agents who are alike, and for interactions that are?

Agents with equal skills form a profile, interactions with equal needs a signature; a link says of a
signature who can serve it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from workassign._lines import Board, Group, Line
from workassign._records import AgentState, Signature, Work
from workassign._room import Kind
from workassign.model import Instant
from workassign.needs import Needs
from workassign.policies.batch import Batch
from workassign.policies.keep_free import KeepFree
from workassign.policies.selection import Selection

__all__ = ["Gate", "Link", "Profile", "Served", "Standing", "Window"]

Served: TypeAlias = tuple[int, Kind, int | None]
"""The bit of a kind of work, the kind, and how many at a time of its channel."""


class Standing:
    """A free agent's place in one pool."""

    __slots__ = ("agent", "key", "line", "place", "seq")

    def __init__(self, agent: AgentState, key: float, line: Line) -> None:
        self.agent = agent
        self.key = key
        self.seq = (agent.idle_since, agent.number)  # asked only among equal keys
        self.line = line
        self.place: object = None


class Profile:
    """Agents who can do the same: equal skills, queues and channels."""

    __slots__ = (
        "bits",
        "channels",
        "choices",
        "delays",
        "gates",
        "labels",
        "levels",
        "links",
        "momentary",
        "most",
        "name",
        "pools",
        "present",
        "queues",
        "stands",
        "traits",
        "whole",
    )

    def __init__(
        self,
        agent: AgentState,
        channels: list[Served],
        traits: Mapping[str, Any],
        name: str,
    ) -> None:
        self.traits = traits
        """Of their attributes, those that needs have asked about."""
        self.name = name
        """Her id, where needs name her; nothing where they name none of them."""
        self.levels = agent.agent.skills
        self.queues = agent.agent.queues
        self.labels = agent.agent.labels
        self.delays = agent.agent.delays
        self.channels = channels
        """Each kind of work served."""
        self.bits = sum(bit for bit, _, _ in channels)
        self.whole = sum(bit for bit, kind, _ in channels if kind.label is None)
        """The bits of her channels: who has room on all of them is free."""
        self.gates: list[Gate] = []
        """Those who serve with her, as far as some of them are kept free."""
        self.most = max((kind.units for _, kind, _ in channels), default=0)
        self.links: list[Link] = []
        """What she can serve, and what of it before it is old enough for everybody."""
        self.momentary: list[Link] = []
        """Those of them that a free work policy ranks: these stand in no group."""
        self.choices: dict[int, list[Group]] = {}
        """Bits of the kinds of work with room -> groups of lines, in the order to be asked."""
        self.pools: dict[tuple[Kind, Selection], Line] = {}
        """Kind of work and selection policy -> where her free agents stand for it."""
        self.stands: list[tuple[int, Selection | None, Line]] = []
        """The same: the bit of the kind, whom to ask for a key (None: how long she is idle), pool."""
        self.present: dict[str, AgentState] = {}
        """Her agents who are available or busy, by id."""


class Gate:
    """Those who serve a queue that keeps some of them free for urgent work."""

    __slots__ = ("free", "most", "needs", "queue", "tier")

    def __init__(self, queue: str, needs: Needs, keep: KeepFree) -> None:
        self.queue = queue
        self.needs = needs
        self.most = keep.agents
        """How many are kept."""
        self.tier = keep.tier
        self.free: dict[str, AgentState] = {}
        """Who stands in her pools with room on all her channels, by id."""

    def is_shut(self, agent: AgentState) -> bool:
        """Whether so few are free that *agent* is kept, if she is free too."""
        return len(self.free) - (agent.agent.id in self.free) < self.most

    def concerns(self, profile: Profile) -> bool:
        """Whether agents of *profile* serve the queue, and have what everything needs there."""
        serves = profile.queues is None or self.queue in profile.queues
        return serves and self.needs.met_by(profile.levels, profile.traits, profile.name)


class Window:
    """The queues of one batch: what waits there is given out when their window ends."""

    __slots__ = ("batch", "bit", "due", "number", "signatures", "slot")

    def __init__(self, queue: str, batch: Batch, bit: int, number: int) -> None:
        self.batch = batch
        self.slot = f"queues.{queue}.batch"
        """Under this its policy is asked: that of the first queue."""
        self.bit = bit
        """Who has it among the bits of her kinds of work may take what waits there."""
        self.number = number
        self.signatures: list[Signature] = []
        """What has ever waited there."""
        self.due: Instant | None = None
        """Its end; None while nothing waits that anybody who is free could take."""


class Link:
    """What is computed once for a signature: its line, and the pools that can serve it."""

    __slots__ = (
        "bit",
        "early",
        "gated",
        "groups",
        "kept",
        "likings",
        "line",
        "mask",
        "pools",
        "profiles",
        "ranks",
        "sig",
    )

    def __init__(self, sig: Signature, line: Line, bit: int, pools: Board, gate: int = 0) -> None:
        self.sig = sig
        self.line = line
        self.pools = pools
        """All pools of its kind and selection policy, those that cannot serve it too."""
        self.bit = bit
        """The bit of its kind of work."""
        self.mask = bit | gate
        """That, and the bit of its batch's window: she who has all of them may take it."""
        self.gated: list[Group] = []
        """Pools in the order to be asked."""
        self.groups: list[Group] = [] if gate else self.gated
        """The same; none while a window holds what waits here."""
        self.profiles: list[Profile] = []
        self.ranks: dict[int, float] = {}
        """Profile (by id) -> the rank that the work policy gives to this work for it."""
        self.likings: dict[int, tuple[float, float]] = {}
        """Profile (by id) -> its place among the pools, whoever stands in them."""
        self.kept = 0
        """How many wait for one agent alone."""
        self.early: dict[float, Link] = {}
        """Delay -> the same for what has not waited for so long, without all whom it keeps from it."""

    def head(self) -> Work | None:
        """Return the first that waits, whatever its age."""
        heads = [each.line.head for each in (self, *self.early.values()) if each.line.head is not None]
        return min(heads, key=lambda work: (work.key, work.seq), default=None)

    def length(self) -> int:
        """Return how many wait, whatever their age, and whoever they wait for. Cost: O(1), of the usual."""
        return len(self.line) + sum(len(each.line) for each in self.early.values()) + self.kept

    def young(self) -> Link:
        """Return the same for what is younger, of a queue without a batch: nobody is connected to it yet."""
        other = Link(self.sig, Line(self.line.board), self.bit, self.pools)
        other.ranks, other.likings = self.ranks, self.likings
        return other
