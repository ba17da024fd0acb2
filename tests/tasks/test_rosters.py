"""A roster from the wish to being in force: proposed, judged, published once, extended, and proved by its events."""

from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from models.duty import RosterState
from models.notice import Notice
from models.refusal import Refusal
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.flood_events import broken_stream, read_events
from tasks.roster_reading import balances, find_roster
from tasks.rosters import Solver, Wish, drop_roster, next_span, propose_roster, publish_roster, quality_now
from tests.rosters import (
    FOUR_WEEKS,
    MORNING,
    duty_documents,
    duty_of,
    flood_city_in,
    in_force,
    proposed,
    published,
    recording,
    stored_places,
    twenty_people,
)
from tests.stored_cases import at

NOTICES = table_of(Notice)


def notices_of(engine: Engine, kind: str) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(NOTICES.c.recipient).where(NOTICES.c.kind == kind).order_by("recipient")))


def test_a_proposal_is_kept_with_its_shifts_and_its_quality_and_binds_nobody(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    found = proposed(sqlite_engine, city, *FOUR_WEEKS)
    assert found.roster.code == "ZB2021-1"
    assert found.roster.state is RosterState.PROPOSED
    assert (found.quality.filled, found.quality.wanted) == (84, 84)
    assert len(stored_places(sqlite_engine, city, found.roster)) == 84
    assert in_force(sqlite_engine, city) == {}
    assert notices_of(sqlite_engine, "roster_published") == []
    assert found.roster.quality == found.quality.as_dict()


def test_a_published_roster_is_in_force_and_everybody_in_it_is_told_once(engine: Engine) -> None:
    city = flood_city_in(engine)
    roster = published(engine, city, *FOUR_WEEKS)
    assert (roster.state, roster.published_by) == (RosterState.PUBLISHED, "centre-head")
    assert len(in_force(engine, city)) == 84
    told = notices_of(engine, "roster_published")
    assert told == sorted({post for post in in_force(engine, city).values() if post})
    with reading(engine) as connection:
        kinds = [event.kind for event in read_events(connection, f"roster:{roster.code}")]
        plan = read_events(connection, f"roster:{roster.code}")[-1].facts["plan"]
        assert broken_stream(connection) is None
    assert kinds == ["roster_proposed", "roster_published"]
    assert {(shift, place): post for shift, row in plan.items() for place, post in row.items()} == in_force(
        engine, city
    )


def test_publishing_twice_or_dropping_what_is_published_is_refused_with_who_did_it(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    roster = published(sqlite_engine, city, *FOUR_WEEKS)
    with transaction(sqlite_engine) as connection:
        again = publish_roster(connection, city, roster.code, "centre-head", recording())
        dropped = drop_roster(connection, city, roster.code, "centre-head", recording())
    for refusal in (again, dropped):
        assert isinstance(refusal, Refusal)
        assert refusal.code == "roster_not_proposed"
        assert refusal.facts["by"] == "centre-head"


def test_a_day_stands_in_one_published_roster_only(engine: Engine) -> None:
    city = flood_city_in(engine)
    first, second = proposed(engine, city, *FOUR_WEEKS), proposed(engine, city, date(2021, 7, 20), date(2021, 8, 5))
    with transaction(engine) as connection:
        publish_roster(connection, city, first.roster.code, "centre-head", recording())
    with transaction(engine) as connection:
        refused = publish_roster(connection, city, second.roster.code, "centre-head", recording())
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.facts["roster"]) == ("roster_days_taken", "ZB2021-1")
    asked = propose_roster(engine, city, Wish(date(2021, 7, 28), date(2021, 8, 1), "centre-head"), recording())
    assert isinstance(asked, Refusal)
    assert asked.code == "roster_days_taken"


def test_a_further_span_extends_the_season_and_keeps_the_rest_across_the_seam(engine: Engine) -> None:
    city = flood_city_in(engine)
    published(engine, city, *FOUR_WEEKS)
    published(engine, city, date(2021, 7, 29), date(2021, 8, 10))
    there = in_force(engine, city)
    for place in ("leader", "cadre", "officer"):
        assert there["2021-07-28T08:00", place] != there["2021-07-29T08:00", place]
    assert len(there) == 84 + 39


def test_a_season_that_is_extended_while_it_runs_is_rostered_from_where_it_ended(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine, twenty_people())
    published(sqlite_engine, city, date(2021, 9, 1), date(2021, 9, 30), at("2021-08-20 09:00"))
    longer = flood_city_in(sqlite_engine, twenty_people(more='extended_until: ["2021-10-20"]\n'))
    with reading(sqlite_engine) as connection:
        span = next_span(connection, longer, at("2021-09-25 09:00"))
        assert next_span(connection, city, at("2021-10-05 09:00")) == (date(2022, 5, 15), date(2022, 9, 30))
    assert span == (date(2021, 10, 1), date(2021, 10, 20))
    published(sqlite_engine, longer, *span, at("2021-09-25 09:00"))
    assert len(in_force(sqlite_engine, longer)) == 150


def test_what_one_roster_gave_too_much_the_next_one_makes_up_for(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    published(sqlite_engine, city, date(2021, 7, 1), date(2021, 7, 5))  # Five days for four leaders: one has two.
    with reading(sqlite_engine) as connection:
        carried = balances(connection, city, duty_of(city), date(2021, 7, 6))
    assert sorted(carried["leader", post][0] for post in duty_of(city).places[0].pool) == [-1, -1, -1, 0]
    published(sqlite_engine, city, date(2021, 7, 6), date(2021, 7, 8))
    shifts = [post for (_, place), post in in_force(sqlite_engine, city).items() if place == "leader"]
    assert sorted(map(shifts.count, duty_of(city).places[0].pool)) == [2, 2, 2, 2]


def test_a_proposal_whose_people_have_left_meanwhile_is_refused_with_the_reason(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine, twenty_people())
    code = proposed(sqlite_engine, city, *FOUR_WEEKS).roster.code
    later = flood_city_in(sqlite_engine, twenty_people(leave=[("officer-3", "2021-07-01", "2021-07-28")]))
    with transaction(sqlite_engine) as connection:
        refused = publish_roster(connection, later, code, "centre-head", recording())
    assert isinstance(refused, Refusal)
    assert refused.code == "roster_faulty"
    assert {(fault["rule"], fault["post"]) for fault in refused.facts["faults"]} == {("leave", "officer-3")}
    assert in_force(sqlite_engine, later) == {}
    gone = flood_city_in(sqlite_engine, twenty_people(ended={"officer-3": "2021-06-01"}))
    with transaction(sqlite_engine) as connection:
        refused = publish_roster(connection, gone, code, "centre-head", recording())
    assert isinstance(refused, Refusal)
    assert {fault["rule"] for fault in refused.facts["faults"]} == {"ended"}


def test_a_roster_with_a_gap_nobody_can_fill_may_be_published_and_says_so(sqlite_engine: Engine) -> None:
    pools = {"leader": ["leader-1"], "officer": ["officer-1", "officer-2"]}
    city = flood_city_in(sqlite_engine, duty_documents(pools))
    found = proposed(sqlite_engine, city, date(2021, 7, 1), date(2021, 7, 4))
    assert [(gap.shift, gap.why) for gap in found.quality.gaps] == [
        ("2021-07-02T08:00", {"leader-1": "rest"}),
        ("2021-07-04T08:00", {"leader-1": "rest"}),
    ]
    with transaction(sqlite_engine) as connection:
        publish_roster(connection, city, found.roster.code, "centre-head", recording())
    with reading(sqlite_engine) as connection:
        assert len(read_events(connection, "roster:ZB2021-1")[-1].facts["gaps"]) == 2


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(date(2021, 7, 2), date(2021, 7, 1), "centre-head"), "roster_days_reversed"),
        (Wish(date(2021, 7, 1), date(2023, 7, 1), "centre-head"), "roster_too_long"),
        (Wish(date(2021, 7, 1), date(2021, 7, 1), "nobody"), "unknown_post"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(sqlite_engine: Engine, wish: Wish, code: str) -> None:
    city = flood_city_in(sqlite_engine)
    found = propose_roster(sqlite_engine, city, wish, recording())
    assert isinstance(found, Refusal)
    assert found.code == code


def test_only_who_leads_or_heads_the_duty_room_publishes(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    code = proposed(sqlite_engine, city, *FOUR_WEEKS).roster.code
    with transaction(sqlite_engine) as connection:
        refused = publish_roster(connection, city, code, "flood-officer-1", recording())
    assert isinstance(refused, Refusal)
    assert refused.code == "not_a_publisher"
    with transaction(sqlite_engine) as connection:
        published_now = publish_roster(connection, city, code, "flood-leader-2", recording())
    assert not isinstance(published_now, Refusal)


def test_a_dropped_proposal_is_never_published(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    code = proposed(sqlite_engine, city, *FOUR_WEEKS).roster.code
    with transaction(sqlite_engine) as connection:
        drop_roster(connection, city, code, "centre-head", recording())
        refused = publish_roster(connection, city, code, "centre-head", recording())
    assert isinstance(refused, Refusal)
    assert refused.facts["state"] == "dropped"


def test_the_other_solver_gives_the_same_report(sqlite_engine: Engine) -> None:
    pytest.importorskip("ortools")
    city = flood_city_in(sqlite_engine)
    wish = Wish(*FOUR_WEEKS, "centre-head", Solver.CP_SAT)
    by_cp_sat, plainly = (
        propose_roster(sqlite_engine, city, wish, recording()),
        proposed(sqlite_engine, city, *FOUR_WEEKS),
    )
    assert not isinstance(by_cp_sat, Refusal)
    assert by_cp_sat.roster.solver == "cp_sat"
    assert by_cp_sat.quality.as_dict().keys() == plainly.quality.as_dict().keys()
    assert by_cp_sat.quality.spread == plainly.quality.spread


def test_the_report_of_a_stored_roster_is_read_from_who_stands_there(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    roster = published(sqlite_engine, city, *FOUR_WEEKS)
    with reading(sqlite_engine) as connection:
        found = find_roster(connection, roster.code)
        assert found is not None
        now = quality_now(connection, city, found)
        rows = connection.scalar(select(func.count()).select_from(NOTICES))
    assert now is not None
    assert now.as_dict() == roster.quality
    assert rows == len(notices_of(sqlite_engine, "roster_published"))
    assert MORNING
