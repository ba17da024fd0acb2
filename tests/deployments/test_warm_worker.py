"""What only the warm worker promises: children that are kept, replaced and never left behind."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.plugins import load_prefect_collections
from prefect.states import Completed
from prefect.workers.base import BaseWorker

from deployments.warm_worker import WarmWorker
from tests import worker_flows
from tests.living_processes import still_living
from tests.prefect_server import client_settings, server_of_the_session
from tests.workers import RunningWorker, running_worker

KIND = "zhihui-warm"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorker]:
    """One warm worker for the tests that leave it as it was."""
    settings = server_of_the_session()
    with client_settings(settings), running_worker(settings, KIND, tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.fixture
def own_worker(tmp_path: Path) -> Iterator[RunningWorker]:
    """A warm worker of the test's own."""
    settings = server_of_the_session()
    with client_settings(settings), running_worker(settings, KIND, tmp_path) as worker:
        yield worker


def test_a_child_serves_several_runs_and_is_replaced_after_as_many_as_it_may(worker: RunningWorker) -> None:
    deployment = worker.deploy(worker_flows.succeeds, job_variables={"env": {"A": "1"}, "runs_per_child": 2})

    pids = [_pid_of_one_run(worker, deployment) for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_child_that_a_run_left_too_big_is_replaced(worker: RunningWorker) -> None:
    deployment = worker.deploy(worker_flows.eats_memory, job_variables={"env": {"B": "1"}, "child_memory_mb": 400})

    big, small, still_small = (_pid_of_one_run(worker, deployment, megabytes=size) for size in (400, 1, 1))

    assert big != small == still_small


def test_a_run_that_eats_too_much_memory_is_stopped_at_once_and_alone(worker: RunningWorker) -> None:
    other = worker.start(worker_flows.takes_long, {"seconds": 4.0})
    worker.begun(other)
    hungry = worker.start(
        worker_flows.eats_memory, {"megabytes": 800, "seconds": 120}, job_variables={"run_memory_mb": 500}
    )

    ended = worker.ended(hungry)

    assert ended.state
    assert ended.state.name == "Crashed"
    assert "more than the 500 MB a run may hold" in (ended.state.message or "")
    assert _state(worker, other) == "Completed"


def test_a_run_that_hears_no_signal_is_killed_after_the_grace_and_its_hooks_run(worker: RunningWorker) -> None:
    run = worker.start(worker_flows.will_not_stop, job_variables={"cancel_grace_seconds": 0.5})
    pid = worker.begun(run)["pid"]

    worker.cancel(run)

    assert _state(worker, run) == "Cancelled"
    assert worker.hooks(run) == ["Cancelling"]
    assert still_living([pid]) == []


@pytest.mark.parametrize(
    ("flow", "state", "message"),
    [
        (worker_flows.succeeds_without_async, "Completed", ""),
        (worker_flows.hangs_without_async, "TimedOut", "exceeded timeout of 1"),
        (worker_flows.exits_hard, "Crashed", "7"),
    ],
    ids=["success without async", "a flow that blocks", "os._exit"],
)
def test_a_flow_without_async_or_manners_ends_as_in_a_process_of_its_own(
    worker: RunningWorker, flow: Flow[..., Any], state: str, message: str
) -> None:
    ended = worker.ended(worker.start(flow))

    assert ended.state
    assert ended.state.name == state
    assert message in (ended.state.message or "")


def test_a_running_run_that_blocks_is_cancelled_and_its_hooks_run(worker: RunningWorker) -> None:
    run = worker.start(worker_flows.takes_long_without_async)
    worker.begun(run)

    worker.cancel(run)

    assert _state(worker, run) == "Cancelled"
    assert worker.hooks(run) == ["Cancelling"]


def test_job_variables_set_the_environment_and_folder_of_a_run_and_of_no_other(worker: RunningWorker) -> None:
    marked = worker.start(worker_flows.succeeds, job_variables={"env": {"WORKER_TEST_MARK": "set"}})
    worker.ended(marked)
    plain = worker.start(worker_flows.succeeds)
    worker.ended(plain)
    at_home = worker.start(worker_flows.succeeds, job_variables={"working_dir": str(worker.home)})
    worker.ended(at_home)

    assert worker.begun(marked)["marked"] == "set"
    assert worker.begun(plain)["marked"] is None
    assert worker.begun(at_home)["folder"] == str(worker.home)
    assert worker.begun(plain)["folder"] not in {worker.begun(marked)["folder"], str(worker.home)}


def test_a_run_that_loses_its_process_gives_its_slot_back_at_once(worker: RunningWorker) -> None:
    one = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployment = worker.deploy(worker_flows.takes_long, concurrency_limit=one)
    first = worker.start_again(deployment)
    pid = worker.begun(first)["pid"]
    (process,) = (each for each in worker.processes() if each.pid == pid)

    process.kill()
    worker.ended(first)
    second = worker.start_again(deployment, {"seconds": 0.0})

    assert [_state(worker, first), _state(worker, second)] == ["Crashed", "Completed"]


def test_a_run_of_another_environment_has_a_child_of_its_own(worker: RunningWorker) -> None:
    plain = worker.deploy(worker_flows.succeeds)
    loud = worker.deploy(worker_flows.succeeds, job_variables={"env": {"PREFECT_LOGGING_LEVEL": "DEBUG"}})

    pids = [_pid_of_one_run(worker, deployment) for deployment in (plain, loud, plain, loud)]

    assert pids[0] == pids[2] != pids[1] == pids[3]


def test_a_command_is_refused_with_the_pool_that_takes_it(worker: RunningWorker) -> None:
    deployment = worker.deploy(worker_flows.succeeds)
    worker.client.update_deployment(deployment, DeploymentUpdate(job_variables={"command": "true"}))

    ended = worker.ended(worker.start_again(deployment))

    assert ended.state
    assert ended.state.name == "Crashed"
    assert "a warm run starts no program. Use the pool process." in (ended.state.message or "")


def test_changed_code_is_run_from_the_next_run_on(worker: RunningWorker) -> None:
    module = worker.home / "a_module_that_changes.py"
    module.write_text(_flow_that_says("before"))
    deployment = _deploy_by_name(worker, "a_module_that_changes.changes")
    first = worker.start_again(deployment)
    worker.ended(first)

    module.write_text(_flow_that_says("afterwards"))
    second = worker.start_again(deployment)
    worker.ended(second)

    assert [worker.begun(run)["says"] for run in (first, second)] == ["before", "afterwards"]


def test_a_worker_that_is_told_to_stop_lets_a_short_run_finish_and_reports_a_long_one(
    own_worker: RunningWorker,
) -> None:
    short = own_worker.start(worker_flows.takes_long, {"seconds": 1.5}, job_variables={"stop_grace_seconds": 10})
    long = own_worker.start(worker_flows.takes_long, job_variables={"stop_grace_seconds": 1})
    for run in (short, long):
        own_worker.begun(run)
    started = own_worker.processes()

    code = own_worker.stop()

    assert code == 0
    assert (_state(own_worker, short), _state(own_worker, long)) == ("Completed", "Crashed")
    assert still_living(process.pid for process in started) == []


def test_a_worker_that_is_killed_leaves_no_process_behind(own_worker: RunningWorker) -> None:
    run = own_worker.start(worker_flows.takes_long)
    own_worker.begun(run)
    started = own_worker.processes()
    assert len(started) >= 3

    own_worker.stop(signal.SIGKILL)

    assert still_living(process.pid for process in started) == []


def test_workers_that_share_a_pool_execute_each_run_once(worker: RunningWorker) -> None:
    settings = server_of_the_session()
    with running_worker(settings, KIND, worker.home, pool=worker.pool):
        deployment = worker.deploy(worker_flows.succeeds)
        runs = [worker.start_again(deployment) for _ in range(12)]
        states = {_state(worker, run) for run in runs}

    notes = [worker.noted(run) for run in runs]
    templates = {note[0]["parent"] for note in notes}
    assert states == {"Completed"}
    assert [len(note) for note in notes] == [1] * len(runs)
    assert len(templates) == 2


def test_a_run_that_another_worker_ended_meanwhile_is_not_executed_again(tmp_path: Path) -> None:
    settings = server_of_the_session()
    with client_settings(settings), running_worker(settings, KIND, tmp_path) as gone:
        gone.stop()
        run = gone.start(worker_flows.succeeds)

        assert not asyncio.run(_claimed_late(gone, run))
        assert _state(gone, run) == "Completed"


async def _claimed_late(gone: RunningWorker, run: UUID) -> bool:
    """Whether a worker that saw a run due claims it after another one has ended it."""
    async with WarmWorker(work_pool_name=gone.pool) as late:
        (seen,) = await late._get_scheduled_flow_runs()
        gone.client.set_flow_run_state(run, Completed(), force=True)
        return await late._propose_pending_state(seen.flow_run)


def test_a_run_for_later_starts_when_it_is_due(worker: RunningWorker) -> None:
    deployment = worker.deploy(worker_flows.succeeds)
    due = time.time() + 3
    run = worker.start_later(deployment, due)

    worker.ended(run)

    assert 0 <= worker.begun(run)["at"] - due < 2


def _pid_of_one_run(worker: RunningWorker, deployment: UUID, **parameters: int) -> int:
    run = worker.start_again(deployment, parameters)
    worker.ended(run)
    worker.wait("free child", lambda: not _busy(worker), 10)
    pid: int = worker.begun(run)["pid"]
    return pid


def _busy(worker: RunningWorker) -> list[Path]:
    """The folders of runs that have not been given back yet."""
    return list(worker.home.glob("zhihui-run-*"))


def _state(worker: RunningWorker, run: UUID) -> str | None:
    state = worker.ended(run).state
    return state.name if state else None


def _flow_that_says(words: str) -> str:
    return (
        "from prefect import flow\nfrom prefect.runtime import flow_run\nfrom tests.worker_flows import note\n\n\n"
        f"@flow\nasync def changes() -> None:\n    note(flow_run.id, says={words!r})\n"
    )


def _deploy_by_name(worker: RunningWorker, entrypoint: str) -> UUID:
    """Deploy what this process need not be able to import."""
    deployment = worker.deploy(worker_flows.succeeds)
    document = {"entrypoint": entrypoint}
    worker.client.update_deployment(deployment, DeploymentUpdate.model_validate(document))
    return deployment


def test_prefect_knows_the_type_of_an_installed_project() -> None:
    assert BaseWorker.get_worker_class_from_type(KIND) is not None
    assert "zhihui" in load_prefect_collections()
