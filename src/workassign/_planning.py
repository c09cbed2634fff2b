"""What follows when the plan changes, or a policy of it is asked again?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._alarms import Watch
from workassign._asking import Asking, Turn
from workassign._moving import boosted, further
from workassign._pairing import Pairing
from workassign._records import Work
from workassign._roster import Roster
from workassign._rotating import Rotating
from workassign._state import State
from workassign._surging import Surging
from workassign.model import Instant
from workassign.plan import Plan, Queue

__all__ = ["Planning"]


class Planning:
    """Changes the plan: every open interaction gets its place, and its clocks, under the new one."""

    def __init__(
        self,
        state: State,
        asking: Asking,
        pairing: Pairing,
        roster: Roster,
        rotating: Rotating,
        surging: Surging,
        watch: Watch,
        turn: Turn,
    ) -> None:
        self._rotating = rotating
        self._surging = surging
        self._watch = watch
        self._state = state
        self._asking = asking
        self._pairing = pairing
        self._roster = roster
        self._turn = turn

    def change(self, plan: Plan, at: Instant) -> None:
        """Go on under *plan*, unless open work would have no place."""
        state = self._state
        open_works = [work for work in state.works.values() if work.stage != "closed"]
        for work in open_works:
            name, channel = work.sig.queue.name, work.sig.channel
            if name not in plan.queues and name not in plan.successors:
                reason = f"interactions are open in queue {name!r}: name its successor"
                self._turn.facts.append(ev.Refused(at, "ChangePlan", plan.name, "no_successor", reason))
                return
            if channel not in plan.channels:
                reason = f"interactions are open on channel {channel!r}"
                self._turn.facts.append(ev.Refused(at, "ChangePlan", plan.name, "channel_in_use", reason))
                return
        for agent in state.agents.values():
            missing = next((name for name in agent.told.groups if name not in plan.groups), None)
            if missing is not None:
                reason = f"agent {agent.told.id!r} is in group {missing!r}: keep it, or take her out first"
                self._turn.facts.append(ev.Refused(at, "ChangePlan", plan.name, "group_in_use", reason))
                return
        stays = frozenset(name for name, queue in plan.queues.items() if self._is_schedule_of(name, queue))
        if state.surge is not None and state.surge.on and plan.surge != state.plan.surge:
            self._surging.end(None, at)
        event = ev.PlanChanged(at, plan.to_data(strict=False), plan.hash)
        state.plan_changed(event, plan)
        self._turn.facts.append(event)
        for agent in state.agents.values():
            self._roster.follow(agent, at)
        self._rotating.begin(at)
        self._pairing.prepare()
        for work in open_works:
            self._rekey(work, stays, at)
            if state.clocked or work.interaction.id in state.conversations:
                self._pairing.clocks.align(work, "plan changed", at)
        self._pairing.start_over(at)
        self._rotating.arm(at)
        self._surging.arm()
        self._watch.rebuild(at)

    def resume(self, command: cmd.ResumePolicy, at: Instant) -> None:
        """Ask a policy again, and forget what was answered in its place."""
        if command.slot not in self._state.off:
            self._turn.refuse(command, "not_off", f"policy {command.slot!r} is not switched off")
            return
        event = ev.PolicyResumed(at, command.slot)
        self._state.policy_resumed(event)
        self._turn.facts.append(event)
        self._turn.switched = True
        self._turn.take_care()

    def _is_schedule_of(self, name: str, queue: Queue) -> bool:
        """Whether the queue *name* has the needs and the steps of *queue* already."""
        now = self._state.plan.queues.get(name)
        return now is not None and now.needs is queue.needs and now.steps == queue.steps

    def _rekey(self, work: Work, stays: frozenset[str], at: Instant) -> None:
        """Put *work* where it belongs under the new plan; in a queue that *stays*, its steps hold on."""
        name, plan = work.sig.queue.name, self._state.plan
        queue = self._state.queues[name if name in plan.queues else plan.successors[name]]
        place = self._asking.belongs(queue, work.interaction, work.since)
        boost = self._state.boosts.get(work.interaction.id) if name == queue.name else None
        if boost is not None:
            place = boosted(place, boost, queue.plan.head_start_cap)
        progress = work.progress
        stepped = progress is not None and progress.taken > 0
        kept = stepped and name == queue.name and name in stays
        if kept and progress is not None:
            place = further(place, progress)
        needs = work.sig.needs if kept else self._state.needed(queue.name, work.interaction.needs)
        tier, reference, head_start, _, target = place
        new = (queue.name, tier, reference - head_start, target, needs)
        if kept == stepped and new == (name, work.sig.tier, work.key, work.target, work.sig.needs):
            return
        event = ev.Rekeyed(at, work.interaction.id, queue.name, *place, kept)
        self._state.rekeyed(work, event)
        self._turn.facts.append(event)
