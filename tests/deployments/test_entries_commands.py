"""`zhihui entries`, as a person or a program calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tasks.database import open_database
from tasks.settings import Settings
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, at

HEAD = "unit,item,value,evidence,words\n"


def zhihui(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(autouse=True)
def city(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ranked city, in May 2019."""
    engine = open_database(settings.database_url)
    a_loaded_city(engine, an_evaluated_city())
    engine.dispose()
    monkeypatch.setattr("deployments.entries_commands.now", lambda: at("2019-05-20 09:00"))


def add(tmp_path: Path, text: str, *, encoding: str = "utf-8", month: str = "2019-05", by: str = "evaluator") -> Result:
    file = tmp_path / "patrols.csv"
    file.write_bytes(text.encode(encoding))
    return zhihui("entries", "add", month, str(file), "--by", by)


def entered() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(zhihui("entries", "list", "2019-05", "--json").stdout)["entries"]
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_entered_by_names_or_codes_and_again_enters_nothing_more(tmp_path: Path, encoding: str) -> None:
    text = HEAD + "梨河镇,漏巡,3,巡查统计表5月,三条路\nxincun,missed_patrols,1,巡查统计表5月,\n"
    for _ in range(2):
        found = add(tmp_path, text, encoding=encoding)
        assert (found.exit_code, found.stdout.count("missed_patrols")) == (0, 2), found.stderr
    assert [(one["unit"], one["value"], one["by"]) for one in entered()] == [
        ("lihe", "3", "evaluator"),
        ("xincun", "1", "evaluator"),
    ]


def test_a_file_with_a_wrong_row_enters_nothing_and_names_every_wrong_row(tmp_path: Path) -> None:
    text = HEAD + "梨河镇,漏巡,3,表一,\n没有的镇,漏巡,1,表一,\nxincun,弄虚作假,1,,\n"
    found = add(tmp_path, text)
    assert found.exit_code == 1
    assert "第3行" in found.stderr
    assert "第4行" in found.stderr
    assert "须附证明材料" in found.stderr
    assert entered() == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "lihe,missed_patrols,三,a,\n", "row 2, column value"),
        (HEAD + "lihe,missed_patrols,1,a,\nlihe,missed_patrols,1,a,\n", "row 3"),
        ("unit,item\nlihe,missed_patrols\n", "column value"),
        ("", "nothing stands there"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, words: str) -> None:
    found = add(tmp_path, text)
    assert found.exit_code == 1
    assert words in found.stderr
    assert entered() == []


def test_a_month_that_is_none_and_a_post_nobody_has_are_refused(tmp_path: Path) -> None:
    text = HEAD + "lihe,missed_patrols,1,a,\n"
    assert add(tmp_path, text, month="2019-5").exit_code == 2
    assert add(tmp_path, text, by="nobody").exit_code == 1
    assert "还没有开始" in add(tmp_path, text, month="2019-06").stderr


def test_an_entry_is_taken_back_once_and_stays_in_the_list(tmp_path: Path) -> None:
    add(tmp_path, HEAD + "lihe,missed_patrols,1,a,\n")
    assert zhihui("entries", "take-back", "1", "--by", "evaluator", "--reason", "记录有误").exit_code == 0
    again = zhihui("entries", "take-back", "1", "--by", "evaluator", "--reason", "记录有误")
    assert (again.exit_code, "已由第2号撤回" in again.stderr) == (1, True)
    assert [(one["stands"], one["takes_back"], one["taken_back"]) for one in entered()] == [
        (False, None, 2),
        (False, 1, None),
    ]
    assert "#1 lihe missed_patrols 1 a ← #2" in zhihui("entries", "list", "2019-05").stdout
