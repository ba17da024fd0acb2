"""What Prometheus reads is the database's, in bounded labels, and for nobody from elsewhere."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import Engine, insert

from desk.app import create_app
from models.city import City
from models.sweeps import Process
from tasks.database import transaction
from tasks.inbox import INBOX
from tasks.monitoring_settings import MonitoringSettings
from tasks.settings import Settings
from tasks.sweeps import record_sweep
from tests.desk.conftest import NOW
from tests.notice_rows import write_attempt, write_case, write_notice
from tests.stored_cases import a_loaded_city

MINUTE = timedelta(minutes=1)
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
TOKEN = "a-token-of-some-length"


def reader(settings: Settings, engine: Engine, client: str = HERE, token: str | None = None) -> TestClient:
    monitoring = MonitoringSettings(metrics_token=SecretStr(token) if token else None)
    app = create_app(settings, engine, clock=lambda: NOW, monitoring=monitoring)
    return TestClient(app, raise_server_exceptions=False, client=(client, 50_000))


def samples(client: TestClient) -> dict[str, float]:
    """Every sample as `name{label,label}`."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}" if sample.labels else sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def write_action(engine: Engine, case_id: int, key: str, seconds: float | None) -> None:
    row = {"key": key, "case_id": case_id, "action": "receive", "by_post": "lihe-liaison", "origin": "desk"}
    settled = None if seconds is None else NOW - 5 * MINUTE + timedelta(seconds=seconds)
    row |= {"state": "waiting" if settled is None else "done", "facts": "{}"}
    with transaction(engine) as connection:
        connection.execute(insert(INBOX).values(**row, received_at=NOW - 5 * MINUTE, settled_at=settled))


def test_the_figures_of_a_city_in_work(settings: Settings, engine: Engine) -> None:
    a_loaded_city(engine)
    case_id = write_case(engine, state="handling", handle_due_at=NOW - MINUTE)
    gone = {"number": "E2", "receipt_number": "R2", "unit": "gone"}
    write_case(engine, state="dispatched", handle_due_at=NOW - MINUTE, **gone)
    notice = write_notice(engine, created_at=NOW - 3 * MINUTE, priority="urgent")
    write_notice(engine, created_at=NOW - 9 * MINUTE, not_before=NOW + MINUTE)
    write_notice(engine, state="failed", settled_at=NOW)
    for outcome in ("handed_over", "http_error 502", "http_error 503"):
        write_attempt(engine, notice, outcome=outcome, ended_at=NOW, started_at=NOW - MINUTE)
    for key, seconds in (("a", 0.9), ("b", 3.0), ("c", None)):
        write_action(engine, case_id, key, seconds)
    record_sweep(engine, Process.CASES, NOW - MINUTE)
    found = samples(reader(settings, engine))
    expected = {
        "zhihui_open_cases{handling}": 1,
        "zhihui_open_cases{suspended}": 0,
        "zhihui_overdue_cases": 2,
        "zhihui_unit_overdue_cases{lihe}": 1,
        "zhihui_unit_overdue_cases{other}": 1,
        "zhihui_outbox_notices{urgent}": 1,
        "zhihui_outbox_notices{emergency}": 0,
        "zhihui_outbox_oldest_seconds": 540,
        "zhihui_outbox_overdue_seconds": 180,
        "zhihui_held_notices": 0,
        "zhihui_unreached_notices": 1,
        "zhihui_attempts_total{json,handed_over}": 1,
        "zhihui_attempts_total{json,http_error}": 2,
        "zhihui_waiting_actions": 1,
        "zhihui_waiting_action_oldest_seconds": 300,
        "zhihui_action_latency_seconds_bucket{0.5}": 0,
        "zhihui_action_latency_seconds_bucket{1.0}": 1,
        "zhihui_action_latency_seconds_bucket{4.0}": 2,
        "zhihui_action_latency_seconds_bucket{+Inf}": 2,
        "zhihui_action_latency_seconds_count": 2,
        "zhihui_sweep_age_seconds{cases}": 60,
        "zhihui_refused_rows": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["zhihui_action_latency_seconds_sum"] == pytest.approx(3.9, abs=0.01)


def test_every_name_is_ours_has_help_and_no_label_of_a_person(settings: Settings, sqlite_engine: Engine) -> None:
    a_loaded_city(sqlite_engine)
    write_attempt(
        sqlite_engine, write_notice(sqlite_engine), outcome="handed_over", ended_at=NOW, started_at=NOW - MINUTE
    )
    families = list(text_string_to_metric_families(reader(settings, sqlite_engine).get("/metrics").text))
    assert len(families) == 14
    for family in families:
        assert family.name.startswith("zhihui_")
        assert family.documentation
        labels = {name for sample in family.samples for name in sample.labels}
        assert labels <= {"state", "unit", "priority", "process", "channel", "outcome", "le"}


def test_before_a_city_is_loaded_there_are_figures_of_nothing(settings: Settings, sqlite_engine: Engine) -> None:
    found = samples(reader(settings, sqlite_engine))
    assert (found["zhihui_overdue_cases"], found["zhihui_outbox_oldest_seconds"]) == (0, 0)
    assert not any(name.startswith("zhihui_sweep_age_seconds") for name in found)


def test_without_a_token_only_programs_on_this_machine_read(settings: Settings, sqlite_engine: Engine) -> None:
    assert reader(settings, sqlite_engine, "::1").get("/metrics").status_code == 200
    for client, headers in (
        (ELSEWHERE, {}),
        ("testclient", {}),
        (HERE, {"X-Forwarded-For": ELSEWHERE}),
        (HERE, {"Forwarded": f"for={ELSEWHERE}"}),
    ):
        answer = reader(settings, sqlite_engine, client).get("/metrics", headers=headers)
        assert (answer.status_code, "zhihui_" in answer.text) == (403, False)


def test_with_a_token_nobody_reads_without_it(settings: Settings, sqlite_engine: Engine, city: City) -> None:
    for client in (HERE, ELSEWHERE):
        watcher = reader(settings, sqlite_engine, client, TOKEN)
        for given in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer \u00e9"):
            answer = watcher.get("/metrics", headers={"Authorization": given.encode("latin-1")})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert watcher.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_database_that_is_away_is_said_in_one_line(settings: Settings, sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        connection.exec_driver_sql("DROP TABLE sweep")
    answer = reader(settings, sqlite_engine).get("/metrics")
    assert (answer.status_code, answer.text) == (503, "the database cannot be read\n")
