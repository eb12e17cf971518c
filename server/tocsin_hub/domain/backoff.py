"""How long to wait before the next try: full jitter, so that many who failed together do not come back together.

* The ceiling is 1 s after the first failure, doubles with each further one and stays at 5 min.
* The wait is drawn evenly from 0 to the ceiling. Source: Brooker, "Exponential Backoff And Jitter", AWS
  Architecture Blog, 2015.
"""

from collections.abc import Callable

BASE_US = 1_000_000
"""Ceiling after the first failure: a restart of the recipient's handler takes about that long."""

CAP_US = 300_000_000
"""Highest ceiling, 5 min: an order stays worth trying as long as it stands, and a recipient that is back is noticed
soon."""

_DOUBLINGS = (CAP_US // BASE_US).bit_length()


def ceiling_us(failures: int) -> int:
    """The longest wait after ``failures`` failed tries (1 or more), in microseconds."""
    return min(CAP_US, BASE_US << min(failures - 1, _DOUBLINGS))


def full_jitter_us(failures: int, random: Callable[[], float]) -> int:
    """The wait before the next try, in microseconds.

    Args:
        failures: Tries that failed so far, 1 or more.
        random: Draws evenly from 0 to 1.
    """
    return int(random() * ceiling_us(failures))
