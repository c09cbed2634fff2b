"""How do columns or rows become a data frame, where pandas is there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workassign.errors import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

__all__ = ["frame"]


def frame(
    data: Mapping[str, Any] | Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> DataFrame:
    """Return columns by name, or rows, as a pandas DataFrame; *columns* says their order.

    Raises:
        UsageError: If pandas is missing.
    """
    try:
        import pandas as pd
    except ImportError:
        raise UsageError("data frames need an extra: pip install 'workassign[notebook]'") from None
    return pd.DataFrame(data, columns=columns)
