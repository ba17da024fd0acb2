"""Nobody signs in: again on the next channel, the backup, the leader, then the place is vacant; each step once."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select

from models.notice import Attempt
from models.refusal import Refusal
from models.tables import table_of
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_absence import climb_absences
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import shift_coded
from tasks.duty_sign_in import SignedIn, called_backups, sign_in, sign_in_instead
from tasks.flood_events import read_events
from tasks.subject_notices import NOTICES
from tests.duty_rows import FIRST, SECOND, acting, by_rule, stand, write_shifts
from tests.flood_cities import CADRES, FLOOD_CITY, LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at, rows_of

CITY = a_flood_city()
START = at("2021-07-20 08:00")
CODE = "2021-07-20T08:00"


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture
def opened(engine: Engine) -> Engine:
    """Two shifts, of which the first has begun; leader and cadre have signed in."""
    write_shifts(engine, START)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    for place in ("leader", "cadre"):
        assert isinstance(signs_in(engine, FIRST[place], place, 1), SignedIn)
    return engine


def signs_in(engine: Engine, post: str, place: str, minutes: int) -> SignedIn | Refusal:
    with transaction(engine) as connection:
        return sign_in(connection, acting(CITY, post, after(minutes)), CODE, place)


def stands_in(engine: Engine, post: str, minutes: int) -> SignedIn | Refusal:
    with transaction(engine) as connection:
        return sign_in_instead(connection, acting(CITY, post, after(minutes)), CODE, "officer")


def watches(engine: Engine, minutes: int) -> list[str]:
    with transaction(engine) as connection:
        return [one.kind for one in climb_absences(connection, CITY, by_rule(after(minutes), CITY))]


def told(engine: Engine, *kinds: str) -> list[tuple[str, str]]:
    rows = rows_of(engine, select(NOTICES).where(NOTICES.c.kind.in_(kinds)).order_by(NOTICES.c.id))
    return [(row.kind, row.recipient) for row in rows if row.created_at > START]


def test_it_climbs_step_by_step_and_twice_at_one_moment_changes_nothing(opened: Engine) -> None:
    seen = []
    for minutes in (9, 10, 12, 15, 20, 25, 30, 45, 300):
        seen += watches(opened, minutes)
        assert watches(opened, minutes) == []
    assert seen == ["sign_in_asked_again", "backup_called", "absence_reported", "recorded_vacant"]
    assert told(opened, "duty_sign_in", "duty_silent", "duty_vacant") == [
        ("duty_sign_in", OFFICERS[0]),
        ("duty_silent", OFFICERS[2]),
        ("duty_silent", LEADERS[0]),
        ("duty_vacant", LEADERS[0]),
        ("duty_vacant", "leader"),
    ]
    assert stand(opened, CODE, "officer").vacant_at == after(30)
    assert verify_all(opened).intact


def test_the_backup_is_who_is_next_in_the_pool_and_has_rested(opened: Engine) -> None:
    """The second officer stands in tomorrow's shift, so the third is called."""
    watches(opened, 16)
    with reading(opened) as connection:
        shift = shift_coded(connection, CITY, CODE)
        assert shift
        assert called_backups(connection, shift) == {"officer": (OFFICERS[2],)}


def test_after_an_outage_of_an_hour_nobody_is_called_absent_before_they_were_asked_again(opened: Engine) -> None:
    assert [watches(opened, minutes) for minutes in (70, 71, 75, 80)] == [
        ["sign_in_asked_again"],
        [],
        ["backup_called"],
        ["absence_reported"],
    ]
    assert stand(opened, CODE, "officer").vacant_at is None
    assert isinstance(signs_in(opened, OFFICERS[0], "officer", 81), SignedIn)
    assert watches(opened, 300) == []


def test_signing_in_ends_the_ladder(opened: Engine) -> None:
    watches(opened, 10)
    assert signs_in(opened, OFFICERS[0], "officer", 11) == SignedIn(CODE, "officer", OFFICERS[0], after(11))
    assert watches(opened, 60) == []


