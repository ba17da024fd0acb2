"""The watch as a whole: no place of any shift ends without a person or a recorded vacancy; two at once count once."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine, select

from models.refusal import Refusal
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_handover import accept_handover, confirm_handover
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import SHIFTS, shift_on
from tasks.duty_sign_in import SignedIn, sign_in, sign_in_instead
from tasks.duty_watch import Watched, watch_duty
from tasks.flood_events import EVENTS
from tasks.own_duty import read_own_duty
from tasks.spot_check_answers import answer_spot_check
from tests.cities import a_small_city
from tests.duty_rows import FIRST, SECOND, acting, by_rule, stand, write_shifts
from tests.flood_cities import CADRES, LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at, rows_of

CITY = a_flood_city()
START = at("2021-07-20 08:00")
KEY = b"k" * 32
PEOPLE = (*LEADERS, *CADRES, *OFFICERS)


def visits(engine: Engine, now: datetime) -> Watched:
    return watch_duty(engine, CITY, KEY, by_rule(now, CITY))


def somebody_acts(engine: Engine, post: str, now: datetime) -> None:
    """A person opens their page and does everything that is asked of them."""
    who = acting(CITY, post, now)
    with transaction(engine) as connection:
        asked = read_own_duty(connection, CITY, post, now)
        for one in asked.to_sign_in:
            take = sign_in_instead if one.instead else sign_in
            assert isinstance(take(connection, who, one.shift.code, one.stand.place), SignedIn)
        for check in asked.checks:
            answer_spot_check(connection, who, check.code, "在岗")
        for handover in asked.to_confirm:
            assert not isinstance(confirm_handover(connection, who, handover.outgoing.code, "无"), Refusal)
        for handover in asked.to_accept:
            accept_handover(connection, who, handover.outgoing.code)


@pytest.mark.parametrize("seed", range(2))
def test_whoever_comes_or_stays_away_no_place_ends_without_a_person_or_a_recorded_vacancy(
    sqlite_engine: Engine, seed: int
) -> None:
    chance = Random(seed)
    codes = write_shifts(sqlite_engine, START, (FIRST, SECOND))
    now = START - timedelta(hours=10)
    while now < START + timedelta(days=2, hours=1):
        # The engine is away now and then, people look at their pages when they like.
        if chance.random() < 0.8:
            hand_over_shifts(sqlite_engine, CITY, by_rule(now, CITY))
            visits(sqlite_engine, now)
            assert visits(sqlite_engine, now).happened == ()
        for post in chance.sample(PEOPLE, 2):
            somebody_acts(sqlite_engine, post, now)
        now += timedelta(minutes=chance.choice((11, 47, 95)))
    hand_over_shifts(sqlite_engine, CITY, by_rule(now, CITY))
    assert [row.state for row in rows_of(sqlite_engine, select(SHIFTS.c.state))] == ["closed"] * 2
    for code in codes:
        for place in FIRST:
            row = stand(sqlite_engine, code, place)
            assert row.signed_in_at or row.vacant_at, (code, place)
    assert verify_all(sqlite_engine).intact


def test_two_who_sign_in_at_once_are_one_and_a_refusal_that_names_the_first(engine: Engine) -> None:
    (code, _) = write_shifts(engine, START)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    visits(engine, START + timedelta(minutes=15))
    together, found = threading.Barrier(2), []

    def comes(post: str) -> None:
        who = acting(CITY, post, START + timedelta(minutes=16))
        together.wait()
        with transaction(engine) as connection:
            take = sign_in if post == OFFICERS[0] else sign_in_instead
            found.append(take(connection, who, code, "officer"))

    threads = [threading.Thread(target=comes, args=(post,)) for post in (OFFICERS[0], OFFICERS[2])]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    kinds = Counter(type(one).__name__ for one in found)
    assert kinds == {"SignedIn": 1, "Refusal": 1}
    refusal = next(one for one in found if isinstance(one, Refusal))
    assert refusal.facts["post"] == stand(engine, code, "officer").signed_in_by
    signed = EVENTS.c.kind.in_(["signed_in", "signed_in_instead"])
    assert len(rows_of(engine, select(EVENTS).where(signed))) == 1
    assert verify_all(engine).intact


def test_a_city_without_a_duty_room_is_not_watched(sqlite_engine: Engine) -> None:
    assert watch_duty(sqlite_engine, a_small_city(), KEY, by_rule(START, CITY)) == Watched((), 0)
    with reading(sqlite_engine) as connection:
        assert shift_on(connection, CITY, START) is None
