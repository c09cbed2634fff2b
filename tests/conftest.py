"""What all tests share: a PostgreSQL server, and how hard Hypothesis searches.

Hypothesis profiles: `ci` by default, HYPOTHESIS_PROFILE=deep to search.

`ci` draws the same examples whenever the code is the same: a build tells of the code, not of luck.
`deep` draws others each time, twenty times as many.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from torture.servers import a_server

settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", parent=settings.get_profile("ci"), max_examples=2000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Where a PostgreSQL server is, for as long as the tests run. Each test has a shard of its own."""
    with a_server() as found:
        yield found
