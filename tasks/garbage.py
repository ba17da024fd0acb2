"""Python's search for garbage, put off while many objects are made that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Puts off Python's search for reference cycles until the block is done.

    A visit to a chunk of cases or a stretch of readings makes thousands of objects at once, none of them in a cycle;
    the search would go through all the process holds again and again. That was a quarter of a visit's processor time,
    and one reading of 72 hours in seven took five to twenty times as long as the others.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
