"""What do `workassign train` and `workassign screen` answer? A model from labels; how well it screens."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workassign._answer import Answer
from workassign.errors import UsageError
from workassign.social.learning.labels import KNOWN, LabelledFile, columns_of, read_labelled
from workassign.social.learning.models import Model
from workassign.social.learning.screening import screened
from workassign.social.learning.training import check_installed, train

__all__ = ["asked_screen", "asked_train"]

COLUMNS = ("id", "at", "text", "author", "label", "sure", "reason")
SHOWN = 20
"""So many bad records are listed."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def asked_train(told: Namespace, murmur: Callable[[str], None]) -> Answer:
    """Train from the labels of a file, write the model, and say from what; *murmur* is told how far it is.

    Raises:
        UsageError: If it cannot be trained, read or written.
        PlanError: If a column is missing.
    """
    check_installed()
    if not told.out.parent.is_dir():
        raise UsageError(f"{told.out}: cannot be written: there is no folder {told.out.parent}")
    file = _read(told)
    labelled = [each for each in file.labelled if each.sentiment]
    if not labelled:
        raise UsageError(f"{told.file.name}: {_none_usable(file)}")
    model = train(labelled, negative=told.negative, positive=told.positive, murmur=murmur)
    model.save(told.out)
    written = model.written
    data = {
        **_counted(file),
        **written.trained,
        "thresholds": dict(written.thresholds),
        "history": written.history,
        "lexicon": len(written.lexicon),
        "words": len(written.words.names),
        "letters": len(written.letters.names),
        "bytes": told.out.stat().st_size,
    }
    return Answer("\n".join(_of_training(told, data)), data)


def asked_screen(told: Namespace, murmur: Callable[[str], None]) -> Answer:
    """Screen a file, and measure that against its labels if that is asked for.

    Raises:
        UsageError: If there is nothing to screen or to measure, or something cannot be read.
        PlanError: If a column is missing, or the model is wrong.
    """
    model = None if told.model is None else Model.load(told.model)
    file = _read(told, model)
    murmur(f"screening {len(file.mentions):,} mentions")
    data = {**screened(file, model, labels=told.labels), **_counted(file)}
    return Answer("\n".join(_of_screening(data)), data)


def _read(told: Namespace, model: Model | None = None) -> LabelledFile:
    """Return what the file holds in the days that were asked for."""
    for name in ("since", "until"):
        if (day := getattr(told, name)) is not None and not _DATE.fullmatch(day):
            raise UsageError(
                f"--{'from' if name == 'since' else name}: must be a day like 2015-02-17, not {day[:40]}"
            )
    named = {name: getattr(told, f"column_{name}") for name in COLUMNS}
    columns = columns_of(told.file, named, told.plan)
    labels = KNOWN if {told.negative, told.positive} <= set(KNOWN) else None
    if model is not None and "sentiment" in model.written.tasks:
        labels = model.written.tasks["sentiment"].labels
    needs = getattr(told, "labels", True)
    if needs and columns.label is None:
        raise UsageError(
            f"{told.file.name}: has no column of labels that is known: name it by --label COLUMN"
        )
    return read_labelled(
        told.file, columns, since=told.since or "", until=told.until or "9999-12-31", labels=labels
    )


def _none_usable(file: LabelledFile) -> str:
    left = f"{file.read:,} records read, {len(file.bad):,} bad, {file.outside:,} of other days"
    return f"there are no labelled texts to train from: {left}, {file.without_label:,} without a usable label"


def _counted(file: LabelledFile) -> dict[str, Any]:
    return {
        "read": file.read,
        "bad": len(file.bad),
        "bad_records": [{"line": each.line, "reason": each.reason} for each in file.bad[:SHOWN]],
        "repeated": file.repeated,
        "outside": file.outside,
        "without_label": file.without_label,
    }


# --- for people -----------------------------------------------------------------------------


def _of_file(data: Mapping[str, Any]) -> str:
    left = [
        ("bad", "bad"),
        ("repeated", "repeated"),
        ("outside", "of other days"),
        ("without_label", "without label"),
    ]
    parts = [f"{data[key]:,} {what}" for key, what in left if data[key]]
    return f"{data['read']:,} records" + (f", of them {', '.join(parts)}" if parts else "")


def _of_training(told: Namespace, data: Mapping[str, Any]) -> Iterator[str]:
    yield _of_file(data)
    labels = ", ".join(f"{name} {count:,}" for name, count in data["labels"].items())
    yield f"trained from {data['texts']:,} texts of {len(data['days'])} days: {labels}"
    if data["topics"]:
        yield f"  {len(data['topics'])} topics from {sum(data['topics'].values()):,} texts"
    if not data["lexicon"]:
        yield '  without the valences of words: pip install "workassign[text]" for a better model'
    limits = data["thresholds"]
    yield (
        f"  a mention is actionable from {limits['actionable']:.4f} on: the largest threshold that finds "
        f"{data['recall']:.0%} on held-out texts"
    )
    yield f"Written: {told.out} ({data['bytes'] / 1e6:.1f} MB)"


def _of_screening(data: Mapping[str, Any]) -> Iterator[str]:
    yield _of_file(data)
    counts = data["counts"]
    found, rest = counts["actionable"], counts["not_actionable"]
    yield f"screened {data['screened']:,}: {found:,} actionable, {rest:,} not"
    if data["mentions_per_s"]:
        yield f"  {data['mentions_per_s']:,.0f} mentions/s {'by the model' if data['model'] else 'by rules'}"
    if "always_yes" not in data:
        return
    yield f"  {'':22}{'AUC':>8}{'precision':>11}{'recall':>8}{'negative: precision':>22}{'recall':>8}"
    ways = {"trained": data, "rules and VADER": data["untrained"], "keywords only": data["keywords_only"]}
    for name, way in {**ways, "always yes": data["always_yes"]}.items():
        if "auc_negative" in way:
            yield _row(name, way)
    if "sentiment" in data:
        yield f"  AUC of the text alone {_figure(data['auc_negative_text_alone'])}"
        yield f"  sentiment of three: {_figure(data['sentiment']['accuracy'])} right"
    if data["vader"]:
        yield f"  VADER, sentiment of three: {_figure(data['vader']['sentiment']['accuracy'])} right"
    if topic := data.get("topic"):
        right, base = topic["accuracy"], topic["baseline_accuracy"]
        yield f"  topic: {_figure(right)} right of {topic['count']:,} (always the commonest: {_figure(base)})"


def _row(name: str, way: Mapping[str, Any]) -> str:
    one, other = way["actionable"], way["without_question_mark"]
    area, *shares = [
        _figure(each)
        for each in (
            way["auc_negative"],
            one["precision"],
            one["recall"],
            other["precision"],
            other["recall"],
        )
    ]
    return f"  {name:22}{area:>8}{shares[0]:>11}{shares[1]:>8}{shares[2]:>22}{shares[3]:>8}"


def _figure(share: float | None) -> str:
    return "–" if share is None else f"{share:.4f}"
