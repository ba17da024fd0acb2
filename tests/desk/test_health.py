"""A monitor learns whether the desk is up, and whether the work goes on."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from desk.app import create_app
from models.city import City
from models.sweeps import Process
from tasks.database import open_database, transaction
from tasks.database_engine import make_engine, parse_address
from tasks.monitoring_settings import MonitoringSettings
from tasks.settings import Settings
from tasks.sweeps import SEASON_MONTHS, SEASON_PROCESSES, SWEEPS, record_sweep
from tests.desk.conftest import NOW
from tests.flood_cities import FLOOD_CITY
from tests.notice_rows import write_case, write_notice
from tests.stored_cases import a_loaded_city, at, reports_taken_in

MINUTE = timedelta(minutes=1)


def test_health_answers_while_the_process_is_up(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "up"}


def test_ready_tells_how_old_the_work_is(client: TestClient, sqlite_engine: Engine, city: City) -> None:
    assert client.get("/ready").json() == {
        "ready": True,
        "reasons": [],
        "database": "ok",
        "city": "小城市",
        "oldest_waiting_notice_seconds": None,
        "oldest_due_notice_seconds": None,
        "oldest_due_case_seconds": None,
        "last_sweep_seconds": None,
        "last_delivery_seconds": None,
        "last_case_event_seconds": None,
    }
    reports_taken_in(sqlite_engine, city, 1, at("2019-05-06 09:00"))
    write_notice(sqlite_engine, created_at=at("2019-05-06 09:30"), not_before=at("2019-05-06 10:30"))
    write_notice(sqlite_engine, created_at=at("2019-05-06 08:00"), state="sent")
    record_sweep(sqlite_engine, Process.CASES, NOW - MINUTE)
    record_sweep(sqlite_engine, Process.NOTICES, NOW - 2 * MINUTE)
    found = client.get("/ready")
    assert found.status_code == 200
    ages = found.json()
    assert (ages["oldest_waiting_notice_seconds"], ages["oldest_due_notice_seconds"]) == (1800, None)
    assert (ages["last_case_event_seconds"], ages["oldest_due_case_seconds"]) == (3600, 3600)
    assert (ages["last_sweep_seconds"], ages["last_delivery_seconds"]) == (60, 120)


def test_ready_says_no_once_no_sweep_has_come_round_for_too_long(client: TestClient, sqlite_engine: Engine) -> None:
    record_sweep(sqlite_engine, Process.CASES, NOW - 11 * MINUTE)
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["last_sweep_seconds: 660, at most 600"])
    record_sweep(sqlite_engine, Process.CASES, NOW - 10 * MINUTE)
    assert client.get("/ready").status_code == 200


def test_a_city_without_a_sweep_is_ready_until_its_work_is_late(client: TestClient, sqlite_engine: Engine) -> None:
    write_case(sqlite_engine, next_wake_at=NOW - 5 * MINUTE)
    assert client.get("/ready").status_code == 200
    write_case(sqlite_engine, number="E2", receipt_number="R2", next_wake_at=NOW - 11 * MINUTE)
    assert client.get("/ready").json()["reasons"] == ["oldest_due_case_seconds: 660, at most 600"]


def test_ready_says_no_where_messages_that_may_go_out_do_not(
    client: TestClient, settings: Settings, sqlite_engine: Engine
) -> None:
    write_notice(sqlite_engine, created_at=NOW - 16 * MINUTE)
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["oldest_due_notice_seconds: 960, at most 900"])
    patient = MonitoringSettings(ready_outbox_minutes=16)
    app = create_app(settings, sqlite_engine, clock=lambda: NOW, monitoring=patient)
    assert TestClient(app).get("/ready").status_code == 200


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///{folder}/empty.db", "DatabaseOutdated"),
        ("postgresql://desk:s3cret@127.0.0.1:1/zhihui", "unreachable"),
    ],
)
def test_ready_says_no_where_the_database_is_empty_or_away(
    settings: Settings, tmp_path: Path, url: str, why: str
) -> None:
    client = TestClient(create_app(settings, make_engine(parse_address(url.format(folder=tmp_path)))))
    answer = client.get("/ready")
    expected = {"ready": False, "reasons": [f"database: {why}"], "database": why}
    assert (answer.status_code, answer.json()) == (503, expected)
    assert "s3cret" not in answer.text
    assert client.get("/health").status_code == 200


def test_ready_works_on_postgres_too(settings: Settings, postgres_url: str) -> None:
    engine = open_database(postgres_url, migrate=False)
    record_sweep(engine, Process.CASES, NOW - MINUTE)
    answer = TestClient(create_app(settings, engine, clock=lambda: NOW)).get("/ready")
    engine.dispose()
    assert (answer.json()["ready"], answer.json()["last_sweep_seconds"]) == (True, 60)


@pytest.mark.parametrize(
    ("moment", "age", "ready"),
    [
        ("2021-07-20 10:00", 10, True),
        ("2021-07-20 10:00", 11, False),
        ("2021-01-20 10:00", 65, True),
        ("2021-01-20 10:00", 71, False),
        ("2021-05-01 00:05", 64, True),
        ("2021-10-01 00:05", 30, True),
    ],
)
def test_the_processes_of_the_season_may_be_an_hour_older_where_they_look_hourly(
    settings: Settings, sqlite_engine: Engine, moment: str, age: int, ready: bool
) -> None:
    a_loaded_city(sqlite_engine, dict(FLOOD_CITY))
    now = at(moment)
    for process in SEASON_PROCESSES:
        record_sweep(sqlite_engine, process, now)
    record_sweep(sqlite_engine, Process.CASES, now)
    with transaction(sqlite_engine) as connection:
        connection.execute(update(SWEEPS).where(SWEEPS.c.process == "calls").values(at=now - age * MINUTE))
    answer = TestClient(create_app(settings, sqlite_engine, clock=lambda: now)).get("/ready").json()
    assert (answer["last_calls_sweep_seconds"], answer["last_response_sweep_seconds"]) == (age * 60, 0)
    assert answer["ready"] is ready
    assert ["calls" in reason for reason in answer["reasons"]] == [True] * (not ready)


def test_the_months_of_the_schedules_are_those_that_readiness_counts_by() -> None:
    """Otherwise a monitor would call somebody every winter, or nobody in July."""
    deployments = yaml.safe_load((Path(__file__).parents[2] / "prefect.yaml").read_text("utf-8"))["deployments"]
    crons = {one["name"]: {each["cron"] for each in one["schedules"]} for one in deployments}
    for name in ("duty-watch", "hydrology", "flood-calls", "flood-watch"):
        assert crons[name] == {"* * * 5-9 *", "0 * * 1-4,10-12 *"}
    assert (SEASON_MONTHS[0], SEASON_MONTHS[-1]) == (5, 9)
