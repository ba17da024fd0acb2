"""What a visit leaves behind in the rows beside the events."""

from sqlalchemy import Engine, select

from models.case import CaseClosing, Exemption
from models.event_rows import event_of
from models.lifecycle_events import replay
from models.told_case import fresh_case
from tasks.bulk_rows import _select
from tasks.case_store import CASES, EVENTS, REPORTS, read_cases, table
from tasks.database import reading, transaction
from tasks.lifecycle import move_cases
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of, states

CLOSINGS, EXEMPTIONS = table(CaseClosing), table(Exemption)


def test_a_round_that_is_closed_and_reopened_in_one_visit_keeps_its_own_figures(engine: Engine) -> None:
    """Dispatched to 梨河镇, handed back once, dispatched again, force-closed and reopened before the next visit."""
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 2, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "hand_back", "lihe-liaison", at("2019-05-06 08:10"), reason="不属我镇")
    acts(engine, city, names, "dispatch", "dispatcher", at("2019-05-06 08:20"), unit="water")
    acts(engine, city, names, "force_close", "leader", at("2019-05-06 09:00"), reason="上级要求")
    acts(engine, city, names, "reopen", "acceptor-a", at("2019-05-06 09:01"), reason="问题仍在")
    move_cases(engine, now=at("2019-05-06 09:02"))
    assert states(engine) == {"filed": 2}
    acts(engine, city, names, "force_close", "leader", at("2019-05-06 09:10"), reason="再次结案")
    assert move_cases(engine, now=at("2019-05-06 09:12")).refused == 0
    closings = rows_of(engine, select(CLOSINGS).order_by(CLOSINGS.c.case_id, CLOSINGS.c.round))
    assert [(c.round, c.unit, c.hand_backs, c.how, c.closed_at) for c in closings] == 2 * [
        (1, "water", 1, "forced", at("2019-05-06 09:00")),
        (2, None, 0, "forced", at("2019-05-06 09:10")),
    ]


def test_an_exemption_stands_under_the_round_that_was_appealed_also_when_the_visit_reopens_the_case(
    engine: Engine,
) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 08:10"))
    acts(engine, city, names, "report_handled", "lihe-liaison", at("2019-05-10 09:00"))
    move_cases(engine, now=at("2019-05-10 09:02"))
    acts(engine, city, names, "check", "inspector-a", at("2019-05-10 09:20"), result="passed")
    move_cases(engine, now=at("2019-05-10 09:22"))
    acts(engine, city, names, "ask", "lihe-liaison", at("2019-05-10 10:00"), kind="appeal", reason="台风封路")
    for minute, post in ((10, "dispatcher"), (20, "acceptor-a")):
        acts(engine, city, names, "decide", post, at(f"2019-05-10 10:{minute}"), kind="appeal", verdict="granted")
    acts(engine, city, names, "reopen", "acceptor-a", at("2019-05-10 10:30"), reason="问题仍在")
    move_cases(engine, now=at("2019-05-10 10:30"))
    assert states(engine) == {"filed": 1}
    (exemption,) = rows_of(engine, select(EXEMPTIONS))
    assert (exemption.round, exemption.granted_at, exemption.reason) == (1, at("2019-05-10 10:20"), "台风封路")


def test_of_cases_that_go_different_ways_in_one_visit_each_row_is_what_its_events_add_up_to(engine: Engine) -> None:
    """Only columns that change are written, the same ones for all cases of a chunk: nobody may get another's value."""
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 6, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names[:5], "receive", "lihe-liaison", at("2019-05-06 08:10"))
    move_cases(engine, now=at("2019-05-06 08:12"))
    acts(engine, city, names[:1], "report_handled", "lihe-liaison", at("2019-05-06 09:00"))
    acts(engine, city, names[1:2], "hand_back", "lihe-liaison", at("2019-05-06 09:01"), reason="不属我镇")
    acts(engine, city, names[2:3], "ask", "lihe-liaison", at("2019-05-06 09:02"), kind="extension", reason="雨")
    acts(engine, city, names[3:4], "add_note", "lihe-liaison", at("2019-05-06 09:03"), note="已联系")
    acts(engine, city, names[4:5], "force_close", "leader", at("2019-05-06 09:04"), reason="上级要求")
    assert len(move_cases(engine, now=at("2019-05-06 09:05")).moved) == 5
    # The next ones come due together: a reminder, a late dispatch, a late check.
    move_cases(engine, now=at("2019-05-08 09:05"))
    with reading(engine) as connection:
        stored = read_cases(connection, range(1, 7))
        rows = [dict(row) for row in connection.execute(select(EVENTS).order_by(EVENTS.c.seq)).mappings()]
        reports = {row["case_id"]: dict(row) for row in connection.execute(select(REPORTS)).mappings()}
    assert len(stored) == 6
    for case_id, one in stored.items():
        told = fresh_case(reports[case_id], case_id, city.edition, city.calendar_edition)
        events = [event_of(row) for row in rows if row["case_id"] == case_id]
        replay(told, events, lambda _: city.calendar)
        told.head_hash, told.version = one.case.head_hash, one.case.version
        assert told == one.case


def test_joined_cases_are_found_by_their_index_also_once_sqlite_knows_how_few_there_are(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    reports_taken_in(sqlite_engine, city, 5000, at("2019-05-06 08:00"))
    with transaction(sqlite_engine) as connection:
        connection.exec_driver_sql("ANALYZE")
    with reading(sqlite_engine) as connection:
        asked = _select(connection.dialect, CASES, ("id",), "merged_into", "id", "", single=False).text
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("[1, 2]",)).all()
    assert "SEARCH cases USING COVERING INDEX ix_cases_merged_into" in plan[0][3]
