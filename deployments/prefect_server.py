"""The Prefect server as `zhihui up` starts it: `prefect server start`, whose writers on SQLite wait for their turn.

Prefect opens most of its writing transactions as readers. Where somebody else writes between such a transaction's first
reading and its first writing, SQLite refuses it at once, however long it may wait for a lock; the server answers 503
and its clients wait 2, 4, 8, 16 and 32 seconds. A transaction that begins as a writer waits some milliseconds instead.
docs/decisions/0012 has the measurements.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.cli import app
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_begin_as_prefect = AioSqliteConfiguration.begin_transaction


@asynccontextmanager
async def begin_as_writer(
    configuration: AioSqliteConfiguration,
    session: AsyncSession,
    with_for_update: bool = True,
) -> AsyncIterator[AsyncSessionTransaction]:
    """A transaction that holds SQLite's one lock for writing from its begin on; waits for it up to a minute."""
    async with _begin_as_prefect(configuration, session, with_for_update=True) as transaction:
        yield transaction


if __name__ == "__main__":
    AioSqliteConfiguration.begin_transaction = begin_as_writer  # type: ignore[assignment, method-assign]
    sys.argv[1:] = ["server", "start"]
    app()
