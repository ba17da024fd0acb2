"""Flood cities and rosters to test with: pools of any size, patterns of the domain, published rosters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Engine

from models.city import City
from models.directory.city_builder import DirectoryFiles
from models.duty_rules import DutyRules
from models.flood_event import Recording
from models.refusal import Refusal
from models.roster_problem import RosterProblem, Standing, pose
from models.roster_proposal import Roster
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.roster_reading import Place, StoredRoster, places_of, published_places
from tasks.rosters import Proposal, Solver, Wish, propose_roster, publish_roster
from tests.cities import SMALL_CITY
from tests.flood_cities import DUTY_YAML, FLOOD_CITY
from tests.stored_cases import at

SEASON = date(2021, 5, 15), date(2021, 9, 30)
FOUR_WEEKS = date(2021, 7, 1), date(2021, 7, 28)
MORNING = at("2021-06-20 09:00")
"""A Sunday before the four weeks."""

PATTERN_24H = '  - {start: "08:00", hours: 24, night: yes}\n'
PATTERN_12H = '  - {start: "08:00", hours: 12}\n  - {start: "20:00", hours: 12, night: yes}\n'
PATTERN_8H = (
    '  - {start: "00:00", hours: 8, night: yes}\n  - {start: "08:00", hours: 8}\n  - {start: "16:00", hours: 8}\n'
)
PATTERN_NIGHTS_AND_WEEKENDS = (
    '  - {start: "08:30", hours: 9, work_days: no}\n  - {start: "17:30", hours: 15, night: yes}\n'
)


def duty_documents(
    pools: Mapping[str, Sequence[str]],
    *,
    pattern: str = PATTERN_24H,
    leave: Iterable[tuple[str, str, str]] = (),
    pairs: Iterable[tuple[str, str, str]] = (),
    more: str = "",
    ended: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The flood city's documents with other pools (place to posts), pattern, leave, A/B pairs (place, A, B)."""
    until, backup = ended or {}, {(place, post): other for place, post, other in pairs}
    posts = dict.fromkeys(post for found in pools.values() for post in found)
    leads = set(pools.get("leader", ()))
    rows = "".join(
        f"{post},{post} 岗位,centre,{'unit_head' if post in leads else 'duty_officer'},,,,{until.get(post, '')}\n"
        for post in posts
    )
    pool_rows = "".join(f"{place},{post},{backup.get((place, post), '')}\n" for place in pools for post in pools[place])
    duty = DUTY_YAML.replace(PATTERN_24H, pattern) + more
    places = [line for line in duty.splitlines(True) if "{code: " not in line or line.split()[2].rstrip(",") in pools]
    return {
        **FLOOD_CITY,
        "posts.csv": SMALL_CITY["posts.csv"] + rows,
        "contact_points.csv": SMALL_CITY["contact_points.csv"] + "".join(f"{post},1,demo,demo\n" for post in posts),
        "duty_pools.csv": "place,post,backup\n" + pool_rows,
        "duty.yaml": "".join(places),
        "leave.csv": "post,from,to\n" + "".join(f"{post},{first},{last}\n" for post, first, last in leave),
    }


def twenty_people(**changes: object) -> dict[str, str]:
    """Three places, twenty people of whom four may lead."""
    pools = {
        "leader": [f"leader-{n}" for n in range(1, 5)],
        "cadre": [f"cadre-{n}" for n in range(1, 7)],
        "officer": [f"officer-{n}" for n in range(1, 11)],
    }
    return duty_documents(pools, **changes)  # type: ignore[arg-type]


def duty_of(city: City) -> DutyRules:
    """The city's duty room."""
    if city.duty is None:
        raise AssertionError("this city has no duty room")
    return city.duty


def problem_of(city: City, first: date, last: date) -> RosterProblem:
    """The problem of some days, with nothing before or after."""
    return pose(city, duty_of(city), first, last)


def standings_of(problem: RosterProblem, roster: Roster) -> list[Standing]:
    """What a solver found, as standings."""
    return [
        Standing(shift, place.code, post)
        for shift, row in zip(problem.shifts, roster, strict=True)
        for place, post in zip(problem.places, row, strict=True)
    ]


def flood_city_in(engine: Engine, documents: Mapping[str, str] = FLOOD_CITY) -> City:
    """A flood city in force in this database."""
    with transaction(engine) as connection:
        load_city(connection, DirectoryFiles(dict(documents)), at("2021-01-01 00:00"), "admin")
        return current_city(connection)


def recording(now: datetime = MORNING, origin: str = "command") -> Recording:
    return Recording(now, origin, "edition")


def proposed(engine: Engine, city: City, first: date, last: date, now: datetime = MORNING) -> Proposal:
    """A proposal of these days by the plain solver."""
    found = propose_roster(engine, city, Wish(first, last, "centre-head", Solver.PLAIN), recording(now))
    if isinstance(found, Refusal):
        raise AssertionError(found)
    return found


def published(engine: Engine, city: City, first: date, last: date, now: datetime = MORNING) -> StoredRoster:
    """A roster of these days in force."""
    code = proposed(engine, city, first, last, now).roster.code
    with transaction(engine) as connection:
        found = publish_roster(connection, city, code, "centre-head", recording(now))
    if isinstance(found, Refusal):
        raise AssertionError(found)
    return found


def stored_places(engine: Engine, city: City, roster: StoredRoster) -> list[Place]:
    """Every place of a stored roster."""
    with reading(engine) as connection:
        return places_of(connection, city, roster)


def in_force(engine: Engine, city: City) -> dict[tuple[str, str], str | None]:
    """Who stands in each place of the published shifts, by shift and place."""
    with reading(engine) as connection:
        found = published_places(connection, city, at("2000-01-01 00:00"), at("2100-01-01 00:00"))
    return {(place.shift.code, place.place): place.post for place in found}


def place_at(engine: Engine, city: City, shift: str, place: str = "officer") -> Place:
    """One place of the published roster."""
    with reading(engine) as connection:
        found = published_places(connection, city, at("2000-01-01 00:00"), at("2100-01-01 00:00"))
    return next(one for one in found if (one.shift.code, one.place) == (shift, place))
