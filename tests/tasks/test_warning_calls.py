"""One call for a place covers all its warnings: it ends with the last of them, and a graver one calls anew."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tasks.call_rows import CALLS, find_call, read_targets, warnings_of
from tasks.database import reading, transaction
from tasks.flood_events import broken_stream, read_events
from tasks.warning_calls import end_calls_of_ended_warnings
from tests.call_cities import STORM, Callers, callers, end_warning_row, raise_warning_row
from tests.notice_rows import notices_of_kind

MINUTE = timedelta(minutes=1)
ONE, TWO, THREE = "YJ20210720-001", "YJ20210720-002", "YJ20210720-003"
FIRST, SECOND = "JY20210720-001", "JY20210720-002"


@pytest.fixture
def town(engine: Engine) -> Callers:
    return callers(engine)


def raised(town: Callers, number: str, severity: str, now: datetime = STORM, **fields: Any) -> None:
    raise_warning_row(town.engine, number, now, severity=severity, subject=f"threshold:reservoir-a:{number}", **fields)


def ends(town: Callers, now: datetime) -> tuple[str, ...]:
    with transaction(town.engine) as connection:
        return end_calls_of_ended_warnings(connection, town.city, town.recording(now))


def covered(town: Callers, number: str) -> list[str]:
    with reading(town.engine) as connection:
        call = find_call(connection, number)
        return warnings_of(connection, call.id) if call else []


def calls(town: Callers) -> Sequence[Any]:
    with reading(town.engine) as connection:
        assert broken_stream(connection) is None
        return connection.execute(select(CALLS.c.number, CALLS.c.warning, CALLS.c.ended_why).order_by(CALLS.c.id)).all()


def told(town: Callers, kind: str) -> list[str]:
    return sorted(row["recipient"] for row in notices_of_kind(town.engine, kind))


def all_answer(town: Callers, number: str, now: datetime) -> None:
    while town.call(number).ended_at is None:
        with reading(town.engine) as connection:
            call = find_call(connection, number)
            assert call is not None
            left = [row for row in read_targets(connection, call.id) if row.answered_at is None]
        town.answers(number, left[0].post, now)


def test_warnings_of_one_place_that_rise_together_wake_its_people_once_by_the_gravest(town: Callers) -> None:
    raised(town, ONE, "orange")
    raised(town, TWO, "red")
    raised(town, THREE, "orange")
    (started,) = town.warned()
    assert town.warned(STORM + MINUTE) == ()
    assert calls(town) == [(FIRST, TWO, None)]
    assert covered(town, FIRST) == [TWO, ONE, THREE]
    assert told(town, "call") == sorted(set(told(town, "call"))), "nobody twice"
    with reading(town.engine) as connection:
        kinds = [event.kind for event in read_events(connection, f"call:{started.number}")]
    assert kinds == ["call_started", "told", "covers", "covers"]


def test_the_call_of_a_place_ends_with_the_last_of_its_warnings(town: Callers) -> None:
    raised(town, ONE, "red")
    town.warned()
    raised(town, TWO, "orange", STORM + MINUTE)
    before = told(town, "call")
    assert town.warned(STORM + MINUTE) == ()
    assert told(town, "call") == before, "the running call covers it"
    end_warning_row(town.engine, ONE, STORM + 2 * MINUTE)
    assert ends(town, STORM + 2 * MINUTE) == ()
    end_warning_row(town.engine, TWO, STORM + 3 * MINUTE)
    assert ends(town, STORM + 3 * MINUTE) == (FIRST,)
    assert ends(town, STORM + 3 * MINUTE) == ()
    assert told(town, "call_ended") == before


def test_a_graver_warning_of_the_place_calls_anew_and_its_call_covers_all_that_last(town: Callers) -> None:
    raised(town, ONE, "orange")
    town.warned()
    raised(town, TWO, "red", STORM + MINUTE)
    (started,) = town.warned(STORM + MINUTE)
    assert started.number == SECOND
    assert calls(town) == [(FIRST, ONE, "replaced"), (SECOND, TWO, None)]
    assert covered(town, SECOND) == [TWO, ONE]
    end_warning_row(town.engine, TWO, STORM + 2 * MINUTE)
    assert ends(town, STORM + 2 * MINUTE) == ()
    end_warning_row(town.engine, ONE, STORM + 3 * MINUTE)
    assert ends(town, STORM + 3 * MINUTE) == (SECOND,)


def test_whoever_answered_hears_when_the_danger_is_over_and_only_once(town: Callers) -> None:
    raised(town, ONE, "orange")
    town.warned()
    all_answer(town, FIRST, STORM + MINUTE)
    assert calls(town) == [(FIRST, ONE, "answered")]
    assert ends(town, STORM + 2 * MINUTE) == ()
    end_warning_row(town.engine, ONE, STORM + 3 * MINUTE)
    assert ends(town, STORM + 3 * MINUTE) == (FIRST,)
    assert ends(town, STORM + 4 * MINUTE) == ()
    over = notices_of_kind(town.engine, "call_ended")
    assert "res-tech" in [row["recipient"] for row in over]
    assert {json.loads(row["facts"])["ended_why"] for row in over} == {"warning_ended"}
    with reading(town.engine) as connection:
        kinds = [event.kind for event in read_events(connection, f"call:{FIRST}")]
    assert kinds[-2:] == ["call_ended", "call_lifted"]


def test_what_rises_after_everybody_answered_calls_again_and_the_end_is_told_by_that_call_alone(town: Callers) -> None:
    raised(town, ONE, "orange")
    town.warned()
    all_answer(town, FIRST, STORM + MINUTE)
    raised(town, TWO, "orange", STORM + 2 * MINUTE)
    (started,) = town.warned(STORM + 2 * MINUTE)
    assert covered(town, started.number) == [TWO, ONE]
    for number in (ONE, TWO):
        end_warning_row(town.engine, number, STORM + 3 * MINUTE)
    assert ends(town, STORM + 4 * MINUTE) == (SECOND,)


def test_another_place_and_a_drill_have_calls_of_their_own(town: Callers) -> None:
    raised(town, ONE, "orange")
    raised(town, TWO, "orange", station="reservoir-b")
    raised(town, "YL20210720-001", "orange", drill=True)
    assert sorted(one.number for one in town.warned()) == [FIRST, SECOND, "YLJ20210720-001"]
