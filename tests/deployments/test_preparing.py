"""What `zhihui up` makes ready before the first visit."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from deployments.preparing import bring_city_into_force, prepare
from tasks.case_store import CASES
from tasks.city_edition import current_city
from tasks.database import open_database, reading, transaction
from tasks.settings import Settings
from tests.cities import SMALL_CITY
from tests.stored_cases import a_loaded_city, at, reports_taken_in, rows_of

NOW = at("2019-05-06 08:00")


def a_folder(tmp_path: Path, **changed: str) -> Path:
    """The small city as a directory, some of its files changed."""
    folder = tmp_path / "city"
    folder.mkdir(exist_ok=True)
    for name, content in {**SMALL_CITY, **changed}.items():
        (folder / name).write_text(content, "utf-8")
    return folder


def test_an_empty_state_folder_gets_keys_database_city_and_reports(settings: Settings) -> None:
    for _ in range(2):
        prepare(settings, NOW, demo=True)
    assert {key.name for key in (settings.home / "keys").iterdir()} == {"personal.key", "link.key"}
    assert len(list(settings.drop_folder.iterdir())) == 1
    engine = open_database(settings.database_url, migrate=False)
    with reading(engine) as connection:
        assert current_city(connection).code == "410184"
    engine.dispose()


def test_a_changed_directory_comes_into_force_and_open_cases_are_looked_at_again(
    sqlite_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = a_loaded_city(sqlite_engine)
    reports_taken_in(sqlite_engine, city, 1, NOW)
    with transaction(sqlite_engine) as connection:
        connection.execute(update(CASES).values(next_wake_at=at("2030-01-01 00:00")))
    changed = SMALL_CITY["city.yaml"].replace("Small City", "Smaller City")
    bring_city_into_force(sqlite_engine, a_folder(tmp_path, **{"city.yaml": changed}), NOW)
    with reading(sqlite_engine) as connection:
        assert current_city(connection).english_name == "Smaller City"
    (case,) = rows_of(sqlite_engine, CASES.select())
    assert case.next_wake_at == NOW
    assert "已载入城市目录" in capsys.readouterr().out


def test_the_same_directory_changes_nothing(
    sqlite_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_loaded_city(sqlite_engine)
    bring_city_into_force(sqlite_engine, a_folder(tmp_path), NOW)
    assert "无变化" in capsys.readouterr().out


def test_a_directory_under_which_open_cases_change_hands_waits_for_a_person(
    sqlite_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = a_loaded_city(sqlite_engine)
    reports_taken_in(sqlite_engine, city, 1, NOW)
    changed = SMALL_CITY["responsibility.csv"].replace("E0110,410184101,lihe", "E0110,410184101,water")
    bring_city_into_force(sqlite_engine, a_folder(tmp_path, **{"responsibility.csv": changed}), NOW)
    with reading(sqlite_engine) as connection:
        assert current_city(connection).edition == city.edition
    assert "--yes" in capsys.readouterr().out
