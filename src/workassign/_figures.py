"""Which figures follow from what was counted?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from workassign import formulas as f
from workassign._gauges import Durations, Row
from workassign.model import AgentId, Instant

__all__ = ["AgentFigures", "Figures", "Live", "TargetFigures", "figures_of", "segments"]


@attrs.frozen(kw_only=True)
class Figures:
    """The key figures of a scope in a window; `formulas.KPIS` says what each is. None: nothing happened."""

    entered: int
    reopened: int
    answered: int
    within: int
    abandoned: int
    abandoned_within: int
    abandoned_short: int
    exited: Mapping[str, int]
    flowed_out: int
    waiting: int
    waiting_before: int
    """Waiting when the window began; 0 by arrival: entered is all there is."""
    sl_offered: float | None
    sl_answered: float | None
    sl_early_abandon_ok: float | None
    sl_drop_early_abandon: float | None
    sl_drop_short_abandon: float | None
    sl_flowout: float | None
    sl_groupwise: float | None
    sl_open: float | None
    excess_wait: float | None
    asa: float | None
    wait_p50: float | None
    wait_p90: float | None
    wait_p95: float | None
    wait_max: float | None
    abandon_rate: float | None
    abandon_rate_after_short: float | None
    first_response: float | None
    next_response: float | None
    resolution: float | None
    handle_time: float | None
    handle_time_active: float | None
    wrap_up_time: float | None
    handled: int
    completed: int
    occupancy: float | None
    accept_rate: float | None
    decline_rate: float | None
    timeout_rate: float | None
    offers_per_accept: float | None
    time_to_accept: float | None
    time_to_accept_p95: float | None
    transfer_rate: float | None
    hops_p95: float | None
    reopen_rate: float | None
    first_contact_resolution: float | None
    one_touch: float | None
    sticky_hit_rate: float | None
    escalations: int
    reviews: int
    rejection_rate: float | None
    stages: Mapping[str, int]
    """Steps taken in the queue before -> how many were answered after so many; "0" too."""
    messages: int
    replies: int
    bot_replies: int
    sentiment: float | None
    sentiment_shift: float | None
    happiness: float | None
    wait_parity: float | None
    declined: Mapping[str, int]
    """Reason -> declined offers."""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(Figures)}


@attrs.frozen(kw_only=True)
class TargetFigures:
    """How an SLA target was kept. attainment = met / (met + missed); durations on its calendar, seconds."""

    target: str
    calendar: str | None
    met: int
    missed: int
    cancelled: int
    """What it waits for counted no more, before it was missed."""
    warned: int
    attainment: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None


@attrs.frozen(kw_only=True)
class AgentFigures:
    """What an agent did with her time, seconds."""

    agent: AgentId
    presence: Mapping[str, float]
    handled: int
    """Assignments that ended."""
    offers: Mapping[str, int]
    """What became of them: accepted, declined, expired, rescinded."""
    handle_time: float | None
    """Seconds from assignment to end / handled."""
    handle_time_active: float | None
    """Seconds of hers, shared equally among what she held / handled."""
    busy: float
    """With anything at all in her hands, while available, busy or draining."""
    occupancy: float | None
    """Unit seconds held / unit seconds of capacity while available, busy or draining."""
    occupancy_binary: float | None
    """Seconds with anything in her hands / seconds available, busy or draining: Amazon Connect's."""
    utilisation: float | None
    """Seconds available, busy or draining / scheduled."""
    adherence: float | None
    """Scheduled seconds not offline / scheduled."""
    conformance: float | None
    """Seconds not offline, whenever / scheduled."""


@attrs.frozen(kw_only=True)
class Live:
    """How it stands."""

    waiting: int
    oldest_age: float | None
    """Seconds that the oldest of what waits and was never accepted has waited in its queue."""
    next_breach: Instant | None
    offers: int
    """Open ones, of all queues."""
    agents: Mapping[str, int]
    """Presence -> agents, of all queues."""
    load: float
    capacity: float
    """Of whoever is available, busy or draining: units held, and units in all."""
    arrivals: Mapping[int, int]
    answers: Mapping[int, int]
    abandons: Mapping[int, int]
    """In the last 300, 900 and 3600 seconds."""
    today: Figures
    alarms: Mapping[tuple[str, str], Instant]
    """(queue, alarm) -> since when it is raised."""


_BLANK = Durations()


