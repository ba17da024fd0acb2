"""A day of spot checks: sealed before, asked by the seed, answered or missed, revealed, proved; caught when not."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, select, text, update

from models.chain import canonical
from models.duty import CheckState
from models.flood_event import Happened
from models.refusal import Refusal
from models.spot_checks import PlannedCheck, day_seed
from tasks.audit import verify_all
from tasks.database import reading, transaction
from tasks.duty_shift import hand_over_shifts
from tasks.duty_sign_in import sign_in
from tasks.flood_events import EVENTS, read_events, record_events
from tasks.spot_check_answers import Check, answer_spot_check, checks_of
from tasks.spot_check_days import seal_of
from tasks.spot_check_proof import DayProof, prove_day
from tasks.spot_check_results import CheckCounts, counts_by_post, counts_by_unit
from tasks.spot_checks import CHECKS, planned_of, watch_spot_checks
from tasks.subject_notices import NOTICES
from tests.duty_rows import FIRST, SECOND, acting, by_rule, write_shifts
from tests.flood_cities import DUTY_YAML, FLOOD_CITY, a_flood_city
from tests.stored_cases import at, rows_of
from tests.tasks.test_audit import past_the_triggers

KEY = b"k" * 32
RULE_LINE = "spot_checks: {least: 1, most: 3, answer_within: 3 minute}"
CITY = a_flood_city(
    {**FLOOD_CITY, "duty.yaml": DUTY_YAML.replace(RULE_LINE, RULE_LINE.replace("least: 1", "least: 3"))}
)
"""Three checks a day."""
DAY = date(2021, 7, 20)
EVE, MIDNIGHT = at("2021-07-19 12:00"), at("2021-07-20 00:00")
PEOPLE = (FIRST, SECOND, FIRST)

Facts = Sequence[dict[str, Any]]


@pytest.fixture
def rostered(engine: Engine) -> Engine:
    """Three shifts from the day before on, the first of which is open."""
    write_shifts(engine, at("2021-07-19 08:00"), PEOPLE)
    hand_over_shifts(engine, CITY, by_rule(at("2021-07-19 08:00"), CITY))
    return engine


def watches(engine: Engine, now: datetime, key: bytes = KEY) -> list[str]:
    with transaction(engine) as connection:
        return [one.kind for one in watch_spot_checks(connection, CITY, key, by_rule(now, CITY))]


def planned(engine: Engine) -> tuple[PlannedCheck, ...]:
    """What nobody should know before the day is over."""
    with reading(engine) as connection:
        seal = seal_of(connection, CITY, DAY)
    assert seal
    return planned_of(day_seed(KEY, CITY.code, DAY), seal, CITY)


def lives_through(engine: Engine, *, without: int = 0) -> tuple[PlannedCheck, ...]:
    """The day from its eve to the morning after, each check asked at its minute; of `without` the engine is away."""
    watches(engine, EVE)
    checks = planned(engine)
    for check in checks:
        if check.number != without:
            watches(engine, check.at + timedelta(seconds=20))
    watches(engine, MIDNIGHT + timedelta(days=1, minutes=6))
    return checks


def answers(
    engine: Engine,
    post: str,
    code: str,
    now: datetime,
    answer: str = "在岗，雨停",
    stored: list[dict[str, Any]] | None = None,
) -> Check | Refusal:
    with transaction(engine) as connection:
        return answer_spot_check(
            connection, acting(CITY, post, now), code, answer, lambda _connection, _city: stored or []
        )


def proof(engine: Engine, now: datetime = MIDNIGHT + timedelta(days=2)) -> DayProof:
    with reading(engine) as connection:
        return prove_day(connection, CITY, DAY, now)


def test_the_day_before_its_seed_is_sealed_and_nothing_of_it_is_stored(rostered: Engine) -> None:
    assert "spot_checks_sealed" in watches(rostered, EVE)
    assert watches(rostered, EVE + timedelta(minutes=1)) == []
    seed = day_seed(KEY, CITY.code, DAY).hex()
    stored = json.dumps([row.facts for row in rows_of(rostered, select(EVENTS.c.facts))])
    assert seed not in stored
    assert all(f'"planned_at":"{check.at.isoformat()}' not in stored for check in planned(rostered))


def test_a_check_is_asked_at_its_time_once_of_who_stands_there(rostered: Engine) -> None:
    watches(rostered, EVE)
    first = planned(rostered)[0]
    assert "spot_check_asked" not in watches(rostered, first.at - timedelta(seconds=1))
    assert watches(rostered, first.at) == ["spot_check_asked"]
    assert watches(rostered, first.at) == []
    (row,) = rows_of(rostered, select(CHECKS))
    stands = PEOPLE[0 if first.shift == "2021-07-19T08:00" else 1][first.place]
    assert (row.code, row.post, row.state) == ("CG20210720-1", stands, "asked")
    assert row.due_at == first.at + timedelta(minutes=3)
    (notice,) = rows_of(rostered, select(NOTICES).where(NOTICES.c.kind == "spot_check"))
    assert (notice.recipient, notice.priority) == (stands, "emergency")


def test_a_day_that_was_kept_is_proved(rostered: Engine) -> None:
    checks = lives_through(rostered)
    found = proof(rostered)
    assert found.problems == ()
    assert [one.planned_at for one in found.checks] == [check.at for check in checks]
    assert all(one.asked_at for one in found.checks)
    assert found.sealed_at == EVE
    assert verify_all(rostered).intact


def test_before_the_day_is_over_there_is_no_proof_and_no_seed(rostered: Engine) -> None:
    watches(rostered, EVE)
    found = proof(rostered, MIDNIGHT + timedelta(hours=20))
    assert (found.problems, found.seed) == (("not_over",), None)


def test_a_check_the_engine_slept_through_is_recorded_as_skipped_and_the_day_is_proved(rostered: Engine) -> None:
    lives_through(rostered, without=2)
    found = proof(rostered)
    assert found.proved
    assert [one.skipped for one in found.checks] == [None, "late", None]


def test_a_day_sealed_after_it_began_is_named_and_asks_only_what_comes_after(rostered: Engine) -> None:
    noon = MIDNIGHT + timedelta(hours=12)
    watches(rostered, noon)
    for check in planned(rostered):
        watches(rostered, max(check.at, noon))
    watches(rostered, MIDNIGHT + timedelta(days=1, minutes=6))
    found = proof(rostered)
    assert found.problems == ("sealed_late",)
    assert all((one.asked_at is not None) == (one.planned_at >= noon) for one in found.checks)


def test_under_another_key_nothing_is_asked_and_the_proof_says_so(rostered: Engine) -> None:
    watches(rostered, EVE)
    for check in planned(rostered):
        assert watches(rostered, check.at, b"x" * 32) in ([], ["spot_checks_sealed"])
    assert proof(rostered).problems == ("not_revealed",)


def test_whoever_alters_the_record_afterwards_is_found_out(rostered: Engine) -> None:
    lives_through(rostered)
    with transaction(rostered) as connection:
        connection.execute(update(CHECKS).where(CHECKS.c.number == 1).values(post="admin"))
    assert proof(rostered).problems == ("row_differs",)
    with transaction(rostered) as connection:
        connection.execute(delete(CHECKS).where(CHECKS.c.number == 1))
    assert proof(rostered).problems == ("row_differs",)
    with past_the_triggers(rostered) as connection:
        asked = EVENTS.c.kind == "spot_check_asked"
        row = connection.execute(select(EVENTS).where(asked).order_by(EVENTS.c.seq)).first()
        assert row
        moved = json.loads(row.facts) | {"planned_at": (EVE + timedelta(days=1)).isoformat()}
        connection.execute(update(EVENTS).where(EVENTS.c.id == row.id).values(facts=canonical(moved)))
    assert set(proof(rostered).problems) >= {"chain_broken", "check_differs"}


def test_an_answer_in_time_is_answered_a_later_one_is_late_none_is_missed(rostered: Engine) -> None:
    watches(rostered, EVE)
    checks = planned(rostered)
    posts = []
    for number, check in enumerate(checks, 1):
        watches(rostered, check.at)
        (row,) = rows_of(rostered, select(CHECKS).where(CHECKS.c.number == number))
        posts.append(row.post)
        if number == 1:
            answered = answers(rostered, row.post, row.code, check.at + timedelta(minutes=3))
            assert isinstance(answered, Check)
            assert answered.state is CheckState.ANSWERED
            again = answers(rostered, row.post, row.code, check.at + timedelta(minutes=4))
            assert isinstance(again, Refusal)
            assert (again.code, again.facts["at"]) == ("duty_check_answered", check.at + timedelta(minutes=3))
        if number > 1:
            assert watches(rostered, check.at + timedelta(minutes=3, seconds=1)) == ["spot_check_missed"]
        if number == 2:
            late = answers(rostered, row.post, row.code, check.at + timedelta(minutes=9))
            assert isinstance(late, Check)
            assert late.state is CheckState.LATE
    watches(rostered, MIDNIGHT + timedelta(days=1, minutes=6))
    with reading(rostered) as connection:
        counts = counts_by_post(connection, CITY, DAY, DAY)
        (unit,) = counts_by_unit(connection, CITY, DAY, DAY)
    assert unit == CheckCounts(None, "centre", 3, 1, 1, 1, 0)
    assert {one.post for one in counts} == set(posts)
    assert {row.kind for row in rows_of(rostered, select(NOTICES.c.kind))} >= {"spot_check", "spot_check_missed"}
    assert proof(rostered).proved
    assert verify_all(rostered).intact


def test_a_check_that_ran_out_while_the_watch_was_away_is_lost_and_held_against_nobody(rostered: Engine) -> None:
    watches(rostered, EVE)
    first, *_ = planned(rostered)
    watches(rostered, first.at)
    (row,) = rows_of(rostered, select(CHECKS))
    away = first.at + timedelta(minutes=5, seconds=1)
    assert "spot_check_lost" in watches(rostered, away)
    assert "spot_check_lost" not in watches(rostered, away + timedelta(minutes=1))
    with reading(rostered) as connection:
        assert checks_of(connection, row.post, away) == [], "nobody is asked for it any more"
    after = answers(rostered, row.post, row.code, away + timedelta(minutes=1))
    assert isinstance(after, Check)
    assert after.state is CheckState.LOST
    with reading(rostered) as connection:
        (unit,) = counts_by_unit(connection, CITY, DAY, DAY)
    assert (unit.asked, unit.missed, unit.late, unit.lost) == (1, 0, 0, 1)
    assert not rows_of(rostered, select(NOTICES.c.id).where(NOTICES.c.kind == "spot_check_missed"))
    watches(rostered, MIDNIGHT + timedelta(days=1, minutes=6))
    found = proof(rostered)
    assert found.proved
    assert [one.lost_at for one in found.checks] == [away, None, None]


def test_an_answer_before_the_watch_is_back_is_not_late_either(rostered: Engine) -> None:
    watches(rostered, EVE)
    first, *_ = planned(rostered)
    watches(rostered, first.at)
    (row,) = rows_of(rostered, select(CHECKS))
    answered = answers(rostered, row.post, row.code, first.at + timedelta(minutes=6))
    assert isinstance(answered, Check)
    assert answered.state is CheckState.LOST
    assert "spot_check_missed" not in watches(rostered, first.at + timedelta(minutes=7))


def test_whoever_calls_a_missed_check_lost_is_found_out(rostered: Engine) -> None:
    watches(rostered, EVE)
    first, *_ = planned(rostered)
    watches(rostered, first.at)
    (row,) = rows_of(rostered, select(CHECKS))
    seen = first.at + timedelta(minutes=3, seconds=30)
    facts = {"day": DAY, "number": 1, "code": row.code, "post": row.post, "due_at": row.due_at}
    with transaction(rostered) as connection:
        record_events(
            connection, "spot-checks:2021", [Happened("spot_check_lost", seen, "x", facts)], by_rule(seen, CITY)
        )
    lives_on = [check.at for check in planned(rostered)[1:]]
    for now in (*lives_on, MIDNIGHT + timedelta(days=1, minutes=6)):
        watches(rostered, now)
    assert proof(rostered).problems == ("lost_early",)


def test_a_minute_in_which_nothing_is_due_asks_little_and_only_by_an_index(rostered: Engine) -> None:
    watches(rostered, MIDNIGHT - timedelta(minutes=9))
    asked: list[tuple[str, Any]] = []
    with transaction(rostered) as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        assert watch_spot_checks(connection, CITY, KEY, by_rule(MIDNIGHT - timedelta(minutes=8), CITY)) == []
    assert len(asked) <= 7
    of_events = [(said, values) for said, values in asked if "flood_event" in said]
    assert len(of_events) == 2
    assert all("LIKE" not in said for said, _ in asked)
    if rostered.dialect.name == "sqlite":
        with reading(rostered) as connection:
            plans = [
                connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values).all() for said, values in of_events
            ]
        for (plan,) in plans:
            assert "ix_flood_event_kind (stream=? AND kind=?" in plan.detail


def test_a_day_whose_engine_was_away_for_weeks_is_revealed_when_it_is_back(rostered: Engine) -> None:
    watches(rostered, EVE)
    checks = planned(rostered)
    back = MIDNIGHT + timedelta(days=24)
    assert "spot_checks_revealed" in watches(rostered, back)
    found = proof(rostered, back)
    assert found.proved
    assert [one.skipped for one in found.checks] == ["late"] * len(checks)


def test_somebody_else_cannot_answer_and_an_empty_answer_is_none(rostered: Engine) -> None:
    watches(rostered, EVE)
    check = planned(rostered)[0]
    watches(rostered, check.at)
    (row,) = rows_of(rostered, select(CHECKS))
    for post, answer, code in (("admin", "在", "duty_check_not_yours"), (row.post, "  ", "duty_check_empty")):
        refused = answers(rostered, post, row.code, check.at, answer)
        assert isinstance(refused, Refusal)
        assert refused.code == code
    with reading(rostered) as connection:
        assert [one.code for one in checks_of(connection, row.post, check.at)] == [row.code]


@pytest.mark.parametrize(
    ("answer", "stored", "fits"),
    [("93.25", "93.21", True), ("９３．９", "93.21", False), ("93.25", None, None)],
)
def test_with_a_station_the_reading_is_compared_with_the_stored_one(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, answer: str, stored: str | None, fits: bool | None
) -> None:
    write_shifts(sqlite_engine, at("2021-07-19 08:00"), PEOPLE)
    watches(sqlite_engine, EVE)
    check = planned(sqlite_engine)[0]
    watches(sqlite_engine, check.at)
    with transaction(sqlite_engine) as connection:
        connection.execute(update(CHECKS).values(station="hfz"))
    (row,) = rows_of(sqlite_engine, select(CHECKS))
    facts = [{"station": "hfz", "value": stored, "at": check.at - timedelta(minutes=10)}] if stored else []
    facts.append({"station": "hfz", "value": "1", "at": check.at - timedelta(hours=3)})
    refused = answers(sqlite_engine, row.post, row.code, check.at, "很高")
    assert isinstance(refused, Refusal)
    assert refused.code == "duty_check_no_number"
    answered = answers(sqlite_engine, row.post, row.code, check.at, answer, facts)
    assert isinstance(answered, Check)
    assert answered.reading_fits is fits


def test_a_roster_that_still_changes_is_sealed_again_before_the_day_and_never_after(rostered: Engine) -> None:
    watches(rostered, EVE)
    write_shifts(rostered, at("2021-07-22 08:00"), PEOPLE)
    assert watches(rostered, EVE + timedelta(hours=1)) == [], "another day's shifts do not matter"
    with transaction(rostered) as connection:
        connection.execute(text("UPDATE duty_shift SET holiday = true WHERE code = '2021-07-20T08:00'"))
    assert watches(rostered, EVE + timedelta(hours=2)) == ["spot_checks_sealed"]
    with transaction(rostered) as connection:
        connection.execute(text("UPDATE duty_shift SET holiday = false WHERE code = '2021-07-20T08:00'"))
    # The next day is sealed; the one that has begun stays as it was.
    watches(rostered, MIDNIGHT + timedelta(seconds=1))
    with reading(rostered) as connection:
        seal = seal_of(connection, CITY, DAY)
        sealed = [event.facts["day"] for event in read_events(connection, "spot-checks:2021")]
    assert seal
    assert seal.sealed_at == EVE + timedelta(hours=2)
    assert sealed.count("2021-07-20") == 2


def test_who_signed_in_instead_is_who_is_asked(rostered: Engine) -> None:
    """The row names the person in the place, not the one on the roster."""
    with transaction(rostered) as connection:
        for place, post in FIRST.items():
            sign_in(connection, acting(CITY, post, EVE), "2021-07-19T08:00", place)
        connection.execute(text("UPDATE duty_assignment SET signed_in_by = 'flood-officer-6', signed_in_at = NULL"))
        connection.execute(text("UPDATE duty_assignment SET signed_in_at = '2021-07-19 01:00:00+00:00'"))
    watches(rostered, EVE)
    watches(rostered, planned(rostered)[0].at)
    (row,) = rows_of(rostered, select(CHECKS))
    assert row.post == "flood-officer-6"
