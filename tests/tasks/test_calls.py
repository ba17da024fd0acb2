"""A call starts once, calls each person with one message, climbs from silence to silence, and ends with a human."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from models.call import How
from models.duty import DutyAssignment, DutyRoster, DutyShift
from models.flood_warning import Severity
from models.refusal import Refusal
from models.tables import table_of
from tasks.call_answers import Answered
from tasks.call_rows import CALLS
from tasks.call_telling import NOTICES
from tasks.calls import Started, end_call
from tasks.database import reading, transaction
from tasks.flood_events import broken_stream, read_events
from tasks.signals import Signal, SignalKind, SignalOutcome, issue_signal
from tasks.warning_calls import end_calls_of_ended_warnings, go_on_with_calls
from tests.call_cities import CALL_CITY, STORM, TOWN, Callers, callers, end_warning_row, raise_warning_row
from tests.notice_rows import notices_of_kind
from tests.season_cities import SEASON_CITY
from tests.stored_cases import rows_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(engine: Engine) -> Callers:
    return callers(engine)


@pytest.fixture
def one(sqlite_engine: Engine) -> Callers:
    """The same on SQLite alone."""
    found = callers(sqlite_engine)
    on_duty(sqlite_engine, leader="flood-leader-2", officer="flood-officer-3")
    return found


def on_duty(engine: Engine, **places: str) -> None:
    """A published shift of that day."""
    shifts, starts = table_of(DutyShift), STORM.replace(hour=8)
    with transaction(engine) as connection:
        roster = {"id": 1, "code": "ZB", "first_day": STORM.date(), "last_day": STORM.date(), "state": "published",
                  "made_by": "admin", "made_at": STORM, "solver": "plain", "quality": "{}"}  # fmt: skip
        connection.execute(insert(table_of(DutyRoster)).values(roster))
        shift = {"id": 1, "roster_id": 1, "code": "2021-07-20T08:00", "starts_at": starts, "published": True,
                 "ends_at": starts + timedelta(days=1), "night": True, "holiday": False, "state": "open"}  # fmt: skip
        connection.execute(insert(shifts).values(shift))
        rows = [{"shift_id": 1, "place": place, "post": post, "rung": 0} for place, post in places.items()]
        connection.execute(insert(table_of(DutyAssignment)), rows)


def told(callers: Callers, kind: str = "call") -> list[str]:
    return [row["recipient"] for row in notices_of_kind(callers.engine, kind)]


def test_a_persons_chains_come_as_one_message_and_one_answer_is_enough(town: Callers) -> None:
    number = town.started(TOWN)
    assert number == "JY20210720-001"
    assert sorted(told(town)) == ["res-admin", "res-patrol", "res-tech", "town-person", "village-person"]
    (message,) = [row for row in notices_of_kind(town.engine, "call") if row["recipient"] == "village-person"]
    facts = json.loads(message["facts"])
    assert [(line["place"], line["duty"]) for line in facts["call_places"]] == [
        ("乙水库", "patrol"),
        ("梨河镇", "village"),
    ]
    assert (message["priority"], message["subject"]) == ("emergency", f"flood:{number}")
    assert town.answers(number, "village-person", STORM + MINUTE) == Answered(2)
    assert town.states(number)[f"{TOWN} village-person"] == "answered"
    assert town.states(number)[f"{TOWN} group-person"] == "waiting"


def test_silence_climbs_to_the_next_and_the_duty_leader_until_a_human_answers(town: Callers) -> None:
    on_duty(town.engine, leader="flood-leader-2", officer="flood-officer-3")
    number = town.started(TOWN)
    for post in ("res-admin", "res-tech", "res-patrol"):
        town.answers(number, post, STORM + MINUTE)
    assert town.climbs(STORM + 4 * MINUTE).silent == 0
    assert town.climbs(STORM + 5 * MINUTE).silent == 2
    before = town.everything()
    assert town.climbs(STORM + 5 * MINUTE).silent == 0
    assert town.everything() == before
    assert told(town, "call_silent") == ["flood-leader-2"]
    assert town.states(number)[f"{TOWN} town-person"] == "passed_on"
    assert town.states(number)["reservoir-b village-person"] == "unreached"
    assert told(town).count("village-person") == 2, "called anew, because now it is their turn in the town's chain"
    answered = town.answers(number, "flood-leader-2", STORM + 7 * MINUTE)
    assert answered == Answered(2, over=True)
    call = town.call(number)
    assert (call.ended_why, call.ended_at) == ("answered", STORM + 7 * MINUTE)
    assert town.climbs(STORM + 60 * MINUTE).silent == 0
    late = town.answers(number, "town-person", STORM + 60 * MINUTE)
    assert late == Answered(1), "who was silent may still say that they are awake now"
    with reading(town.engine) as connection:
        assert broken_stream(connection) is None
        kinds = [event.kind for event in read_events(connection, f"call:{number}")]
    assert kinds[:2] == ["call_started", "told"]
    assert kinds.count("answered") == 5
    assert kinds[-1] == "answered"


def test_a_call_that_nobody_answers_is_told_to_the_duty_leader_again_and_again(one: Callers) -> None:
    number = one.started(TOWN)
    for minute in range(0, 61, 1):
        one.climbs(STORM + minute * MINUTE)
    states = set(one.states(number).values())
    assert states == {"unreached", "told"}
    assert [row.state for row in one.targets(number) if row.duty not in ("duty_leader", "leader")] == ["unreached"] * 9
    assert told(one, "call_silent").count("flood-leader-2") >= 10
    assert told(one, "call_silent").count("leader") >= 1
    assert one.call(number).ended_at is None


@pytest.mark.parametrize(
    ("by", "subject", "reason", "code"),
    [
        ("nobody", TOWN, "水", "unknown_post"),
        ("lihe-liaison", TOWN, "水", "may_not_start_call"),
        ("flood-officer-1", "reservoir-z", "水", "unknown_place"),
        ("flood-officer-1", TOWN, " ", "call_without_reason"),
    ],
)
def test_a_call_by_hand_needs_somebody_who_may_a_place_and_a_reason(
    one: Callers, by: str, subject: str, reason: str, code: str
) -> None:
    found = one.starts(subject, by=by, reason=reason)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert one.everything() == []


def test_the_same_key_starts_one_call_and_a_second_for_the_place_is_refused(one: Callers) -> None:
    first = one.starts(TOWN, key="k")
    assert isinstance(first, Started)
    assert one.starts(TOWN, STORM + MINUTE, key="k") == Started(first.number, False, first.called, already=True)
    assert one.starts(TOWN, key="other") == Refusal("call_runs", {"number": first.number})
    assert len(told(one)) == 5


def test_a_warning_is_called_for_once_and_its_end_ends_the_call(town: Callers) -> None:
    raise_warning_row(town.engine)
    raise_warning_row(town.engine, "YJ20210720-002", calls=False)
    (started,) = town.warned()
    assert town.warned(STORM + MINUTE) == ()
    assert town.call(started.number).warning == "YJ20210720-001"
    assert "reservoir-a res-tech" in town.states(started.number)
    assert f"{TOWN} town-person" in town.states(started.number), "those of the area the reservoir lies in, too"
    assert "reservoir-b res-tech" not in town.states(started.number)
    end_warning_row(town.engine, "YJ20210720-001", STORM + MINUTE)
    with transaction(town.engine) as connection:
        recording = town.recording(STORM + 2 * MINUTE)
        assert end_calls_of_ended_warnings(connection, town.city, recording) == (started.number,)
        assert end_calls_of_ended_warnings(connection, town.city, recording) == ()
    assert sorted(told(town, "call_ended")) == ["res-admin", "res-patrol", "res-tech", "town-person"]
    waiting = [row["state"] for row in notices_of_kind(town.engine, "call")]
    assert set(waiting) == {"cancelled"}, "what was not sent yet calls nobody any more"
    found = town.answers(started.number, "res-tech", STORM + 3 * MINUTE)
    assert isinstance(found, Refusal)
    assert found.code == "call_over"


def test_a_red_signal_for_the_county_calls_every_chain_in_it(one: Callers) -> None:
    signal: dict[str, Any] = {"source": "signal", "severity": "red", "station": None, "area": "410184"}
    raise_warning_row(one.engine, **signal)
    (started,) = one.warned()
    assert started.called == 9


def test_a_place_nobody_answers_for_calls_the_duty_leader(one: Callers) -> None:
    raise_warning_row(one.engine, station="river-x", area="410184")
    (started,) = one.warned()
    assert [(row.chain, row.post, row.state) for row in one.targets(started.number)] == [
        ("none", "flood-leader-2", "told")
    ]
    assert told(one) == ["flood-leader-2"]


def test_without_a_roster_everybody_who_may_lead_hears_of_a_silence(sqlite_engine: Engine) -> None:
    city = callers(sqlite_engine)
    city.started()
    city.climbs(STORM + 5 * MINUTE)
    assert sorted(set(told(city, "call_silent"))) == [f"flood-leader-{n}" for n in range(1, 5)]


def test_whom_no_channel_reaches_is_not_waited_for(one: Callers) -> None:
    number = one.started()
    with transaction(one.engine) as connection:
        gone = update(NOTICES).where(NOTICES.c.recipient == "res-tech", NOTICES.c.kind == "call")
        connection.execute(gone.values(state="failed"))
    assert one.climbs(STORM + MINUTE).silent == 1
    assert told(one, "call_silent") == ["flood-leader-2"]
    assert one.climbs(STORM + 2 * MINUTE).silent == 0
    assert one.states(number)["reservoir-a res-patrol"] == "told"


def test_a_deputy_is_called_and_answers_for_whoever_is_away(sqlite_engine: Engine) -> None:
    posts = CALL_CITY["posts.csv"].replace(
        "res-tech,责任人res-tech,lihe,responsible_person,,,",
        "res-tech,责任人res-tech,lihe,responsible_person,,res-patrol,",
    )
    leave = CALL_CITY["leave.csv"] + "res-tech,2021-07-20,2021-07-21\n"
    city = callers(sqlite_engine, {**CALL_CITY, "posts.csv": posts, "leave.csv": leave})
    number = city.started()
    assert sorted(told(city)) == ["res-admin", "res-patrol", "town-person"]
    (message,) = [row for row in notices_of_kind(sqlite_engine, "call") if row["recipient"] == "res-patrol"]
    lines = json.loads(message["facts"])["call_places"]
    assert [(line["duty"], line["instead_of"]) for line in lines] == [("technical", "责任人res-tech"), ("patrol", None)]
    assert city.answers(number, "res-patrol", STORM) == Answered(2)


def test_only_the_duty_room_records_an_answer_by_voice_and_never_its_own(one: Callers) -> None:
    number = one.started()
    for by, code in (("res-patrol", "may_not_record_answer"), ("nobody", "unknown_post")):
        found = one.answers(number, "res-tech", STORM, How.VOICE, by)
        assert isinstance(found, Refusal)
        assert found.code == code
    assert one.answers(number, "res-tech", STORM + MINUTE, How.VOICE, "flood-officer-3") == Answered(1)
    (row,) = [row for row in one.targets(number) if row.post == "res-tech"]
    assert (row.how, row.answered_by, row.recorded_by) == ("voice", "res-tech", "flood-officer-3")
    again = one.answers(number, "res-tech", STORM + 2 * MINUTE)
    assert again == Answered(0, "res-tech", STORM + MINUTE, "voice")
    assert one.answers(number, "leader", STORM) == Refusal("not_called", {"post": "leader", "number": number})


def test_an_answer_stops_what_still_waits_to_be_sent(one: Callers) -> None:
    number = one.started()
    one.answers(number, "res-tech", STORM)
    states = {row["recipient"]: row["state"] for row in notices_of_kind(one.engine, "call")}
    assert states["res-tech"] == "acknowledged"
    assert states["res-admin"] == "waiting"


def test_the_duty_room_is_told_and_ends_a_call_by_hand(one: Callers) -> None:
    number = one.started()
    assert told(one, "call_begun") == ["flood-leader-2", "flood-officer-3"]
    with transaction(one.engine) as connection:
        recording = one.recording(STORM + MINUTE)
        assert isinstance(end_call(connection, one.city, number, "res-tech", recording), Refusal)
        assert end_call(connection, one.city, number, "flood-officer-1", recording) is True
        assert end_call(connection, one.city, number, "flood-officer-1", recording) is False
    assert one.call(number).ended_by == "flood-officer-1"


def test_a_drill_has_its_own_numbers_and_touches_no_real_call(one: Callers) -> None:
    real, drill = one.started(TOWN), one.started(TOWN, drill=True)
    assert (real, drill) == ("JY20210720-001", "YLJ20210720-001")
    real_rows = [row for row in one.targets(real)]
    for post in ("res-admin", "res-tech", "res-patrol", "village-person"):
        one.answers(drill, post, STORM + MINUTE)
    assert one.call(drill).ended_why == "answered"
    assert [row for row in one.targets(real)] == real_rows
    assert one.call(real).ended_at is None
    raise_warning_row(one.engine, "YL20210720-001", drill=True)
    (started,) = one.warned(STORM + 2 * MINUTE)
    assert started.drill
    drills = [row["facts"] for row in notices_of_kind(one.engine, "call") if f'"{real}"' not in row["facts"]]
    assert all(json.loads(facts)["drill"] is True for facts in drills)
    assert len(rows_of(one.engine, select(table_of(DutyShift)))) == 1


def test_people_who_answer_at_the_same_moment_all_count_once(town: Callers) -> None:
    number = town.started(TOWN)
    posts = ["res-admin", "res-tech", "res-patrol", "town-person", "village-person"] * 4
    with ThreadPoolExecutor(10) as people:
        answers = list(people.map(lambda post: town.answers(number, post, STORM + MINUTE), posts))
    assert sum(one.places > 0 for one in answers if isinstance(one, Answered)) == 5
    assert sum(isinstance(one, Answered) and one.over for one in answers) == 1
    with reading(town.engine) as connection:
        assert broken_stream(connection) is None
        events = read_events(connection, f"call:{number}")
    assert [event.kind for event in events].count("answered") == 5


def test_two_who_start_the_same_at_once_start_one(town: Callers) -> None:
    raise_warning_row(town.engine)
    with ThreadPoolExecutor(8) as people:
        found = list(people.map(lambda n: town.warned() if n % 2 else town.starts(TOWN, key="same"), range(8)))
    assert sum(len(one) for one in found if isinstance(one, tuple)) == 1
    by_hand = [one for one in found if isinstance(one, Started)]
    assert len(by_hand) == 4
    assert len({one.number for one in by_hand}) == 1
    assert sum(not one.already for one in by_hand) == 1


@pytest.mark.parametrize(
    ("colour", "numbers", "why"),
    [("red", ["JY20210720-001", "JY20210720-002"], "replaced"), ("orange", ["JY20210720-001"], None)],
)
def test_a_signal_that_is_raised_calls_anew_and_one_that_is_lowered_wakes_nobody_again(
    one: Callers, colour: str, numbers: list[str], why: str | None
) -> None:
    first, second = ("orange", "red") if colour == "red" else ("red", "orange")
    signal: dict[str, Any] = {
        "source": "signal",
        "station": None,
        "area": "410184",
        "subject": "signal:rainstorm:410184",
    }
    raise_warning_row(one.engine, "YJ20210720-001", severity=first, **signal)
    one.warned()
    end_warning_row(one.engine, "YJ20210720-001", STORM + MINUTE)
    former = json.dumps({"former": "YJ20210720-001"})
    raise_warning_row(one.engine, "YJ20210720-002", STORM + MINUTE, severity=second, evidence=former, **signal)
    with transaction(one.engine) as connection:
        recording = one.recording(STORM + MINUTE)
        go_on_with_calls(connection, one.city, recording)
        assert end_calls_of_ended_warnings(connection, one.city, recording) == ()
    one.warned(STORM + MINUTE)
    one.warned(STORM + 2 * MINUTE)
    with reading(one.engine) as connection:
        assert [row.number for row in connection.execute(select(CALLS).order_by(CALLS.c.id))] == numbers
    assert one.call(numbers[0]).ended_why == why
    assert told(one, "call_ended") == [], "nobody hears that it is over while it is not"
    end_warning_row(one.engine, "YJ20210720-002", STORM + 3 * MINUTE)
    with transaction(one.engine) as connection:
        ended = end_calls_of_ended_warnings(connection, one.city, one.recording(STORM + 3 * MINUTE))
    assert ended == (numbers[-1],)


def test_a_red_signal_calls_people_in_the_transaction_that_enters_it(sqlite_engine: Engine) -> None:
    season = callers(sqlite_engine, SEASON_CITY)
    last: list[SignalOutcome] = []
    for colour, numbers in ((Severity.YELLOW, 0), (Severity.RED, 1), (Severity.ORANGE, 1)):
        signal = Signal(SignalKind.RAINSTORM, colour, ("410184",), STORM, "")
        with transaction(sqlite_engine) as connection:
            done = issue_signal(connection, season.city, signal, season.recording(STORM), "flood-officer-1")
        assert not isinstance(done, Refusal)
        last = done
        with reading(sqlite_engine) as connection:
            found = connection.execute(select(CALLS)).all()
        assert len(found) == numbers, colour
    (call,) = found
    assert (call.severity, call.ended_at) == ("red", None), "it goes on for the orange signal"
    assert call.warning == last[0].warning.number
