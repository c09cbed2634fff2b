"""People label a sample of what was dropped, and precision and recall follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.errors import UsageError
from workassign.social.audit import Audit, AuditSettings


def test_with_everything_labelled_the_figures_are_exact() -> None:
    audit = Audit(AuditSettings(share=1.0))
    for number in range(10):
        audit.kept(f"kept {number}")
        audit.label(f"kept {number}", needed=number < 8)
    for number in range(30):
        assert audit.dropped(f"dropped {number}", "praise")
        assert audit.label(f"dropped {number}", needed=number < 2) == "praise"

    quality = audit.quality()

    assert quality.precision.value == 0.8
    assert quality.recall.value == 8 / 10
    assert quality.labelled == {"": (10, 8), "praise": (30, 2)}


def test_each_label_stands_for_the_share_of_its_stage_that_was_drawn() -> None:
    audit = Audit(AuditSettings())
    audit.kept("k")
    audit.label("k", needed=True)
    drawn = [f"{n}" for n in range(4000) if audit.dropped(f"{n}", "spam", 0.25)]
    assert 850 < len(drawn) < 1150
    for key in drawn[:100]:
        audit.label(key, needed=key == drawn[0])

    recall = audit.quality().recall

    assert recall.value == pytest.approx(1 / (1 + 4000 / 100))
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low <= 1 / 41 <= recall.high


def test_the_same_mentions_are_drawn_again() -> None:
    first, again, other = (Audit(AuditSettings(share=0.1, seed=seed)) for seed in (1, 1, 2))
    keys = [f"{number}" for number in range(500)]

    drawn = [key for key in keys if first.dropped(key, "spam")]
    assert drawn == [key for key in keys if again.dropped(key, "spam")]
    assert drawn != [key for key in keys if other.dropped(key, "spam")]


def test_a_stage_that_is_too_small_for_a_label_is_taken_to_be_like_the_others() -> None:
    audit = Audit(AuditSettings(share=1.0))
    audit.kept("k")
    audit.label("k", needed=True)
    for number in range(4):
        audit.dropped(f"{number}", "praise")
        audit.label(f"{number}", needed=number == 0)
    audit.dropped("d", "spam", 0.0)

    assert audit.quality().recall.value == pytest.approx(1 / (1 + 1 + 0.25))


def test_while_nobody_has_looked_at_what_was_dropped_the_recall_is_unknown() -> None:
    audit = Audit(AuditSettings(share=0.0))
    assert audit.quality().precision.value is None
    audit.kept("k")
    audit.label("k", needed=True)
    audit.dropped("d", "spam")

    assert audit.quality().recall.value is None
    assert audit.quality().precision.value == 1.0


def test_what_was_not_drawn_or_is_labelled_twice_is_refused() -> None:
    audit = Audit(AuditSettings(share=0.0))
    audit.dropped("d", "spam")
    audit.kept("k")
    audit.label("k", needed=False)

    for key in ("d", "k", "unknown"):
        with pytest.raises(UsageError, match="not to be labelled"):
            audit.label(key, needed=True)


def test_samples_that_nobody_labels_are_forgotten_in_the_end() -> None:
    audit = Audit(AuditSettings(most=2))
    for key in ("a", "b", "c"):
        audit.kept(key)

    with pytest.raises(UsageError):
        audit.label("a", needed=True)
    assert audit.label("c", needed=True) == ""


@pytest.mark.parametrize("wrong", [{"share": 1.1}, {"share": -0.1}, {"most": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AuditSettings(**wrong)  # type: ignore[arg-type]


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 40), st.data())
def test_intervals_hold_the_figure_and_stay_shares(
    kept: int, right: int, dropped: int, data: st.DataObject
) -> None:
    audit = Audit(AuditSettings(share=1.0))
    wrong = data.draw(st.integers(0, dropped))
    for number in range(kept):
        audit.kept(f"k{number}")
        audit.label(f"k{number}", needed=number < right)
    for number in range(dropped):
        audit.dropped(f"d{number}", "spam")
        audit.label(f"d{number}", needed=number < wrong)

    for each in (audit.quality().precision, audit.quality().recall):
        if each.value is not None:
            assert each.low is not None
            assert each.high is not None
            assert 0 <= each.low <= each.value + 1e-12
            assert each.value - 1e-12 <= each.high <= 1
