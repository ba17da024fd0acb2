"""`zhihui sample`, as a person or a program calls it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.sample import COLUMNS
from tests.cities import write_small_city

pytestmark = pytest.mark.usefixtures("settings")


def zhihui(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_same_call_writes_the_same_reports(tmp_path: Path) -> None:
    words = ("sample", "--cases", 50, "--days", 3, "--seed", 4, "--until", "2019-05-14T09:00")
    shown, written = zhihui(*words), zhihui(*words, "--out", tmp_path / "s.csv")
    assert (shown.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert shown.stdout == (tmp_path / "s.csv").read_text("utf-8")
    assert shown.stdout.splitlines()[0] == ",".join(COLUMNS)
    assert len(shown.stdout.splitlines()) == 51


def test_another_city_gets_reports_of_its_own(tmp_path: Path) -> None:
    city = write_small_city(tmp_path / "city")
    found = zhihui("sample", "--cases", 20, "--days", 1, "--city", city, "--until", "2019-05-14T09:00")
    assert found.exit_code == 0
    assert "梨河镇" in found.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--cases", 0, "--days", 1), 2, "--cases"),
        (("--cases", 1, "--days", 1, "--until", "soon"), 2, "soon"),
        (("--cases", 1, "--days", 1, "--out", "nowhere/s.csv"), 1, "nowhere"),
    ],
)
def test_what_cannot_be_made_is_told_and_has_its_exit_code(words: tuple[object, ...], code: int, said: str) -> None:
    found = zhihui("sample", *words)
    assert found.exit_code == code
    assert said in found.stderr


def test_help_has_an_example() -> None:
    assert "Example: zhihui sample" in zhihui("sample", "--help").stdout
