"""The demo's reports and people."""

import csv
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from deployments.demo import Demo, Standing, standing, write_first_reports, write_reports
from models.city import City
from tasks.database import reading
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city, at, reports_taken_in

NOW = at("2019-05-06 08:00")


@pytest.fixture
def city(sqlite_engine: Engine, settings: Settings) -> City:
    settings.drop_folder.mkdir(parents=True)
    return a_loaded_city(sqlite_engine)


def test_reports_lie_in_the_drop_folder_whole_and_nothing_else_does(city: City, settings: Settings) -> None:
    write_reports(settings, city, 5, NOW)
    write_reports(settings, city, 5, NOW + timedelta(minutes=10))
    files = sorted(settings.drop_folder.iterdir())
    assert len(files) == 2
    assert all(len(list(csv.DictReader(file.read_text("utf-8").splitlines()))) >= 5 for file in files)


def test_the_first_reports_are_written_only_where_no_case_is_known(
    city: City, settings: Settings, sqlite_engine: Engine
) -> None:
    reports_taken_in(sqlite_engine, city, 1, NOW)
    write_first_reports(sqlite_engine, city, settings, NOW)
    assert list(settings.drop_folder.iterdir()) == []
    with reading(sqlite_engine) as connection:
        assert standing(connection) == Standing(cases=1, closed=0, messages=0)


def test_a_server_that_is_away_does_not_end_the_demo(
    settings: Settings, sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with httpx.Client(base_url="http://prefect/api", transport=httpx.MockTransport(away)) as server:
        Demo(settings, sqlite_engine, server).run_and_wait("intake/intake")
    assert "intake/intake: refused" in capsys.readouterr().err


def test_a_run_is_started_and_waited_for(settings: Settings, sqlite_engine: Engine) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        ended = "RUNNING" if len(asked) < 4 else "COMPLETED"
        return httpx.Response(200, json={"id": "x", "state_type": ended})

    with httpx.Client(base_url="http://prefect/api", transport=httpx.MockTransport(answer)) as server:
        Demo(settings, sqlite_engine, server).run_and_wait("intake/intake")
    assert asked == [
        "GET /api/deployments/name/intake/intake",
        "POST /api/deployments/x/create_flow_run",
        "GET /api/flow_runs/x",
        "GET /api/flow_runs/x",
    ]
