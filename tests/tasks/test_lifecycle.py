"""Visits on a real database: every case due is moved once, in one transaction, and its events tell it again."""

import gc
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, insert, select, update

from models.case import CaseClosing, Clock, Reporter
from models.case_state import CaseEvent, CaseState
from models.chain import verify_chain
from models.lifecycle_events import replay
from models.notice import Notice
from models.vocabulary import ActionName, Role, State
from tasks.case_store import CASES, EVENTS, NOTICES, CaseMovedMeanwhileError, Change, read_cases, table, write_changes
from tasks.database import reading, transaction
from tasks.inbox import INBOX, outcome_of, put_action
from tasks.lifecycle import move_cases, wake_all
from tests.stored_cases import ZONE, a_loaded_city, actions_of, acts, at, reports_taken_in, rows_of, states

WHOLE_LIFE = ["report", "accept", "file", "dispatch", "receive", "report_handled", "order_check", "check", "close"]


def live_through(engine: Engine, count: int) -> list[str]:
    """Reports that go their whole way on Monday 6 May 2019."""
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, count, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 08:10"))
    move_cases(engine, now=at("2019-05-06 08:12"))
    acts(engine, city, names, "report_handled", "lihe-liaison", at("2019-05-06 09:10"))
    move_cases(engine, now=at("2019-05-06 09:12"))
    acts(engine, city, names, "check", "inspector-a", at("2019-05-06 09:20"), result="passed")
    move_cases(engine, now=at("2019-05-06 09:22"))
    return names


