"""What time it is where the clock of the machine jumps."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.errors import UsageError
from workassign.serve.clock import BACKWARD, FORWARD, SteadyClock

DAY = 86_400.0


class Machine:
    """Two clocks: the day can be set, the pace cannot."""

    def __init__(self) -> None:
        self.pace = 5.0
        self.ahead = 1_000_000.0

    def wall(self) -> float:
        return self.pace + self.ahead

    def steady(self) -> float:
        return self.pace

    def clock(self, believe_after: float = 60.0) -> SteadyClock:
        return SteadyClock(self.wall, self.steady, believe_after=believe_after)


def test_what_a_time_server_corrects_forward_is_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ahead += 30
    assert clock() == machine.wall()
    assert clock.jumps == 0


def test_a_day_that_was_set_by_mistake_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    machine.ahead += DAY
    with caplog.at_level(logging.WARNING, "workassign.clock"):
        for _ in range(5):
            machine.pace += 10
            clock()
    assert clock() == before + 50
    assert (clock.jumps, clock.gap) == (1, DAY)
    assert len(caplog.records) == 1
    machine.ahead -= DAY
    machine.pace += 3600
    assert clock() == machine.wall()
    assert (clock.jumps, clock.gap) == (1, 0)


def test_a_jump_forward_that_lasts_is_believed() -> None:
    """So it is with a machine that slept: its pace stood still, and the day went on."""
    machine = Machine()
    clock = machine.clock()
    machine.ahead += 3600
    clock()
    machine.pace += 59
    assert clock() < machine.wall()
    machine.pace += 1
    assert clock() == machine.wall()
    assert clock.gap == 0


def test_a_day_that_jumps_again_must_last_again() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ahead += 3600
    clock()
    machine.pace += 50
    machine.ahead += DAY
    clock()
    machine.pace += 50
    assert clock() == machine.wall() - 3600 - DAY
    assert clock.jumps == 2
    machine.pace += 10
    assert clock() == machine.wall()


def test_a_jump_backward_is_never_believed_and_time_does_not_stand_still() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    machine.ahead -= 3600
    for _ in range(10):
        machine.pace += 60
        clock()
    assert clock() == before + 600
    assert clock.jumps == 1
    machine.ahead += 3600
    assert clock() == machine.wall()


def test_an_operator_can_have_it_believed_at_once() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ahead += DAY
    clock.anchor()
    assert clock() == machine.wall()
    machine.ahead -= DAY
    before = clock()
    clock.anchor()
    assert clock() == before  # time cannot go back


def test_a_jump_must_last_some_time_to_be_believed() -> None:
    with pytest.raises(UsageError, match="believe_after must be positive, not 0"):
        SteadyClock(believe_after=0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1000), st.one_of(st.floats(-1.5, 1.5), st.floats(-100_000, 100_000), st.just(0.0))
        ),
        max_size=50,
    )
)
def test_time_never_goes_back_never_stands_still_and_never_jumps_unless_the_jump_lasted(
    steps: list[tuple[float, float]],
) -> None:
    machine = Machine()
    clock = machine.clock(believe_after=60.0)
    last, since = clock(), machine.pace
    for seconds, jump in steps:
        machine.pace += seconds
        machine.ahead += jump
        now = clock()
        assert now - last >= seconds - 1e-6
        if now - last > seconds + FORWARD + 1e-6:
            assert machine.pace - since >= 60.0  # it was noticed so long ago
            assert abs(now - machine.wall()) < 1e-6
        if jump and abs(jump) > BACKWARD:
            since = machine.pace
        last = now
