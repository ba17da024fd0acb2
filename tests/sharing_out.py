"""How files of tests are shared out among the workers of one run: the longest first, so that none is left for the end.

All that work with the session's Prefect server go to one worker, one after the other: a server takes ten seconds to
start, and what one of them does to its runs is not what another counts.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]

ON_THE_SERVER = "tests on the Prefect server"
_USES_THE_SERVER = re.compile(r"server_of_the_session|prefect_server\b(?! import)")

LONGEST = (
    ON_THE_SERVER,
    "tests/deployments/test_up.py",
    "tests/tasks/test_replay.py",
    "tests/chaos/test_kills.py",
    "tests/browser/test_story.py",
    "tests/desk/test_api.py",
    "tests/models/test_lifecycle_properties.py",
    "tests/tasks/test_similar_cases.py",
    "tests/tasks/test_sample.py",
)
"""What takes longest, whatever its number of tests; the rest starts in the order of that number."""


class LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist brings no types
    """Files stay whole, those on the Prefect server stay together, and all start in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@cache
def _unit_of_file(file: str) -> str:
    return ON_THE_SERVER if _USES_THE_SERVER.search((ROOT / file).read_text("utf-8")) else file


def unit_of(nodeid: str) -> str:
    """The unit of work a test belongs to. Example: "tests/models/test_chain.py" for a test of that file."""
    return _unit_of_file(nodeid.partition("::")[0])


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests in the order in which their units start."""
    tests = Counter(unit_of(item.nodeid) for item in items)
    rank = {unit: number for number, unit in enumerate(LONGEST)}
    return sorted(items, key=lambda item: _turn(unit_of(item.nodeid), rank, tests))


def _turn(unit: str, rank: dict[str, int], tests: Counter[str]) -> tuple[int, int, str]:
    return rank.get(unit, len(rank)), -tests[unit], unit
