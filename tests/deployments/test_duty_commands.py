"""`zhihui duty`: who is on duty; and the proof of a day's spot checks, in words and for programs."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from deployments import duty_commands
from deployments.command_line import load
from models.city import City
from models.spot_checks import day_seed, seed_digest
from tasks.database import open_database, reading, transaction
from tasks.duty_shift import hand_over_shifts
from tasks.settings import Settings
from tasks.spot_check_days import seal_of
from tasks.spot_checks import planned_of, watch_spot_checks
from tests.duty_rows import FIRST, SECOND, by_rule, write_shifts
from tests.flood_cities import FLOOD_CITY
from tests.stored_cases import a_loaded_city, at

KEY = b"k" * 32
DAY = date(2021, 7, 20)
EVE = at("2021-07-19 12:00")


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Engine, City]]:
    """A city with three shifts, two days later."""
    engine = open_database(settings.database_url)
    city = a_loaded_city(engine, dict(FLOOD_CITY))
    write_shifts(engine, at("2021-07-19 08:00"), (FIRST, SECOND, FIRST))
    hand_over_shifts(engine, city, by_rule(at("2021-07-19 08:00"), city))
    monkeypatch.setattr(duty_commands, "now", lambda: at("2021-07-21 12:00"))
    yield engine, city
    engine.dispose()


def calls(*arguments: str) -> Result:
    return CliRunner().invoke(load("duty"), list(arguments))


def watches(engine: Engine, city: City, *moments: datetime) -> None:
    for moment in moments:
        with transaction(engine) as connection:
            watch_spot_checks(connection, city, KEY, by_rule(moment, city))


def test_a_day_is_proved_with_its_seal_seed_and_times(here: tuple[Engine, City]) -> None:
    engine, city = here
    watches(engine, city, EVE)
    with reading(engine) as connection:
        seal = seal_of(connection, city, DAY)
    assert seal
    times = [check.at for check in planned_of(day_seed(KEY, city.code, DAY), seal, city)]
    watches(engine, city, *times, at("2021-07-21 00:06"))
    result = calls("verify-checks", "2021-07-20", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["proved"], found["problems"]) == (0, True, [])
    assert seed_digest(bytes.fromhex(found["seed"])) == found["sha256"]
    assert [datetime.fromisoformat(one["planned_at"]) for one in found["checks"]] == times
    said = calls("verify-checks", "2021-07-20").stdout
    assert "已证明" in said
    assert found["seed"] in said


def test_a_day_without_a_seal_is_not_proved(here: tuple[Engine, City]) -> None:
    result = calls("verify-checks", "2021-07-18")
    assert result.exit_code == 1
    assert "没有封存记录" in result.stdout


def test_who_is_on_duty_is_told(here: tuple[Engine, City], monkeypatch: pytest.MonkeyPatch) -> None:
    result = calls("show", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["shift"], found["state"]) == (0, "2021-07-21T08:00", "routine")
    assert [one["post"] for one in found["people"]] == list(FIRST.values())
    assert "未签到" in calls("show").stdout
    monkeypatch.setattr(duty_commands, "now", lambda: at("2021-07-21 12:00") + timedelta(days=9))
    assert calls("show").exit_code == 1
