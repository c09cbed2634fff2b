"""What would recorded calls have met? What each of them brings, the figures, and the one that is fitted.

A replay takes everything from the records but what agents and queue decide: who came when, with what, for
how long she would have waited, and who was there. What no file of calls holds is how long an agent is
busy after a call; that one figure is fitted, on days other than those that it is to foretell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from workassign.errors import UsageError
from workassign.lab.draws import Purpose, stream
from workassign.lab.patience import Floats, Survival, kaplan_meier
from workassign.lab.recorded import RecordedCall

__all__ = ["Brought", "brought", "fit_after_call", "outcome_figures", "patience_by_type", "recorded_figures"]

FEWEST_LOST = 30
"""A type of which fewer calls gave up has the patience of all calls: its own curve would be noise."""

MOST_AFTER_CALL = 600.0

FIRST_TRY = 60.0
"""Where the search for the seconds after a call begins; doubled as long as they are too few."""


@attrs.frozen(kw_only=True, eq=False)
class Brought:
    """What calls bring into a replay: a column each, in the order of the calls."""

    patience: Floats
    """Seconds for which each would wait, infinity for ever."""
    service: Floats
    """Seconds of talk."""
    taken: NDArray[np.bool_]
    """False for a call that was served and took nobody's time: it is answered as it was."""


def brought(calls: Sequence[RecordedCall], *, seed: int) -> Brought:
    """Return what *calls* bring: what was seen, and a draw of what was not.

    - Who gave up: her patience is known, it was her wait. Her service is that of some served call of
      her type (of any type, if none was served).
    - Who was served: her service is known, her patience is longer than her wait; it is drawn from what
      the censored estimator leaves of her type's curve beyond that.

    Raises:
        UsageError: If there are no calls, or none was served.
    """
    if not any(call.served for call in calls):
        raise UsageError("a replay needs calls that were served, to know how long service takes")
    patience_luck = 1.0 - stream(seed, Purpose.PATIENCE, "replay").random(len(calls))
    service_luck = stream(seed, Purpose.HANDLING, "replay").random(len(calls))
    curves, services = patience_by_type(calls), _services(calls)
    patience, service = np.empty(len(calls)), np.empty(len(calls))
    for number, call in enumerate(calls):
        if call.service is None:
            alike = services.get(call.type) or services[""]
            patience[number] = call.wait
            service[number] = alike[int(service_luck[number] * len(alike))]
        else:
            patience[number] = curves[call.type].draw(float(patience_luck[number]), beyond=call.wait)
            service[number] = call.service
    taken = np.array([call.agent is not None or not call.served for call in calls])
    return Brought(patience=patience, service=service, taken=taken)


def patience_by_type(calls: Sequence[RecordedCall]) -> dict[str, Survival]:
    """Return the curve of each type of call; where fewer than `FEWEST_LOST` gave up, that of all calls."""
    by_type: defaultdict[str, list[RecordedCall]] = defaultdict(list)
    for call in calls:
        by_type[call.type].append(call)
    whole = _curve(calls)
    return {
        kind: _curve(alike) if sum(not call.served for call in alike) >= FEWEST_LOST else whole
        for kind, alike in sorted(by_type.items())
    }


def _curve(calls: Sequence[RecordedCall]) -> Survival:
    return kaplan_meier([call.wait for call in calls], [not call.served for call in calls])


