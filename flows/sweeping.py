"""Each process writes down that it came round: /ready, /metrics and the wall tell how long ago that was."""

import asyncio

from flows.moment import At
from flows.surroundings import surroundings
from models.sweeps import Process
from tasks.sweeps import record_sweep


async def came_round(process: Process, visit: At) -> None:
    """Everything due was looked at. A run that stood at another moment than the present says nothing of it.

    The moment is that of the end: a sweep with much to do is not away. It is no step of its own, which would leave
    rows in Prefect's database every minute.
    """
    if visit.now is None:
        at = visit.moment()
        await asyncio.to_thread(lambda: record_sweep(surroundings().engine, process, at))
