"""How well, and how fast, does the social front sift what comes in?

Three questions, one command:

- how well does a model that was trained on the first days of labelled tweets screen the last ones;
- how many mentions a second go through the whole front on one core (reading the text with a model,
  language, sentiment, intent, conversations, near-duplicates, influence, screen, audit, routes),
  beside the bare call of the sentiment analyser, and does memory stay where it is;
- of duplicates, near-misses, spam and a retweet storm that are planted among them: what is found?

    python -m benchmarks.social --json PATH

It reads ../shared/data/airline (real tweets, not part of this repository). Where that is missing it
says so and works on tweets that `examples/airline/generate.py` makes up: speed is much the same,
accuracy means nothing there.
"""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from subprocess import run
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import attrs

from benchmarks.command import parser, write
from benchmarks.planted import Planted, plant
from workassign.cli import main as asked
from workassign.plan import Plan, read_settings
from workassign.social import happenings as hp
from workassign.social.files.readers import read_mentions
from workassign.social.front import Front
from workassign.social.mentions import Mention
from workassign.social.settings import MentionSettings
from workassign.social.texts.sentiment import vader

ROOT = Path(__file__).parent.parent
AIRLINE = ROOT / "examples" / "airline"
REAL = ROOT.parent / "shared" / "data" / "airline" / "airline_tweets_2015-02-16_21.csv.gz"
LAST_TO_LEARN, FIRST_TO_TEST = "2015-02-19", "2015-02-20"
SEED = 7
WEEK = 7 * 86_400.0
STORM, SPAM = 3_000, 2_000
SPAM_TEXTS = (
    "WIN a free trip to {city}! Follow us and retweet to enter http://sp.am/{number}",
    "Cheap followers, 1000 for $5, click here http://sp.am/{number}",
    "I made ${number} last week working from home, find out how http://sp.am/{number}",
)
CITIES = ("Boston", "Denver", "Paris", "Miami", "Tokyo")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    command = parser(__doc__)
    command.add_argument("--mentions", type=int, default=100_000, help="so many go through the front")
    told = command.parse_args(argv)
    with TemporaryDirectory() as name:
        folder = Path(name)
        file, real = (REAL, True) if REAL.is_file() else (_made_up(folder), False)
        if not real:
            print(
                f"{REAL.name} is not there: these tweets are made up, and so is the accuracy", file=sys.stderr
            )
        screened = _screened(file, folder, real=real)
        passed = _passed(file, folder / "model.json", told.mentions)
    figures = {
        "real": real,
        **{key: screened[key] for key in ("auc_negative", "precision_actionable", "recall_actionable")},
        **{key: passed[key] for key in ("mentions_per_s", "duplicate_precision", "duplicate_recall")},
        "screening": screened,
        "front": passed,
    }
    _tell(figures)
    write(figures, told.json)


def _made_up(folder: Path) -> Path:
    path = folder / "made-up.csv.gz"
    generate = [sys.executable, str(AIRLINE / "generate.py"), "--out", str(path)]
    run(
        [*generate, "--seed", str(SEED), "--days", "5", "--start", "2015-02-16"],
        check=True,
        capture_output=True,
    )
    return path


# --- screening ----------------------------------------------------------------------------------


def _screened(file: Path, folder: Path, *, real: bool) -> dict[str, Any]:
    """Train on the first days of *file*, screen the last ones: what the two commands answer."""
    last, first = (LAST_TO_LEARN, FIRST_TO_TEST) if real else ("2015-02-18", "2015-02-19")
    model, found = folder / "model.json", folder / "screened.json"
    _asked(["train", str(file), "--out", str(model), "--until", last])
    _asked(["screen", str(file), "--model", str(model), "--labels", "--from", first, "--json", str(found)])
    return dict(json.loads(found.read_text(encoding="utf-8")))


def _asked(words: list[str]) -> None:
    """Ask `workassign` for something, as in a terminal."""
    print(f"workassign {' '.join(Path(word).name for word in words)}")
    if (code := asked(words)) != 0:
        raise SystemExit(code)


# --- the whole front ------------------------------------------------------------------------------


