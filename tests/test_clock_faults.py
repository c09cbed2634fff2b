"""What a desk does while the clock of its machine is set forward, set back, or stands still."""

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import Agent, Desk, Interaction, Plan, Queue, Target
from workassign import commands as cmd
from workassign import events as ev
from workassign.journal import verify
from workassign.serve.clock import FORWARD, SteadyClock
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

HOUR, DAY = 3600.0, 86_400.0
MORNING = 1_767_255_300.0

LOOK = 10.0
"""So often somebody looks at the clock at least."""

PLAN = Plan(
    queues={
        "default": Queue(
            offer_for=45,
            targets=(
                Target(measures="first_response", within=2 * HOUR, warn_at=(0.5,)),
                Target(measures="resolution", within=8 * HOUR),
            ),
        )
    }
)

Timed = ev.OfferExpired | ev.SlaWarned | ev.SlaMissed


class Machine:
    """A machine whose time of day can be set and stopped; `now` is what the time truly is."""

    def __init__(self) -> None:
        self.now = self.wall = MORNING
        self.stands = False

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.wall += 0 if self.stands else seconds

    def time_of_day(self) -> float:
        return self.wall

    def clock(self) -> SteadyClock:
        """Return a clock that goes by this machine."""
        return SteadyClock(self.time_of_day, lambda: self.now - MORNING)


class Floor:
    """A desk that is ticked when its clock says so, with ann at work; what happened, and truly when."""

    def __init__(self, *, steady: bool = True, agents: Sequence[str] = ("ann",)) -> None:
        self.machine, self.store = Machine(), MemoryStore()
        self.clock: Callable[[], float] = self.machine.clock() if steady else self.machine.time_of_day
        self.desk = Desk.open(self.store, PLAN, clock=self.clock)
        self.happened: list[tuple[float, ev.Event]] = []
        self.desk.listen(self._hear)
        for agent in agents:
            self.say(cmd.AddAgent(Agent(id=agent)))
            self.say(cmd.SignOn(agent))

    def say(self, command: cmd.Command) -> list[ev.Event]:
        """Carry out *command* now."""
        return self.desk.handle(command)

    def live(self, seconds: float) -> None:
        """Let so much time pass truly; whoever minds the time looks as often as a ticker does."""
        end = self.machine.now + seconds
        while self.machine.now < end:
            nap = min(LOOK, end - self.machine.now, max(self.desk.next_wake - self.clock(), 0.001))
            self.machine.pass_by(nap)
            if self.desk.next_wake <= self.clock():
                self.desk.tick()

    def _hear(self, last: int, events: Sequence[ev.Event], wake: float) -> None:
        self.happened += [(self.machine.now, event) for event in events]

    def timed(self) -> list[tuple[float, Timed]]:
        """Return what happened because its time had come, and when that truly was."""
        return [(now, event) for now, event in self.happened if isinstance(event, Timed)]

    def missed(self) -> list[ev.SlaMissed]:
        return [event for _, event in self.timed() if isinstance(event, ev.SlaMissed)]

    def go_on(self) -> None:
        """Let everything be answered and completed: the desk is none the worse."""
        for agent in ("ann", "bob"):
            self.say(cmd.AddAgent(Agent(id=agent)))
            self.say(cmd.SignOn(agent))
        for each in range(3):
            if self.desk.interaction(f"t{each}").stage == "waiting":
                self.live(60)  # an offer that somebody let expire comes back
        seen = 0
        while seen < len(self.happened):
            _, event = self.happened[seen]
            seen += 1
            if isinstance(event, ev.Offered):
                self.say(cmd.Accept(event.offer, event.agent))
            if isinstance(event, ev.Assigned):
                self.say(cmd.Complete(event.interaction, event.agent, event.fence))
            if seen == len(self.happened):
                self.live(60)
        assert {self.desk.interaction(f"t{each}").stage for each in range(3)} == {"closed"}
        assert verify(self.store).ok
        times = [event.at for _, event in self.happened]
        assert all(before <= after for before, after in pairwise(times))


def submitted(floor: Floor) -> Floor:
    """Let three come in; one is offered, two wait."""
    for each in range(3):
        floor.say(cmd.Submit(Interaction(id=f"t{each}"), key=f"k{each}"))
    return floor


def in_time(floor: Floor, *, late: float = LOOK) -> bool:
    """Whether everything that was due happened then by the true time: not before, and little later."""
    return all(-1e-6 <= now - event.due <= late + 1e-6 for now, event in floor.timed())


def test_a_day_forward_by_mistake_lets_no_deadline_be_missed() -> None:
    floor = submitted(Floor())
    floor.live(10)
    floor.machine.wall += DAY
    floor.live(50)  # then somebody sees it
    floor.machine.wall -= DAY
    floor.live(HOUR)
    assert in_time(floor)
    assert floor.missed() == []
    assert any(isinstance(event, ev.OfferExpired) for _, event in floor.timed())
    assert floor.clock() == floor.machine.now
    floor.go_on()


def test_without_a_steady_clock_everything_would_have_been_missed() -> None:
    """What the tests here would see, if it were there to be seen."""
    floor = submitted(Floor(steady=False))
    floor.live(10)
    floor.machine.wall += DAY
    floor.live(50)
    assert len(floor.missed()) == 6
    assert not in_time(floor)


