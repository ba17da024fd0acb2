"""A drill says so in every text, whatever it tells, and is never told together with the real thing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from models.duty import DutyShift
from models.flood_event import FloodEvent
from models.notice import NoticeKind
from models.tables import table_of
from tasks.database import transaction
from tasks.rendering import message_of, render, render_both, render_bundle, render_sent
from tasks.undelivered import Failure, report_undelivered
from tasks.words import Language
from tests.call_cities import STORM, TOWN, callers
from tests.notice_rows import notices_of_kind
from tests.stored_cases import rows_of
from tests.tasks.test_rendering import ALL_FACTS, SHANGHAI

MARKS: dict[Language, str] = {"zh": "演练", "en": "DRILL"}


@given(kind=st.sampled_from(NoticeKind), left_out=st.sets(st.sampled_from(sorted(ALL_FACTS))))
def test_every_text_of_a_drill_says_so_in_title_and_body_whatever_else_is_known(
    kind: NoticeKind, left_out: set[str]
) -> None:
    facts: dict[str, Any] = {name: value for name, value in ALL_FACTS.items() if name not in left_out}
    for language, mark in MARKS.items():
        message = render(kind, {**facts, "drill": True}, language, SHANGHAI)
        assert mark in message.title
        assert mark in message.body
        real = render(kind, {**facts, "drill": False}, language, SHANGHAI)
        assert mark not in real.title
    both = render_both(kind, {**facts, "drill": True}, SHANGHAI)
    sent = render_sent(message_of(both.text), "http://desk/flood/token", repeat=True, on_behalf_of="某岗位")
    assert "演练" in sent.title
    assert "DRILL" in sent.body
    bundle = render_bundle([(both, None, False), (both, None, False)])
    assert bundle.text.count("演练") >= 2


def test_all_messages_of_a_drill_carry_it_and_none_of_the_real_call_does(sqlite_engine: Engine) -> None:
    town = callers(sqlite_engine)
    numbers = {town.started(TOWN, drill=True): True, town.started(TOWN): False}
    town.climbs(STORM.replace(minute=5))
    for kind in (NoticeKind.CALL, NoticeKind.CALL_SILENT):
        rows = notices_of_kind(sqlite_engine, kind)
        said = {(row["subject"].removeprefix("flood:"), json.loads(row["facts"])["drill"]) for row in rows}
        assert said == set(numbers.items())


@pytest.mark.parametrize("first_is_drill", [True, False])
def test_what_nobody_could_be_told_of_a_drill_is_reported_apart(sqlite_engine: Engine, first_is_drill: bool) -> None:
    town = callers(sqlite_engine)
    real, drill = (
        Failure(n, 0, "call", None, "res-tech", "no_answer", drill=is_drill) for n, is_drill in ((1, False), (2, True))
    )
    for failure in (drill, real, drill) if first_is_drill else (real, drill, real):
        with transaction(sqlite_engine) as connection:
            report_undelivered(connection, town.city, STORM, [failure])
    facts = [json.loads(row["facts"]) for row in notices_of_kind(sqlite_engine, "undelivered")]
    assert sorted((bool(one.get("drill")), one["count"]) for one in facts) == [
        (False, 1 if first_is_drill else 2), (False, 1 if first_is_drill else 2),
        (True, 2 if first_is_drill else 1), (True, 2 if first_is_drill else 1),
    ]  # fmt: skip


def test_a_drill_touches_no_table_of_duty_or_response(sqlite_engine: Engine) -> None:
    town = callers(sqlite_engine)
    number = town.started(TOWN, drill=True)
    town.climbs(STORM.replace(minute=5))
    assert rows_of(sqlite_engine, select(table_of(DutyShift))) == []
    streams = {row.stream for row in rows_of(sqlite_engine, select(table_of(FloodEvent).c.stream))}
    assert streams == {f"call:{number}"}
