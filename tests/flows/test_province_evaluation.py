"""A province of cities on a real server: one task a city, on threads and on a Dask cluster of this machine."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.task_runners import ThreadPoolTaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from flows.province_evaluation import ProvinceForm, province_evaluation, task_runner
from models.refusal import Refusal
from tasks.city_edition import current_city
from tasks.database import open_database, transaction
from tasks.evaluations import freeze
from tasks.province import ProvinceFaulty, read_province
from tests.evaluation.test_freezing import MAY, NIGHT, Month
from tests.flows.test_flows_on_server import Told, told_by
from tests.stored_cases import at

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = at("2019-06-10 09:00")


@pytest.fixture
def province(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cities, one of which has frozen its month, and a third that nobody can reach."""
    lines = ["city,name,database"]
    for code, name, cases in (("a", "甲市", 3), ("b", "乙市", 1)):
        address = f"sqlite:///{tmp_path / code}.db"
        engine = open_database(address)
        month = Month(engine)
        month.cases("2019-05-06", cases, "2019-05-06 09:00", "2019-05-06 10:00")
        month.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
        if code == "a":
            with transaction(engine) as connection:
                assert not isinstance(freeze(connection, current_city(connection), MAY, at(NIGHT), ""), Refusal)
        engine.dispose()
        monkeypatch.setenv(f"CITY_{code.upper()}", address)
        lines.append(f"{code},{name},env:CITY_{code.upper()}")
    lines.append("c,丙市,env:CITY_OF_NOBODY")
    file = tmp_path / "province.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


async def summed(file: Path, runner: Callable[[], object]) -> Told:
    flow = province_evaluation.with_options(task_runner=runner())  # type: ignore[arg-type]
    form = ProvinceForm(now=NOW, month=MAY, cities=str(file))
    return await told_by(await asyncio.to_thread(lambda: flow(form, return_state=True)))


def on_dask() -> object:
    return DaskTaskRunner(
        cluster_kwargs={"processes": False, "n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    )


@pytest.mark.parametrize("runner", [task_runner, on_dask], ids=["threads", "dask"])
async def test_each_city_is_counted_on_its_own_and_the_sums_are_made_of_the_counts(
    province: Path, runner: Callable[[], object]
) -> None:
    told = await summed(province, runner)
    assert told.run.name == "全省汇总 2019-05 · 2/3"
    first, second, third, total = told.tables["province-figures"]
    assert (first["市县 City"], first["版本 Version"], first["应结案 Due"], first["按期结案率 On-time rate"]) == (
        "甲市",
        1,
        4,
        "75.00%",
    )
    assert (second["版本 Version"], second["应结案 Due"], second["按期结案 On time"]) == (
        "未固定，按现状 as it stands",
        2,
        1,
    )
    assert "env:CITY_OF_NOBODY is not set" in str(third["未取得 Not had"])
    assert (total["应结案 Due"], total["按期结案 On time"], total["按期结案率 On-time rate"]) == (6, 4, "66.67%")


def test_the_runner_is_dask_only_where_it_is_configured() -> None:
    assert isinstance(task_runner({}), ThreadPoolTaskRunner)
    assert isinstance(task_runner({"ZHIHUI_DASK": "local"}), DaskTaskRunner)
    assert isinstance(task_runner({"ZHIHUI_DASK": "tcp://10.0.0.1:8786"}), DaskTaskRunner)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,甲市,postgresql://u:secret@db/x", "env:NAME"),
        ("a,,env:A", "row 2, column name"),
        ("a,甲市,env:A\na,乙市,env:B", "row 3"),
    ],
)
def test_a_file_with_faults_is_refused_and_no_address_is_repeated(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "province.csv"
    file.write_text(f"city,name,database\n{line}\n", "utf-8")
    with pytest.raises(ProvinceFaulty, match=words) as refused:
        read_province(file)
    assert "secret" not in str(refused.value)
