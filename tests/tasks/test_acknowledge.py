"""A person says "received": by the page, by a command, or by acting on the case; then nobody else is asked."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from tasks.acknowledge import NOTICES, How, acknowledge_case, acknowledge_notice, left_to_acknowledge
from tasks.database import reading, transaction
from tasks.lifecycle import move_cases
from tests.notice_rows import NOW, notice, notices_of_kind, write_case, write_notice
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

MONDAY = "2019-05-06 "


def sent_to(engine: Engine, case_id: int, recipient: str, **fields: object) -> int:
    row = {"state": "sent", "requires_ack": True, "settled_at": NOW, "climbs_at": NOW + timedelta(minutes=15)}
    return write_notice(engine, case_id=case_id, recipient=recipient, **(row | fields))


def test_a_case_is_acknowledged_by_the_one_who_was_told_and_once(engine: Engine) -> None:
    case_id = write_case(engine)
    mine, other = sent_to(engine, case_id, "lihe-liaison"), sent_to(engine, case_id, "lihe-head")
    unasked = sent_to(engine, case_id, "lihe-liaison", requires_ack=False)
    later = NOW + timedelta(minutes=3)
    with transaction(engine) as connection:
        assert acknowledge_case(connection, case_id, "lihe-liaison", How.PAGE, later).now == (mine,)
    row = notice(engine, mine)
    assert (row["state"], row["acknowledged_by"], row["acknowledged_how"]) == ("acknowledged", "lihe-liaison", "page")
    assert (row["acknowledged_at"], row["climbs_at"]) == (later, None)
    assert [notice(engine, i)["state"] for i in (other, unasked)] == ["sent", "sent"]
    with transaction(engine) as connection:
        again = acknowledge_case(connection, case_id, "lihe-liaison", How.PAGE, later + timedelta(hours=1))
        assert (again.now, again.by, again.at) == ((), "lihe-liaison", later)
    with reading(engine) as connection:
        assert left_to_acknowledge(connection, case_id, "lihe-liaison") == (0, again)
        assert left_to_acknowledge(connection, case_id, "lihe-head")[0] == 1


def test_who_stands_in_acknowledges_for_the_one_who_is_away(sqlite_engine: Engine) -> None:
    case_id = write_case(sqlite_engine)
    notice_id = sent_to(sqlite_engine, case_id, "lihe-liaison", told="lihe-head")
    with transaction(sqlite_engine) as connection:
        assert acknowledge_case(connection, case_id, "lihe-head", How.PAGE, NOW).now == (notice_id,)


def test_who_answers_for_a_silence_ends_it(sqlite_engine: Engine) -> None:
    case_id = write_case(sqlite_engine)
    silent = sent_to(sqlite_engine, case_id, "lihe-liaison")
    told = [
        sent_to(sqlite_engine, case_id, post, kind="silence", origin_id=silent, requires_ack=False, climbs_at=None)
        for post in ("lihe-liaison", "lihe-head")
    ]
    with transaction(sqlite_engine) as connection:
        assert set(acknowledge_case(connection, case_id, "lihe-head", How.PAGE, NOW).now) == {silent, *told}
    assert notice(sqlite_engine, silent)["acknowledged_how"] == "climb"
    assert notice(sqlite_engine, silent)["acknowledged_by"] == "lihe-head"


def test_a_notice_that_does_not_exist_is_told_apart_from_one_that_needs_nothing(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        assert acknowledge_notice(connection, 99, "admin", How.COMMAND, NOW) is None


@pytest.mark.parametrize(
    ("post", "action", "facts", "state"),
    [
        ("lihe-liaison", "receive", {}, "acknowledged"),
        ("lihe-head", "receive", {}, "acknowledged"),  # the unit acts
        ("shift-leader", "add_note", {"note": "已电话告知"}, "sent"),
        ("water-liaison", "receive", {}, "sent"),  # refused: not its case
    ],
)
def test_whoever_acts_for_the_unit_has_acknowledged_what_it_was_told(
    engine: Engine, post: str, action: str, facts: dict[str, str], state: str
) -> None:
    city = a_loaded_city(engine)
    (name,) = reports_taken_in(engine, city, 1, at(MONDAY + "08:00"))
    move_cases(engine, now=at(MONDAY + "08:02"))
    (task,) = notices_of_kind(engine, "task")
    mark_sent(engine, task["id"], "08:03")
    acts(engine, city, [name], action, post, at(MONDAY + "08:10"), **facts)
    move_cases(engine, now=at(MONDAY + "08:11"))
    row = notice(engine, task["id"])
    assert row["state"] == state
    if state == "acknowledged":
        assert (row["acknowledged_by"], row["acknowledged_how"]) == (post, "action")


def test_what_reached_its_reader_after_the_action_is_a_new_matter(sqlite_engine: Engine) -> None:
    city = a_loaded_city(sqlite_engine)
    (name,) = reports_taken_in(sqlite_engine, city, 1, at(MONDAY + "08:00"))
    move_cases(sqlite_engine, now=at(MONDAY + "08:02"))
    (task,) = notices_of_kind(sqlite_engine, "task")
    mark_sent(sqlite_engine, task["id"], "08:12")
    acts(sqlite_engine, city, [name], "receive", "lihe-liaison", at(MONDAY + "08:10"))
    move_cases(sqlite_engine, now=at(MONDAY + "08:13"))
    assert notice(sqlite_engine, task["id"])["state"] == "sent"


def mark_sent(engine: Engine, notice_id: int, when: str) -> None:
    with transaction(engine) as connection:
        values = {"state": "sent", "settled_at": at(MONDAY + when)}
        connection.execute(update(NOTICES).where(NOTICES.c.id == notice_id).values(values))
