"""One table over both worker types: what a run may expect of Prefect's process worker, it gets from the warm one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, FlowRun

from tests import worker_flows
from tests.prefect_server import client_settings, server_of_the_session
from tests.workers import RunningWorker, running_worker

AT_ONCE_SECONDS = 30.0
"""Prefect's own worker starts a process for the hooks, on two cores that others use too. A heartbeat takes minutes."""


FIRST_LEASE_SECONDS = 300.0
LEASES = Path("prefect") / "concurrency_leases"


@dataclass(frozen=True)
class Case:
    """A flow, and what becomes of its run."""

    flow: Flow[..., Any]
    state: str
    message: str = ""
    hooks: tuple[str, ...] = ()


CASES = {
    "success": Case(worker_flows.succeeds, "Completed"),
    "failure": Case(worker_flows.fails, "Failed", "the source is empty"),
    "a flow that raises": Case(worker_flows.raises, "Failed", "row 7 is no row"),
    "a flow that hangs": Case(worker_flows.hangs, "TimedOut", "exceeded timeout of 1"),
    "retries": Case(worker_flows.succeeds_at_the_third_try, "Completed"),
    "sys.exit": Case(worker_flows.exits, "Crashed", hooks=("Crashed",)),
    "SIGKILL": Case(worker_flows.is_killed, "Crashed", "SIGKILL", hooks=("Crashed",)),
}


@dataclass(frozen=True)
class Started:
    """A worker, and the runs of the cases on it."""

    worker: RunningWorker
    runs: dict[str, UUID]


@pytest.fixture(scope="module", params=["process", "zhihui-warm"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """All cases started at once, so that they also run side by side."""
    settings = server_of_the_session()
    with (
        client_settings(settings),
        running_worker(settings, request.param, tmp_path_factory.mktemp("worker")) as worker,
    ):
        yield Started(worker, {name: worker.start(case.flow) for name, case in CASES.items()})


@pytest.fixture
def worker(started: Started) -> RunningWorker:
    """The worker alone, when the runs of the cases no longer keep it busy."""
    for run in started.runs.values():
        started.worker.ended(run)
    return started.worker


@pytest.mark.parametrize("name", CASES)
def test_a_run_ends_as_its_flow_does(started: Started, name: str) -> None:
    case = CASES[name]

    ended = started.worker.ended(started.runs[name])

    assert ended.state
    assert (ended.state.name, started.worker.kind) == (case.state, started.worker.kind)
    assert case.message in (ended.state.message or "")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.state == "Crashed"])
def test_a_run_that_loses_its_process_is_reported_at_once_and_its_hooks_run(started: Started, name: str) -> None:
    run = started.runs[name]
    ended = started.worker.ended(run)

    assert ended.state
    assert ended.state.timestamp.timestamp() - started.worker.begun(run)["at"] < AT_ONCE_SECONDS
    started.worker.wait("hook", lambda: started.worker.hooks(run) == ["Crashed"], AT_ONCE_SECONDS)


def test_a_flow_is_tried_as_often_as_it_says(started: Started) -> None:
    run = started.runs["retries"]
    started.worker.ended(run)

    assert [note["run_count"] for note in started.worker.noted(run)] == [1, 2, 3]


def test_logs_and_tags_are_those_of_the_run(worker: RunningWorker) -> None:
    deployment = worker.deploy(worker_flows.succeeds, tags=["cases"])
    runs = {word: worker.start_again(deployment, {"words": word}, tags=(word,)) for word in ("one", "two")}

    for word, run in runs.items():
        assert sorted(worker.ended(run).tags) == sorted(["cases", word])
        assert worker.begun(run)["tags"] == sorted(["cases", word])
        worker.wait("log", lambda run=run, word=word: f"said: {word}" in worker.logs(run), 10)  # type: ignore[misc]
        other = "two" if word == "one" else "one"
        # Not the bare word: Prefect calls runs by names such as honest-saluki.
        assert not [message for message in worker.logs(run) if f"said: {other}" in message]


def test_a_running_run_is_cancelled_and_its_hooks_run(worker: RunningWorker) -> None:
    run = worker.start(worker_flows.takes_long)
    process = worker.begun(run)["pid"]

    worker.cancel(run)
    ended = worker.ended(run)

    assert ended.state
    assert ended.state.name == "Cancelled"
    assert worker.hooks(run) == ["Cancelling"]
    worker.wait("end of its process", lambda: process not in {p.pid for p in worker.processes()}, 10)


def test_a_suspended_run_leaves_and_is_taken_up_again_when_resumed(worker: RunningWorker) -> None:
    run = worker.start(worker_flows.waits_for_a_decision)
    worker.in_state(run, "Suspended")
    other = worker.start(worker_flows.succeeds)
    assert worker.ended(other).state.is_completed()  # type: ignore[union-attr]

    worker.client.resume_flow_run(run)
    ended = worker.ended(run)

    assert ended.state
    assert ended.state.is_completed()
    assert [note.get("resumed") for note in worker.noted(run)] == [None, None, True]


def test_a_limit_holds_while_a_run_goes_on_and_ends_with_it(worker: RunningWorker) -> None:
    one = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployment = worker.deploy(worker_flows.takes_long, concurrency_limit=one)
    first = worker.start_again(deployment)
    worker.begun(first)
    worker.wait("renewed lease", lambda: _lease_seconds(worker, first) > FIRST_LEASE_SECONDS, 10)

    second = worker.ended(worker.start_again(deployment))
    worker.cancel(first)
    worker.ended(first)
    third = worker.ended(worker.start_again(deployment, {"seconds": 0.0}))

    assert [_name(second), _name(third)] == ["Cancelled", "Completed"]


def _lease_seconds(worker: RunningWorker, run: UUID) -> float:
    """From the making of a run's lease to its end; a run that goes on moves the end."""
    state = worker.read(run).state
    assert state
    lease = LEASES / f"{state.state_details.deployment_concurrency_lease_id}.json"
    written = json.loads((server_of_the_session().home / lease).read_text())
    made, ends = (datetime.fromisoformat(written[name]) for name in ("created_at", "expiration"))
    return (ends - made).total_seconds()


def _name(run: FlowRun) -> str | None:
    return run.state.name if run.state else None
