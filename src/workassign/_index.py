"""Who is free, who can, who is next? The speed lives here and in `_lines`.

Interactions with equal needs form a signature, agents with equal skills a profile; which
signature a profile can serve is computed once. A waiting interaction stands in the line of its
signature, a free agent in the pools of her profile.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from workassign._asking import Asking
from workassign._expressions import Fact
from workassign._lines import Board, Group, Line, enter
from workassign._records import PRESENT, AgentState, Signature, Work
from workassign._room import Kind, has_room
from workassign._shifts import held_by_time
from workassign._state import State
from workassign._truth import Test, compiled, is_true
from workassign.model import Instant, Presence
from workassign.needs import Needs
from workassign.policies.batch import Batch
from workassign.policies.selection import Selection

__all__ = ["Index", "Link", "Profile", "Standing", "Window"]

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
        "labels",
        "levels",
        "most",
        "name",
        "pools",
        "present",
        "queues",
        "signatures",
        "traits",
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
        self.channels = channels
        """Each kind of work served."""
        self.bits = sum(bit for bit, _, _ in channels)
        self.most = max((kind.units for _, kind, _ in channels), default=0)
        self.signatures: list[Signature] = []
        """What she can serve."""
        self.choices: dict[int, list[Group]] = {}
        """Bits of the kinds of work with room -> groups of lines, in the order to be asked."""
        self.pools: dict[tuple[Kind, Selection], Line] = {}
        """Kind of work and selection policy -> where her free agents stand for it."""
        self.present: dict[str, AgentState] = {}
        """Her agents who are available or busy, by id."""


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

    __slots__ = ("bit", "gated", "groups", "line", "mask", "pools", "profiles", "ranks")

    def __init__(self, line: Line, bit: int, pools: Board, gate: int) -> None:
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


Apart: TypeAlias = Callable[[Work, AgentState, Instant], bool]
"""Whether a refusal keeps the two apart at an instant."""


class Index:
    """Lines, pools, and who can reach which."""

    def __init__(self, state: State, asking: Asking, apart: Apart) -> None:
        """Start empty; agents are enrolled and interactions wait one by one."""
        self._state = state
        self._asking = asking
        self._apart = apart
        self._may_take = None if state.plan.capacity is None else asking.may_take
        self._bits = {state.kind(name): 1 << place for place, name in enumerate(state.plan.channels)}
        """Kind of work -> its bit: every channel, and what is told apart by its label, as it comes."""
        self.windows = _windows(state, len(self._bits))
        """One for each batch of the plan's queues."""
        self._gates = sum(window.bit for window in self.windows)
        self.opened = 0
        """The bits of the windows that end just now."""
        self._profiles: dict[tuple[object, ...], Profile] = {}
        self._linked: list[Signature] = []
        self._boards: dict[int, Board] = {}
        self._pool_boards: dict[tuple[Kind, Selection], Board] = {}
        self._meeting: dict[Fact, tuple[Test, int]] = {}
        """Comparison -> how to ask an agent, and the bits of the profiles of which it is true."""
        self._asked: set[str] = set()
        """The attributes that needs ask about."""
        self._named: set[str] = set()
        """The agents whom needs name: each has a profile of her own."""
        self.refused: dict[str, Work] = {}
        """Waiting interactions that somebody refused, by id."""
        self.kept: dict[str, Line] = {}
        """Interactions that wait for the agent they prefer, by id, and the lines they stand in."""
        self.fans: dict[str, dict[str, Work]] = {}
        """Agent -> interactions, by id, that prefer her but wait for anybody."""

    # --- the waiting side -------------------------------------------------------------------

    def wait(self, work: Work) -> None:
        """Let *work* stand in the line of its signature."""
        link = work.sig.link or self._link(work.sig)
        link.line.push(work)
        if work.refused is not None:
            self.refused[work.interaction.id] = work
        if work.prefers is not None:
            self.fans.setdefault(work.prefers[0], {})[work.interaction.id] = work

    def wait_for(self, work: Work, agent: AgentState) -> None:
        """Let *work* stand in the line that is for *agent* alone."""
        if agent.personal is None:
            agent.personal = {}
        if work.sig not in agent.personal:
            agent.personal[work.sig] = Line(Board())
        line = self.kept[work.interaction.id] = agent.personal[work.sig]
        line.push(work)

    def leave(self, work: Work) -> None:
        """Take *work* out of whatever line it stands in."""
        if self.kept and work.interaction.id in self.kept:
            self.kept.pop(work.interaction.id).remove(work)
        elif work.place is not None:
            work.sig.link.line.remove(work)
            self._left(work)

    def _left(self, work: Work) -> None:
        """Follow *work* out of the line of its signature."""
        if work.refused is not None:
            self.refused.pop(work.interaction.id, None)
        if work.prefers is not None:
            fans = self.fans[work.prefers[0]]
            del fans[work.interaction.id]
            if not fans:
                del self.fans[work.prefers[0]]

    def take(self, agent: AgentState, at: Instant) -> Work | None:
        """Return what *agent*, who has room, should take next, taken out of its line."""
        groups = agent.profile.choices.get(agent.open)
        if groups is not None and len(groups) == 1 and agent.personal is None:
            # The usual case, straight: one tier, one rank, and nobody has refused the head.
            line = groups[0].first()
            if line is None:
                return None
            work: Work = line.head
            if work.refused is None and work.prefers is None:
                line.pop()
                return work
        chosen = self.choose(agent, at)
        if chosen is not None:
            self.leave(chosen)
        return chosen

    def choose(self, agent: AgentState, at: Instant) -> Work | None:
        """Return what *agent*, who has room, should take next, still standing in its line.

        Cost: O(heads that she can reach), or the heads walked until one fits.
        """
        aside: list[Work] | None = None
        chosen: Work | None = None
        order: tuple[float, ...] = ()
        for group in self.choices(agent):
            while (line := group.first()) is not None:
                work: Work = line.head  # type: ignore[assignment]
                if work.refused is None or not self._apart(work, agent, at):
                    chosen, order = work, group.order
                    break
                self.leave(work)
                aside = [*aside, work] if aside else [work]
            if chosen is not None:
                break
        if aside:
            for work in aside:
                self.wait(work)
        if agent.personal:
            chosen = self._personal(agent, chosen, order)
        return chosen

    def choices(self, agent: AgentState) -> list[Group]:
        """Return the groups of lines for the kinds of work for which *agent* has room."""
        profile: Profile = agent.profile
        groups = profile.choices.get(agent.open)
        if groups is None:
            groups = profile.choices[agent.open] = []
            for sig in profile.signatures:
                self._join(profile, agent.open, groups, sig)
        return groups

    def _personal(self, agent: AgentState, chosen: Work | None, order: tuple[float, ...]) -> Work | None:
        """Return the better of *chosen* and the heads of her own lines."""
        best = None if chosen is None else (order, chosen.key, chosen.seq)
        for sig, line in agent.personal.items():  # type: ignore[union-attr]
            head = line.head
            if head is None or agent.open & sig.link.mask != sig.link.mask:
                continue
            place = ((sig.tier, sig.link.ranks[id(agent.profile)]), head.key, head.seq)
            if best is None or place < best:
                best, chosen = place, head
        return chosen

    # --- the free side ----------------------------------------------------------------------

    def pick(self, work: Work, at: Instant) -> AgentState | None:
        """Return the free agent whom selection prefers for *work*, still standing in her pools.

        Cost: O(pools that can serve it), or the heads walked until one fits.
        """
        link = work.sig.link or self._link(work.sig)
        for group in link.groups if link.pools.filled else ():
            line = group.first()
            if line is not None:
                if work.refused is None:
                    return line.head.agent  # type: ignore[no-any-return, union-attr]
                return next(self.picks(work, at), None)
        return None

    def picks(self, work: Work, at: Instant) -> Generator[AgentState]:
        """Yield the free agents for *work*, the preferred first. Nothing may change meanwhile."""
        link = work.sig.link or self._link(work.sig)
        aside: list[Standing] = []
        try:
            for group in link.groups:
                while (line := group.first()) is not None:
                    standing: Standing = line.head  # type: ignore[assignment]
                    if work.refused is None or not self._apart(work, standing.agent, at):
                        yield standing.agent
                    line.remove(standing)
                    aside.append(standing)
        finally:
            for standing in aside:
                standing.line.push(standing)

    def open(self, agent: AgentState, at: Instant, *, asked: bool = False) -> int:
        """Return, and keep, the bits of the kinds of work for which *agent* has room.

        *asked*: she asks for work herself, so that neither a rest nor that she only pulls keeps her from it.
        """
        load, pool, profile = agent.load, agent.pool, agent.profile
        bits = 0
        ready = agent.presence is Presence.AVAILABLE and (
            asked or ((agent.rest is None or at >= agent.rest) and not agent.agent.pull)
        )
        if ready and not agent.holdings and self._may_take is None and pool >= profile.most:
            bits = profile.bits  # nothing in her hands: room on every channel
        elif ready and self._state.mixed:
            bits = self._open_mixed(agent)
        elif ready and load < pool:
            for bit, kind, limit in profile.channels:
                name, units = kind.channel, kind.units
                if load + units > pool or (limit is not None and agent.on_channel(name) >= limit):
                    continue
                if self._may_take is None or self._may_take(agent, name, units):
                    bits |= bit
        if bits and (agent.shift is not None or agent.ramp is not None):
            for bit, kind, _ in profile.channels:
                if held_by_time(agent, kind, at) is not None:
                    bits &= ~bit
        if bits and (asked or self.opened):
            bits |= self._gates if asked else self.opened
        agent.open = bits
        return bits

    def _open_mixed(self, agent: AgentState) -> int:
        """Return the same where room is not a matter of pool and channel limits alone."""
        bits, answers = 0, dict[str, bool]()
        for bit, kind, _ in agent.profile.channels:
            if not has_room(agent, kind):
                continue
            name = kind.channel
            if self._may_take is not None and name not in answers:  # asked once, whatever the labels
                answers[name] = self._may_take(agent, name, kind.units)
            if answers.get(name, True):
                bits |= bit
        return bits

    def admit(self, agent: AgentState) -> None:
        """Let *agent*, who has room, stand in her pools."""
        agent.admitted = True
        standings = agent.standings
        for (kind, selection), line in agent.profile.pools.items():
            if self._bits[kind] & agent.open:
                standing = Standing(agent, self._asking.agent_key(selection, agent), line)
                line.push(standing)
                standings.append(standing)

    def withdraw(self, agent: AgentState) -> None:
        """Take *agent* out of her pools."""
        agent.admitted = False
        for standing in agent.standings:
            standing.line.remove(standing)
        agent.standings.clear()

    # --- windows ----------------------------------------------------------------------------

    def window_of(self, sig: Signature) -> Window | None:
        """Return the window that holds what waits under *sig*, if its queue has a batch."""
        batch = sig.queue.plan.batch
        return (
            None if batch is None else next((each for each in self.windows if batch.joins(each.batch)), None)
        )

    def open_windows(self, windows: Iterable[Window]) -> None:
        """Let what waits in *windows*, and nowhere else, be taken one by one; with none, hold it again."""
        self.opened = sum(window.bit for window in windows)
        for window in self.windows:
            for sig in window.signatures:
                sig.link.groups = sig.link.gated if window.bit & self.opened else []

    # --- who can reach which ----------------------------------------------------------------

    def enroll(self, agent: AgentState) -> None:
        """Find, or make, the profile of *agent*."""
        who = agent.agent
        channels = [
            (bit, kind, None if who.channels is None else who.channels[kind.channel])
            for kind, bit in self._bits.items()
            if (who.channels is None or who.channels.get(kind.channel, 0) > 0) and _handles(who.labels, kind)
        ]
        queues = None if who.queues is None else tuple(who.queues.items())
        traits = {name: value for name, value in who.attributes.items() if name in self._asked}
        name = who.id if who.id in self._named else ""
        told = tuple((trait, _kinds(value), value) for trait, value in traits.items())
        limits = tuple((kind.channel, most) for _, kind, most in channels if kind.label is None)
        labels = None if who.labels is None else tuple(who.labels.items())
        key = (tuple(who.skills.items()), queues, limits, told, name, labels)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = Profile(agent, channels, traits, name)
            place = 1 << (len(self._profiles) - 1)
            for each, (test, bits) in self._meeting.items():
                if test(who.skills, traits, name):
                    self._meeting[each] = (test, bits | place)
            for sig in self._linked:
                if self._serves(profile, sig) and sig.needs.met_by(who.skills, traits, name):
                    self._connect(sig, profile)
        agent.profile = profile

    def _learn(self, needs: Needs) -> None:
        """Tell apart the agents between whom *needs* make a difference that none has made before."""
        attributes, agents = needs.names.attributes - self._asked, needs.names.agents - self._named
        if not (attributes or agents):
            return
        self._asked |= attributes
        self._named |= agents
        for agent in self._state.agents.values():
            if agent.agent.id in agents or not attributes.isdisjoint(agent.agent.attributes):
                self._enroll_again(agent)

    def _learn_kind(self, kind: Kind) -> None:
        """Give a kind of work that is told apart by its label a bit of its own.

        Who has no room on its channel has none for it; who has is asked for the label alone.
        """
        of_channel = self._bits[self._state.kind(kind.channel)]
        bit = self._bits[kind] = 1 << len(self._bits) + len(self.windows)
        for profile in self._profiles.values():
            if profile.bits & of_channel and _handles(profile.labels, kind):
                limit = next(limit for each, _, limit in profile.channels if each == of_channel)
                profile.channels.append((bit, kind, limit))
                profile.bits |= bit
        for agent in self._state.agents.values():
            if (
                agent.admitted
                and agent.open & of_channel
                and agent.profile.bits & bit
                and has_room(agent, kind)
            ):
                agent.open |= bit

    def _enroll_again(self, agent: AgentState) -> None:
        admitted = agent.admitted
        self.withdraw(agent)
        agent.profile.present.pop(agent.agent.id, None)
        self.enroll(agent)
        self.attend(agent)
        if admitted:
            self.admit(agent)

    def attend(self, agent: AgentState) -> None:
        """Keep who is there: available or busy, with room or without."""
        if agent.presence in PRESENT:
            agent.profile.present[agent.agent.id] = agent
        else:
            agent.profile.present.pop(agent.agent.id, None)

    def reaches(self, agent: AgentState, sig: Signature) -> bool:
        """Whether *agent* could serve *sig* if she had room."""
        link = sig.link or self._link(sig)
        return id(agent.profile) in link.ranks

    def is_served(self, sig: Signature) -> bool:
        """Whether somebody who is available or busy could serve *sig* if she had room."""
        there = (agent for profile in self.link_of(sig).profiles for agent in profile.present.values())
        return any(agent.pool >= sig.units for agent in there)

    def lines(self) -> Iterator[Line]:
        """Yield every line in which interactions wait."""
        yield from (sig.link.line for sig in self._linked)
        for profile in self._profiles.values():
            for agent in profile.present.values():
                yield from (agent.personal or {}).values()

    def boards(self) -> Iterator[Board]:
        """Yield every board."""
        yield from self._boards.values()
        yield from self._pool_boards.values()

    def link_of(self, sig: Signature) -> Link:
        """Return what is computed once for *sig*."""
        return sig.link or self._link(sig)

    def _link(self, sig: Signature) -> Link:
        """Give a new signature its line and find who can serve it, by the bits of profiles."""
        if sig.needs.text is not None:
            self._learn(sig.needs)
        if sig.kind not in self._bits:
            self._learn_kind(sig.kind)
        if sig.tier not in self._boards:
            self._boards[sig.tier] = Board()
        pools = self._pool_boards.setdefault((sig.kind, sig.queue.plan.selection), Board())
        window = self.window_of(sig)
        gate = 0 if window is None else window.bit
        link = sig.link = Link(Line(self._boards[sig.tier]), self._bits[sig.kind], pools, gate)
        self._linked.append(sig)
        if window is not None:
            window.signatures.append(sig)
        profiles = list(self._profiles.values())
        bits = is_true(sig.needs.expression, self._having, (1 << len(profiles)) - 1)
        while bits:
            low = bits & -bits
            bits ^= low
            profile = profiles[low.bit_length() - 1]
            if self._serves(profile, sig):
                self._connect(sig, profile)
        return link

    def _having(self, each: Fact) -> int:
        """Return the bits of the profiles of which a comparison, its negation aside, is true."""
        if each.negated:
            each = each._replace(negated=False)
        known = self._meeting.get(each)
        if known is None:
            test = compiled(each)
            held = (test(like.levels, like.traits, like.name) for like in self._profiles.values())
            known = self._meeting[each] = (test, sum(1 << i for i, holds in enumerate(held) if holds))
        return known[1]

    def _serves(self, profile: Profile, sig: Signature) -> bool:
        """Whether *profile* is on the queue and the channel of *sig*; its skills are not asked."""
        if profile.queues is not None and sig.queue.name not in profile.queues:
            return False
        return bool(profile.bits & self._bits[sig.kind])

    def _connect(self, sig: Signature, profile: Profile) -> None:
        """Let *profile* and *sig* find each other."""
        link: Link = sig.link
        link.profiles.append(profile)
        link.ranks[id(profile)] = self._asking.rank(sig, profile.levels, profile.queues)
        profile.signatures.append(sig)
        for bits, groups in profile.choices.items():
            self._join(profile, bits, groups, sig)
        selection = sig.queue.plan.selection
        key = (sig.kind, selection)
        board = link.pools
        pool = profile.pools.get(key)
        if pool is None:
            pool = profile.pools[key] = Line(board)
            for agent in profile.present.values():
                if agent.admitted and link.bit & agent.open:
                    standing = Standing(agent, self._asking.agent_key(selection, agent), pool)
                    pool.push(standing)
                    agent.standings.append(standing)
        pair_key = getattr(selection, "pair_key", None)
        rank = 0.0 if pair_key is None else self._asking.pair_key(pair_key, sig, profile.levels)
        who = (profile.levels, profile.traits, profile.name)
        wanted = sig.needs.wanted(*who) if sig.needs.wants else 0.0
        enter(
            link.gated,
            (-wanted, rank),
            board,
            pool,
            lambda: [p.pools[key] for p in self._profiles.values() if key in p.pools],
        )

    def _join(self, profile: Profile, bits: int, groups: list[Group], sig: Signature) -> None:
        """Let the line of *sig* compete in *groups*, if there is room on its channel."""
        link: Link = sig.link
        if link.mask & bits == link.mask:
            board = link.line.board
            order = (sig.tier, link.ranks[id(profile)])
            enter(
                groups,
                order,
                board,
                link.line,
                lambda: [s.link.line for s in self._linked if s.tier == sig.tier],
            )


def _windows(state: State, kinds: int) -> list[Window]:
    """Return a window for each batch of the plan, with bits after those of so many *kinds* of work."""
    found: list[Window] = []
    for name, queue in state.plan.queues.items():
        batch = queue.batch
        if batch is not None and not any(each.batch.joins(batch) for each in found):
            found.append(Window(name, batch, 1 << kinds + len(found), len(found)))
    return found


def _handles(labels: Mapping[str, int] | None, kind: Kind) -> bool:
    """Whether who has these limits ever takes work of *kind*, as to its label."""
    return labels is None or labels.get(kind.label or "") != 0


def _kinds(value: object) -> tuple[str, ...]:
    """Tell 1 from True, which are equal keys."""
    return tuple(type(each).__name__ for each in (value if isinstance(value, tuple) else (value,)))
