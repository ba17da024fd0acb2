"""`zhihui call` as somebody of the duty room runs it at a terminal."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from deployments.call_commands import call_app
from tasks.database import open_database
from tasks.settings import Settings
from tests.call_cities import callers

runner = CliRunner()
START = ["start", "reservoir-a", "--by", "flood-officer-1", "--reason", "水位上涨"]


@pytest.fixture(autouse=True)
def town(settings: Settings) -> None:
    engine = open_database(settings.database_url)
    callers(engine)
    engine.dispose()


def told(*words: str) -> dict[str, Any]:
    result = runner.invoke(call_app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_call_is_started_watched_answered_and_counted() -> None:
    started = told(*START, "--real", "--key", "k")
    number = started["number"]
    assert (started["called"], started["already"], started["woken"]) == (6, False, "away")
    assert told(*START, "--real", "--key", "k")["already"] is True
    assert told("answer", number, "--by", "res-tech")["places"] == 1
    assert told("answer", number, "--by", "flood-officer-1", "--voice-of", "res-patrol")["places"] == 1
    again = runner.invoke(call_app, ["answer", number, "--by", "res-tech"])
    assert "was answered before, by res-tech" in again.stdout
    board = told("board", number)
    assert (board["called"], board["answered"], board["silent"]) == (4, 2, 2)
    states = {place["post"]: place["how"] for place in board["places"] if place["state"] == "answered"}
    assert states == {"res-tech": "command", "res-patrol": "voice"}
    shown = runner.invoke(call_app, ["board", number]).stdout
    for said in (number, "甲水库", "2/4 answered", "责任人res-admin  行政责任人  等待应答"):
        assert said in shown
    assert told("end", number, "--by", "flood-officer-1") == {"number": number, "ended": True}
    assert told("end", number, "--by", "flood-officer-1")["ended"] is False


def test_drills_are_listed_and_counted_apart() -> None:
    drill, real = told(*START, "--drill")["number"], told(*START, "--real")["number"]
    assert [call["number"] for call in told("list")["calls"]] == [real]
    assert [call["number"] for call in told("list", "--drill")["calls"]] == [drill]
    assert "【演练】" in runner.invoke(call_app, ["list", "--drill"]).stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([*START], 2, "--drill"),
        ([*START[:-1], " ", "--real"], 1, "没有写明缘由"),
        (["start", "nowhere", *START[2:], "--real"], 1, "nowhere"),
        (["start", "reservoir-a", "--by", "lihe-liaison", "--reason", "x", "--real"], 1, "不能启动或结束叫应"),
        (["board", "JY1"], 1, "没有编号为“JY1”的叫应"),
        (["answer", "JY1", "--by", "res-tech"], 1, "没有编号为“JY1”的叫应"),
        (["end", "JY1", "--by", "flood-officer-1"], 1, "没有编号为“JY1”的叫应"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(words: list[str], code: int, said: str) -> None:
    result = runner.invoke(call_app, words)
    assert result.exit_code == code
    assert said in result.output
