"""`zhihui city check` and `zhihui city load` as an administrator runs them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from deployments.city_commands import city_app
from models.case import Case
from models.vocabulary import State
from tasks.case_store import CASES
from tasks.city_edition import current_city
from tasks.database import open_database, reading, transaction
from tasks.settings import Settings
from tests.cities import changed, write_small_city

runner = CliRunner()

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

HOLIDAYS = "".join(f"{year}-01-01,,元旦\n" for year in range(2027, 2100))
SOUND = changed(
    "city.yaml",
    "hours_per_work_day: 8",
    "hours_per_work_day: 8\ncalendar_official_until: 2099-12-31",
    changed("calendar.csv", "name\n", f"name\n{HOLIDAYS}"),
)
"""The small city with a calendar that does not end while these tests are in use: the command judges by the real day."""

WRONG = changed("catalogue.csv", "井盖稳固,4 work_hour", "井盖稳固,小时", SOUND)
WRONG_LIMIT = (
    'catalogue.csv row 3, column limit: "小时" is no limit: a number and a unit. '
    "Known units: urgent_hour, work_hour, work_day, natural_day. "
    'Write for example "2 urgent_hour" if nights count, "4 work_hour" if not.'
)


@pytest.fixture
def small_city(tmp_path: Path) -> Path:
    return write_small_city(tmp_path / "city", SOUND)


def an_open_case(settings: Settings, unit: str) -> None:
    """A case of a water pipe's cover, with whoever has it."""
    engine = open_database(settings.database_url)
    with transaction(engine) as connection:
        city = current_city(connection)
        case = Case(
            receipt_number="R1",
            number="C0101202606010001",
            state=State.HANDLING,
            source="inspector",
            class_code="C0101",
            area="410184101",
            unit=unit,
            edition=city.edition,
            calendar_edition=city.calendar_edition,
            opened_at=NOW,
            last_event_at=NOW,
        )
        connection.execute(insert(CASES).values(case.model_dump(exclude={"id"})))
    engine.dispose()


def edition_in_force(settings: Settings) -> str:
    engine = open_database(settings.database_url)
    with reading(engine) as connection:
        edition = current_city(connection).edition
    engine.dispose()
    return edition


def test_a_sound_directory_is_checked_with_exit_code_0(small_city: Path) -> None:
    result = runner.invoke(city_app, ["check", str(small_city)])
    assert result.exit_code == 0
    assert "Errors: 0, warnings: 0." in result.stderr
    assert "小城市 Small City, 3 units, 17 posts, 4 areas, 4 subclasses" in result.stderr


def test_each_fault_is_a_line_and_the_exit_code_is_1(tmp_path: Path) -> None:
    result = runner.invoke(city_app, ["check", str(write_small_city(tmp_path, WRONG))])
    assert result.exit_code == 1
    assert result.stdout == f"error: {WRONG_LIMIT}\n"
    assert "Errors: 1, warnings: 0." in result.stderr


def test_programs_get_the_faults_as_one_json_object(tmp_path: Path) -> None:
    result = runner.invoke(city_app, ["check", str(write_small_city(tmp_path, WRONG)), "--json"])
    judged = json.loads(result.stdout)
    (fault,) = judged["faults"]
    assert (result.exit_code, judged["errors"], judged["edition"]) == (1, 1, None)
    assert (fault["file"], fault["row"], fault["column"], fault["found"]) == ("catalogue.csv", 3, "limit", "小时")
    assert fault["text"] == WRONG_LIMIT


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_folder_that_is_not_there_is_wrong_usage(command: str, tmp_path: Path) -> None:
    result = runner.invoke(city_app, [command, str(tmp_path / "nowhere")])
    assert result.exit_code == 2


@pytest.mark.parametrize("command", ["check", "load"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = runner.invoke(city_app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: zhihui city {command} " in result.stdout


def test_a_directory_is_loaded_once_and_again_without_effect(small_city: Path, settings: Settings) -> None:
    first = runner.invoke(city_app, ["load", str(small_city), "--by", "admin"])
    again = runner.invoke(city_app, ["load", str(small_city)])
    edition = edition_in_force(settings)[:12]
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout == f"Edition {edition} is loaded, the first of this database.\n"
    assert again.stdout == f"Edition {edition} is in force already; nothing changed.\n"


def test_a_faulty_directory_is_not_loaded(tmp_path: Path, settings: Settings) -> None:
    result = runner.invoke(city_app, ["load", str(write_small_city(tmp_path / "city", WRONG))])
    assert result.exit_code == 1
    assert f"error: {WRONG_LIMIT}" in result.stdout.splitlines()
    assert "nothing was loaded" in result.stderr
    assert not settings.home.exists()


def test_a_load_by_a_post_nobody_holds_is_wrong_usage(small_city: Path, settings: Settings) -> None:
    result = runner.invoke(city_app, ["load", str(small_city), "--by", "nobody"])
    assert result.exit_code == 2
    assert '"nobody" is no post of posts.csv.' in " ".join(result.stderr.split())


def test_open_cases_that_would_change_hands_are_listed_and_ask_for_yes(tmp_path: Path, settings: Settings) -> None:
    runner.invoke(city_app, ["load", str(write_small_city(tmp_path / "old"))])
    before = edition_in_force(settings)
    an_open_case(settings, "water")
    moved = write_small_city(tmp_path / "new", changed("responsibility.csv", "C01*,*,water", "C01*,*,lihe"))
    asked = runner.invoke(city_app, ["load", str(moved)])
    assert asked.exit_code == 1
    assert asked.stdout == "C0101202606010001: from water to lihe, now with water\n"
    assert "1 open cases would change hands; nothing was loaded. To load: --yes." in asked.stderr
    assert edition_in_force(settings) == before
    told = runner.invoke(city_app, ["load", str(moved), "--yes", "--json"])
    outcome = json.loads(told.stdout)
    assert (told.exit_code, outcome["loaded"], outcome["before"]) == (0, True, before)
    assert outcome["changes"] == ['responsibility.csv: 1 changed: C01* * (unit "water" -> "lihe")']
    assert outcome["changed_hands"] == [
        {"number": "C0101202606010001", "holder": "water", "before": "water", "after": "lihe", "holder_is_gone": False}
    ]


def test_a_new_edition_wakes_the_open_cases(tmp_path: Path, settings: Settings) -> None:
    runner.invoke(city_app, ["load", str(write_small_city(tmp_path / "old"))])
    an_open_case(settings, "water")
    holiday = changed("calendar.csv", "name\n", "name\n2026-03-26,,拜祖大典\n")
    result = runner.invoke(city_app, ["load", str(write_small_city(tmp_path / "new", holiday))])
    assert "The work calendar changed" in result.stdout
    engine = open_database(settings.database_url)
    with reading(engine) as connection:
        assert connection.scalar(select(CASES.c.next_wake_at)) is not None
    engine.dispose()
