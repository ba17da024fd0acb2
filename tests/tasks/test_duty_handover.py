"""Two sides sign a handover: one confirms the record, the other accepts it; else it climbs and stays to be seen."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from models.refusal import Refusal
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_handover import accept_handover, confirm_handover
from tasks.duty_handover_ladder import climb_handovers
from tasks.duty_shift import hand_over_shifts
from tasks.duty_sign_in import sign_in
from tasks.flood_events import read_events
from tasks.handovers import Handover, last_handovers, open_handovers
from tasks.subject_notices import NOTICES
from tests.duty_rows import FIRST, SECOND, acting, by_rule, write_shifts
from tests.flood_cities import LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at, rows_of

CITY = a_flood_city()
START = at("2021-07-20 08:00")
END = START + timedelta(days=1)
OUT, IN = "2021-07-20T08:00", "2021-07-21T08:00"


@pytest.fixture
def handed(engine: Engine) -> Engine:
    """A handover that waits for both sides; everybody has signed in."""
    write_shifts(engine, START)
    for moment, code, people in ((START, OUT, FIRST), (END, IN, SECOND)):
        hand_over_shifts(engine, CITY, by_rule(moment, CITY))
        with transaction(engine) as connection:
            for place, post in people.items():
                sign_in(connection, acting(CITY, post, moment), code, place)
    return engine


def after(minutes: int) -> datetime:
    return END + timedelta(minutes=minutes)


def confirms(engine: Engine, post: str, minutes: int, words: str = "沂水河段仍在巡查") -> Handover | Refusal:
    with transaction(engine) as connection:
        return confirm_handover(connection, acting(CITY, post, after(minutes)), OUT, words)


def accepts(engine: Engine, post: str, minutes: int) -> Handover | Refusal:
    with transaction(engine) as connection:
        return accept_handover(connection, acting(CITY, post, after(minutes)), OUT)


def climbs(engine: Engine, minutes: int) -> list[tuple[str, str]]:
    with transaction(engine) as connection:
        done = climb_handovers(connection, CITY, by_rule(after(minutes), CITY))
    return [(one.kind, one.facts["side"]) for one in done]


def code_of(found: Handover | Refusal) -> str:
    assert isinstance(found, Refusal)
    return found.code


def told(engine: Engine) -> list[tuple[str, str]]:
    kinds = NOTICES.c.kind.in_(["duty_handover", "duty_handover_late"])
    return [(row.kind, row.recipient) for row in rows_of(engine, select(NOTICES).where(kinds).order_by(NOTICES.c.id))]


def test_both_sides_sign_and_the_words_are_kept(handed: Engine) -> None:
    confirmed = confirms(handed, OFFICERS[0], 5)
    assert isinstance(confirmed, Handover)
    assert (confirmed.words, confirmed.confirmed_by, confirmed.done) == ("沂水河段仍在巡查", OFFICERS[0], False)
    accepted = accepts(handed, OFFICERS[1], 8)
    assert isinstance(accepted, Handover)
    assert (accepted.accepted_by, accepted.done, accepted.climbs_at) == (OFFICERS[1], True, None)
    assert told(handed) == [("duty_handover", OFFICERS[0]), ("duty_handover", OFFICERS[1])]
    with reading(handed) as connection:
        kinds = [event.kind for event in read_events(connection, f"shift:{OUT}")]
        assert open_handovers(connection, CITY, [accepted.outgoing.id]) == []
    assert kinds[-4:] == ["shift_closed", "handover_opened", "handover_confirmed", "handover_accepted"]
    assert climbs(handed, 90) == []
    assert verify_all(handed).intact


def test_a_second_signature_of_a_side_is_told_who_was_first_and_when(handed: Engine) -> None:
    confirms(handed, OFFICERS[0], 5)
    again = confirms(handed, FIRST["cadre"], 6)
    assert isinstance(again, Refusal)
    assert (again.code, again.facts) == ("duty_handover_confirmed", {"post": OFFICERS[0], "at": after(5)})
    accepts(handed, OFFICERS[1], 8)
    again = accepts(handed, SECOND["leader"], 9)
    assert isinstance(again, Refusal)
    assert (again.code, again.facts) == ("duty_handover_accepted", {"post": OFFICERS[1], "at": after(8)})


def test_each_side_signs_only_its_own_part(handed: Engine) -> None:
    assert code_of(confirms(handed, OFFICERS[1], 5)) == "duty_not_of_outgoing"
    assert code_of(accepts(handed, OFFICERS[0], 5)) == "duty_not_of_incoming"
    assert code_of(accepts(handed, OFFICERS[1], 5)) == "duty_handover_unconfirmed"
    with transaction(handed) as connection:
        none = confirm_handover(connection, acting(CITY, OFFICERS[1], END), IN, "")
    assert code_of(none) == "duty_no_handover"


def test_not_accepted_in_time_it_climbs_and_stays_open_until_it_is(handed: Engine) -> None:
    confirms(handed, OFFICERS[0], 5)
    seen = []
    for minutes in (29, 30, 44, 45, 300):
        seen += climbs(handed, minutes)
        assert climbs(handed, minutes) == []
    assert seen == [
        ("handover_climbed", "incoming"),
        ("handover_climbed", "incoming"),
        ("handover_unaccepted", "incoming"),
    ]
    assert told(handed)[2:] == [("duty_handover", OFFICERS[1]), ("duty_handover_late", LEADERS[1])]
    with reading(handed) as connection:
        (still,) = open_handovers(connection, CITY, [last_handovers(connection, CITY)[0].outgoing.id])
    assert not still.done
    assert isinstance(accepts(handed, OFFICERS[1], 400), Handover)


def test_a_record_nobody_confirms_is_accepted_as_it_is_once_its_time_is_over(handed: Engine) -> None:
    assert climbs(handed, 30) == [("handover_climbed", "outgoing")]
    assert isinstance(accepts(handed, OFFICERS[1], 31), Handover)
    with reading(handed) as connection:
        last = read_events(connection, f"shift:{OUT}")[-1]
    assert (last.facts["unconfirmed"], last.facts["late"]) == (True, True)
    assert code_of(confirms(handed, OFFICERS[0], 40)) == "duty_handover_accepted"


def test_at_the_end_of_the_season_the_outgoing_side_alone_signs(engine: Engine) -> None:
    write_shifts(engine, START, (FIRST,))
    for moment in (START, END):
        hand_over_shifts(engine, CITY, by_rule(moment, CITY))
    confirmed = confirms(engine, OFFICERS[0], 5)
    assert isinstance(confirmed, Handover)
    assert (confirmed.done, confirmed.climbs_at) == (True, None)


def test_whoever_stands_in_both_shifts_does_not_accept_from_themselves(engine: Engine) -> None:
    write_shifts(engine, START, (FIRST, {**SECOND, "officer": OFFICERS[0]}))
    for moment, code in ((START, OUT), (END, IN)):
        hand_over_shifts(engine, CITY, by_rule(moment, CITY))
        with transaction(engine) as connection:
            sign_in(connection, acting(CITY, OFFICERS[0], moment), code, "officer")
    confirms(engine, OFFICERS[0], 5)
    assert code_of(accepts(engine, OFFICERS[0], 6)) == "duty_handover_needs_two"