def test_a_machine_that_slept_for_a_day_is_late_and_says_what_was_due_when() -> None:
    """Nothing tells a date that is right from one that was mistyped, but that it lasts."""
    floor = submitted(Floor())
    floor.live(10)
    floor.machine.wall += DAY
    floor.live(120)
    assert {event.due for event in floor.missed()} == {MORNING + 2 * HOUR, MORNING + 8 * HOUR}
    assert len(floor.missed()) == 6
    assert all(event.at >= event.due for event in floor.missed())
    floor.go_on()


def test_an_hour_backward_lets_nothing_stand_still_or_happen_twice() -> None:
    floor = submitted(Floor())
    floor.live(10)
    floor.machine.wall -= HOUR
    floor.live(3 * HOUR)
    assert in_time(floor)
    assert len(floor.missed()) == 3
    assert {event.due for event in floor.missed()} == {MORNING + 2 * HOUR}
    floor.machine.wall += HOUR
    floor.live(60)
    assert floor.clock() == floor.machine.now
    assert len(floor.missed()) == 3
    floor.go_on()


def test_a_clock_that_stands_still_for_an_hour_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    floor = submitted(Floor())
    with caplog.at_level(logging.WARNING, "workassign.clock"):
        floor.machine.stands = True
        floor.live(2.5 * HOUR)
        floor.machine.stands = False
        floor.live(60)
    assert in_time(floor)
    assert len(floor.missed()) == 3
    assert isinstance(floor.clock, SteadyClock)
    assert floor.clock.jumps == len(caplog.records) == 1  # not one a look
    floor.machine.wall = floor.machine.now
    floor.live(60)
    assert floor.clock() == floor.machine.now
    floor.go_on()


def test_forward_and_then_backward_is_two_jumps_and_none_is_followed() -> None:
    floor = submitted(Floor())
    assert isinstance(floor.clock, SteadyClock)
    for jump in (DAY, -2 * DAY):
        floor.machine.wall += jump
        floor.live(40)
    assert floor.clock.jumps == 2
    assert floor.clock() == floor.machine.now
    assert in_time(floor)


@pytest.mark.parametrize("fault", ["back", "stands"])
def test_a_bare_clock_that_goes_back_or_stands_makes_things_late_but_breaks_nothing(fault: str) -> None:
    floor = submitted(Floor(steady=False))
    floor.live(10)
    if fault == "back":
        floor.machine.wall -= HOUR
    floor.machine.stands = fault == "stands"
    for _ in range(6):
        floor.say(cmd.Tick())
        floor.machine.pass_by(HOUR / 6)
    assert floor.timed() == []
    floor.machine.stands = False
    floor.machine.wall = floor.machine.now
    floor.live(3 * HOUR)
    assert all(now >= event.due for now, event in floor.timed())
    assert len(floor.missed()) == 3
    floor.go_on()


def test_what_fell_due_in_a_downtime_happens_at_the_resume_and_says_when_it_was_due(tmp_path: Path) -> None:
    machine = Machine()
    with Desk.open(SqliteStore(tmp_path / "journal.db"), PLAN, clock=machine.clock()) as desk:
        desk.handle_all([cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), cmd.Submit(Interaction(id="t0"))])
    machine.pass_by(3 * HOUR)
    store = SqliteStore(tmp_path / "journal.db")
    with Desk.open(store, clock=machine.clock()) as desk:
        assert desk.next_wake == MORNING + 45
        events = desk.tick()
        due = [(type(event), event.due, event.at) for event in events if isinstance(event, Timed)]
        assert due == [
            (ev.OfferExpired, MORNING + 45, machine.now),
            (ev.SlaWarned, MORNING + HOUR, machine.now),
            (ev.SlaMissed, MORNING + 2 * HOUR, machine.now),
        ]
        assert desk.next_wake > machine.now
        assert verify(store).ok


def test_a_restart_with_the_clock_an_hour_behind_waits_for_it_and_goes_on(tmp_path: Path) -> None:
    machine = Machine()
    with Desk.open(SqliteStore(tmp_path / "journal.db"), PLAN, clock=machine.clock()) as desk:
        desk.handle_all([cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), cmd.Submit(Interaction(id="t0"))])
    machine.wall -= HOUR
    store = SqliteStore(tmp_path / "journal.db")
    with Desk.open(store, clock=machine.clock()) as desk:
        machine.pass_by(60)
        desk.handle(cmd.Submit(Interaction(id="t1")))
        assert desk.tick() == []  # time stands at the last instant of the journal
        [submitted] = [
            event for _, event in desk.events() if isinstance(event, ev.Submitted) and event.at > 0
        ][1:]
        assert submitted.at == MORNING
        machine.pass_by(HOUR)
        [expired] = [event for event in desk.tick() if isinstance(event, ev.OfferExpired)]
        assert (expired.due, expired.at) == (MORNING + 45, MORNING + 60)
        assert verify(store).ok


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["forward", "back", "stand", "none"]),
            st.floats(FORWARD + 1, 3 * DAY),
            st.floats(1, 3 * HOUR),
        ),
        max_size=6,
    )
)
def test_nothing_is_early_late_or_out_of_order_whatever_is_done_to_the_clock(
    faults: list[tuple[str, float, float]],
) -> None:
    """A date that is wrong forward is set right within 50 s here; one that is behind, whenever."""
    floor = submitted(Floor())
    for fault, jump, seconds in faults:
        floor.machine.wall += {"forward": jump, "back": -jump}.get(fault, 0.0)
        floor.machine.stands = fault == "stand"
        floor.live(min(seconds, 50.0) if fault == "forward" else seconds)
        floor.machine.stands = False
        floor.machine.wall = floor.machine.now
        floor.live(20)
    assert in_time(floor)
    floor.go_on()
