"""`zhihui intake` and `zhihui refused`, as a person or a program calls them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.city_edition import load_city
from tasks.database import open_database, transaction
from tasks.directory import DirectoryFiles
from tasks.settings import Settings
from tests.cities import SMALL_CITY
from tests.source_files import write_file

CSV = (
    b"source_id,opened_at,class_code,condition_no,reporter_phone\n"
    b"N1,2019-05-05 08:00,E0101,1,13800000000\nN2,tomorrow,E0101,1,13800000000\n"
)


@pytest.fixture
def city(settings: Settings) -> None:
    engine = open_database(settings.database_url)
    with transaction(engine) as connection:
        load_city(connection, DirectoryFiles(SMALL_CITY), datetime(2019, 5, 5, tzinfo=UTC), "admin")
    engine.dispose()


def zhihui(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def take_in(tmp_path: Path) -> Result:
    return zhihui("intake", str(write_file(tmp_path / "reports.csv", CSV)), "--source", "native", "--json")


@pytest.mark.usefixtures("city")
def test_a_file_is_taken_in_and_counted(tmp_path: Path) -> None:
    first, second = take_in(tmp_path), take_in(tmp_path)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout) == {
        **{"batch_id": 1, "rows": 2, "taken": 1, "duplicates": 0, "refused": 1, "flagged": 0},
    }
    assert json.loads(second.stdout)["duplicates"] == 1


@pytest.mark.usefixtures("city")
def test_people_read_the_counts_in_chinese_and_english(tmp_path: Path) -> None:
    done = zhihui("intake", str(write_file(tmp_path / "reports.csv", CSV)), "--source", "native")
    assert done.stdout.splitlines() == [
        "共 2 行：受理 1 · 重复 0 · 退回 1 · 待人工核对 0",
        "2 rows: 1 taken, 0 duplicates, 1 refused, 0 flagged for a look",
    ]


@pytest.mark.usefixtures("city")
def test_what_cannot_be_read_is_refused_with_a_clear_line(tmp_path: Path) -> None:
    missing = zhihui("intake", str(tmp_path / "none.csv"), "--source", "native", "--json")
    unknown = zhihui("intake", str(tmp_path), "--source", "../native")
    assert (missing.exit_code, unknown.exit_code) == (1, 1)
    assert json.loads(missing.stdout) == {"refused": "file_missing", "facts": {"file": "none.csv"}}
    assert "There is no file none.csv; check its name and place." in missing.stderr
    assert 'There is no mapping for the source "../native"; known: boston311, native, pingshan.' in unknown.stderr


@pytest.mark.usefixtures("city")
def test_a_refused_row_is_listed_shown_mended_and_taken_in_again(tmp_path: Path) -> None:
    take_in(tmp_path)
    listed = zhihui("refused", "list", "--json")
    (row,) = json.loads(listed.stdout)["rows"]
    assert (row["id"], row["row_number"], row["code"]) == (1, 3, "unreadable_time")
    assert "13800000000" not in listed.stdout
    assert json.loads(zhihui("refused", "show", "1").stdout)["values"]["source_id"] == "N2"
    assert zhihui("refused", "retry", "1").exit_code == 1
    assert zhihui("refused", "mend", "1", "--set", "opened_at=2019-05-05 09:00").exit_code == 0
    retried = zhihui("refused", "retry", "--json")
    assert (retried.exit_code, json.loads(retried.stdout)) == (0, {"taken": 1, "rows": {"1": None}})
    assert json.loads(zhihui("refused", "list", "--json").stdout)["count"] == 0


@pytest.mark.usefixtures("city")
def test_wrong_usage_and_unknown_rows_are_told_apart(tmp_path: Path) -> None:
    assert zhihui("refused", "mend", "1", "--set", "nonsense").exit_code == 2
    assert zhihui("refused", "mend", "1", "--set", "a=b").exit_code == 1
    assert zhihui("refused", "drop", "1").exit_code == 1
    assert zhihui("refused", "retry", "1").exit_code == 1
    take_in(tmp_path)
    assert zhihui("refused", "drop", "1").exit_code == 0


def test_without_a_city_the_way_out_is_named(settings: Settings, tmp_path: Path) -> None:
    assert "zhihui up" in take_in(tmp_path).stderr
    open_database(settings.database_url).dispose()
    assert "zhihui city load" in take_in(tmp_path).stderr
