"""How laws are searched: the same examples each time, so that a red run is red again; `search` looks for new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A first example builds tables, and machines differ: no law is about time.
_ALWAYS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
settings.register_profile("same", derandomize=True, **_ALWAYS)
settings.register_profile("search", max_examples=2_000, **_ALWAYS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
