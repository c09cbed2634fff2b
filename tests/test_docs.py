"""The pages say what the code has."""

import re
from pathlib import Path

import attrs
import pytest

from workassign import Plan, Queue
from workassign.policies import capacity, ordering, scoring, selection, sla, work

PAGE = (Path(__file__).parent.parent / "docs" / "reference" / "plan.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Plan, Queue])
def test_every_key_of_a_plan_is_in_its_reference(kind: type) -> None:
    """And every default that is a plain value is the one that holds."""
    for field in attrs.fields(kind):
        row = re.search(rf"^\| `{field.name}` \| ([^|]*) \|", PAGE, re.MULTILINE)
        assert row is not None, f"{field.name} is missing"
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert float(row.group(1)) == field.default


@pytest.mark.parametrize("room", [capacity, ordering, scoring, selection, sla, work])
def test_every_policy_is_in_the_reference(room: object) -> None:
    for name in room.__all__:  # type: ignore[attr-defined]
        if name[0].islower():
            assert f"`{name}`" in PAGE or f'"{name}"' in PAGE, f"{name} is missing"
