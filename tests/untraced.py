"""What runs without the tracing of coverage, which more than doubles the time of a million steps.

A whole test is left out by `pytest.mark.untraced`, a part of one by `untraced()`. Only for what small tests cover too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from coverage import Coverage


@contextmanager
def untraced() -> Iterator[None]:
    """Without the tracing of coverage, where it is on."""
    tracing = Coverage.current()
    if tracing:
        tracing.stop()
    try:
        yield
    finally:
        if tracing:
            tracing.start()