def _services(calls: Sequence[RecordedCall]) -> dict[str, list[float]]:
    """Return the durations of service of each type, and of all calls under the empty name."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for call in calls:
        if call.service is not None and call.agent is not None:
            found[call.type].append(call.service)
            found[""].append(call.service)
    if not found:  # nobody is named as the one who served: the durations hold all the same
        found[""] = [call.service for call in calls if call.service is not None]
    return dict(found)


# --- figures --------------------------------------------------------------------------------


def recorded_figures(calls: Sequence[RecordedCall]) -> dict[str, Any]:
    """Return how it was: `outcome_figures` of the recorded waits."""
    return outcome_figures(calls, [call.wait for call in calls], [not call.served for call in calls])


def outcome_figures(calls: Sequence[RecordedCall], waits: ArrayLike, gave_up: ArrayLike) -> dict[str, Any]:
    """Return how it went for *calls*, of which each waited so long (seconds) and gave up or not.

    `calls`, `mean_wait` (seconds, over all calls, also those that gave up or did not wait) and
    `p_abandon` (the share that gave up); the same three in `weekdays` (None if there were none), in
    `by_month` (under `1999-01`) and `by_hour` of arrival (under `09`), where anybody called.

    Raises:
        UsageError: If there are no calls, or the columns are of other lengths.
    """
    waited, lost = np.asarray(waits, dtype=np.float64), np.asarray(gave_up, dtype=bool)
    if not len(calls) or not waited.shape == lost.shape == (len(calls),):
        raise UsageError(
            f"figures need a wait and an end for each call: {len(calls)} calls, {len(waited)} waits"
        )

    def by(name: Callable[[RecordedCall], str]) -> dict[str, dict[str, float]]:
        names = np.array([name(call) for call in calls])
        return {str(each): _figures(waited[names == each], lost[names == each]) for each in np.unique(names)}

    working = np.array([call.weekday for call in calls])
    return {
        **_figures(waited, lost),
        "weekdays": _figures(waited[working], lost[working]) if working.any() else None,
        "by_month": by(lambda call: f"{call.day:%Y-%m}"),
        "by_hour": by(lambda call: f"{call.hour:02}"),
    }


def _figures(waited: Floats, lost: NDArray[np.bool_]) -> dict[str, float]:
    return {
        "calls": len(waited),
        "mean_wait": round(float(waited.mean()), 3),
        "p_abandon": round(float(lost.mean()), 5),
    }


# --- the one figure that is fitted --------------------------------------------------------------


def fit_after_call(
    mean_wait: Callable[[float], float],
    recorded: float,
    *,
    most: float = MOST_AFTER_CALL,
    within: float = 0.5,
) -> float:
    """Return for how long agents are busy after each call: the seconds that give the recorded mean wait.

    *mean_wait* replays the calls with so many seconds after each, and returns their mean wait. It must
    use the same chance every time, or noise is fitted. Doubling finds two values between which it is,
    and interpolation (false position, with Illinois' halving) comes nearer until a step is at most
    *within* seconds: some eight replays for the defaults. 0 if even without a second the replay waits as
    long as was recorded.

    Source: M. Dowell and P. Jarratt, "A modified regula falsi method for computing the root of an
    equation", BIT 11 (1971), 168-174.

    Raises:
        UsageError: If not even *most* seconds suffice, or *recorded*, *most* or *within* are out of range.

    >>> fit_after_call(lambda seconds: 10 + seconds, 34.0, most=100, within=0.1)
    24.0
    """
    if not (recorded >= 0 and most > 0 and within > 0):
        raise UsageError(
            f"recorded must be >= 0, most and within positive, not {recorded!r}, {most!r} and {within!r}"
        )
    low, short = 0.0, mean_wait(0.0) - recorded
    if short >= 0:
        return 0.0
    high = min(FIRST_TRY, most)
    while (over := mean_wait(high) - recorded) < 0:
        if high >= most:
            raise UsageError(
                f"with {most:g} s after each call the mean wait is {over + recorded:.1f} s, below the"
                f" recorded {recorded:.1f} s: were more agents counted as present than there were?"
            )
        low, short, high = high, over, min(2 * high, most)
    return round(_crossing(lambda after: mean_wait(after) - recorded, (low, short), (high, over), within), 1)


def _crossing(
    off: Callable[[float], float], low: tuple[float, float], high: tuple[float, float], within: float
) -> float:
    """Return where *off* is 0 between two places, below 0 at *low*, not so at *high*; each (place, value)."""
    (left, short), (right, over) = low, high
    last = left
    while right - left > within:
        place = left + (right - left) * short / (short - over)
        found = off(place)
        if found == 0 or abs(place - last) <= within:
            return place
        # An end that stays twice counts half, so that the other one moves, too.
        if found < 0:
            over = over / 2 if last == left else over
            left, short = place, found
        else:
            short = short / 2 if last == right else short
            right, over = place, found
        last = place
    return (left + right) / 2
