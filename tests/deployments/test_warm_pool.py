"""The children themselves: real processes, without a Prefect server."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from logging import getLogger
from pathlib import Path

import pytest

from deployments.warm_pool import ChildDied, TemplateDied, WarmChild, WarmPool
from tests.living_processes import still_living

PLENTY = 1_000_000
MODULE = "a_module_of_a_child"


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[WarmPool]:
    """A pool that has imported one small module."""
    (tmp_path / f"{MODULE}.py").write_text("WORDS = 'before'\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    pool = WarmPool(environment, getLogger("warm"))
    await pool.start(frozenset({MODULE}))
    yield pool
    await pool.close()


def give_back(pool: WarmPool, child: WarmChild, *, most_runs: int = PLENTY, most_mb: int = PLENTY) -> None:
    pool.give_back(child, most_runs=most_runs, most_mb=most_mb)


async def test_the_child_that_was_used_last_is_used_next_and_only_in_its_own_environment(pool: WarmPool) -> None:
    first, second = await pool.take({}, MODULE), await pool.take({}, MODULE)
    give_back(pool, first)
    give_back(pool, second)

    assert await pool.take({"A": "1"}, MODULE) not in {first, second}
    assert await pool.take({}, MODULE) is second
    assert await pool.take({}, MODULE) is first


async def test_a_child_that_died_unseen_is_not_given_to_a_run(pool: WarmPool) -> None:
    child = await pool.take({}, MODULE)
    give_back(pool, child)
    child.send_signal(signal.SIGKILL)
    assert await asyncio.wait_for(child.died, 5) == -signal.SIGKILL

    assert await pool.take({}, MODULE) is not child


async def test_a_child_that_dies_over_its_job_is_told_by_its_exit_code(pool: WarmPool) -> None:
    child = await pool.take({}, MODULE)
    job = asyncio.create_task(child.do(run="no-uuid", folder="/", variables={}))

    with pytest.raises(ChildDied) as died:
        await asyncio.wait_for(job, 10)

    assert died.value.code == 1
    assert still_living([child.pid]) == []


@pytest.mark.parametrize("limits", [{"most_runs": 0}, {"most_mb": 1}], ids=["its runs", "its memory"])
async def test_a_child_that_has_served_its_time_ends_in_order(pool: WarmPool, limits: dict[str, int]) -> None:
    child = await pool.take({}, MODULE)

    give_back(pool, child, **limits)

    assert await asyncio.wait_for(child.died, 10) == 0


async def test_changed_code_ends_idle_children_and_leaves_a_busy_one_its_run(pool: WarmPool, tmp_path: Path) -> None:
    busy, idle = await pool.take({}, MODULE), await pool.take({}, MODULE)
    give_back(pool, idle)

    (tmp_path / f"{MODULE}.py").write_text("WORDS = 'afterwards'\n")
    fresh = await pool.take({}, MODULE)

    assert fresh.template is not busy.template
    assert await asyncio.wait_for(idle.died, 10) == 0
    assert not busy.died.done()
    give_back(pool, busy)
    assert await asyncio.wait_for(busy.died, 10) == 0
    assert await asyncio.wait_for(busy.template.process.wait(), 10) == 0


async def test_children_die_with_their_template_and_the_next_run_gets_new_ones(pool: WarmPool) -> None:
    child = await pool.take({}, MODULE)

    child.template.process.kill()

    assert await asyncio.wait_for(child.died, 5) == -signal.SIGKILL
    again = await pool.take({}, MODULE)
    assert again.template is not child.template
    assert still_living([child.pid]) == []


async def test_a_module_that_cannot_be_imported_ahead_stops_nobody(pool: WarmPool) -> None:
    child = await pool.take({}, "no_such_module")

    assert not child.died.done()


async def test_a_template_that_cannot_start_is_said() -> None:
    pool = WarmPool({"PYTHONHOME": "/nowhere"}, getLogger("warm"))

    with pytest.raises(TemplateDied, match=r"The template of the warm children ended with 1\."):
        await pool.take({}, MODULE)