def test_a_trusted_report_is_accepted_filed_and_dispatched_in_one_visit(engine: Engine) -> None:
    city = a_loaded_city(engine)
    (name,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    visit = move_cases(engine, now=at("2019-05-06 08:02"), flow_run_id="run-1")
    moved = visit.moved[0]
    assert (moved.number, moved.before, moved.after) == ("E0110201905060001", "reported", "dispatched")
    assert moved.actions == ("accept", "file", "dispatch")
    assert moved.by == ("rule:inspector_straight_through",)
    (row,) = rows_of(engine, select(EVENTS.c.flow_run_id).where(EVENTS.c.action == "dispatch"))
    assert row.flow_run_id == "run-1"
    (notice,) = rows_of(engine, select(NOTICES))
    assert (notice.kind, notice.recipient) == ("task", "lihe-liaison")
    assert json.loads(notice.facts)["number"] == "E0110201905060001"
    with reading(engine) as connection:
        assert actions_of(connection, name) == ["report", "accept", "file", "dispatch"]


def test_a_case_lives_from_report_to_closed_and_its_closing_is_written_once(engine: Engine) -> None:
    names = live_through(engine, 3)
    assert states(engine) == {"closed": 3}
    with reading(engine) as connection:
        assert actions_of(connection, names[0]) == WHOLE_LIFE
    closings = rows_of(engine, select(table(CaseClosing)))
    assert [(c.unit, c.how, c.handled_on_time, c.closed_on_time) for c in closings] == [
        ("lihe", "checked", True, True)
    ] * 3


@pytest.mark.parametrize("searching", [True, False])
def test_a_visit_leaves_the_search_for_reference_cycles_as_it_was(engine: Engine, searching: bool) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    before = gc.isenabled()
    try:
        (gc.enable if searching else gc.disable)()
        move_cases(engine, now=at("2019-05-06 08:02"))
        assert gc.isenabled() is searching
    finally:
        (gc.enable if before else gc.disable)()


def test_a_second_visit_at_the_same_moment_changes_nothing(engine: Engine) -> None:
    live_through(engine, 2)
    before = rows_of(engine, select(EVENTS.c.hash).order_by(EVENTS.c.id))
    again = move_cases(engine, now=at("2019-05-06 09:22"))
    assert again.idle
    assert rows_of(engine, select(EVENTS.c.hash).order_by(EVENTS.c.id)) == before


def test_numbers_are_given_without_gap_or_repeat_over_several_chunks(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 7, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"), chunk=3)
    numbers = sorted(row.number for row in rows_of(engine, select(CASES.c.number)))
    assert numbers == [f"E011020190506{n:04}" for n in range(1, 8)]


def test_the_stored_case_is_what_its_events_add_up_to(engine: Engine) -> None:
    live_through(engine, 1)
    city = a_loaded_city(engine)
    with reading(engine) as connection:
        rows = connection.execute(select(EVENTS).order_by(EVENTS.c.seq)).mappings().all()
        stored = read_cases(connection, [rows[0]["case_id"]])[rows[0]["case_id"]].case
    events = [
        CaseEvent(
            ActionName(r["action"]), r["at"], r["recorded_at"], r["actor"], Role(r["role"]), r["origin"],
            State(r["from_state"]) if r["from_state"] else None, State(r["to_state"]), json.loads(r["facts"]),
            r["edition"],
        )
        for r in rows
    ]  # fmt: skip
    fresh = CaseState(
        stored.id, stored.receipt_number, stored.source, stored.opened_at, city.edition, city.calendar_edition,
        class_code=stored.class_code, condition_no=stored.condition_no, area=stored.area, place=stored.place,
        description=stored.description, complete=stored.complete,
    )  # fmt: skip
    told = replay(fresh, events, lambda _: city.calendar)
    told.head_hash, told.version = stored.head_hash, stored.version
    assert told == stored


def test_every_event_is_chained_to_the_one_before(engine: Engine) -> None:
    live_through(engine, 2)
    rows = rows_of(engine, select(EVENTS).order_by(EVENTS.c.case_id, EVENTS.c.seq))
    assert len(rows) == 2 * len(WHOLE_LIFE)
    assert verify_chain([dict(row._mapping) for row in rows]) is None


def test_an_action_counts_from_when_the_person_acted_not_from_the_visit(engine: Engine) -> None:
    """3 work_day from Monday 08:02 end Thursday 08:02; handled Thursday 08:00, found only on Friday: on time."""
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 09:00"))
    acts(engine, city, names, "report_handled", "lihe-liaison", at("2019-05-09 08:00"))
    visit = move_cases(engine, now=at("2019-05-10 12:00"))
    assert visit.overdue == 0
    (row,) = rows_of(engine, select(CASES.c.handled_at, CASES.c.handle_due_at))
    assert (row.handled_at, row.handle_due_at) == (at("2019-05-09 08:00"), at("2019-05-09 08:02"))


def test_a_refused_action_keeps_its_reason_and_what_is_allowed(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    (key,) = acts(engine, city, names, "report_handled", "lihe-liaison", at("2019-05-06 08:10"))
    visit = move_cases(engine, now=at("2019-05-06 08:12"))
    assert (visit.refused, visit.taken) == (1, 0)
    with reading(engine) as connection:
        outcome = outcome_of(connection, key)
    assert outcome is not None
    assert outcome.refusal is not None
    assert (outcome.state, outcome.refusal.code) == ("refused", "not_now")
    assert "receive" in outcome.refusal.facts["allowed"]


def test_the_same_key_twice_is_one_action(engine: Engine) -> None:
    city = a_loaded_city(engine)
    (name,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    wish = {"case": name, "action": "add_note", "by_post": "shift-leader", "facts": {"note": "看"}, "origin": "desk"}
    with transaction(engine) as connection:
        first = put_action(connection, city, **wish, key="tap-1", now=at("2019-05-06 08:01"))  # type: ignore[arg-type]
        second = put_action(connection, city, **wish, key="tap-1", now=at("2019-05-06 08:01"))  # type: ignore[arg-type]
    assert (first.already, second.already) == (False, True)  # type: ignore[union-attr]
    assert move_cases(engine, now=at("2019-05-06 08:02")).taken == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"case": "E9999201905060001"}, "unknown_case"),
        ({"action": "abracadabra"}, "unknown_action"),
        ({"by_post": "nobody"}, "unknown_post"),
    ],
)
def test_what_makes_no_sense_never_reaches_the_inbox(engine: Engine, change: dict[str, str], code: str) -> None:
    city = a_loaded_city(engine)
    (name,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    wish = {"case": name, "action": "accept", "by_post": "acceptor-a", "facts": {}, "origin": "act"} | change
    with transaction(engine) as connection:
        put = put_action(connection, city, **wish, now=at("2019-05-06 08:01"))  # type: ignore[arg-type]
    assert getattr(put, "code", None) == code


def test_two_visits_racing_over_the_same_cases_move_each_once(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 60, at("2019-05-06 08:00"))
    moved: list[str] = []
    gate = threading.Barrier(2)

    def visit() -> None:
        gate.wait()
        moved.extend(m.number for m in move_cases(engine, now=at("2019-05-06 08:02"), chunk=10).moved)

    threads = [threading.Thread(target=visit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moved) == len(set(moved)) == 60
    (row,) = rows_of(engine, select(func.count()).select_from(EVENTS))
    assert row[0] == 60 * 4


def test_a_case_changed_since_it_was_read_is_not_overwritten(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    with reading(engine) as connection:
        loaded = read_cases(connection, [row.id for row in connection.execute(select(CASES.c.id))])
    move_cases(engine, now=at("2019-05-06 08:02"))
    changes = [Change(one, (), (), None) for one in loaded.values()]
    with transaction(engine) as connection, pytest.raises(CaseMovedMeanwhileError, match="moved by another visit"):
        write_changes(connection, changes, city, now=at("2019-05-06 08:03"), flow_run_id=None)


def test_a_case_that_cannot_be_worked_out_is_set_aside_and_holds_up_nobody(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 2, at("2019-05-06 08:00"))
    with transaction(engine) as connection:
        first = connection.execute(select(func.min(CASES.c.id))).scalar_one()
        clocks = table(Clock)
        connection.execute(update(clocks).where(clocks.c.case_id == first).values(amount_microseconds=9 * 10**17))
    visit = move_cases(engine, now=at("2019-05-06 08:02"))
    assert len(visit.stuck) == 1
    assert [m.after for m in visit.moved] == ["dispatched"]
    assert move_cases(engine, now=at("2019-05-06 08:03")).idle
    assert len(move_cases(engine, now=at("2019-05-06 08:02") + timedelta(hours=2)).stuck) == 1


def test_a_late_case_climbs_and_its_unit_is_told_in_the_same_transaction(engine: Engine) -> None:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    visit = move_cases(engine, now=at("2019-05-09 08:03"))
    assert visit.overdue == 1
    kinds = [(row.kind, row.recipient) for row in rows_of(engine, select(NOTICES).order_by(NOTICES.c.id))]
    assert kinds == [("task", "lihe-liaison"), ("overdue", "lihe-liaison"), ("overdue", "lihe-head")]


def reminders(engine: Engine) -> list[tuple[str, str]]:
    """(rung, local time) of every reminder of a request."""
    rows = rows_of(engine, select(EVENTS.c.facts, EVENTS.c.at).where(EVENTS.c.action == "remind_request"))
    return [(json.loads(row.facts)["rung"], f"{row.at.astimezone(ZONE):%m-%d %H:%M}") for row in rows]


def test_a_request_nobody_decides_is_spoken_of_by_one_visit_after_the_other(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    wish = {"kind": "suspension", "reason": "雨季", "wanted_until": "2019-12-01T08:00:00+08:00"}
    acts(engine, city, names, "ask", "lihe-liaison", at("2019-05-06 11:30"), **wish)
    for day in ("06", "07", "08", "09"):
        move_cases(engine, now=at(f"2019-05-{day} 12:00"))
    assert reminders(engine) == [("remind", f"05-{day} 11:30") for day in ("07", "08", "09")]
    acts(engine, city, names, "decide", "dispatcher", at("2019-05-09 14:00"), kind="suspension", verdict="granted")
    move_cases(engine, now=at("2019-05-09 14:02"))
    with reading(engine) as connection:
        (one,) = read_cases(connection, [row.id for row in connection.execute(select(CASES.c.id))]).values()
    (request,) = one.case.requests
    assert (request.due_at, request.reminders, len(request.decisions)) == (at("2019-05-10 12:00"), 0, 1)
    move_cases(engine, now=at("2019-05-20 12:00"))  # one late visit finds the moments of the second approver
    assert reminders(engine)[3:] == [
        *[("remind", "05-10 12:00"), ("remind", "05-13 12:00"), ("remind", "05-14 12:00"), ("leader", "05-15 12:00")],
    ]
    told = select(NOTICES.c.recipient).where(NOTICES.c.kind == "request_waits")
    assert [row.recipient for row in rows_of(engine, told)] == ["leader"]


def test_an_appeal_on_a_closed_case_is_found_by_the_sweep(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    acts(engine, city, names, "receive", "lihe-liaison", at("2019-05-06 09:00"))
    acts(engine, city, names, "report_handled", "lihe-liaison", at("2019-05-09 08:03"))
    acts(engine, city, names, "check", "inspector-a", at("2019-05-09 09:00"), result="passed")
    move_cases(engine, now=at("2019-05-09 09:02"))
    acts(engine, city, names, "ask", "lihe-liaison", at("2019-05-09 10:00"), kind="appeal", reason="不服")
    move_cases(engine, now=at("2019-05-09 10:02"))
    assert states(engine) == {"closed": 1}
    (row,) = rows_of(engine, select(CASES.c.next_wake_at))
    assert row.next_wake_at == at("2019-05-10 10:00")
    assert [m.actions for m in move_cases(engine, now=at("2019-05-10 10:02")).moved] == [("remind_request",)]
    assert reminders(engine) == [("remind", "05-10 10:00")]


def test_named_cases_only_are_moved_by_a_visit_for_them(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 3, at("2019-05-06 08:00"))
    visit = move_cases(engine, now=at("2019-05-06 08:02"), case_numbers=[names[1]])
    assert len(visit.moved) == 1
    assert states(engine) == {"reported": 2, "dispatched": 1}


def test_a_visit_says_under_which_names_there_is_no_case(engine: Engine) -> None:
    city = a_loaded_city(engine)
    (name,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    visit = move_cases(engine, now=at("2019-05-06 08:02"), case_numbers=["E0000201905060001", name])
    assert (visit.unknown, len(visit.moved)) == (["E0000201905060001"], 1)


def test_an_action_that_lies_ahead_of_the_visit_waits(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    acts(engine, city, names, "add_note", "shift-leader", at("2019-05-06 10:00"), note="稍后")
    assert move_cases(engine, now=at("2019-05-06 08:02")).taken == 0
    assert move_cases(engine, now=at("2019-05-06 10:00")).taken == 1


def test_a_reporter_hears_of_acceptance_and_result_without_being_named(engine: Engine) -> None:
    city = a_loaded_city(engine)
    with transaction(engine) as connection:
        reporter = connection.execute(insert(table(Reporter)).values(name_sealed=b"x").returning(table(Reporter).c.id))
        reporter_id = reporter.scalar_one()
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"), reporter_id=reporter_id)
    move_cases(engine, now=at("2019-05-06 08:02"))
    told = rows_of(engine, select(NOTICES).where(NOTICES.c.reporter_id == reporter_id))
    assert [(row.kind, row.recipient) for row in told] == [("report_accepted", None)]


def test_merged_reporters_get_the_answer_of_the_case_they_joined(engine: Engine) -> None:
    city = a_loaded_city(engine)
    people = table(Reporter)
    with transaction(engine) as connection:
        ids = list(connection.execute(insert(people).returning(people.c.id), [{}, {}]).scalars())
    (first,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"), reporter_id=ids[0], source="citizen")
    (second,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:01"), reporter_id=ids[1], source="citizen")
    acts(engine, city, [second], "merge", "acceptor-a", at("2019-05-06 08:05"), into=first)
    acts(engine, city, [first], "reject", "acceptor-a", at("2019-05-06 08:06"), reason="不属城管范围")
    move_cases(engine, now=at("2019-05-06 08:06"))
    told = rows_of(engine, select(NOTICES.c.kind, NOTICES.c.reporter_id).order_by(NOTICES.c.id))
    assert sorted(told) == [("report_merged", ids[1]), ("report_rejected", ids[0]), ("report_rejected", ids[1])]


def test_two_cases_cannot_join_each_other_in_one_visit(engine: Engine) -> None:
    city = a_loaded_city(engine)
    (first,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"), source="citizen")
    (second,) = reports_taken_in(engine, city, 1, at("2019-05-06 08:01"), source="citizen")
    acts(engine, city, [first], "merge", "acceptor-a", at("2019-05-06 08:05"), into=second)
    acts(engine, city, [second], "merge", "acceptor-a", at("2019-05-06 08:05"), into=first)
    visit = move_cases(engine, now=at("2019-05-06 08:06"))
    assert (visit.taken, visit.refused) == (1, 1)
    assert states(engine) == {"merged": 1, "reported": 1}


def test_a_chain_of_joined_cases_is_answered_by_the_last(engine: Engine) -> None:
    city = a_loaded_city(engine)
    people = table(Reporter)
    with transaction(engine) as connection:
        ids = list(connection.execute(insert(people).returning(people.c.id), [{}, {}, {}]).scalars())
    names = [
        reports_taken_in(engine, city, 1, at(f"2019-05-06 08:0{n}"), reporter_id=one, source="citizen")[0]
        for n, one in enumerate(ids)
    ]
    for n in (0, 1):
        acts(engine, city, [names[n]], "merge", "acceptor-a", at(f"2019-05-06 08:1{n}"), into=names[n + 1])
        move_cases(engine, now=at(f"2019-05-06 08:1{n}"))
    acts(engine, city, [names[2]], "reject", "acceptor-a", at("2019-05-06 08:20"), reason="不属城管范围")
    move_cases(engine, now=at("2019-05-06 08:20"))
    told = rows_of(engine, select(NOTICES.c.reporter_id).where(NOTICES.c.kind == "report_rejected"))
    assert sorted(row.reporter_id for row in told) == ids


def test_a_phone_typed_into_a_reason_reaches_neither_inbox_nor_event(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    acts(engine, city, names, "add_note", "shift-leader", at("2019-05-06 08:01"), note="请联系13800000000")
    move_cases(engine, now=at("2019-05-06 08:02"))
    both = (select(EVENTS.c.facts), select(INBOX.c.facts))
    kept = [row.facts for statement in both for row in rows_of(engine, statement)]
    assert any("●●●" in facts for facts in kept)
    assert not any("13800000000" in facts for facts in kept)


def test_after_new_rules_every_open_case_is_looked_at_again(engine: Engine) -> None:
    live_through(engine, 2)
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 3, at("2019-05-07 08:00"), class_code=None)
    move_cases(engine, now=at("2019-05-07 08:01"))
    with transaction(engine) as connection:
        assert wake_all(connection, at("2019-05-07 09:00")) == 3
    assert rows_of(engine, select(func.count()).select_from(table(Notice)))[0][0] >= 2
