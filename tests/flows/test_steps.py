"""What makes a plain function a step of a flow."""

import subprocess
import sys
from typing import Any

import httpx
import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed
from sqlalchemy.exc import IntegrityError, OperationalError

from flows import flood_calls, housekeeping, intake, start_call, steps, take_action
from tasks.database_errors import DatabaseOutdated, DatabaseUnreachable

STEPS = [
    steps.move,
    steps.send,
    intake.take_in,
    take_action.put,
    take_action.outcome,
    flood_calls.look_after,
    flood_calls.send_calls,
    start_call.begin,
    housekeeping.clear,
    housekeeping.clear_files,
]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OperationalError("update cases", {}, Exception("database is locked")), True),
        (httpx.ConnectError("refused"), True),
        (IntegrityError("insert", {}, Exception("duplicate")), False),
        (DatabaseUnreachable("no server"), True),
        (DatabaseOutdated("migrate first"), False),
        (ValueError("a rule"), False),
    ],
)
def test_only_a_failure_of_network_or_database_is_tried_again(error: Exception, again: bool) -> None:
    run = TaskRun(task_key="move", dynamic_key="0")
    assert steps.may_pass(steps.move, run, Failed(data=error)) is again


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_never_answered_from_a_cache_and_its_tries_are_bounded(step: Task[..., Any]) -> None:
    assert step.cache_policy is NO_CACHE
    assert step.retries == len(steps.PAUSES_SECONDS) == 3


def test_a_flow_of_every_minute_imports_nothing_heavy() -> None:
    """Each run is a process of its own for now: what it imports, it pays for."""
    wanted = "import flows.case_lifecycle, flows.flood_calls, flows.notices, flows.take_action, sys"
    heavy = "pandas", "apprise", "openpyxl", "typer"
    code = f"{wanted}; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
