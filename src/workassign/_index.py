"""Who is free, who can, who is next? The speed lives here and in `_lines`.

Interactions with equal needs form a signature, agents with equal skills a profile; which
signature a profile can serve is computed once. A waiting interaction stands in the line of its
signature, a free agent in the pools of her profile.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from math import inf
from typing import TypeAlias

from workassign._asking import Asking
from workassign._expressions import Fact
from workassign._lines import Board, Group, Line, enter
from workassign._moments import Class, Moments, class_of
from workassign._profiles import Gate, Link, Profile, Standing, Window
from workassign._reach import delay, delays
from workassign._records import PRESENT, AgentState, Signature, Work
from workassign._room import Kind, has_room, stays_open
from workassign._shifts import held_by_time
from workassign._state import State
from workassign._truth import Test, compiled, is_true
from workassign.model import Instant, Presence
from workassign.needs import Needs
from workassign.policies.grades import is_free
from workassign.policies.selection import Selection, goes_by_idleness

__all__ = ["Index"]

_AVAILABLE = Presence.AVAILABLE  # a member of an enum is slow to look up

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
        self._windowed = sum(window.bit for window in self.windows)
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
        self.gates = [
            Gate(name, queue.needs, queue.keep_free)
            for name, queue in state.plan.queues.items()
            if queue.keep_free is not None
        ]
        for gate in self.gates:
            self._asked |= gate.needs.names.attributes
            self._named |= gate.needs.names.agents
        self.moments = Moments(asking, state.plan.queues)
        self._straight = not self.gates and not self.moments.works
        """One group is all that an agent has to look at."""
        self._at_once = not self.gates and not self.moments.selects
        """Who stands first in a pool is whom to ask."""
        self.usual: dict[tuple[str, str, Needs, int | None], Signature] = {}
        """What nothing special happened to when it came in, by queue, channel, needs and own tier."""
        self.refused: dict[str, Work] = {}
        """Waiting interactions that somebody refused, by id."""
        self.kept: dict[str, Line] = {}
        """Interactions that wait for the agent they prefer, by id, and the lines they stand in."""
        self.fans: dict[str, dict[str, Work]] = {}
        """Agent -> interactions, by id, that prefer her but wait for anybody."""
        self.young: dict[str, tuple[Instant, Line]] = {}
        """Interactions that a delay keeps from somebody, by id: until when, and the lines they stand in."""

    # --- the waiting side -------------------------------------------------------------------

    def wait(self, work: Work, at: Instant) -> Instant | None:
        """Let *work* stand in the line of its signature, and of its age where that matters.

        Returns when it has to stand in another, as some delay ends; None: never.
        """
        link, due = work.sig.link or self._link(work.sig), None
        if self._state.delays and (found := self._awaited(work, at)) is not None:
            due, link = found[0], self._early(link, found[1])
            self.young[work.interaction.id] = due, link.line
        link.line.push(work)
        if work.refused is not None:
            self.refused[work.interaction.id] = work
        if work.prefers is not None:
            self.fans.setdefault(work.prefers[0], {})[work.interaction.id] = work
        return due

    def wait_for(self, work: Work, agent: AgentState) -> None:
        """Let *work* stand in the line that is for *agent* alone."""
        if agent.personal is None:
            agent.personal = {}
        if work.sig not in agent.personal:
            agent.personal[work.sig] = Line(Board())
        line = self.kept[work.interaction.id] = agent.personal[work.sig]
        line.push(work)
        work.sig.link.kept += 1

    def leave(self, work: Work) -> None:
        """Take *work* out of whatever line it stands in."""
        if self.kept and work.interaction.id in self.kept:
            self.kept.pop(work.interaction.id).remove(work)
            work.sig.link.kept -= 1
        elif work.place is not None:
            line: Line = work.sig.link.line
            if self.young and work.interaction.id in self.young:
                line = self.young.pop(work.interaction.id)[1]
            line.remove(work)
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
        groups: list[Group] | None = agent.profile.choices.get(agent.open)
        if groups is not None and agent.personal is None and self._straight:
            # The usual case, straight: nothing waits for her alone, and nobody has refused the head.
            line: Line | None = None
            for group in groups:
                if group.board.filled and (line := group.first()) is not None:
                    break
            if line is None:
                return None
            work: Work = line.head  # type: ignore[assignment]
            if work.refused is None and work.prefers is None:
                line.pop()
                if self.young:
                    self.young.pop(work.interaction.id, None)
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
        limit, roomy = inf, 0
        groups = self._groups(agent.profile, agent.open)
        if self.gates:
            limit, roomy = self._kept(agent, at)
            groups = self._without_kept(groups, agent, limit, roomy)
        for group in groups:
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
                self.wait(work, at)
        if agent.personal:
            chosen = self._personal(agent, chosen, order, limit, roomy)
        if agent.profile.momentary:
            heads = self._heads(agent, inf if chosen is None else chosen.sig.tier, limit, roomy, at)
            chosen = self.moments.first(agent, heads, chosen, at)
        return chosen

    def _heads(
        self, agent: AgentState, last: float, limit: float, roomy: int, at: Instant
    ) -> dict[Class, Work]:
        """Return what stands first for *agent* in each class of the free queues, up to the tier *last*."""
        heads: dict[Class, Work] = {}
        for line, sig in self._momentary(agent):
            bits, mask = agent.open if sig.tier <= limit else roomy, sig.link.mask
            if line.head is None or sig.tier > last or bits & mask != mask:
                continue
            head, name = self._first_left(line, agent, at), class_of(sig)
            known = heads.get(name)
            if head is not None and (known is None or (head.key, head.seq) < (known.key, known.seq)):
                heads[name] = head
        return heads

    def _momentary(self, agent: AgentState) -> Iterator[tuple[Line, Signature]]:
        """Yield the lines of free queues in which something may wait for *agent*, hers alone too."""
        yield from ((link.line, link.sig) for link in agent.profile.momentary)
        for sig, line in (agent.personal or {}).items():
            if sig.queue.name in self.moments.works:
                yield line, sig

    def _first_left(self, line: Line, agent: AgentState, at: Instant) -> Work | None:
        """Return the first in *line* that no refusal keeps from *agent*."""
        aside: list[Work] = []
        while (work := line.head) is not None and work.refused is not None and self._apart(work, agent, at):
            self.leave(work)
            aside.append(work)
        for each in aside:
            self.wait(each, at)
        return work

    def _without_kept(self, groups: list[Group], agent: AgentState, limit: float, roomy: int) -> list[Group]:
        """Return which of *groups* are left to *agent*: of tiers beyond *limit*, those of *roomy* kinds."""
        if limit == inf:
            return groups
        first = [group for group in groups if group.order[0] <= limit]
        later = self._groups(agent.profile, roomy) if roomy else ()
        return [*first, *(group for group in later if group.order[0] > limit)]

    def _groups(self, profile: Profile, bits: int) -> list[Group]:
        """Return the groups of lines for the kinds of work that have *bits*."""
        groups = profile.choices.get(bits)
        if groups is None:
            groups = profile.choices[bits] = []
            for link in profile.links:
                self._join(profile, bits, groups, link)
        return groups

    def _personal(
        self, agent: AgentState, chosen: Work | None, order: tuple[float, ...], limit: float, roomy: int
    ) -> Work | None:
        """Return the better of *chosen* and the heads of her own lines."""
        best = None if chosen is None else (order, chosen.key, chosen.seq)
        for sig, line in agent.personal.items():  # type: ignore[union-attr]
            if sig.queue.name in self.moments.works:
                continue
            head = line.head
            bits = agent.open if sig.tier <= limit else roomy
            if head is None or bits & sig.link.mask != sig.link.mask:
                continue
            place = ((sig.tier, sig.link.ranks[id(agent.profile)]), head.key, head.seq)
            if best is None or place < best:
                best, chosen = place, head
        return chosen

    # --- who is kept free -------------------------------------------------------------------

    def withholds(self, agent: AgentState, work: Work, at: Instant) -> bool:
        """Whether *agent*, who has room for *work*, is kept free for what is more urgent."""
        if not self.gates:
            return False
        limit, roomy = self._kept(agent, at)
        return work.sig.tier > limit and not self.link_of(work.sig).bit & roomy

    def _kept(self, agent: AgentState, at: Instant) -> tuple[float, int]:
        """Return beyond which tier nothing is given to *agent* but what leaves her free, and its bits."""
        profile: Profile = agent.profile
        shut = [gate.tier for gate in profile.gates if gate.is_shut(agent)]
        if not shut or not self._is_spare(agent, at):
            return inf, 0
        if agent.ramp is not None and at < agent.ramp:
            return min(shut), 0
        channels = [kind for _, kind, _ in profile.channels if kind.label is None]
        open_to = ((bit, kind) for bit, kind, _ in profile.channels if bit & agent.open)
        return min(shut), sum(bit for bit, kind in open_to if stays_open(agent, kind, channels))

    def _is_spare(self, agent: AgentState, at: Instant) -> bool:
        """Whether *agent* is free: given work unasked, with room for it on all her channels."""
        return agent.is_ready(at) and agent.open & agent.profile.whole == agent.profile.whole

    # --- the free side ----------------------------------------------------------------------

    def pick(self, work: Work, at: Instant) -> AgentState | None:
        """Return the free agent whom selection prefers for *work*, still standing in her pools.

        Cost: O(pools that can serve it), or the heads walked until one fits.
        """
        link = work.sig.link or self._link(work.sig)
        if self._state.delays:
            link = self._as_old(link, work, at)
        for group in link.groups if link.pools.filled else ():
            line = group.first()
            if line is not None:
                if work.refused is None and self._at_once:
                    return line.head.agent  # type: ignore[no-any-return, union-attr]
                return next(self.picks(work, at), None)
        return None

    def picks(self, work: Work, at: Instant) -> Generator[AgentState]:
        """Yield the free agents for *work*, the preferred first. Nothing may change meanwhile."""
        link = self._as_old(self.link_of(work.sig), work, at)
        if is_free(work.sig.queue.plan.selection):
            may = None if work.refused is None and not self.gates else self._may(work, at)
            for group in link.groups:
                yield from self.moments.picks(work, group.lines, may, at)
            return
        aside: list[Standing] = []
        try:
            for group in link.groups:
                while (line := group.first()) is not None:
                    standing: Standing = line.head  # type: ignore[assignment]
                    who = standing.agent
                    apart = work.refused is not None and self._apart(work, who, at)
                    if not apart and not self.withholds(who, work, at):
                        yield who
                    line.remove(standing)
                    aside.append(standing)
        finally:
            for standing in aside:
                standing.line.push(standing)

    def _may(self, work: Work, at: Instant) -> Callable[[AgentState], bool]:
        """Return what says whether an agent, who has room for *work*, may be given it."""

        def may(agent: AgentState) -> bool:
            apart = work.refused is not None and self._apart(work, agent, at)
            return not apart and not self.withholds(agent, work, at)

        return may

    def open(self, agent: AgentState, at: Instant, *, asked: bool = False) -> int:
        """Return, and keep, the bits of the kinds of work for which *agent* has room.

        *asked*: she asks for work herself, so that neither a rest nor that she only pulls keeps her from it.
        """
        profile, bits = agent.profile, 0
        if agent.presence is not _AVAILABLE or not (
            asked or ((agent.rest is None or at >= agent.rest) and not agent.agent.pull)
        ):
            agent.open = 0
            return 0
        if not agent.holdings and self._may_take is None and agent.pool >= profile.most:
            bits = profile.bits  # nothing in her hands: room on every channel
        elif self._state.mixed:
            bits = self._open_mixed(agent)
        elif agent.load < agent.pool:
            bits = self._open_by_limits(agent)
        if bits and (agent.shift is not None or agent.ramp is not None):
            for bit, kind, _ in profile.channels:
                if held_by_time(agent, kind, at) is not None:
                    bits &= ~bit
        if self._windowed and bits and (asked or self.opened):
            bits |= self._windowed if asked else self.opened
        agent.open = bits
        return bits

    def _open_by_limits(self, agent: AgentState) -> int:
        """Return the bits of the kinds of work for which pool and channel limits leave room."""
        load, pool, bits = agent.load, agent.pool, 0
        for bit, kind, limit in agent.profile.channels:
            name, units = kind.channel, kind.units
            if load + units > pool or (limit is not None and agent.on_channel(name) >= limit):
                continue
            if self._may_take is None or self._may_take(agent, name, units):
                bits |= bit
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
        if self.gates and agent.open & agent.profile.whole == agent.profile.whole:
            for gate in agent.profile.gates:
                gate.free[agent.agent.id] = agent
        for bit, selection, line in agent.profile.stands:
            if bit & agent.open:
                key = agent.idle_since if selection is None else self._asking.agent_key(selection, agent)
                standing = Standing(agent, key, line)
                line.push(standing)
                agent.standings.append(standing)

    def withdraw(self, agent: AgentState) -> None:
        """Take *agent* out of her pools."""
        agent.admitted = False
        if self.gates:
            for gate in self.gates:
                gate.free.pop(agent.agent.id, None)
        standings = agent.standings
        if standings:
            for standing in standings:
                if standing.line.head is standing:
                    standing.line.pop()
                else:
                    standing.line.remove(standing)
            standings.clear()

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
        key = (tuple(who.skills.items()), queues, limits, told, name, labels, tuple(who.delays.items()))
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = Profile(agent, channels, traits, name)
            profile.gates = [gate for gate in self.gates if gate.concerns(profile)]
            place = 1 << (len(self._profiles) - 1)
            for each, (test, bits) in self._meeting.items():
                if test(who.skills, traits, name):
                    self._meeting[each] = (test, bits | place)
            for sig in self._linked:
                if self._serves(profile, sig) and sig.needs.met_by(who.skills, traits, name):
                    self._connect(sig.link, profile)
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
        yield from self._common_lines()
        for profile in self._profiles.values():
            for agent in profile.present.values():
                yield from (agent.personal or {}).values()

    def _common_lines(self) -> Iterator[Line]:
        """Yield every line that is not for one agent alone."""
        for sig in self._linked:
            yield sig.link.line
            yield from (link.line for link in sig.link.early.values())

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
        link = sig.link = Link(sig, Line(self._boards[sig.tier]), self._bits[sig.kind], pools, gate)
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
                self._connect(link, profile)
        return link

    # --- who has to wait for it -------------------------------------------------------------

    def _awaited(self, work: Work, at: Instant) -> tuple[Instant, float] | None:
        """Return when the next delay ends that keeps *work* from somebody, and the delay; None: none does."""
        ends = ((work.came + each, each) for each in delays(self._state.delays, work.sig))
        return next((end for end in ends if end[0] > at), None)

    def _as_old(self, link: Link, work: Work, at: Instant) -> Link:
        """Return what holds instead of *link* for *work* at its age. Cost: O(different delays)."""
        found = self._awaited(work, at)
        return link if found is None else self._early(link, found[1])

    def _early(self, link: Link, younger: float) -> Link:
        """Return what holds instead of *link* for what is *younger* than this."""
        early = link.early.get(younger)
        if early is None:
            early = link.early[younger] = link.young()
            for profile in link.profiles:
                if delay(profile, link.sig)[0] < younger:
                    self._meet(early, profile)
        return early

    # --- comparisons, queues, kinds ---------------------------------------------------------

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
        return sig.served_by(profile.queues) and bool(profile.bits & self._bits[sig.kind])

    def _connect(self, link: Link, profile: Profile) -> None:
        """Let *profile* find the work of *link*, that of each age as far as her delay lets her."""
        sig = link.sig
        momentary = sig.queue.name in self.moments.works
        ranked = 0.0 if momentary else self._asking.rank(sig, profile.levels, profile.queues)
        link.ranks[id(profile)] = ranked
        pair_key = getattr(sig.queue.plan.selection, "pair_key", None)
        rank = 0.0 if pair_key is None else self._asking.pair_key(pair_key, sig, profile.levels)
        who = (profile.levels, profile.traits, profile.name)
        wanted = sig.needs.wanted(*who) if sig.needs.wants else 0.0
        link.likings[id(profile)] = (-wanted, rank)
        self._meet(link, profile)
        for younger, early in link.early.items():
            if delay(profile, sig)[0] < younger:
                self._meet(early, profile)

    def _meet(self, link: Link, profile: Profile) -> None:
        """Let *profile* and *link* find each other."""
        link.profiles.append(profile)
        profile.links.append(link)
        if link.sig.queue.name in self.moments.works:
            profile.momentary.append(link)
        for bits, groups in profile.choices.items():
            self._join(profile, bits, groups, link)
        selection = link.sig.queue.plan.selection
        key = (link.sig.kind, selection)
        board = link.pools
        pool = profile.pools.get(key)
        if pool is None:
            pool = profile.pools[key] = Line(board)
            asked = None if goes_by_idleness(selection) else selection
            profile.stands.append((link.bit, asked, pool))
            for agent in profile.present.values():
                if agent.admitted and link.bit & agent.open:
                    since = agent.idle_since if asked is None else self._asking.agent_key(asked, agent)
                    standing = Standing(agent, since, pool)
                    pool.push(standing)
                    agent.standings.append(standing)
        enter(
            link.gated,
            link.likings[id(profile)],
            board,
            pool,
            lambda: [p.pools[key] for p in self._profiles.values() if key in p.pools],
        )

    def _join(self, profile: Profile, bits: int, groups: list[Group], link: Link) -> None:
        """Let the line of *link* compete in *groups*, if there is room on its channel."""
        if link.mask & bits == link.mask and link.sig.queue.name not in self.moments.works:
            board = link.line.board
            order = (link.sig.tier, link.ranks[id(profile)])
            enter(
                groups,
                order,
                board,
                link.line,
                lambda: [line for line in self._common_lines() if line.board is board],
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
