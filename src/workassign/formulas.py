"""How is every key figure made? Each formula by its own name, for none of them is *the* one.

Letters, per interval and scope: O offered (entered), A answered (first accepted by an agent), A_T
answered within the threshold T, B abandoned, B_T and B_s abandoned within T and within a short
threshold s, F flowed out (moved on while waiting), R_young still waiting and younger than T. A
figure whose denominator is 0 is None: nothing happened, and that is neither good nor bad.

The usual example, one data set and five truths:

>>> O, A, A_T, B, B_T, B_s = 100, 80, 70, 20, 8, 5
>>> [f"{100 * each:.1f}" for each in (sl_offered(A_T, O), sl_answered(A_T, A))]
['70.0', '87.5']
>>> early, drop, short = sl_early_abandon_ok(A_T, B_T, A, B), sl_drop_early_abandon(A_T, O, B_T), None
>>> f"{100 * early:.1f} {100 * drop:.1f} {100 * sl_drop_short_abandon(A_T, O, B_s):.1f}"
'78.0 76.1 73.7'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

__all__ = [
    "KPIS",
    "Kpi",
    "abandon_rate",
    "abandon_rate_after_short",
    "asa",
    "excess_wait",
    "gini",
    "happiness",
    "happiness_of",
    "mean",
    "share",
    "share_spread",
    "sl_answered",
    "sl_drop_early_abandon",
    "sl_drop_short_abandon",
    "sl_early_abandon_ok",
    "sl_flowout",
    "sl_groupwise",
    "sl_offered",
    "sl_open",
    "wait_parity",
]


def share(part: float, whole: float) -> float | None:
    """Return part / whole; None if there is no whole.

    Every rate is one of these: of offers accepted, of handled work transferred, of targets met.

    >>> share(3, 4), share(0, 0)
    (0.75, None)
    """
    return part / whole if whole > 0 else None


def mean(total: float, count: int) -> float | None:
    """Return total / count; None of nothing.

    >>> mean(140.0, 4)
    35.0
    """
    return total / count if count else None


def sl_offered(answered_within: int, offered: int) -> float | None:
    """A_T / O. Genesys Cloud, with abandons counted and nothing else.

    >>> sl_offered(70, 100)
    0.7
    """
    return share(answered_within, offered)


def sl_answered(answered_within: int, answered: int) -> float | None:
    """A_T / A. Asterisk "SL"; Genesys Cloud, with abandons excluded.

    Koole's two examples: half within 20 seconds, and yet not the same.

    >>> one, other = (0, 10, 30, 100), (0, 10, 24, 30)
    >>> [sl_answered(sum(w <= 20 for w in waits), 4) for waits in (one, other)]
    [0.5, 0.5]
    """
    return share(answered_within, answered)


def sl_early_abandon_ok(
    answered_within: int, abandoned_within: int, answered: int, abandoned: int
) -> float | None:
    """(A_T + B_T) / (A + B): whoever left early was served in time. Asterisk "SL2", Amazon Connect.

    >>> sl_early_abandon_ok(70, 8, 80, 20)
    0.78
    """
    return share(answered_within + abandoned_within, answered + abandoned)


def sl_drop_early_abandon(answered_within: int, offered: int, abandoned_within: int) -> float | None:
    """A_T / (O − B_T): whoever left early never came. Bright Pattern, ICMI.

    >>> round(sl_drop_early_abandon(70, 100, 8), 3)
    0.761
    """
    return share(answered_within, offered - abandoned_within)


def sl_drop_short_abandon(answered_within: int, offered: int, abandoned_short: int) -> float | None:
    """A_T / (O − B_s): whoever left at once never came. Genesys Engage.

    >>> round(sl_drop_short_abandon(70, 100, 5), 3)
    0.737
    """
    return share(answered_within, offered - abandoned_short)


def sl_flowout(answered_within: int, answered: int, abandoned: int, flowed_out: int) -> float | None:
    """A_T / (A + B + F): what moved on counts as missed. Genesys Cloud, with flow-outs included.

    >>> sl_flowout(70, 80, 20, 40)
    0.5
    """
    return share(answered_within, answered + abandoned + flowed_out)


def sl_groupwise(answered_within: int, answered: int, abandoned_late: int, blocked: int = 0) -> float | None:
    """A_T / (A + B_>T + blocked), for one kind of work and one group of agents. Montréal's g3.

    >>> round(sl_groupwise(70, 80, 12), 3)
    0.761
    """
    return share(answered_within, answered + abandoned_late + blocked)


def sl_open(answered_within: int, offered: int, young: int) -> float | None:
    """A_T / (O − R_young): what waits for longer than T unanswered is a miss already.

    For slow queues, where the others look well as long as nobody touches what is old.

    >>> sl_open(70, 100, 12), sl_open(70, 100, 0)
    (0.7954545454545454, 0.7)
    """
    return share(answered_within, offered - young)


def excess_wait(waits: Sequence[float], threshold: float, offered: int) -> float | None:
    """Σ (w − T)⁺ / O: the mean wait beyond T, seconds. Koole 2005.

    It gives a reason to serve whoever is past T already, which no service level does.

    >>> excess_wait((0, 10, 30, 100), 20, 4), excess_wait((0, 10, 24, 30), 20, 4)
    (22.5, 3.5)
    """
    return share(sum(max(0.0, wait - threshold) for wait in waits), offered)


def asa(waits: Sequence[float]) -> float | None:
    """Average speed of answer, Σ w / A, seconds; ringing counts, the wait ends with the acceptance.

    Koole's examples again: no single number is enough.

    >>> asa((0, 10, 30, 100)), asa((0, 10, 24, 30)), asa((35, 35, 35, 35))
    (35.0, 16.0, 35.0)
    """
    return mean(float(sum(waits)), len(waits))


def abandon_rate(abandoned: int, offered: int) -> float | None:
    """B / O.

    >>> abandon_rate(20, 100)
    0.2
    """
    return share(abandoned, offered)


def abandon_rate_after_short(abandoned: int, abandoned_short: int, offered: int) -> float | None:
    """(B − B_s) / (O − B_s): without those who left at once.

    >>> round(abandon_rate_after_short(20, 5, 100), 3)
    0.158
    """
    return share(abandoned - abandoned_short, offered - abandoned_short)


def gini(levels: Sequence[float]) -> float | None:
    """How unevenly work is shared: 0.0 (even) up to 1.0 (one does all). Cost: O(n log n).

    >>> gini([5, 5]), gini([0, 0, 9]), gini([])
    (0.0, 1.0, None)
    """
    total, n = sum(levels), len(levels)
    if not total:
        return None
    lorenz = sum((n - rank) * level for rank, level in enumerate(sorted(levels)))
    return (n + 1 - 2 * lorenz / total) / max(n - 1, 1)


def share_spread(levels: Sequence[float]) -> float | None:
    """The largest share of the work against the smallest, among equals; None if somebody has none.

    >>> share_spread([6, 3, 4])
    2.0
    """
    return share(max(levels), min(levels)) if levels else None


def wait_parity(waits: Mapping[str, float]) -> float | None:
    """The longest mean wait of a customer segment against the shortest: 1.0 is parity.

    >>> wait_parity({"gold": 30.0, "-": 45.0})
    1.5
    """
    return share(max(waits.values()), min(waits.values())) if waits else None


def happiness(sentiments: Sequence[float]) -> float | None:
    """The happiness index, 50 x (1 + mean last sentiment): 0 (furious) to 100 (delighted).

    >>> happiness([1.0, 0.0, -0.5]), happiness([])
    (58.333333333333336, None)
    """
    return happiness_of(sum(sentiments), len(sentiments))


def happiness_of(total: float, count: int) -> float | None:
    """Return the happiness index of so many sentiments that add up to *total*; None of none.

    >>> happiness_of(0.5, 3)
    58.333333333333336
    """
    average = mean(total, count)
    return None if average is None else 50 * (1 + average)


# --- the catalogue ------------------------------------------------------------------------------


@attrs.frozen
class Kpi:
    """What a key figure is, in words."""

    name: str
    title: str
    unit: str
    """share, seconds, count or index."""
    formula: str
    source: str
    counted: str
    """In which interval it counts."""
    pitfall: str = ""


_FLOW, _END, _NOW = "arrival or exit", "when it ends", "over time"

_CATALOGUE = (
    Kpi(
        "entered", "Entered (O)", "count", "submitted + opened again + moved in", "balance", "when it enters"
    ),
    Kpi("reopened", "Opened again", "count", "of what entered, closed before", "balance", "when it enters"),
    Kpi(
        *("answered", "Answered (A)", "count", "first accepted by an agent", "balance", _FLOW),
        "an answer that is read is `replies`, not this",
    ),
    Kpi("within", "Answered within T (A_T)", "count", "wait ≤ T", "balance", _FLOW),
    Kpi("abandoned", "Abandoned (B)", "count", "left by the customer before", "balance", _FLOW),
    Kpi("abandoned_within", "Abandoned within T (B_T)", "count", "wait ≤ T", "balance", _FLOW),
    Kpi("abandoned_short", "Abandoned at once (B_s)", "count", "wait ≤ s", "balance", _FLOW),
    Kpi("exited", "Exited", "count", "closed or moved on unanswered, by reason", "balance", _FLOW),
    Kpi("flowed_out", "Flowed out (F)", "count", "moved to another queue unanswered", "balance", _FLOW),
    Kpi("waiting", "Waiting (R)", "count", "open and never accepted, at the end", "balance", _NOW),
    Kpi(
        *("sl_offered", "Service level, of offered", "share", "A_T / O"),
        *("Genesys Cloud (abandons counted, nothing else)", _FLOW),
        "what still waits is in O; by exit it exceeds 1 while a backlog is worked off",
    ),
    Kpi(
        *("sl_answered", "Service level, of answered", "share", "A_T / A"),
        *("Asterisk SL; Genesys Cloud (abandons excluded)", _FLOW),
        "whoever gives up improves it",
    ),
    Kpi(
        *(
            "sl_early_abandon_ok",
            "Service level, early abandons are served",
            "share",
            "(A_T + B_T) / (A + B)",
        ),
        *("Asterisk SL2; Amazon Connect", _FLOW),
        "an annoyed customer who leaves early counts as a success",
    ),
    Kpi(
        *("sl_drop_early_abandon", "Service level, without early abandons", "share", "A_T / (O − B_T)"),
        *("Bright Pattern, ICMI", _FLOW),
    ),
    Kpi(
        *("sl_drop_short_abandon", "Service level, without short abandons", "share", "A_T / (O − B_s)"),
        *("Genesys Engage", _FLOW),
        "depends on s, which vendors set between 5 and 10 seconds",
    ),
    Kpi(
        *("sl_flowout", "Service level, flow-outs are misses", "share", "A_T / (A + B + F)"),
        *("Genesys Cloud (flow-outs included)", _FLOW),
    ),
    Kpi(
        *("sl_groupwise", "Service level, group-wise", "share", "A_T / (A + B_>T + blocked)"),
        *("Montréal (SIM g3); nothing is blocked here", _FLOW),
    ),
    Kpi(
        *(
            "sl_open",
            "Service level, old ones are misses",
            "share",
            "A_T / (O − still waiting and younger than T)",
        ),
        *("this library, for slow queues", _FLOW),
        "where targets differ within a queue, younger than its usual T",
    ),
    Kpi(
        *("excess_wait", "Excess wait", "seconds", "Σ (w − T)⁺ / O, of what was answered or abandoned"),
        *("Koole 2005", _FLOW),
    ),
    Kpi(
        *("asa", "Average speed of answer", "seconds", "Σ w / A; ringing counts"),
        *("Amazon Connect, queue answer time", _FLOW),
        "four waits of 35 s, and 0, 10, 30, 100 s, have the same",
    ),
    Kpi("wait_p50", "Wait, half at most", "seconds", "median wait of what was answered", "", _FLOW),
    Kpi("wait_p90", "Wait, nine in ten at most", "seconds", "90th percentile", "", _FLOW, "to 0.4 %"),
    Kpi("wait_p95", "Wait, 19 in 20 at most", "seconds", "95th percentile", "", _FLOW, "to 0.4 %"),
    Kpi("wait_max", "Longest wait", "seconds", "of what was answered", "", _FLOW, "hides who still waits"),
    Kpi("abandon_rate", "Abandon rate", "share", "B / O", "Genesys Cloud, Amazon Connect", _FLOW),
    Kpi(
        *("abandon_rate_after_short", "Abandon rate, without short ones", "share", "(B − B_s) / (O − B_s)"),
        *("usual practice", _FLOW),
    ),
    Kpi(
        *(
            "first_response",
            "First response time",
            "seconds",
            "Σ (first public agent reply − submission) / replies",
        ),
        *("Zendesk; bots excluded", "when it is given"),
        "the wall's time: targets on a calendar are in the table of targets",
    ),
    Kpi(
        *("next_response", "Next response time", "seconds"),
        *("Σ (agent reply − oldest unanswered message) / bursts", "Zendesk", "when it is given"),
        "a burst of messages is one",
    ),
    Kpi(
        *("resolution", "Resolution time", "seconds", "Σ (completion − opening) / completions"),
        *("help desks", "when it is completed"),
        "what is opened again starts anew: see `reopen_rate` beside it",
    ),
    Kpi(
        *(
            "handle_time",
            "Average handle time",
            "seconds",
            "Σ (completion − assignment) / handled, wrap-up included",
        ),
        *("usual practice", _END),
        "beside other work it is longer than the work: see the active one",
    ),
    Kpi(
        *("handle_time_active", "Average handle time, active", "seconds"),
        *("the agent's time shared equally among what she holds, Σ / handled", "this library", _END),
    ),
    Kpi("wrap_up_time", "Average wrap-up", "seconds", "Σ wrap-up / handled", "usual practice", _END),
    Kpi("handled", "Handled", "count", "assignments that ended", "", _END),
    Kpi("completed", "Completed", "count", "interactions done", "", _END),
    Kpi(
        *("occupancy", "Occupancy", "share", "∫ units held while signed on dt / ∫ capacity signed on dt"),
        *("this library: correct when agents hold several", _NOW),
        "Amazon Connect's is binary: see the other one. Of all queues only",
    ),
    Kpi("accept_rate", "Offers accepted", "share", "accepted / offers that ended", "Amazon Connect", _END),
    Kpi("decline_rate", "Offers declined", "share", "declined / offers that ended", "Amazon Connect", _END),
    Kpi("timeout_rate", "Offers run out", "share", "expired / offers that ended", "agent non-response", _END),
    Kpi("offers_per_accept", "Offers per acceptance", "index", "offers that ended / accepted", "", _END),
    Kpi("time_to_accept", "Time to accept", "seconds", "Σ (acceptance − offer) / accepted", "", _END),
    Kpi("time_to_accept_p95", "Time to accept, 19 in 20", "seconds", "95th percentile", "", _END, "to 0.4 %"),
    Kpi(
        "transfer_rate", "Transfer rate", "share", "transferred by an agent / handled", "usual practice", _END
    ),
    Kpi("hops_p95", "Assignments per completed, 19 in 20", "count", "95th percentile", "", _END),
    Kpi(
        "reopen_rate", "Re-open rate", "share", "opened again / completed", "help desks", "when it is opened"
    ),
    Kpi(
        *("first_contact_resolution", "First contact resolution", "share"),
        *(
            "completed whose customer did not come to this queue again within the window / those",
            "WFM practice",
        ),
        *("when the window has passed", "known customers only; the window is a setting, 7 days unless told"),
    ),
    Kpi(
        *("one_touch", "One-touch resolution", "share"),
        *("completed without a customer message after the first agent reply / completed with a reply",),
        *("Freshservice", _END),
    ),
    Kpi(
        "sticky_hit_rate",
        "Preferred agent hit",
        "share",
        "given to the preferred agent / that prefer one",
        "",
        _END,
    ),
    Kpi("escalations", "Steps taken", "count", "steps that what waited took", "", "when it is taken"),
    Kpi(
        *("reviews", "Replies looked at", "count", "replies that a reviewer approved or rejected"),
        *("", "when it is decided", "in the queue of the reviews"),
    ),
    Kpi(
        *("rejection_rate", "Replies rejected", "share", "rejected / replies looked at"),
        *("", "when it is decided", "in the queue of the reviews"),
    ),
    Kpi("messages", "Further customer messages", "count", "after the first", "", "when it comes"),
    Kpi("replies", "Agent replies", "count", "public ones", "", "when it is sent"),
    Kpi("bot_replies", "Bot replies", "count", "automatic ones", "", "when it is sent"),
    Kpi(
        "sentiment",
        "Sentiment",
        "index",
        "mean over messages where it is known, −1 to 1",
        "",
        "when it comes",
    ),
    Kpi(
        *(
            "sentiment_shift",
            "Sentiment shift",
            "index",
            "mean of last − first known sentiment of what closed",
        ),
        *("this library", "when it is closed"),
    ),
    Kpi(
        *("happiness", "Happiness index", "index", "50 × (1 + mean last known sentiment of what closed)"),
        *("this library", "when it is closed"),
        "0 to 100; whose sentiment nobody knows does not count",
    ),
    Kpi(
        "wait_parity", "Wait parity", "index", "longest / shortest mean wait of a customer segment", "", _FLOW
    ),
)

KPIS: Mapping[str, Kpi] = {each.name: each for each in _CATALOGUE}
"""Every key figure that `Figures` has, by name."""
