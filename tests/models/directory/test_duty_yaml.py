"""duty.yaml and duty_pools.csv: what they mean, and what is said where they mean nothing."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from models.duty_rules import DutyRules, DutyRung, DutyState, ReminderRule, ShiftSpan
from tests.flood_cities import DUTY_YAML, FLOOD_CITY, a_flood_city
from tests.models.directory.judging import texts_of_faults
from tests.rosters import PATTERN_8H, PATTERN_12H, PATTERN_24H, PATTERN_NIGHTS_AND_WEEKENDS

POOLS = FLOOD_CITY["duty_pools.csv"]


def changed(old: str, new: str) -> Mapping[str, str]:
    """The flood city with another text in its duty.yaml."""
    if old not in DUTY_YAML:
        raise AssertionError(f"duty.yaml does not say {old!r}")
    return {**FLOOD_CITY, "duty.yaml": DUTY_YAML.replace(old, new)}


def rules(documents: Mapping[str, str] = FLOOD_CITY) -> DutyRules:
    found = a_flood_city(documents).duty
    if found is None:
        raise AssertionError("no duty room")
    return found


def test_everything_a_city_may_say_is_read() -> None:
    more = """\
extended_until: ["2021-10-20", "2023-10-05"]
rest_between: 11 hour
carried_at_most: 2
overload_hours: 60
changes: {approved_by: [head, leader, shift_leader]}
reminders: {day_before: "18:00", week_ahead: "09:30", week_ahead_on: friday}
"""
    duty = rules({**FLOOD_CITY, "duty.yaml": DUTY_YAML + more})
    assert duty.season.of_year(2021) == (date(2021, 5, 15), date(2021, 10, 20))
    assert duty.season.of_year(2022) == (date(2022, 5, 15), date(2022, 9, 30))
    assert duty.season.key_period == ((7, 16), (8, 15))
    assert [place.code for place in duty.places] == ["leader", "cadre", "officer"]
    assert duty.leading_place is duty.place("leader")
    assert duty.places[0].in_room == {DutyState.WARNING, DutyState.RESPONSE}
    assert duty.places[2].in_room == frozenset(DutyState)
    assert duty.places[2].pool == tuple(f"flood-officer-{n}" for n in range(1, 7))
    assert (duty.rest_after, duty.rest_between) == (timedelta(hours=24), timedelta(hours=11))
    assert (duty.carried_at_most, duty.overload_hours) == (2, 60)
    assert duty.changes.approved_by == ("head", "leader", "shift_leader")
    assert duty.reminders == ReminderRule(18 * 60, 9 * 60 + 30, 4)
    assert (duty.sign_in_within, duty.vacant_after) == (timedelta(minutes=10), timedelta(minutes=30))
    assert duty.sign_in_ladder[1] == DutyRung(timedelta(minutes=5), "backup")
    assert duty.handover_ladder[1] == DutyRung(timedelta(minutes=15), "leader")
    assert (duty.spot_checks.least, duty.spot_checks.most) == (1, 3)
    assert duty.contacts_tested_by == (4, 20)


def test_what_a_city_does_not_say_has_the_usual_rules() -> None:
    short = "\n".join(line for line in DUTY_YAML.splitlines() if not line.startswith(("rest_", "spot", "contacts")))
    duty = rules({**FLOOD_CITY, "duty.yaml": short})
    assert (duty.rest_after, duty.rest_between) == (timedelta(hours=24), timedelta(hours=8))
    assert duty.changes.approved_by == ("leader", "head")
    assert duty.reminders == ReminderRule(16 * 60, 16 * 60, 6)
    assert duty.contacts_tested_by == (4, 20)


def test_a_city_without_the_file_has_no_duty_room() -> None:
    without = {name: text for name, text in FLOOD_CITY.items() if not name.startswith("duty")}
    assert a_flood_city(without).duty is None


@pytest.mark.parametrize(
    ("pattern", "spans"),
    [
        (PATTERN_24H, [(480, 24, True)]),
        (PATTERN_12H, [(480, 12, False), (1200, 12, True)]),
        (PATTERN_8H, [(0, 8, True), (480, 8, False), (960, 8, False)]),
        (PATTERN_NIGHTS_AND_WEEKENDS, [(510, 9, False), (1050, 15, True)]),
        ('  - {start: "08:30", hours: 24, night: yes}\n', [(510, 24, True)]),
    ],
)
def test_the_patterns_of_the_domain_are_read_without_a_word(pattern: str, spans: list[tuple[int, int, bool]]) -> None:
    documents = changed(PATTERN_24H, pattern)
    assert texts_of_faults(documents) == []
    assert [(s.start_minute, s.length / timedelta(hours=1), s.night) for s in rules(documents).spans] == spans


def test_a_shift_may_be_for_rest_days_alone() -> None:
    weekend, night = rules(changed(PATTERN_24H, PATTERN_NIGHTS_AND_WEEKENDS)).spans
    assert (weekend.on_work_days, weekend.on_rest_days) == (False, True)
    assert night == ShiftSpan(1050, timedelta(hours=15), night=True)


def test_the_season_ahead_is_this_one_until_its_last_day_and_then_the_next() -> None:
    season = rules().season
    assert season.ahead(date(2021, 1, 1)) == season.ahead(date(2021, 9, 30)) == season.of_year(2021)
    assert season.ahead(date(2021, 10, 1)) == season.of_year(2022)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('start: "05-15", end: "09-30"', 'start: "10-01", end: "09-30"', "the season ends before it begins."),
        ('start: "05-15"', 'start: "02-29"', '"02-29" is no day of a year.'),
        ('start: "05-15"', "start: May", '"May" is no day of a year.'),
        ('["07-16", "08-15"]', '["08-15", "07-16"]', "key season.key_period: it needs a first and a last day."),
        ("pattern:", 'extended_until: ["2021-09-01"]\npattern:', "2021-09-01 does not extend the season of 2021."),
        ("pattern:", 'extended_until: ["soon"]\npattern:', '"soon" is no date.'),
        ("code: cadre", "code: leader", 'the place "leader" stands here twice.'),
        (", leads: yes", "", "0 places lead the others: none."),
        ("name: 值班员,", "name: 值班员, leads: yes,", "2 places lead the others: leader, officer."),
        ("[warning, response]}\n  - {code: cadre", "[storm]}\n  - {code: cadre", '"storm" is no duty state.'),
        ('"08:00", hours: 24', '"08:10", hours: 24', "handovers are at full or half hours."),
        ('"08:00", hours: 24', '"08:00", hours: 30', "on work days a shift begins before the one before it ends."),
        ('"08:00", hours: 24', '"25:00", hours: 24', '"25:00" is no time of the day.'),
        (", hours: 24, night: yes", "", "key pattern[1].hours: the key is missing."),
        (PATTERN_24H, PATTERN_24H + '  - {start: "07:00", hours: 1}\n', "the shifts of a day do not stand in order."),
        ("after: 5 minute, to: backup", "after: 50 minute, to: backup", "the rungs do not stand in order of time."),
        ("to: backup", "to: mayor", '"mayor" is no rung of a duty ladder.'),
        ("least: 1, most: 3", "least: 4, most: 3", "there would be more checks at least than at most."),
        ("rest_after: 24 hour", "rest_after: a day", '"a day" is no length of time'),
        ("rest_after: 24 hour", "carried_at_most: all", '"all" is no whole number from 0 to 100.'),
        ("rest_after: 24 hour", "changes: {approved_by: [mayor]}", '"mayor" is no approver of changes.'),
        ("rest_after: 24 hour", "changes: {approved_by: []}", "nobody would approve a change."),
        ("rest_after: 24 hour", "reminders: {week_ahead_on: someday}", '"someday" is no day of the week.'),
        ("rest_after: 24 hour", 'reminders: {day_before: "24:00"}', "is the end of a day; nothing begins there."),
        ("rest_after: 24 hour", "rests: 24 hour", 'there is no key "rests" here.'),
    ],
)
def test_what_means_nothing_is_said_with_its_key(old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in texts_of_faults(changed(old, new))), texts_of_faults(changed(old, new))


@pytest.mark.parametrize(
    ("pools", "said"),
    [
        (POOLS + "helper,flood-officer-1,\n", 'column place: duty.yaml has no place "helper".'),
        (POOLS + "leader,flood-officer-1,\n", '"flood-officer-1" is duty_officer; who leads a shift is a responsible'),
        (POOLS + "officer,nobody,\n", '"nobody"'),
        (POOLS.replace("cadre,", "officer,"), 'nobody may stand in the place "cadre"'),
        (POOLS.replace("officer-1,\n", "officer-1,flood-cadre-1\n"), '"flood-cadre-1" backs up flood-officer-1'),
        (POOLS.replace("officer-1,\n", "officer-1,flood-officer-1\n"), '"flood-officer-1" backs up itself.'),
        (
            POOLS.replace("officer-1,\n", "officer-1,flood-officer-2\n").replace(
                "officer-2,\n", "officer-2,flood-officer-1\n"
            ),
            '"flood-officer-2" backs up flood-officer-1 and has a B post itself',
        ),
        (
            POOLS.replace("officer-1,\n", "officer-1,flood-officer-3\n").replace(
                "officer-2,\n", "officer-2,flood-officer-3\n"
            ),
            '"flood-officer-3" backs up flood-officer-1 already.',
        ),
        (
            "".join(line for line in POOLS.splitlines(True) if "leader-" not in line or "leader-1" in line),
            'warning: duty_pools.csv, column place: 1 in the pool of "leader", but shifts and rest of a day take 2.',
        ),
    ],
)
def test_a_pool_nobody_can_roster_is_said_with_its_row(pools: str, said: str) -> None:
    found = texts_of_faults({**FLOOD_CITY, "duty_pools.csv": pools})
    assert any(said in fault for fault in found), found


def test_days_without_a_shift_are_only_asked_about() -> None:
    found = texts_of_faults(changed(PATTERN_24H, '  - {start: "08:30", hours: 9, work_days: no}\n'))
    assert [fault.partition(":")[0] for fault in found] == ["warning"]
    assert "on work days there is no shift at all." in found[0]
