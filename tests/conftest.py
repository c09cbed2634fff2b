"""Hypothesis profiles: `ci` by default, HYPOTHESIS_PROFILE=deep to search.

`ci` draws the same examples whenever the code is the same: a build tells of the code, not of luck.
`deep` draws others each time, twenty times as many.
"""

import os

from hypothesis import HealthCheck, settings

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
