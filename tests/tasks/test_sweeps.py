"""The last sweep of a process is one row that only goes forward."""

from datetime import timedelta

from sqlalchemy import Engine

from models.sweeps import Process
from tasks.database import reading
from tasks.sweeps import last_sweeps, record_sweep
from tests.notice_rows import NOW


def test_the_last_sweep_of_each_process_is_known_and_never_goes_back(engine: Engine) -> None:
    with reading(engine) as connection:
        assert last_sweeps(connection) == {}
    record_sweep(engine, Process.CASES, NOW)
    record_sweep(engine, Process.NOTICES, NOW - timedelta(minutes=1))
    record_sweep(engine, Process.CASES, NOW - timedelta(hours=1))
    record_sweep(engine, Process.NOTICES, NOW + timedelta(minutes=1))
    with reading(engine) as connection:
        assert last_sweeps(connection) == {Process.CASES: NOW, Process.NOTICES: NOW + timedelta(minutes=1)}