def figures_of(row: Row, people: Row, *, waiting: int, before: int, young: int) -> Figures:
    """Return the figures of a merged row; *people* has the load and the capacity of all."""
    n, w = row.counts, row.waits
    o, a, at, b = row.entered, w.count, w.within, int(n["abandoned"])
    bt, bs, out = int(n["abandoned_within"]), int(n["abandoned_short"]), int(n["flowed_out"])
    ended = row.rings.count + n["declined"] + n["expired"] + n["rescinded"]
    excess = w.excess + row.durations.get("abandoned_excess", _BLANK).total
    done = row.resolutions.count
    return Figures(
        entered=o,
        reopened=int(n["reopened"]),
        answered=a,
        within=at,
        abandoned=b,
        abandoned_within=bt,
        abandoned_short=bs,
        exited=_reasons(row, "exited:"),
        flowed_out=out,
        waiting=waiting,
        waiting_before=before,
        sl_offered=f.sl_offered(at, o),
        sl_answered=f.sl_answered(at, a),
        sl_early_abandon_ok=f.sl_early_abandon_ok(at, bt, a, b),
        sl_drop_early_abandon=f.sl_drop_early_abandon(at, o, bt),
        sl_drop_short_abandon=f.sl_drop_short_abandon(at, o, bs),
        sl_flowout=f.sl_flowout(at, a, b, out),
        sl_groupwise=f.sl_groupwise(at, a, b - bt),
        sl_open=f.sl_open(at, o, young),
        excess_wait=f.share(excess, o),
        asa=w.mean,
        wait_p50=w.quantile(0.5),
        wait_p90=w.quantile(0.9),
        wait_p95=w.quantile(0.95),
        wait_max=w.longest if a else None,
        abandon_rate=f.abandon_rate(b, o),
        abandon_rate_after_short=f.abandon_rate_after_short(b, bs, o),
        first_response=row.durations.get("first_response", _BLANK).mean,
        next_response=row.durations.get("next_response", _BLANK).mean,
        resolution=row.resolutions.mean,
        handle_time=row.handles.mean,
        handle_time_active=f.mean(row.handles.total - n["shared"], row.handles.count),
        wrap_up_time=f.mean(row.durations.get("wrap_up", _BLANK).total, row.handles.count),
        handled=row.handles.count,
        completed=done,
        occupancy=f.share(people.counts["load"], people.counts["capacity"]),
        accept_rate=f.share(row.rings.count, ended),
        decline_rate=f.share(n["declined"], ended),
        timeout_rate=f.share(n["expired"], ended),
        offers_per_accept=f.share(ended, row.rings.count),
        time_to_accept=row.rings.mean,
        time_to_accept_p95=row.rings.quantile(0.95),
        transfer_rate=f.share(n["transferred"], row.handles.count),
        hops_p95=_hops(row),
        reopen_rate=f.share(n["reopened"], done),
        first_contact_resolution=f.share(n["contacts_kept"], n["contacts"]),
        one_touch=f.share(n["one_touch"], n["completed_answered"]),
        sticky_hit_rate=f.share(n["sticky_hit"], n["sticky_asked"]),
        escalations=int(n["escalated"]),
        reviews=int(n["approved"] + n["rejected"]),
        rejection_rate=f.share(n["rejected"], n["approved"] + n["rejected"]),
        stages=_stages(row),
        messages=int(n["messages"]),
        replies=int(n["replies"]),
        bot_replies=int(n["bot_replies"]),
        sentiment=f.mean(n["felt"], int(n["felt_known"])),
        sentiment_shift=f.mean(n["shift"], int(n["happy_known"])),
        happiness=f.happiness_of(n["happy"], int(n["happy_known"])),
        wait_parity=_parity(row),
        declined=_reasons(row, "declined:"),
    )


def _stages(row: Row) -> dict[str, int]:
    """Return how many were answered after how many steps; all others without any."""
    found = _reasons(row, "stage:")
    plain = row.waits.count - sum(found.values())
    return {"0": plain, **found} if plain else found


def _reasons(row: Row, prefix: str) -> dict[str, int]:
    found = {
        name.partition(":")[2]: int(number) for name, number in row.counts.items() if name.startswith(prefix)
    }
    return {reason: number for reason, number in sorted(found.items()) if number}


def _hops(row: Row) -> float | None:
    """Return the 95th percentile of assignments; whatever has no number of its own had one."""
    done, found = row.resolutions.count, _reasons(row, "hops:")
    if not done:
        return None
    more = {int(hops): count for hops, count in found.items()}
    below = done - sum(more.values())
    for hops in (1, *sorted(more)):
        below += more.get(hops, 0)
        if below >= 0.95 * done:
            return float(hops)
    raise AssertionError(f"{done} were completed, but {below} have hops")


def _parity(row: Row) -> float | None:
    found = segments(row)
    return f.wait_parity({name: wait for name, (_, wait) in found.items()}) if len(found) > 1 else None


def segments(row: Row) -> dict[str, tuple[int, float]]:
    """Return answered and mean wait by customer segment; "-" is everybody without one."""
    found = {
        name.partition(":")[2]: (int(count), row.counts[f"segment_wait:{name.partition(':')[2]}"])
        for name, count in sorted(row.counts.items())
        if name.startswith("segment:")
    }
    rest = row.waits.count - sum(count for count, _ in found.values())
    if rest:
        found["-"] = (rest, row.waits.total - sum(wait for _, wait in found.values()))
    return {name: (count, total / count) for name, (count, total) in found.items()}
