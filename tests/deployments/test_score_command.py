"""`zhihui score`: what programs and people are told, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deployments.command_line import app
from tests.cities import SMALL_CITY, write_small_city
from tests.schemes import COUNTS, SMALL_SCHEME, changed

YUNCHENG = '{"due_to_close": 16475, "closed": 16454, "closed_late": 194, "extended": 219, "reworked": 18}'


def run(scheme: str, counts: object, *arguments: object) -> Result:
    given = counts if isinstance(counts, str) else json.dumps(counts)
    return CliRunner().invoke(app, ["score", "--scheme", scheme, "--counts", given, *map(str, arguments)])


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_standard_output_is_one_object_with_score_grade_and_steps(arguments: list[str]) -> None:
    found = told(run("yuncheng", YUNCHENG, *arguments))
    assert (found["scheme"], found["group"], found["grade"], found["complete"]) == ("yuncheng", None, None, True)
    assert f"{found['score']:.3f}" == "99.189"
    assert [step["item"] for step in found["steps"] if step["kind"] == "item"] == ["closing", "extension", "rework"]
    first = found["steps"][0]
    assert (first["formula"], first["source"]) == ("(closed - closed_late) / due_to_close", "Yuncheng practice (B)")
    assert first["values"] == {"closed": 16454, "closed_late": 194, "due_to_close": 16475}
    assert first["result"] == 0.9869499241


def test_people_read_the_same_steps_on_standard_error_and_programs_nothing() -> None:
    said = run("unicom_style", {"due_to_close": 1935, "closed": 1912, "closed_on_time": 1855, "reworked": 18}).stderr
    assert "国标样式综合评价" in said
    assert "结案率 closed: 29.643411 /30 = 30 * closure_rate [结案率 closure_rate 0.988114]" in said
    assert "系统得分: 98.124031 /100 = volume + closure + on_time + rework" in said
    assert said.rstrip().endswith("得分 score: 98.12 A级（绿） green")
    assert run("yuncheng", YUNCHENG, "--json").stderr == ""


def test_a_group_takes_what_persons_enter_as_written() -> None:
    manual = '{"team_appearance": 92.5, "street_appearance": 88.1, "extra_occurrences": 3}'
    found = told(run("yuncheng", YUNCHENG, "--group", "执法队伍", "--manual", manual))
    assert found["group"] == "enforcement"
    assert found["score"] == pytest.approx(99.188952959 * 0.7 + 13.875 + 13.215 - 0.3)


def test_a_missing_manual_score_is_null_and_named() -> None:
    result = run("yuncheng", YUNCHENG, "--group", "parks", "--manual", '{"centre_score": null}')
    found = told(result)
    assert (found["score"], found["grade"], found["missing"]) == (None, None, ["centre_score"])
    assert "得分 score: — (a value is missing: no score) 缺 missing: centre_score" in result.stderr


def test_our_proposal_says_that_it_is_one() -> None:
    counts = {"due_to_close": 100, "closed": 95, "closed_on_time": 90, "reworked": 2, "extended": 3}
    result = run("xinzheng", counts, "--group", "townships")
    assert "本项目建议方案，非正式文件" in result.stderr
    assert told(result)["score"] == 92.4


def test_a_scheme_that_is_not_complete_says_so() -> None:
    result = run("jinhua", {"due_to_close": 100, "closed": 95, "closed_on_time": 80, "reworked": 0})
    assert (told(result)["score"], told(result)["complete"]) == (None, False)
    assert (
        "the scheme is not complete: the total stays empty; 3 known items make 75 of their 75 points" in result.stderr
    )


def test_a_city_s_own_scheme_is_found_in_its_directory(tmp_path: Path) -> None:
    old = changed(SMALL_SCHEME, ("total: 100", "total: 100\nvalid_until: 2026-08-15"))
    new = changed(
        SMALL_SCHEME, ("total: 100", "total: 100\nvalid_from: 2026-08-15"), ("formula: looks,", "formula: 10,")
    )
    write_small_city(tmp_path, {**SMALL_CITY, "schemes/small.yaml": old, "schemes/new.yaml": new})
    here = ("--city", tmp_path, "--group", "firms")
    assert told(run("small", COUNTS, *here))["score"] == 0.9 * 88 + 10
    assert told(run("small", COUNTS, *here, "--on", "2026-08-01"))["score"] is None


def test_counts_that_leave_exempt_cases_apart_are_said_to_do_so() -> None:
    counts = {"due_to_close": 100, "suspended": 10, "closed": 90, "closed_on_time": 63, "reworked": 0}
    inside, apart = run("jinhua", counts), run("jinhua", counts, "--exempt", "apart")
    found = [next(step for step in told(each)["steps"] if step["item"] == "on_time") for each in (inside, apart)]
    assert [step["result"] for step in found] == [50, 43]


@pytest.mark.parametrize(
    ("scheme", "counts", "arguments", "said"),
    [
        ("yunchneg", "{}", [], 'there is no scheme "yunchneg". Did you mean "yuncheng"?'),
        ("yuncheng", '{"due_to_clsoe": 1}', [], '"due_to_clsoe" is no count. Did you mean "due_to_close"?'),
        ("yuncheng", '{"closed": 1, "closed": 2}', [], '"closed" stands there twice. Keep one of them.'),
        ("yuncheng", '{"closed": NaN}', [], "NaN is no number."),
        ("yuncheng", '{"closed": 1e999999999}', [], "A count is a whole number from 0 on, or null."),
        ("yuncheng", "{}", ["--group", "park"], '"park" is no group of the scheme yuncheng. Did you mean "parks"?'),
        ("jinhua", "{}", ["--group", "x"], '"x" is no group of the scheme jinhua. It has no groups.'),
        ("yuncheng", "{}", ["--manual", '{"centre": 1}'], '"centre" is no manual item of the scheme yuncheng.'),
        ("yuncheng", "{}", ["--manual", '{"centre_score": 101}'], "centre_score is 101. It is at most 100."),
        ("yuncheng", "{}", ["--on", "2021-01-01"], 'the scheme "yuncheng" is not in force on 2021-01-01.'),
        (
            "yuncheng",
            '{"due_to_close": 10, "closed": 11, "closed_late": 0, "extended": 0, "reworked": 0}',
            [],
            "yuncheng.yaml line 13, key ratios.on_time_closure_rate: on_time_closure_rate comes to 1.1; a ratio lies",
        ),
    ],
)
def test_what_is_refused_says_why_and_exits_with_one(scheme: str, counts: str, arguments: list[str], said: str) -> None:
    result = run(scheme, counts, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_a_city_that_cannot_be_read_is_refused_and_other_faults_of_a_city_are_no_matter(tmp_path: Path) -> None:
    result = run("yuncheng", YUNCHENG, "--city", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be read" in result.stderr
    write_small_city(tmp_path, SMALL_CITY)
    (tmp_path / "units.csv").write_bytes(b"PK\x03\x04")
    assert told(run("yuncheng", YUNCHENG, "--city", tmp_path))["score"] is not None
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "ours.yaml").write_bytes("scheme: ours".encode("utf-16"))
    assert "schemes/ours.yaml: the file is UTF-16" in run("ours", "{}", "--city", tmp_path).stderr


@pytest.mark.parametrize(
    ("counts", "arguments"),
    [("{", []), ("[1]", []), ("7", []), ("[" * 5000, []), ("{}", ["--manual", "x"]), ("{}", ["--on", "tomorrow"])],
)
def test_what_is_no_object_or_date_is_wrong_usage(counts: str, arguments: list[str]) -> None:
    result = run("yuncheng", counts, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_division_by_zero_in_a_city_s_scheme_points_at_its_line(tmp_path: Path) -> None:
    scheme = changed(SMALL_SCHEME, ("minimum: {due_to_close: 10}\n", ""))
    write_small_city(tmp_path, {**SMALL_CITY, "schemes/small.yaml": scheme})
    result = run("small", {**COUNTS, "due_to_close": 0, "closed": 0, "closed_on_time": 0}, "--city", tmp_path)
    assert result.exit_code == 1
    assert "schemes/small.yaml line 12, key ratios.on_time.over: on_time is divided by zero: due_to_close is 0." in (
        result.stderr
    )