def test_the_called_backup_signs_in_instead_and_nobody_else_may(opened: Engine) -> None:
    refused = stands_in(opened, OFFICERS[2], 14)
    assert isinstance(refused, Refusal)
    assert refused.code == "duty_not_called"
    watches(opened, 15)
    assert stands_in(opened, OFFICERS[2], 16) == SignedIn(CODE, "officer", OFFICERS[2], after(16), OFFICERS[0])
    late = signs_in(opened, OFFICERS[0], "officer", 17)
    assert isinstance(late, Refusal)
    assert (late.code, late.facts) == ("duty_signed_in_already", {"post": OFFICERS[2], "at": after(16)})
    assert watches(opened, 60) == []


def test_who_comes_after_the_vacancy_signs_in_and_the_vacancy_stays_on_record(opened: Engine) -> None:
    for minutes in (20, 31):
        watches(opened, minutes)
    assert isinstance(signs_in(opened, OFFICERS[0], "officer", 50), SignedIn)
    row = stand(opened, CODE, "officer")
    assert (row.vacant_at, row.signed_in_at) == (after(31), after(50))
    with reading(opened) as connection:
        last = read_events(connection, f"shift:{CODE}")[-1]
    assert (last.kind, last.facts["was_vacant"], last.facts["late_seconds"]) == ("signed_in", True, 40 * 60)


def test_asked_again_on_another_channel_than_the_one_that_brought_the_first_message(engine: Engine) -> None:
    contacts = FLOOD_CITY["contact_points.csv"] + f"{OFFICERS[0]},2,email,env:MAIL\n"
    city = a_flood_city({**FLOOD_CITY, "contact_points.csv": contacts})
    write_shifts(engine, START)
    hand_over_shifts(engine, city, by_rule(START, city))
    mine = (NOTICES.c.kind == "duty_sign_in") & (NOTICES.c.recipient == OFFICERS[0])
    (first,) = rows_of(engine, select(NOTICES).where(mine))
    attempt = {"notice_id": first.id, "contact_order": 1, "channel": "demo", "started_at": START, "ok": True}
    with transaction(engine) as connection:
        connection.execute(insert(table_of(Attempt)).values(attempt | {"outcome": "200"}))
        climb_absences(connection, city, by_rule(after(10), city))
    _, again = rows_of(engine, select(NOTICES).where(mine).order_by(NOTICES.c.id))
    assert (again.channel, json.loads(again.facts)["climbs_to"]) == ("email", "again")


def test_a_gap_nobody_is_rostered_for_calls_the_backup_at_once(engine: Engine) -> None:
    write_shifts(engine, START, ({**FIRST, "officer": None}, SECOND))
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    assert watches(engine, 5) == ["sign_in_asked_again", "backup_called"]
    assert stands_in(engine, OFFICERS[0], 6) == SignedIn(CODE, "officer", OFFICERS[0], after(6))


def test_of_a_leaders_own_silence_hears_who_stands_above(engine: Engine) -> None:
    write_shifts(engine, START)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    for place in ("cadre", "officer"):
        signs_in(engine, FIRST[place], place, 1)
    watches(engine, 20)
    reports = told(engine, "duty_silent")
    assert ("duty_silent", LEADERS[0]) not in reports
    assert ("duty_silent", "leader") in reports


@pytest.mark.parametrize(
    ("post", "place", "minutes", "code"),
    [
        (OFFICERS[1], "officer", 5, "duty_not_your_place"),
        (CADRES[0], "officer", 5, "duty_not_your_place"),
        (OFFICERS[0], "officer", -61, "duty_too_early"),
        (OFFICERS[0], "officer", 24 * 60, "duty_shift_over"),
        (OFFICERS[0], "nowhere", 5, "duty_no_shift"),
    ],
)
def test_who_may_not_sign_in_is_told_why(opened: Engine, post: str, place: str, minutes: int, code: str) -> None:
    refused = signs_in(opened, post, place, minutes)
    assert isinstance(refused, Refusal)
    assert refused.code == code
