"""How messages travel: quiet hours, and what a kind, a priority and a unit say of a notice."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.message_rules import FOREVER, MessageRules, Patience, QuietHours, SilenceRung
from models.notice import NoticeKind, Priority

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(day_and_time: str) -> datetime:
    return datetime.fromisoformat(f"2019-{day_and_time}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        ((22, 7), "05-06T21:59", None),
        ((22, 7), "05-06T22:00", "05-07T07:00"),  # Monday night
        ((22, 7), "05-07T06:59", "05-07T07:00"),
        ((22, 7), "05-07T07:00", None),
        ((22, 7), "12-31T23:00", "2020-01-01T07:00"),
        ((12, 14), "05-06T12:30", "05-06T14:00"),
        ((12, 14), "05-06T14:00", None),
        ((20, 24), "05-06T23:59", "05-07T00:00"),
    ],
)
def test_quiet_hours_end_in_the_morning_also_over_midnight(hours: tuple[int, int], at: str, until: str | None) -> None:
    quiet = QuietHours(hours[0] * 60, hours[1] * 60)
    expected = None
    if until is not None:
        expected = datetime.fromisoformat(until if until[:2] == "20" else f"2019-{until}").replace(tzinfo=SHANGHAI)
    assert quiet.end_for(local(at)) == expected


def test_a_kind_has_times_of_its_own_and_an_emergency_never_expires() -> None:
    rules = MessageRules(kinds={NoticeKind.REMINDER: Patience(timedelta(hours=1)), NoticeKind.TASK: Patience(FOREVER)})
    assert rules.expires_after("reminder", Priority.ROUTINE) == timedelta(hours=1)
    assert rules.expires_after("overdue", Priority.ROUTINE) == timedelta(days=3)
    assert rules.expires_after("task", Priority.ROUTINE) is None
    assert rules.expires_after("overdue", Priority.EMERGENCY) is None
    assert rules.acknowledge_within("reminder", Priority.URGENT) == timedelta(minutes=15)
    assert rules.expires_after("telegram", Priority.URGENT) == timedelta(days=1)


def test_a_units_own_rungs_replace_those_of_the_city_for_that_priority_alone() -> None:
    usual, own = SilenceRung(timedelta(minutes=10), "deputy"), SilenceRung(timedelta(0), "head")
    rules = MessageRules(
        silence={Priority.URGENT: (usual,), Priority.ROUTINE: (usual,)},
        silence_of_unit={"lihe": {Priority.URGENT: (own,)}},
    )
    assert rules.rungs(Priority.URGENT, "lihe") == (own,)
    assert rules.rungs(Priority.ROUTINE, "lihe") == (usual,)
    assert rules.rungs(Priority.URGENT, "water") == (usual,)
    assert rules.rungs(Priority.EMERGENCY, None) == ()
