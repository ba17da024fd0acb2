"""`zhihui replay`, as a person or a program calls it."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.database import open_database
from tasks.lifecycle import move_cases
from tasks.settings import Settings
from tests.cities import write_small_city
from tests.stored_cases import a_loaded_city, at, reports_taken_in

CSV = """\
source_id,opened_at,due_at,closed_at,class_code,condition_no,area
N1,2019-05-06 08:00,2019-05-06 09:00,2019-05-06 10:00,E0101,1,410184101001001
N2,2019-05-06 08:00,,2019-05-06 10:00,E0101,1,410184101001001
N2,2019-05-06 08:00,,2019-05-06 10:00,E0101,1,410184101001001
N3,tomorrow,,,E0101,1,410184101001001
"""


def zhihui(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reports.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return write_small_city(tmp_path / "city")


def test_standard_output_is_one_json_object_and_the_cases_lie_in_a_file(file: Path, city: Path, tmp_path: Path) -> None:
    out = tmp_path / "cases.csv"
    found = zhihui("replay", file, "--source", "native", "--city", city, "--json", "--cases-out", out)
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    assert (told["reports"], told["taken"], told["duplicates"], told["refused"]) == (4, 2, 1, 1)
    assert (told["closed"], told["on_time"], told["overdue"], told["transitions"]) == (2, 1, 1, 16)
    assert (told["deadlines"], told["until"]) == ("source", "2019-05-06T10:00:00+08:00")
    assert len(out.read_text("utf-8").splitlines()) == 3


def test_the_citys_deadlines_count_where_asked_for(file: Path, city: Path) -> None:
    found = zhihui("replay", file, "--source", "native", "--city", city, "--json", "--deadlines", "city")
    assert json.loads(found.stdout)["on_time"] == 2


@pytest.mark.parametrize(
    ("until", "closed"), [("2019-05-05", 0), ("2019-05-06", 2), ("2019-05-06T09:59", 0), ("2019-05-06T10:00", 2)]
)
def test_a_day_counts_to_its_end_and_a_moment_to_itself(file: Path, city: Path, until: str, closed: int) -> None:
    found = zhihui("replay", file, "--source", "native", "--city", city, "--json", "--until", until)
    told = json.loads(found.stdout)
    assert told["closed"] == closed
    assert told["later"] == (3 if until == "2019-05-05" else 0)


def test_a_person_reads_what_was_played_and_by_whose_deadlines(file: Path, city: Path) -> None:
    found = zhihui("replay", file, "--source", "native", "--city", city)
    assert found.exit_code == 0
    assert "接收 2，重复 1，拒收 1" in found.stdout
    assert "坐席由规则 replay 扮演" in found.stdout
    assert "时限：来源自带的时限" in found.stdout
    assert "closing times drawn" not in found.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none.csv", "--source", "native"], 1, "none.csv"),
        (["{file}", "--source", "nobody"], 1, "nobody"),
        (["{file}", "--source", "boston311"], 1, "case_enquiry_id"),
        (["{file}", "--source", "native", "--until", "soon"], 2, "soon"),
        (["{file}", "--source", "native", "--cases-out", "nowhere/cases.csv"], 2, "nowhere"),
        (["{file}"], 2, "--source"),
        (["{file}", "--source", "native", "--city", "no-such-city"], 1, "city.yaml"),
    ],
)
def test_what_cannot_be_replayed_is_told_and_has_its_exit_code(
    file: Path, city: Path, words: list[str], code: int, said: str
) -> None:
    found = zhihui("replay", "--city", city, *(word.format(file=file) for word in words))
    assert found.exit_code == code
    assert said in found.stderr
    assert found.stdout == ""


def test_help_has_an_example() -> None:
    assert "Example: zhihui replay" in zhihui("replay", "--help").stdout


def test_a_replay_does_not_import_prefect() -> None:
    code = "import sys, deployments.replay_command; print(sorted(set(sys.modules) & {'prefect'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_catalogue_is_shown_beside_the_citys_own_and_each_changed_case_lies_in_a_file(
    file: Path, city: Path, tmp_path: Path
) -> None:
    other, out = tmp_path / "other.csv", tmp_path / "changed.csv"
    text = (city / "catalogue.csv").read_text("utf-8").replace("垃圾已清除,4 work_hour", "垃圾已清除,1 work_hour")
    other.write_text(text, "utf-8")
    words = ("replay", file, "--source", "native", "--city", city, "--limits", other)
    found = zhihui(*words, "--cases-out", out)
    assert found.exit_code == 0
    assert "设想改变的文件：catalogue.csv" in found.stdout
    assert "按期与否改变 2 件" in found.stdout
    assert "梨河镇：2 → 2，2 → 0，0 → 2" in found.stdout
    assert len(out.read_text("utf-8").splitlines()) == 3
    told = json.loads(zhihui(*words, "--json").stdout)
    assert (told["before"]["on_time"], told["after"]["on_time"], told["changed"]["on_time"]) == (2, 0, 2)
    assert told["before"]["deadlines"] == "city", "where limits are in question the source's own say nothing"


def test_a_supposed_document_with_a_fault_is_refused_at_its_line(file: Path, city: Path, tmp_path: Path) -> None:
    other = tmp_path / "policy.yaml"
    other.write_text("nonsense: yes\n", "utf-8")
    found = zhihui("replay", file, "--source", "native", "--city", city, "--policy", other)
    assert (found.exit_code, "nonsense" in found.stderr) == (1, True)


@pytest.mark.parametrize("words", [[], ["{file}"], ["{file}", "--source", "native", "--month", "2019-05"]])
def test_it_plays_a_file_of_a_source_or_a_month_and_says_so(file: Path, city: Path, words: list[str]) -> None:
    found = zhihui("replay", *(word.format(file=file) for word in words), "--city", city)
    assert found.exit_code == 2
    assert "--month" in found.stderr


def test_a_stored_month_is_played_from_the_database(settings: Settings, city: Path) -> None:
    engine = open_database(settings.database_url)
    reports_taken_in(engine, a_loaded_city(engine), 2, at("2019-05-06 08:00"), class_code="E0101")
    move_cases(engine, now=at("2019-05-06 08:02"))
    engine.dispose()
    found = zhihui("replay", "--month", "2019-05", "--city", city, "--until", "2019-05-31", "--json")
    told = json.loads(found.stdout)
    assert (found.exit_code, told["reports"], told["cases"], told["closed"]) == (0, 2, 2, 0)
    assert zhihui("replay", "--month", "2019-5", "--city", city).exit_code == 2


def test_a_stored_month_is_played_under_the_directory_in_force(settings: Settings, tmp_path: Path) -> None:
    """`ZHIHUI_CITY` names another city, in which none of these units is."""
    engine = open_database(settings.database_url)
    reports_taken_in(engine, a_loaded_city(engine), 1, at("2019-05-06 08:00"), class_code="E0101")
    engine.dispose()
    out = tmp_path / "cases.csv"
    assert zhihui("replay", "--month", "2019-05", "--until", "2019-05-31", "--cases-out", out).exit_code == 0
    (row,) = csv.DictReader(io.StringIO(out.read_text("utf-8")))
    assert row["unit"] == "lihe"
