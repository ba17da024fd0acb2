"""The short fixed form of the storm of `make chaos`: processes killed at work, and several at the same work."""

import shutil
from itertools import count
from pathlib import Path

from tests.chaos.job import JobKind
from tests.chaos.storm import Storm
from tests.chaos.storm_kills import compare_storms
from tests.chaos.storm_race import storm_race
from tests.databases import PostgresOfTheSession

SHORT = Storm(seed=1, gauges=8, hours=(18,), visits=0)
"""One hour of rising water."""

CHUNK = 20
KILLS: dict[JobKind, int] = {"readings": 1, "judging": 1, "calls": 1, "flood-watch": 1}


def test_a_storm_whose_processes_are_killed_ends_as_without_kills(tmp_path: Path, sqlite_template: Path) -> None:
    numbers = count(1)

    def new_database() -> str:
        file = tmp_path / f"city-{next(numbers)}.db"
        shutil.copyfile(sqlite_template, file)
        return f"sqlite:///{file}"

    tally, verified = compare_storms(SHORT, new_database, tmp_path, CHUNK, KILLS)
    assert tally.meant == KILLS
    assert tally.hit.total() >= 1
    assert any("the same as without kills" in line for line in verified)


def test_processes_at_the_same_work_raise_call_and_decide_nothing_twice_on_postgres(
    tmp_path: Path, postgres_server: PostgresOfTheSession
) -> None:
    verified = storm_race(postgres_server.migrated_database(), tmp_path, SHORT, CHUNK)
    assert any("each crossing once" in line for line in verified)
