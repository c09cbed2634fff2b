"""What should happen? Commands in, events out.

The engine weighs facts against the plan and says what follows; `_state` takes that in. It reads
no clock, rolls no dice and does no I/O: time comes with every command, and never goes back.

A turn is one command. First everything that was due by then happens, in order, and then whoever
is free and whatever waits are brought together, until no pair is left that fits: every free agent
names the interaction that she would take (`work` policy), the most urgent of those named goes
first, and among the agents who named it selection decides. Then comes the command, and the same
again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeAlias

from workassign import commands as cmd
from workassign import events as ev
from workassign._alarms import Watch
from workassign._aside import Aside
from workassign._asking import Asking, Turn
from workassign._batching import Batching
from workassign._deadlines import (
    AGE,
    BATCH,
    BEAT,
    BREACH,
    CLOCK,
    DELAY,
    FORECAST,
    GRACE,
    LEASE,
    OFFER,
    RAMP,
    REST,
    RESUME,
    RETRY,
    ROTATION,
    SHIFT,
    SLA,
    STEP,
    STICKY,
    SURGE,
    WRAP_UP,
)
from workassign._evolve import EVOLVE
from workassign._garbage import undisturbed
from workassign._interactions import Interactions
from workassign._locking import Locking
from workassign._names import shown
from workassign._offering import Offering
from workassign._owning import Owning
from workassign._pairing import Pairing
from workassign._planning import Planning
from workassign._records import Work
from workassign._reviewing import Reviewing
from workassign._roster import OF_AGENTS, Roster
from workassign._rotating import Rotating
from workassign._snapshot import snapshot
from workassign._state import State
from workassign._surging import Surging
from workassign._talking import Talking
from workassign._updating import Updating
from workassign.errors import UsageError
from workassign.model import (
    LATEST,
    Agent,
    AgentId,
    Customer,
    Fence,
    Instant,
    Interaction,
    InteractionId,
    OfferId,
    Presence,
    Status,
    Value,
)
from workassign.needs import Needs
from workassign.plan import Plan
from workassign.policies.holds import Hold

__all__ = ["Engine"]

_Decide: TypeAlias = Callable[["Engine", Any, Instant], list[ev.Event] | None]
"""Carries out a command object; what it returns is the repeated answer to one said before."""


class Engine:
    """Routes interactions to agents under a plan.

    Every method of a command takes the instant `at`, seconds, never before the last one, and
    returns the events that it caused, those of timers first. What is impossible in the business
    is the event `Refused`. With a `key`, a command that is said again gets the same answer.

    Raises:
        UsageError: From every command, if `at` runs backwards, is not finite or no number.

    >>> engine = Engine()
    >>> _ = engine.add_agent(Agent(id="ann"), at=0)
    >>> _ = engine.sign_on("ann", at=0)
    >>> submitted, offered = engine.submit(Interaction(id="tweet-1"), at=1)
    >>> offered.agent
    'ann'
    """

    def __init__(self, plan: Plan | None = None) -> None:
        """Start empty, under *plan* (by default one queue and one channel, both `default`)."""
        self._turn = Turn()
        self._state = State(plan if plan is not None else Plan())
        self._asking = Asking(self._state, self._turn)
        self._pairing = Pairing(self._state, self._asking, self._turn)
        self._aside = Aside(self._state, self._pairing, self._turn)
        self._locking = Locking(self._state, self._turn, self._pairing.deadlines)
        self._offering = Offering(self._state, self._asking, self._pairing, self._turn)
        hands = (self._aside, self._locking, self._offering)
        self._interactions = Interactions(self._state, self._asking, self._pairing, *hands, self._turn)
        whose = (self._aside, self._locking, self._interactions, self._turn)
        self._talking = Talking(self._state, self._asking, self._pairing, *whose)
        self._owning = Owning(self._state, self._asking, self._pairing, *whose)
        self._updating = Updating(self._state, self._asking, self._pairing, self._interactions, self._turn)
        self._reviewing = Reviewing(
            self._state, self._pairing, self._locking, self._interactions, self._talking, self._turn
        )
        self._roster = Roster(self._state, self._pairing, self._offering, *whose[1:])
        self._watch = Watch(self._state, self._pairing, self._turn)
        self._deadlines = self._pairing.deadlines
        self._batching = Batching(self._asking, self._pairing)
        self._rotating = Rotating(self._state, self._roster, self._deadlines, self._turn)
        self._pairing.timers.rotates = self._rotating.counts
        self._surging = Surging(self._state, self._roster, self._deadlines, self._turn)
        in_turn = (self._rotating, self._surging, self._watch)
        self._planning = Planning(
            self._state, self._asking, self._pairing, self._roster, *in_turn, self._turn
        )
        self._answers: dict[str, tuple[cmd.Command, list[ev.Event]]] = {}
        self._answered: deque[tuple[Instant, str]] = deque()
        self._stale = False

    @property
    def plan(self) -> Plan:
        """The plan that holds."""
        return self._state.plan

    @property
    def now(self) -> Instant:
        """The instant of the last turn; minus infinity before the first."""
        return self._turn.at

    @property
    def surging(self) -> bool:
        """Whether a surge is on: see the plan's `surge`."""
        surge = self._state.surge
        return surge is not None and surge.on

    @property
    def timed(self) -> int:
        """How many of the last turn's facts time brought, before the command was heard."""
        turn = self._turn
        return turn.timed if turn.late is turn.facts else 0

    @property
    def facts(self) -> list[ev.Event]:
        """What the last turn brought about: what a journal must keep of it."""
        return self._turn.facts

    # --- the fast doors: one method a command -----------------------------------------------

    def submit(self, interaction: Interaction, at: Instant, *, key: str | None = None) -> list[ev.Event]:
        """Take in an interaction; the same one again gets the same answer.

        Cost: O(log n) in what waits with equal needs, and the pools that can serve it.
        """
        if key is not None:
            return self.handle(cmd.Submit(interaction, key=key), at)
        if type(interaction) is not Interaction:
            raise UsageError(f"only an Interaction can be submitted, not {shown(interaction)}")
        turn = self._turn
        if type(at) is float and turn.at <= at < self._deadlines.bound:
            turn.at, turn.facts = at, []  # `_begin`, written out: the hot path
        else:
            at = self._begin_late(at)
        again = self._interactions.submit(interaction, at)
        # One interaction came and nobody was freed, so it is placed already: no need for `_end`.
        if turn.careful:
            self._end(at)
        return turn.facts if again is None else [*turn.facts, *again]

    def accept(
        self, offer: OfferId, agent: AgentId, at: Instant, *, key: str | None = None
    ) -> list[ev.Event]:
        """Let the agent take what she was offered; said again by her, it is the same answer."""
        if key is not None:
            return self.handle(cmd.Accept(offer, agent, key=key), at)
        turn = self._turn
        if type(at) is float and turn.at <= at < self._deadlines.bound:
            turn.at, turn.facts = at, []  # `_begin`, written out: the hot path
        else:
            at = self._begin_late(at)
        if self._state.plan.heartbeat is not None:
            self._roster.hear(agent, at)
        again = self._offering.accept(offer, agent, at)
        facts = self._end(at) if self._pairing.freed or turn.careful else turn.facts
        return facts if again is None else [*facts, *again]

    def complete(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant, *, key: str | None = None
    ) -> list[ev.Event]:
        """Let the holder, who shows the assignment's fence, finish; wrap-up may follow."""
        if key is not None:
            return self.handle(cmd.Complete(interaction, agent, fence, key=key), at)
        turn = self._turn
        if type(at) is float and turn.at <= at < self._deadlines.bound:
            turn.at, turn.facts = at, []  # `_begin`, written out: the hot path
        else:
            at = self._begin_late(at)
        if self._state.plan.heartbeat is not None:
            self._roster.hear(agent, at)
        self._interactions.complete(interaction, agent, fence, at)
        # The one agent freed has been given what she would take; unless that makes her leave, it is done.
        return self._end(at) if self._pairing.leaving or turn.careful else turn.facts

    def pull(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Give the agent, who asks for it, what she would take next; she has it at once."""
        return self.handle(cmd.Pull(agent), at)

    def decline(self, offer: OfferId, agent: AgentId, at: Instant, *, reason: str = "") -> list[ev.Event]:
        """Let the agent refuse what she was offered."""
        return self.handle(cmd.Decline(offer, agent, reason), at)

    def finish_wrap_up(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant
    ) -> list[ev.Event]:
        """End the wrap-up before its time."""
        return self.handle(cmd.FinishWrapUp(interaction, agent, fence), at)

    def extend_wrap_up(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, seconds: float, at: Instant
    ) -> list[ev.Event]:
        """Let the wrap-up last so many seconds longer."""
        return self.handle(cmd.ExtendWrapUp(interaction, agent, fence, seconds), at)

    def escalate(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant, *, reason: str = ""
    ) -> list[ev.Event]:
        """Pass it on to the next level; whoever did so does not get it back."""
        return self.handle(cmd.Escalate(interaction, agent, fence, reason), at)

    def release(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant, *, reason: str = ""
    ) -> list[ev.Event]:
        """Let the holder give it back; it returns to its place in the queue."""
        return self.handle(cmd.Release(interaction, agent, fence, reason), at)

    def transfer(
        self,
        interaction: InteractionId,
        queue: str,
        at: Instant,
        *,
        agent: AgentId | None = None,
        fence: Fence | None = None,
        to: AgentId | None = None,
        age: str = "keep",
    ) -> list[ev.Event]:
        """Move it to another queue, or to a colleague; whoever holds it shows agent and fence."""
        return self.handle(cmd.Transfer(interaction, queue, agent, fence, to, age), at)

    def assign(
        self, interaction: InteractionId, agent: AgentId, at: Instant, *, override: bool = False
    ) -> list[ev.Event]:
        """Give it to an agent by hand; *override* goes over her capacity."""
        return self.handle(cmd.Assign(interaction, agent, override), at)

    def update(
        self,
        interaction: InteractionId,
        at: Instant,
        *,
        customer: Customer | None = None,
        sentiment: float | None = None,
        attributes: Mapping[str, Value] | None = None,
        needs: Needs | None = None,
        tier: int | None = None,
    ) -> list[ev.Event]:
        """Say what is known of it by now; it is scored and placed anew, whoever has it keeps it."""
        return self.handle(cmd.Update(interaction, customer, sentiment, attributes, needs, tier), at)

    def cancel(self, interaction: InteractionId, at: Instant, *, reason: str = "") -> list[ev.Event]:
        """Close it, whoever has it."""
        return self.handle(cmd.Cancel(interaction, reason), at)

    def abandon(self, interaction: InteractionId, at: Instant) -> list[ev.Event]:
        """Close it because the customer left before anybody accepted."""
        if type(interaction) is not str or interaction not in self._state.works:
            return self.handle(cmd.Abandon(interaction), at)  # to say what is wrong with it
        at = self._begin(at)
        self._interactions.abandon(interaction, at)
        return self._end(at)

    def reopen(self, interaction: InteractionId, at: Instant, *, reason: str = "") -> list[ev.Event]:
        """Open it again: it waits in its queue, with a new age."""
        return self.handle(cmd.Reopen(interaction, reason), at)

    def customer_replied(
        self, interaction: InteractionId, at: Instant, *, sentiment: float | None = None
    ) -> list[ev.Event]:
        """The customer wrote again, which opens what is closed where its queue allows that."""
        return self.handle(cmd.CustomerReplied(interaction, sentiment), at)

    def agent_replied(
        self, interaction: InteractionId, agent: AgentId, at: Instant, *, fence: Fence | None = None
    ) -> list[ev.Event]:
        """An agent answered the customer; a *fence* that is shown must be the one that holds."""
        return self.handle(cmd.AgentReplied(interaction, agent, fence), at)

    def bot_replied(self, interaction: InteractionId, at: Instant) -> list[ev.Event]:
        """Something automatic answered the customer."""
        return self.handle(cmd.BotReplied(interaction), at)

    def set_status(self, interaction: InteractionId, status: Status, at: Instant) -> list[ev.Event]:
        """Say whose turn it is."""
        return self.handle(cmd.SetStatus(interaction, status), at)

    def park(
        self,
        interaction: InteractionId,
        at: Instant,
        *,
        until: Instant | None = None,
        agent: AgentId | None = None,
        fence: Fence | None = None,
        on_reply: bool = True,
        same_agent: bool = True,
    ) -> list[ev.Event]:
        """Put it aside until later; whoever holds it shows agent and fence."""
        return self.handle(cmd.Park(interaction, until, agent, fence, on_reply, same_agent), at)

    def resume(self, interaction: InteractionId, at: Instant) -> list[ev.Event]:
        """Bring back at once what was put aside."""
        return self.handle(cmd.Resume(interaction), at)

    def lock(
        self, interaction: InteractionId, agent: AgentId, at: Instant, *, steal: bool = False
    ) -> list[ev.Event]:
        """Let only the agent answer for a while; *steal* takes the lock from somebody else."""
        return self.handle(cmd.Lock(interaction, agent, steal), at)

    def unlock(self, interaction: InteractionId, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Let everybody answer again."""
        return self.handle(cmd.Unlock(interaction, agent), at)

    def propose(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant, *, ref: str | None = None
    ) -> list[ev.Event]:
        """Let the holder's reply be sent, or approved first where her queue's `review` asks for that."""
        return self.handle(cmd.Propose(interaction, agent, fence, ref), at)

    def approve(self, review: InteractionId, agent: AgentId, fence: Fence, at: Instant) -> list[ev.Event]:
        """Let a reviewer, who holds the review, find the reply good; she is done with it."""
        return self.handle(cmd.Approve(review, agent, fence), at)

    def reject(
        self, review: InteractionId, agent: AgentId, fence: Fence, at: Instant, *, reason: str = ""
    ) -> list[ev.Event]:
        """Let a reviewer, who holds the review, give a reply back to its author."""
        return self.handle(cmd.Reject(review, agent, fence, reason), at)

    def add_agent(self, agent: Agent, at: Instant) -> list[ev.Event]:
        """Put somebody on the roster, offline."""
        return self.handle(cmd.AddAgent(agent), at)

    def change_agent(self, agent: Agent, at: Instant) -> list[ev.Event]:
        """Replace what an agent can do; what she holds stays hers."""
        return self.handle(cmd.ChangeAgent(agent), at)

    def remove_agent(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Take somebody off the roster; what she had goes back to its place."""
        return self.handle(cmd.RemoveAgent(agent), at)

    def sign_on(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Make an agent available."""
        return self.handle(cmd.SignOn(agent), at)

    def sign_off(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Make an agent offline, or draining until what she holds is done."""
        return self.handle(cmd.SignOff(agent), at)

    def set_presence(self, agent: AgentId, presence: Presence, at: Instant) -> list[ev.Event]:
        """Change an agent's presence."""
        return self.handle(cmd.SetPresence(agent, presence), at)

    def set_shift(
        self, agent: AgentId, until: Instant | None, at: Instant, *, presence: Presence = Presence.OFFLINE
    ) -> list[ev.Event]:
        """Say when an agent's shift ends (None: unknown) and where she goes then: offline, or away."""
        return self.handle(cmd.SetShift(agent, until, presence), at)

    def heartbeat(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """Let an agent say that she is still there."""
        return self.handle(cmd.Heartbeat(agent), at)

    def disconnect(self, agent: AgentId, at: Instant) -> list[ev.Event]:
        """An agent's connection is lost."""
        return self.handle(cmd.Disconnect(agent), at)

    def change_plan(self, plan: Plan, at: Instant) -> list[ev.Event]:
        """Go on under another plan. Cost: O(open interactions)."""
        if not isinstance(plan, Plan):
            raise UsageError(f"a plan must be a Plan, not {shown(plan)}: see Plan.from_data")
        at = self._begin(at)
        self._planning.change(plan, at)
        return self._end(at)

    def resume_policy(self, slot: str, at: Instant) -> list[ev.Event]:
        """Ask a policy again that was switched off."""
        return self.handle(cmd.ResumePolicy(slot), at)

    def tick(self, at: Instant) -> list[ev.Event]:
        """Let what is due by *at* happen."""
        self._begin(at)
        return self.facts

    # --- the one door for command objects ---------------------------------------------------

    def handle(self, command: cmd.Command, at: Instant) -> list[ev.Event]:
        """Carry out any command object, heeding its key and expected version.

        Raises:
            UsageError: If *command* is none, or *at* runs backwards.
            PlanError: If it is a `ChangePlan` whose plan is wrong; nothing has changed then.
        """
        cmd.checked(command)
        if isinstance(command, cmd.ChangePlan):
            decide = _planned(Plan.from_data(command.plan))
        else:
            decide = _DECIDE[type(command)]
        at = self._begin(at)
        if command.key is not None and (known := self._answers.get(command.key)) is not None:
            if known[0] == command:
                return [*self.facts, *known[1]]
            self._turn.refuse(command, "key_reused", f"key {command.key!r} was used for another command")
            return self.facts
        again = None
        expected = command.expected_version
        if expected is None or self._interactions.again(command) or self._is_version(command, expected):
            if self._state.plan.heartbeat is not None and type(command) in OF_AGENTS:
                self._roster.hear(getattr(command, "agent", None) or "", at)
            again = decide(self, command, at)
        facts = self._end(at)
        answer = facts if again is None else [*facts, *again]
        if command.key is not None:
            self._remember(command, answer[self.timed :], at)
        return answer

    @property
    def next_wake(self) -> Instant:
        """When something is due without a command; infinity if nothing is. Later than `now`."""
        if self._stale:
            self._rebuild()
        wake = self._deadlines.next_wake()
        return wake if -LATEST < wake < LATEST else inf  # before the first turn nothing can be late

    @property
    def calm_until(self) -> Instant:
        """Before this instant nothing is due without a command: never later than `next_wake`.

        It costs nothing to read, and may be too early, even before `now`: then `next_wake` knows.
        """
        return self._deadlines.bound

    def check(self) -> dict[Hold, int]:
        """Assert every invariant of the engine. Cost: O(everything); for tests and audits.

        Returns how many pairs of a free agent and an interaction each hold keeps apart now.

        Raises:
            AssertionError: If one is broken; it prints the inner state around it.
        """
        from workassign import _check

        if self._stale:
            self._rebuild()
        found = _check.check(self._state, self._pairing.index, self.now, self._pairing.apart)
        assert self.next_wake > self.now, f"next_wake {self.next_wake} is not after {self.now}"
        return found

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as plain data: engines in equal states return equal data."""
        return {
            **snapshot(self._state),
            "keys": [[at, key] for at, key in self._answered],
        }

    def _stand(self, at: Instant, answers: dict[str, Any], answered: deque[tuple[Instant, str]]) -> None:
        """Go on from *at*, with the facts as they are by now and these *answers* to keys."""
        self._answers, self._answered = answers, answered
        self._turn.at = at
        self._stale = True
        self._deadlines.bound = -inf  # so that the next turn comes by `_fire`

    def absorb(self, at: Instant, command: cmd.Command, facts: list[ev.Event], timed: int) -> None:
        """Take in a turn that has already happened, as a journal has it. No policy is asked.

        *timed* of the *facts* came before the command was heard.
        """
        state = self._state
        for event in facts:
            EVOLVE[type(event)](state, event)
        if command.key is not None and command.key not in self._answers:
            answer = facts[timed:]
            heard = not answer or type(answer[0]) is ev.Heard
            if heard and all(type(event) is ev.Heard for event in answer):
                answer = [*answer, *(self._interactions.again(command) or ())]
            self._remember(command, answer, at)
        self._turn.at = at
        self._stale = True
        self._deadlines.bound = -inf  # so that the next turn comes by `_fire`

    # --- a turn -----------------------------------------------------------------------------

    def _begin(self, at: Instant) -> Instant:
        """Open a turn: check the clock and let happen what is due."""
        turn = self._turn
        if type(at) is not float or not turn.at <= at < self._deadlines.bound:
            return self._begin_late(at)
        turn.at, turn.facts = at, []
        return at

    def _begin_late(self, at: Instant) -> Instant:
        """Open a turn by which something is due, or whose instant is unusual."""
        at = self._checked_instant(at)
        turn = self._turn
        turn.facts = []
        if self._stale:
            self._rebuild()  # as of the last turn: what fell due since then is still to come
        turn.at = at
        self._fire(at)
        turn.late, turn.timed = turn.facts, len(turn.facts)
        return at

    def _checked_instant(self, at: object) -> Instant:
        """Return *at* as a float, if time does not run backwards."""
        if isinstance(at, bool) or not isinstance(at, int | float):
            found = f"not {shown(at)}: convert a datetime with workassign.instant"
            raise UsageError(f"at must be seconds, {found}")
        if not -LATEST <= at <= LATEST:
            raise UsageError(f"at must be finite and within {LATEST:g} seconds of 0, not {shown(at)}")
        if at < self.now:
            raise UsageError(f"time runs backwards: {shown(at)} is before {self.now!r}")
        return float(at)

    def _end(self, at: Instant) -> list[ev.Event]:
        """Close a turn: bring together what fits, and let happen what the turn itself made due."""
        pairing = self._pairing
        if pairing.freed or pairing.brought or pairing.leaving or self._turn.careful:
            self._settle(at)
        if self._watch.on:
            self._watch.follow(at)
        if at >= self._deadlines.bound:
            self._fire(at)
        return self._turn.facts

    def _settle(self, at: Instant) -> None:
        """Let agents leave who must, then bring together what fits, until nothing is left.

        Whoever is free then may be asked, too, for what is offered to several.
        """
        self._bring_together(at)
        if self._turn.batched:
            self._batching.close(at)
        while self._pairing.spreading:
            self._pairing.spread(at)
            self._bring_together(at)
        if self._turn.loaded and self._rotating.follow(at):
            self._settle(at)
        if self._turn.surging and self._surging.follow(at):
            self._settle(at)
        if self._turn.batched:
            self._batching.arm(at)

    def _bring_together(self, at: Instant) -> None:
        pairing = self._pairing
        while pairing.freed or pairing.brought or pairing.leaving or self._turn.switched:
            while pairing.leaving:
                agent, presence, cause = pairing.leaving.pop(0)
                if pairing.must_leave(agent, presence):
                    self._roster.presence(agent, presence, cause, at)
            if self._turn.switched:
                self._ask_anew(at)
            pairing.settle(at)

    def _fire(self, at: Instant) -> None:
        """Let every timer go off that is due by *at*, one after the other, then bring together."""
        while (timer := self._deadlines.pop(at)) is not None:
            due, kind, _, subject = timer
            _FIRE[kind](self, subject, due, at)
        self._settle(at)
        if self._watch.on:
            self._watch.follow(at)
        if at >= self._deadlines.bound and at >= self._deadlines.next_wake() < LATEST:
            self._fire(at)  # what was moved may be late already where it is now

    def _wait_over(self, work: Work) -> None:
        self._pairing.look_again(work)
        self._watch.waits_for_anybody(work)

    def _step(self, work: Work, due: Instant, at: Instant, *, again: bool = False) -> None:
        if again:
            self._pairing.moving.ask_again(work, due)
        self._pairing.step(work, due, at)
        self._watch.waits_for_anybody(work)  # its wait for one agent may have ended by now

    def _rebuild(self) -> None:
        """Derive the index and the timers from the facts, after a replay."""
        self._stale = False
        self._asking.quiet = True  # a policy that fails now fails again when it is asked in a turn
        with undisturbed(go_on=True):
            self._pairing.rebuild(self.now)
            self._rotating.arm(self.now)
            self._surging.arm()
            self._batching.arm(self.now)
            self._watch.rebuild(self.now)
        self._asking.quiet = False

    def _ask_anew(self, at: Instant) -> None:
        """Forget what the policies have said, and bring together what fits now."""
        self._turn.switched = False
        self._turn.take_care()
        self._pairing.start_over(at)
        self._rotating.arm(at)
        self._surging.arm()
        self._watch.rebuild(at)

    # --- odds and ends ----------------------------------------------------------------------

    def _is_version(self, command: cmd.Command, expected: int) -> bool:
        """Whether the subject of *command* is at the expected version, or refuse."""
        version = self._version(command)
        if version == expected:
            return True
        self._turn.refuse(
            command, "stale_version", f"{cmd.subject_of(command)!r} is at version {version}, not {expected}"
        )
        return False

    def _version(self, command: cmd.Command) -> int:
        """Return the version of what *command* is about; 0 if it does not exist."""
        state = self._state
        if isinstance(command, cmd.Accept | cmd.Decline):
            hold = state.offers.get(command.offer)
            return 0 if hold is None else hold.work.version
        if isinstance(command, cmd.ChangePlan | cmd.ResumePolicy | cmd.Tick):
            return state.plan_version
        subject = cmd.subject_of(command)
        known: Any = (
            state.works.get(subject) if hasattr(command, "interaction") else state.agents.get(subject)
        )
        return 0 if known is None else known.version

    def _remember(self, command: cmd.Command, answer: list[ev.Event], at: Instant) -> None:
        """Keep the answer to a command with a key, for as long as the plan says."""
        assert command.key is not None
        self._answers[command.key] = (command, answer)
        self._answered.append((at, command.key))
        while self._answered[0][0] < at - self._state.plan.retention:
            del self._answers[self._answered.popleft()[1]]


def _planned(plan: Plan) -> _Decide:
    return lambda engine, _, at: engine._planning.change(plan, at)


_DECIDE: Mapping[type, _Decide] = {
    cmd.Submit: lambda engine, c, at: engine._interactions.submit(c.interaction, at),
    cmd.Accept: lambda engine, c, at: engine._offering.accept(c.offer, c.agent, at),
    cmd.Complete: lambda engine, c, at: engine._interactions.complete(c.interaction, c.agent, c.fence, at),
    cmd.Decline: lambda engine, c, at: engine._offering.decline(c, at),
    cmd.FinishWrapUp: lambda engine, c, at: engine._interactions.finish_wrap_up(c, at),
    cmd.Release: lambda engine, c, at: engine._interactions.release(c, at),
    cmd.Cancel: lambda engine, c, at: engine._interactions.cancel(c, at),
    cmd.Abandon: lambda engine, c, at: engine._interactions.abandon(c.interaction, at),
    cmd.Transfer: lambda engine, c, at: engine._interactions.transfer(c, at),
    cmd.Assign: lambda engine, c, at: engine._interactions.assign(c, at),
    cmd.Reopen: lambda engine, c, at: engine._talking.reopen(c, at),
    cmd.CustomerReplied: lambda engine, c, at: engine._talking.customer_replied(c, at),
    cmd.AgentReplied: lambda engine, c, at: engine._talking.agent_replied(c, at),
    cmd.BotReplied: lambda engine, c, at: engine._talking.bot_replied(c, at),
    cmd.SetStatus: lambda engine, c, at: engine._talking.set_status(c, at),
    cmd.AddAgent: lambda engine, c, at: engine._roster.add(c, at),
    cmd.ChangeAgent: lambda engine, c, at: engine._roster.change(c, at),
    cmd.RemoveAgent: lambda engine, c, at: engine._roster.remove(c, at),
    cmd.SignOn: lambda engine, c, at: engine._roster.set_presence(c, at),
    cmd.SignOff: lambda engine, c, at: engine._roster.set_presence(c, at),
    cmd.SetPresence: lambda engine, c, at: engine._roster.set_presence(c, at),
    cmd.Disconnect: lambda engine, c, at: engine._roster.disconnect(c, at),
    cmd.Heartbeat: lambda engine, c, at: engine._roster.heartbeat(c, at),
    cmd.SetShift: lambda engine, c, at: engine._roster.set_shift(c, at),
    cmd.ResumePolicy: lambda engine, c, at: engine._planning.resume(c, at),
    cmd.Tick: lambda engine, c, at: None,
    cmd.Pull: lambda engine, c, at: engine._interactions.pull(c, at),
    cmd.Park: lambda engine, c, at: engine._owning.park(c, at),
    cmd.Resume: lambda engine, c, at: engine._owning.resume(c, at),
    cmd.Lock: lambda engine, c, at: engine._owning.lock(c, at),
    cmd.Unlock: lambda engine, c, at: engine._owning.unlock(c, at),
    cmd.ExtendWrapUp: lambda engine, c, at: engine._owning.extend(c, at),
    cmd.Escalate: lambda engine, c, at: engine._owning.escalate(c, at),
    cmd.Propose: lambda engine, c, at: engine._reviewing.propose(c, at),
    cmd.Approve: lambda engine, c, at: engine._reviewing.decide(c, at),
    cmd.Reject: lambda engine, c, at: engine._reviewing.decide(c, at),
    cmd.Update: lambda engine, c, at: engine._updating.update(c, at),
}

_FIRE: Mapping[int, Callable[[Engine, Any, Instant, Instant], None]] = {
    WRAP_UP: lambda engine, hold, due, at: engine._interactions.finish(hold, due, at),
    OFFER: lambda engine, hold, due, at: engine._offering.expired(hold, due, at),
    SLA: lambda engine, work, due, at: engine._interactions.sla_missed(work, due, at),
    REST: lambda engine, agent, due, at: engine._pairing.freed.append(agent),
    RETRY: lambda engine, work, due, at: engine._pairing.look_again(work),
    STICKY: lambda engine, work, due, at: engine._wait_over(work),
    DELAY: lambda engine, work, due, at: engine._pairing.look_again(work),
    STEP: lambda engine, work, due, at: engine._step(work, due, at),
    FORECAST: lambda engine, work, due, at: engine._step(work, due, at, again=True),
    CLOCK: lambda engine, clock, due, at: engine._pairing.clocks.ran(clock, due, at),
    AGE: lambda engine, work, due, at: engine._watch.aged(work, due, at),
    BREACH: lambda engine, subject, due, at: engine._watch.nears(subject, due, at),
    GRACE: lambda engine, agent, due, at: engine._roster.grace_over(agent, due, at),
    ROTATION: lambda engine, name, due, at: engine._rotating.go_on(name, at),
    SURGE: lambda engine, _, due, at: engine._surging.end(due, at),
    RESUME: lambda engine, work, due, at: engine._aside.resume(work, "time", due, at),
    LEASE: lambda engine, work, due, at: engine._locking.end(work, "expired", due, at),
    RAMP: lambda engine, agent, due, at: engine._pairing.freed.append(agent),
    BEAT: lambda engine, agent, due, at: engine._roster.lease_over(agent, due, at),
    BATCH: lambda engine, window, due, at: engine._batching.end(window),
    SHIFT: lambda engine, agent, due, at: engine._roster.turned(agent, due, at),
}
