"""A province of cities: each city's month is counted where it lies, as a task of its own, on threads or on Dask."""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field

from flows import province_wording as wording
from flows.moment import At
from flows.steps import PAUSES_SECONDS, may_pass
from flows.telling import name_run, show_table
from models.evaluation_counts import CountName
from tasks.province import CityFigures, ProvinceCity, figures_of_city, province_counts, read_province, share_of

FIGURES_KEY = "province-figures"

AT_ONCE = 8
"""Cities that are asked at the same time without Dask."""

DASK = "ZHIHUI_DASK"
"""`local` for a cluster of this machine, or the address of a scheduler; without it cities are asked from threads."""


class ProvinceForm(At):
    """全省汇总。Which month of which cities."""

    month: str = Field(
        title="月份 Month", description="如 2026-08。Such as 2026-08.", pattern=r"^\d{4}-(0[1-9]|1[0-2])$"
    )
    cities: str = Field(
        title="市县清单 File of cities",
        description="工作机上的 CSV：city,name,database（env:变量名）。A CSV on the worker, each database as env:NAME.",
    )


@task(
    name=wording.CITY_FIGURES,
    task_run_name=wording.CITY_FIGURES,
    retries=len(PAUSES_SECONDS),
    retry_delay_seconds=PAUSES_SECONDS,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def count_city(city: ProvinceCity, month: str, now: datetime) -> CityFigures:
    """One city's month, read from its own database."""
    return figures_of_city(city, month, now)


def task_runner(environment: Mapping[str, str] = os.environ) -> TaskRunner[Any]:
    """Where the cities are asked: threads of this process, or Dask where it is configured.

    Raises: ImportError naming the extra where Dask is configured and not installed.
    """
    wanted = environment.get(DASK, "")
    if not wanted:
        return ThreadPoolTaskRunner(max_workers=AT_ONCE)
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise ImportError(f"{DASK} is set, and prefect-dask is not installed: pip install 'zhihui[dask]'.") from error
    if wanted == "local":
        return DaskTaskRunner(cluster_kwargs={"processes": False, "dashboard_address": None})
    return DaskTaskRunner(address=wanted)


@flow(name="province-evaluation", flow_run_name=wording.PROVINCE_EVALUATION, task_runner=task_runner())
def province_evaluation(form: ProvinceForm) -> None:
    """The month of every city of a province and their sums, one task a city.

    A city is told as it was frozen, or where it was not, as it stands. The ratios of the province are made of the sums.
    A city that cannot be reached holds up no other and stands in the table with its reason.
    """
    now = form.now or datetime.now(UTC)
    cities = read_province(Path(form.cities))
    futures = count_city.map(cities, month=unmapped(form.month), now=unmapped(now))
    had, rows = [], []
    for city, future in zip(cities, futures, strict=True):
        found = future.result(raise_on_failure=False)
        if isinstance(found, CityFigures):
            had.append(found)
            rows.append(_row(found.name, found.counts, found.version))
        else:
            rows.append({wording.CITY: city.name, wording.PROBLEM: f"{type(found).__name__}: {str(found)[:300]}"})
    total = _row(wording.TOTAL, province_counts(had), "")
    _now(lambda: show_table(FIGURES_KEY, [*rows, total], f"{wording.TABLE} · {form.month}"))
    _now(lambda: name_run(wording.summed(form.month, len(had), len(cities))))


def _row(name: str, counts: Mapping[str, int], version: int | str | None) -> dict[str, object]:
    closure = share_of(counts, CountName.CLOSED, CountName.DUE_TO_CLOSE)
    on_time = share_of(counts, CountName.CLOSED_ON_TIME, CountName.DUE_TO_CLOSE)
    return {
        wording.CITY: name,
        wording.VERSION: wording.AS_IT_STANDS if version is None else version,
        wording.DUE: counts.get(CountName.DUE_TO_CLOSE, 0),
        wording.CLOSED: counts.get(CountName.CLOSED, 0),
        wording.ON_TIME: counts.get(CountName.CLOSED_ON_TIME, 0),
        wording.OVERDUE: counts.get(CountName.OVERDUE_OPEN, 0),
        wording.CLOSURE_RATE: None if closure is None else f"{100 * float(closure):.2f}%",
        wording.ON_TIME_RATE: None if on_time is None else f"{100 * float(on_time):.2f}%",
    }


def _now(told: Callable[[], Any]) -> None:
    asyncio.run(told())
