"""Counting calls in memory that several processes share."""

from datetime import timedelta

from desk.call_counts import CallCounts
from desk.open311_rate import PerMinute
from tests.builders import local as at

NOW = at("2019-05-06 10:00:30")


def test_processes_count_together() -> None:
    counts = CallCounts(2)
    assert [counts.mine(process).count("10.0.0.1", NOW) for process in (0, 1, 1, 0)] == [1, 2, 3, 4]


def test_what_another_process_counted_a_minute_ago_is_forgotten() -> None:
    counts = CallCounts(2)
    counts.mine(1).count("10.0.0.1", NOW)
    assert counts.mine(0).count("10.0.0.1", NOW + timedelta(minutes=1)) == 1


def test_a_clock_that_is_set_back_counts_anew() -> None:
    counts = CallCounts()
    counts.count("10.0.0.1", NOW)
    assert counts.count("10.0.0.1", NOW - timedelta(hours=1)) == 1


def test_a_thousand_callers_are_hardly_ever_taken_for_one_another() -> None:
    counts = CallCounts()
    told = [counts.count(f"10.0.{number // 250}.{number % 250}", NOW) for number in range(1000)]
    assert sum(count > 1 for count in told) < 20


def test_two_limits_count_apart() -> None:
    counts = CallCounts()
    clients, keys = PerMinute(1, "client", counts), PerMinute(1, "key", counts)
    assert [clients.allows("a", NOW), keys.allows("a", NOW), keys.allows("a", NOW)] == [True, True, False]
