"""When a report is called for, late and missing; what satisfies it; what contradicts an earlier one."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.flood_rules import People, ReportKind, ReportMeans, Rung
from models.info_report_rules import NEVER_FALL, contradictions, more_casualties, owed_steps, satisfies
from tests.flood_rows import MORNING

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LADDER = (Rung(timedelta(0), People()), Rung(30 * MINUTE, People()), Rung(5 * HOUR, People()))
INITIAL, FOLLOW_UP, FINAL, DAILY = ReportKind
PHONE, WRITTEN = ReportMeans

ENTRY: dict[str, Any] = {
    **dict.fromkeys(("dead", "missing", "injured", "evacuated", "affected", "losses_cny"), 5),
    **{"danger": "管涌", "place": "河堤", "happened_at": MORNING},
}


def test_the_steps_of_a_follow_up_stand_in_order_and_end_with_missing() -> None:
    steps = owed_steps(FOLLOW_UP, MORNING, MORNING + 6 * HOUR, MORNING + 8 * HOUR, LADDER)
    assert [(step.at - MORNING, step.kind.value) for step in steps] == [
        (5 * HOUR + 30 * MINUTE, "call"),
        (6 * HOUR, "late"),
        (6 * HOUR, "rung"),
        (6 * HOUR + 30 * MINUTE, "rung"),
        (8 * HOUR, "missing"),
    ]


def test_an_initial_report_is_called_for_at_once() -> None:
    first = owed_steps(INITIAL, MORNING, MORNING + HOUR, MORNING + 3 * HOUR, ())[0]
    assert (first.kind.value, first.at) == ("call", MORNING)


@pytest.mark.parametrize(
    ("given_", "by", "owed", "means", "is_it"),
    [
        (INITIAL, PHONE, INITIAL, PHONE, True),
        (INITIAL, PHONE, INITIAL, WRITTEN, False),
        (INITIAL, WRITTEN, INITIAL, PHONE, True),
        (INITIAL, WRITTEN, FOLLOW_UP, PHONE, False),
        (FOLLOW_UP, WRITTEN, INITIAL, WRITTEN, True),
        (FINAL, WRITTEN, FOLLOW_UP, PHONE, True),
        (FINAL, PHONE, FINAL, WRITTEN, False),
        (FINAL, WRITTEN, DAILY, WRITTEN, False),
        (DAILY, WRITTEN, DAILY, WRITTEN, True),
        (DAILY, WRITTEN, INITIAL, WRITTEN, False),
    ],
)
def test_one_entry_is_every_report_of_its_place_or_an_earlier_one(
    given_: ReportKind, by: ReportMeans, owed: ReportKind, means: ReportMeans, is_it: bool
) -> None:
    assert satisfies(given_, by, owed, means) is is_it


@pytest.mark.parametrize("name", NEVER_FALL)
def test_a_figure_that_falls_contradicts(name: str) -> None:
    assert contradictions(ENTRY, ENTRY | {name: 4}) == [{"field": name, "was": 5, "now": 4}]


def test_the_missing_may_be_found_and_a_first_entry_contradicts_nothing() -> None:
    assert contradictions(ENTRY, ENTRY | {"missing": 0}) == []
    assert contradictions(None, ENTRY) == []


@pytest.mark.parametrize(("name", "now"), [("place", "另一处"), ("danger", "漫溢"), ("happened_at", MORNING + MINUTE)])
def test_another_place_time_or_danger_contradicts(name: str, now: Any) -> None:
    assert [one["field"] for one in contradictions(ENTRY, ENTRY | {name: now})] == [name]
    assert contradictions(ENTRY | {name: None}, ENTRY | {name: now}) == []


@pytest.mark.parametrize(("name", "more"), [("dead", True), ("missing", True), ("injured", True), ("evacuated", False)])
def test_more_people_dead_missing_or_injured_are_casualties(name: str, more: bool) -> None:
    assert more_casualties(ENTRY, ENTRY | {name: 6}) is more
    assert more_casualties(ENTRY, ENTRY) is False
    assert more_casualties(None, ENTRY | dict.fromkeys(("dead", "missing", "injured"), 0)) is False


FIGURE = st.integers(0, 50)


@given(
    before=st.fixed_dictionaries(dict.fromkeys(NEVER_FALL, FIGURE)),
    more=st.fixed_dictionaries({n: FIGURE for n in NEVER_FALL}),
)
def test_figures_that_only_grow_contradict_nothing(before: dict[str, int], more: dict[str, int]) -> None:
    now = {name: before[name] + more[name] for name in NEVER_FALL}
    assert contradictions(ENTRY | before, ENTRY | now) == []


@given(
    kind=st.sampled_from(ReportKind),
    limit=st.integers(1, 2000),
    missing=st.integers(0, 2000),
    rungs=st.lists(st.integers(0, 3000), max_size=4),
)
def test_steps_are_in_order_of_time_whatever_the_city_says(
    kind: ReportKind, limit: int, missing: int, rungs: list[int]
) -> None:
    due = MORNING + limit * MINUTE
    ladder = [Rung(minutes * MINUTE, People()) for minutes in rungs]
    steps = owed_steps(kind, MORNING, due, due + missing * MINUTE, ladder)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert steps[-1].kind.value == "missing" or missing == 0
    assert all(step.at >= MORNING for step in steps)
