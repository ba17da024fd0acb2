"""`prefect.yaml`: Prefect ignores what it does not know, so every key is judged here."""

import re
from typing import Any

import jsonschema
import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.deploying import PREFECT_FILE

DOCUMENT: dict[str, Any] = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))
DEPLOYMENTS: list[dict[str, Any]] = DOCUMENT["deployments"]

TOP_KEYS = {"name", "prefect-version", "build", "push", "pull", "definitions", "deployments"}
DEPLOYMENT_KEYS = {
    *("name", "version", "tags", "description", "entrypoint", "parameters", "enforce_parameter_schema"),
    *("schedules", "paused", "concurrency_limit", "work_pool", "triggers", "build", "push", "pull"),
}
WANTED_KEYS = {"name", "entrypoint", "description", "tags", "schedules", "parameters", "work_pool"}
SCHEDULE_KEYS = {"cron", "interval", "rrule", "timezone", "anchor_date", "active", "parameters", "slug", "day_or"}
LIMIT_KEYS = {"limit", "collision_strategy", "grace_period_seconds"}
POOL_KEYS = {"name", "work_queue_name", "job_variables"}
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")

each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda found: found["name"])


def schema_of(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = parameter_schema(load_flow_from_entrypoint(deployment["entrypoint"])).model_dump(
        exclude_unset=True
    )
    return found


def test_the_file_has_no_key_prefect_would_ignore() -> None:
    assert set(DOCUMENT) <= TOP_KEYS
    assert DOCUMENT["pull"] == []


def test_the_city_has_its_processes() -> None:
    names = [deployment["name"] for deployment in DEPLOYMENTS]
    assert names[:6] == ["case-lifecycle", "case-visit", "intake", "notices", "take-action", "housekeeping"]
    assert {"propose-roster", "publish-roster", "duty-reminders"} <= set(names)
    assert {"duty-shift", "duty-watch"} <= set(names)
    assert {"flood-calls", "call-visit", "start-call"} <= set(names)
    assert {"flood-response", "flood-watch"} <= set(names)
    assert "hydrology" in names
    assert {"propose-roster", "publish-roster", "duty-reminders"} <= set(names[6:])
    assert {"duty-shift", "duty-watch"} <= set(names)
    assert {"flood-calls", "call-visit", "start-call"} <= set(names)


@each_deployment
def test_a_deployment_has_every_wanted_key_and_none_prefect_would_ignore(deployment: dict[str, Any]) -> None:
    assert set(deployment) <= DEPLOYMENT_KEYS
    assert set(deployment) >= WANTED_KEYS
    assert deployment["enforce_parameter_schema"] is True
    assert set(deployment["work_pool"]) <= POOL_KEYS
    limit = deployment.get("concurrency_limit", {})
    assert isinstance(limit, int) or set(limit) <= LIMIT_KEYS


@each_deployment
def test_a_schedule_has_a_slug_the_citys_zone_and_no_unknown_key(deployment: dict[str, Any]) -> None:
    schedules = deployment["schedules"]
    for schedule in schedules:
        assert set(schedule) <= SCHEDULE_KEYS
        assert schedule["slug"]
        assert schedule["timezone"] == "Asia/Shanghai"
        CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    assert len({schedule["slug"] for schedule in schedules}) == len(schedules)


@each_deployment
def test_a_deployment_is_described_in_chinese_first(deployment: dict[str, Any]) -> None:
    assert CHINESE.match(deployment["description"])
    assert re.search(r"[A-Za-z]{3}", deployment["description"])
    assert deployment["tags"]


@each_deployment
def test_an_entrypoint_is_a_module_path_never_a_file(deployment: dict[str, Any]) -> None:
    entrypoint = deployment["entrypoint"]
    assert re.fullmatch(r"flows\.\w+\.\w+", entrypoint)
    assert load_flow_from_entrypoint(entrypoint).name.replace("-", "_") == entrypoint.rpartition(".")[2]


@each_deployment
def test_parameters_fit_the_form_of_the_flow(deployment: dict[str, Any]) -> None:
    schema = schema_of(deployment)
    defaults = deployment["parameters"]
    assert set(defaults) <= set(schema["properties"])
    for schedule in deployment["schedules"]:
        given = defaults | schedule.get("parameters", {})
        jsonschema.validate(given, schema)
        assert set(schema.get("required", [])) <= set(given), "a scheduled run has nobody to fill in a field"


def test_sweeps_are_dropped_when_late_and_visits_have_no_limit() -> None:
    found = {deployment["name"]: deployment.get("concurrency_limit") for deployment in DEPLOYMENTS}
    assert found["case-lifecycle"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert found["case-visit"] is None
    assert found["flood-calls"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert found["call-visit"] is None


def test_the_schedules_are_those_of_the_issue() -> None:
    crons = {d["name"]: [s["cron"] for s in d["schedules"]] for d in DEPLOYMENTS}
    assert crons["case-lifecycle"] == ["*/2 * * * *"]
    assert crons["intake"] == ["1-59/5 * * * *"]
    assert crons["notices"] == ["* * * * *"]
    assert crons["housekeeping"] == ["37 * * * *"]
    assert crons["duty-shift"] == ["0,30 * * * *"]
    assert crons["duty-watch"] == ["* * * 5-9 *", "0 * * 1-4,10-12 *"]
    assert crons["hydrology"] == ["* * * 5-9 *", "0 * * 1-4,10-12 *"]
    assert crons["case-visit"] == crons["take-action"] == []
    assert crons["duty-reminders"] == ["5 7-21 * * *"]
    assert crons["propose-roster"] == crons["publish-roster"] == []
    assert crons["flood-watch"] == ["* * * 5-9 *", "0 * * 1-4,10-12 *"]
    assert crons["flood-response"] == crons["case-visit"] == crons["take-action"] == []
    assert crons["flood-calls"] == ["* * * 5-9 *", "0 * * 1-4,10-12 *"]
    assert crons["call-visit"] == crons["start-call"] == []
