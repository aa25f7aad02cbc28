"""How many inputs the fuzz tests draw."""

import os

from hypothesis import HealthCheck, settings


def examples(fast: int, slow: int) -> settings:
    """Settings with ``slow`` inputs if ``ELIP_FUZZ=full``, else ``fast``."""
    full = os.environ.get('ELIP_FUZZ') == 'full'
    return settings(
        max_examples=slow if full else fast,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
