"""The short fixed form of `make chaos`: six processes killed at work, and all that was promised still holds."""

import shutil
from itertools import count
from pathlib import Path

from tests.chaos.kills import NewDatabase, compare
from tests.chaos.story import Kind, Story
from tests.databases import PostgresOfTheSession

REPORTS, VISITS, CHUNK = 40, 3, 15
"""Enough for several transactions in every process, little enough for a minute."""


def survives(story: Story, new_database: NewDatabase, home: Path, kills: dict[Kind, int]) -> None:
    """Two tellings of a story end alike, and some kill hit."""
    tally, verified = compare(story, new_database, home, CHUNK, kills)
    assert tally.meant == kills
    assert tally.hit.total() >= 1
    assert any("prove unaltered" in line for line in verified)


def test_intake_sweeps_and_delivery_killed_on_sqlite_lose_and_double_nothing(
    tmp_path: Path, sqlite_template: Path
) -> None:
    numbers = count(1)

    def new_database() -> str:
        file = tmp_path / f"city-{next(numbers)}.db"
        shutil.copyfile(sqlite_template, file)
        return f"sqlite:///{file}"

    survives(Story(1, REPORTS, VISITS), new_database, tmp_path, {"intake": 1, "sweep": 2, "delivery": 1})


def test_a_sweep_and_a_delivery_killed_on_postgres_lose_and_double_nothing(
    tmp_path: Path, postgres_server: PostgresOfTheSession
) -> None:
    story = Story(2, REPORTS, VISITS)
    survives(story, postgres_server.migrated_database, tmp_path, {"sweep": 1, "delivery": 1})