def _passed(file: Path, model: Path, number: int) -> dict[str, Any]:
    """Let *number* mentions go through the front of the example's desk, and say how that went."""
    data = read_settings(AIRLINE / "plan.toml")
    data["mentions"]["model"] = str(model)
    plan = Plan.from_data(data)
    settings = MentionSettings.from_data(data, plan)
    base = list(read_mentions(file, settings.file_columns()).mentions)
    dice = Random(f"social {SEED}")
    base = [attrs.evolve(each, followers=int(dice.lognormvariate(5.7, 1.6))) for each in base]
    planted = _with_spam_and_storm(plant(base, SEED), dice)
    front = Front(settings, plan, settings.understanding())
    counted, memory, seconds = Counter[str](), list[float](), 0.0
    fates: dict[str, hp.Happening] = {}
    judged = {each.mention.key for each in planted}
    quarter = max(1, number // 4)
    # As a service would once it has begun: what stays need not be looked at by every collection.
    gc.collect()
    gc.freeze()
    for count, mention in enumerate(_stream(planted, base, number), 1):
        start = process_time()
        taken = front.take(mention)
        seconds += process_time() - start
        fate = taken.happenings[0]
        counted[type(fate).__name__] += 1
        if mention.key in judged:
            fates[mention.key] = fate
        if count % quarter == 0:
            memory.append(_resident())
    sentiment = _sentiment_seconds([each.text for each in base[:5_000]])
    tally = front.tally
    return {
        "mentions": number,
        "mentions_per_s": number / seconds,
        "microseconds": seconds / number * 1e6,
        "times_bare_sentiment": seconds / number / sentiment,
        "memory_mb_by_quarter": memory,
        "funnel": {**tally.dropped, "entered": tally.entered},
        "audited": dict(tally.audited),
        **_judged(planted, fates),
    }


def _with_spam_and_storm(planted: list[Planted], dice: Random) -> list[Planted]:
    """Return *planted* with spam all along, and a storm of reposts of one complaint."""
    begin, end = planted[0].mention.at, planted[-1].mention.at
    complaint = max((each.mention for each in planted if not each.kind), key=lambda each: len(each.text))
    for number in range(SPAM):
        text = dice.choice(SPAM_TEXTS).format(city=dice.choice(CITIES), number=number)
        spam = attrs.evolve(
            complaint,
            id=f"spam {number}",
            at=dice.uniform(begin, end),
            text=text,
            author=f"spammer {number}",
            labels={},
        )
        planted.append(Planted(spam, "spam"))
    for number in range(STORM):
        at = complaint.at + 1.0 + dice.expovariate(1 / 1800.0)
        text = f"RT @somebody: {complaint.text}"
        repost = attrs.evolve(
            complaint, id=f"storm {number}", at=at, text=text, author=f"fan {number}", labels={}
        )
        planted.append(Planted(repost, "storm", complaint.key, True))
    return sorted(planted, key=lambda each: each.mention.at)


def _stream(planted: Sequence[Planted], base: Sequence[Mention], number: int) -> Iterator[Mention]:
    """Yield what was planted, then what was there again, week after week under other ids."""
    yield from (each.mention for each in planted[:number])
    for left in range(number - len(planted)):
        week, place = divmod(left, len(base))
        mention = base[place]
        yield attrs.evolve(mention, id=f"{mention.id} {week + 1}", at=mention.at + (week + 1) * WEEK)


def _judged(planted: Sequence[Planted], fates: dict[str, hp.Happening]) -> dict[str, Any]:
    """Return how many of what was planted went where it should.

    A duplicate is right in the interaction of what it was made of. What was made of something that
    needed nobody is left out: it is judged by itself.
    """
    right, wrong, lost, collapsed, of_dropped = (Counter[str]() for _ in range(5))
    for each in planted:
        fate = fates.get(each.mention.key)
        if not each.kind or fate is None:
            continue
        into = fate.interaction if isinstance(fate, hp.Collapsed) else None
        if not each.same:
            collapsed[each.kind] += into is not None
            continue
        expected = getattr(fates.get(each.of or ""), "interaction", None)
        if expected is None:
            of_dropped[each.kind] += 1
        elif into is None:
            lost[each.kind] += 1
        else:
            (right if into == expected else wrong)[each.kind] += 1
    told = right.total() + wrong.total() + collapsed.total()
    asked = right.total() + wrong.total() + lost.total()
    kinds = sorted({*right, *wrong, *lost})
    misses = sum(1 for each in planted if each.kind and not each.same and each.kind != "spam")
    spam = [fates[each.mention.key] for each in planted if each.kind == "spam" and each.mention.key in fates]
    return {
        "duplicate_precision": right.total() / max(1, told),
        "duplicate_recall": right.total() / max(1, asked),
        "duplicates_by_kind": {kind: [right[kind], wrong[kind], lost[kind]] for kind in kinds},
        "near_misses": misses,
        "near_misses_collapsed": {kind: n for kind, n in collapsed.items() if n and kind != "spam"},
        "made_of_what_was_dropped": of_dropped.total(),
        "spam": len(spam),
        "spam_that_entered": sum(isinstance(fate, hp.Entered) for fate in spam),
    }


def _sentiment_seconds(texts: Sequence[str]) -> float:
    """Return how long the bare sentiment of a text takes, on average."""
    feel = vader()
    start = process_time()
    for text in texts:
        feel(text, "en")
    return (process_time() - start) / len(texts)


def _resident() -> float:
    """Return how much memory this process has now, MB; 0 where nobody tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


def _tell(figures: dict[str, Any]) -> None:
    for key in ("auc_negative", "precision_actionable", "recall_actionable"):
        print(f"{key:24} {figures[key]:.4f}")
    front = figures["front"]
    print(f"{'mentions_per_s':24} {front['mentions_per_s']:,.0f} ({front['microseconds']:.0f} us each)")
    print(f"{'times_bare_sentiment':24} {front['times_bare_sentiment']:.2f}")
    print(
        f"{'memory, MB by quarter':24} " + " ".join(f"{each:.0f}" for each in front["memory_mb_by_quarter"])
    )
    for key in ("duplicate_precision", "duplicate_recall"):
        print(f"{key:24} {front[key]:.4f}")
    collapsed = sum(front["near_misses_collapsed"].values())
    print(f"{'near-misses collapsed':24} {collapsed} of {front['near_misses']}")
    print(f"{'spam that entered':24} {front['spam_that_entered']} of {front['spam']}")
    print("funnel: " + ", ".join(f"{stage} {count:,}" for stage, count in front["funnel"].items()))
    print(
        "right, wrong, lost: " + ", ".join(f"{kind} {n}" for kind, n in front["duplicates_by_kind"].items())
    )


if __name__ == "__main__":
    main()
