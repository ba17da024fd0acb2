"""Which flow runs the city's records name."""

import pytest
from sqlalchemy import Engine, insert, update

from models.case import IntakeBatch, WaitingAction
from models.notice import Attempt
from models.tables import table_of
from tasks.case_store import EVENTS
from tasks.database import reading, transaction
from tasks.lifecycle import move_cases
from tasks.run_mentions import mentioned_runs
from tests.notice_rows import write_case, write_notice
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

MORNING = at("2019-05-06 08:02")
RUN, ANOTHER = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"


def named(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return mentioned_runs(connection, [RUN, ANOTHER])


def test_a_run_that_moved_a_case_is_named_by_its_events(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    assert named(engine) == set()
    move_cases(engine, now=MORNING, flow_run_id=RUN)
    assert named(engine) == {RUN}


@pytest.mark.parametrize("what", ["attempt", "action", "batch"])
def test_a_run_is_named_by_whatever_it_wrote(engine: Engine, what: str) -> None:
    city = a_loaded_city(engine)
    if what == "action":
        acts(engine, city, reports_taken_in(engine, city, 1, MORNING), "receive", "lihe-liaison", MORNING)
    notice = write_notice(engine, case_id=write_case(engine, edition=city.edition), recipient="water-liaison")
    write = {
        "attempt": insert(table_of(Attempt)).values(
            notice_id=notice, contact_order=1, channel="demo", started_at=MORNING, outcome="", flow_run_id=ANOTHER
        ),
        "action": update(table_of(WaitingAction)).values(flow_run_id=ANOTHER),
        "batch": insert(table_of(IntakeBatch)).values(
            source="s", name="f", started_at=MORNING, rows=0, taken=0, duplicates=0, refused=0, flow_run_id=ANOTHER
        ),
    }[what]
    with transaction(engine) as connection:
        connection.execute(write)
    assert named(engine) == {ANOTHER}


def test_no_run_asked_for_is_no_run_named(engine: Engine) -> None:
    with reading(engine) as connection:
        assert mentioned_runs(connection, []) == set()
        assert "flow_run_id" in EVENTS.c
