"""The doctor names every disagreement among season, roster and schedules, and nothing where all agree."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from deployments.doctor_command import SENTENCES, crons_of_file, sentence
from models.city import City
from models.sweeps import Process
from models.worktime import WorkCalendar
from tasks.channel_outcomes import Sent
from tasks.contact_tests import record_test
from tasks.database import reading, transaction
from tasks.duty_doctor import Finding, Schedules, duty_findings
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import ASSIGNMENTS
from tasks.sweeps import record_sweep
from tests.duty_rows import FIRST, SECOND, by_rule, write_shifts
from tests.flood_cities import DUTY_YAML, FLOOD_CITY, OFFICERS, a_flood_city
from tests.stored_cases import at

CITY = a_flood_city()
NOW = at("2021-07-20 10:00")
START = at("2021-07-20 08:00")
FILE = Schedules(crons_of_file(), "prefect.yaml")


@pytest.fixture
def healthy(engine: Engine) -> Engine:
    """Three weeks of roster, shifts opened, the watch a minute ago, every contact point tested this year."""
    write_shifts(engine, START, (FIRST, SECOND) * 10)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    record_sweep(engine, Process.DUTY, NOW - timedelta(minutes=1))
    with transaction(engine) as connection:
        for point in CITY.contact_points:
            record_test(connection, point, Sent(True, "ok"), "admin", at("2021-04-10 09:00"))
    return engine


def examined(engine: Engine, city: City = CITY, now: datetime = NOW, schedules: Schedules = FILE) -> list[Finding]:
    with reading(engine) as connection:
        return duty_findings(connection, city, schedules, now)


def codes(engine: Engine, **how: Any) -> list[str]:
    return [one.code for one in examined(engine, **how) if one.wrong]


def test_where_all_agree_nothing_is_wrong(healthy: Engine) -> None:
    assert examined(healthy) == []


@pytest.mark.parametrize(
    ("crons", "code"),
    [
        ({"duty-watch": ("* * * 6-9 *",)}, "season_outside_schedule"),
        ({"duty-watch": ("0 * * * *",)}, "season_outside_schedule"),
        ({"duty-watch": ()}, "season_outside_schedule"),
        ({"duty-watch": ("every day",)}, "cron_unreadable"),
        ({"duty-shift": ("15 * * * *",)}, "handover_not_scheduled"),
        ({"duty-shift": ()}, "handover_not_scheduled"),
        ({"duty-shift": ("every day",)}, "cron_unreadable"),
    ],
)
def test_a_schedule_that_does_not_fit_is_named(
    healthy: Engine, crons: Mapping[str, tuple[str, ...]], code: str
) -> None:
    assert code in codes(healthy, schedules=Schedules({**FILE.crons, **crons}, "the server"))


def test_an_extended_season_beyond_the_months_of_the_schedule_is_named(healthy: Engine) -> None:
    longer = a_flood_city({**FLOOD_CITY, "duty.yaml": DUTY_YAML + 'extended_until: ["2021-10-20"]\n'})
    (found,) = [one for one in examined(healthy, longer) if one.code == "season_outside_schedule"]
    assert found.facts["months"] == [10]


def test_a_roster_that_ends_too_soon_has_gaps_or_absent_people_is_named(healthy: Engine) -> None:
    assert codes(healthy, now=NOW + timedelta(days=9))[:1] == ["shifts_missing"]
    away = a_flood_city({**FLOOD_CITY, "leave.csv": FLOOD_CITY["leave.csv"] + f"{OFFICERS[1]},2021-07-23,2021-07-23\n"})
    assert codes(healthy, city=away) == ["roster_absent"]
    with transaction(healthy) as connection:
        connection.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.post == OFFICERS[1]).values(post=None))
    assert codes(healthy) == ["roster_gaps"]


def test_shifts_that_do_not_fit_the_pattern_are_named(healthy: Engine) -> None:
    half_past = a_flood_city({**FLOOD_CITY, "duty.yaml": DUTY_YAML.replace('start: "08:00"', 'start: "08:30"')})
    assert {"shifts_missing", "shifts_off_pattern"} <= set(codes(healthy, city=half_past))


def test_contact_points_are_a_note_until_their_day_and_wrong_after_it(engine: Engine) -> None:
    for day, wrong in (("2021-04-19", False), ("2021-04-20", False), ("2021-04-21", True)):
        (found,) = [one for one in examined(engine, now=at(f"{day} 09:00")) if one.code == "contacts_untested"]
        assert (found.wrong, found.facts["by"]) == (wrong, date(2021, 4, 20))


def test_a_calendar_that_ends_within_the_season_is_named(healthy: Engine) -> None:
    calendar = WorkCalendar(CITY.zone, CITY.calendar.hours, CITY.calendar.overrides, date(2021, 8, 31))
    assert codes(healthy, city=replace(CITY, calendar=calendar)) == ["calendar_ends"]


def test_an_engine_that_is_away_is_named(healthy: Engine) -> None:
    found = codes(healthy, now=START + timedelta(days=1, minutes=6))
    assert {"handover_overdue", "watch_away"} <= set(found)


def test_a_handover_past_its_time_is_a_note(healthy: Engine) -> None:
    hand_over_shifts(healthy, CITY, by_rule(START + timedelta(days=1), CITY))
    found = examined(healthy, now=START + timedelta(days=1, minutes=31))
    assert [one.code for one in found if not one.wrong] == ["handovers_open"]


def test_a_city_without_a_duty_room_has_one_note(engine: Engine) -> None:
    documents = {name: text for name, text in FLOOD_CITY.items() if not name.startswith("duty")}
    assert examined(engine, a_flood_city(documents)) == [Finding("no_duty_room", wrong=False)]


def test_every_finding_has_its_sentence_with_what_to_do(healthy: Engine) -> None:
    found = [
        *examined(healthy, schedules=Schedules({}, "the server")),
        *examined(healthy, now=START + timedelta(days=12)),
    ]
    assert len({one.code for one in found}) > 4
    for one in found:
        for language, do in (("zh", "处理："), ("en", "Do:")):
            said = sentence(one, language)
            assert do in said
            assert "None" not in said
    assert SENTENCES.exists()
