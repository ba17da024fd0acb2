"""The Prefect server of `zhihui up` on SQLite: of two who write at the same time, one waits for the other."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from deployments.prefect_server import begin_as_writer

COUNT, ADD = text("SELECT count(*) FROM run"), text("INSERT INTO run VALUES (1)")
TIME_FOR_THE_OTHER_SECONDS = 0.5

Begin = Callable[..., AbstractAsyncContextManager[Any]]


async def written(file: Path, begin: Begin) -> int:
    """How many rows there are when one has read, the other has had time to write, and the first has written too."""
    configuration = AioSqliteConfiguration(f"sqlite+aiosqlite:///{file}", timeout=10)
    engine = await configuration.engine()
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TABLE run (id INTEGER)"))

    async def other_adds() -> None:
        async with await configuration.session(engine) as session, begin(configuration, session):
            await session.execute(ADD)

    async with await configuration.session(engine) as session:
        async with begin(configuration, session):
            await session.execute(COUNT)
            other = asyncio.create_task(other_adds())
            await asyncio.wait({other}, timeout=TIME_FOR_THE_OTHER_SECONDS)
            await session.execute(ADD)
        await other
        return int((await session.execute(COUNT)).scalar_one())


async def test_who_reads_and_then_writes_is_not_refused_because_another_wrote_between(tmp_path: Path) -> None:
    assert await written(tmp_path / "prefect.db", begin_as_writer) == 2


async def test_prefect_itself_still_refuses_so_this_is_still_needed(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="locked"):
        await written(tmp_path / "prefect.db", AioSqliteConfiguration.begin_transaction)
