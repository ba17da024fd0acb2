"""Candidates among the open cases of the database, and in which order fresh reports are opened to see each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select

from models.policy import SimilarRule
from models.similar import Candidate, Located, NearbyIndex, as_candidate, box_around
from models.vocabulary import ENDED
from tasks.case_store import CASES

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """The columns of a report or case that similarity looks at."""

    class_code: str | None
    opened_at: datetime
    longitude: float | None
    latitude: float | None
    component_code: str | None
    camera: str | None
    source_chain: str | None

    @classmethod
    def of(cls, row: Row) -> "Spot":
        """The spot of a row of Report or Case."""
        return cls(*(row[name] for name in cls.__slots__))


def find_candidates(connection: Connection, rule: SimilarRule, reports: Sequence[Row]) -> dict[int, list[Candidate]]:
    """Report id -> the open cases similar to it, the oldest case first; reports without any are left out.

    One look into the index by class and place for each report that has both: the cost does not grow with open cases
    elsewhere. The reports must not have cases yet; `apart` says which of them may be asked for together.
    """
    found: dict[int, list[Candidate]] = {}
    for report in reports:
        spot = Spot.of(report)
        if spot.class_code is None or spot.longitude is None or spot.latitude is None:
            continue
        bounds = _bounds(spot.class_code, spot.longitude, spot.latitude, spot.opened_at, rule)
        rows = [dict(row) for row in connection.execute(_NEARBY, bounds).mappings()]
        near = (
            as_candidate(row["id"], Spot.of(row), spot, rule, row["number"] or row["receipt_number"]) for row in rows
        )
        if candidates := sorted((c for c in near if c), key=lambda candidate: candidate.case_id):
            found[report["id"]] = candidates
    return found


def apart(rule: SimilarRule, reports: Sequence[Row]) -> list[list[Row]]:
    """The reports in groups, each to be opened before the next: none is similar to another of its own group.

    So a later report of a batch finds the case of an earlier one, exactly as if they had come one by one.
    """
    index = NearbyIndex(rule)
    group_of: dict[int, int] = {}
    groups: list[list[Row]] = []
    for number, report in enumerate(reports):
        spot: Located = Spot.of(report)
        earlier = (group_of[candidate.case_id] for candidate in index.candidates(spot))
        group_of[number] = max(earlier, default=-1) + 1
        index.add(number, spot)
        if group_of[number] == len(groups):
            groups.append([])
        groups[group_of[number]].append(report)
    return groups


def _bounds(class_code: str, longitude: float, latitude: float, opened_at: datetime, rule: SimilarRule) -> Row:
    box = box_around(longitude, latitude, rule.within_metres)
    (west, east), (other_west, other_east) = box.longitudes
    within = timedelta(hours=rule.within_hours)
    return {
        "class_code": class_code,
        "south": box.south,
        "north": box.north,
        "west": west,
        "east": east,
        "other_west": other_west,
        "other_east": other_east,
        "since": opened_at - within,
        "until": opened_at + within,
    }


def _nearby() -> Select[Any]:
    names = ("id", "number", "receipt_number", *Spot.__slots__)
    longitude = CASES.c.longitude
    return select(*(CASES.c[name] for name in names)).where(
        CASES.c.class_code == bindparam("class_code"),
        CASES.c.latitude.between(bindparam("south"), bindparam("north")),
        or_(
            longitude.between(bindparam("west"), bindparam("east")),
            longitude.between(bindparam("other_west"), bindparam("other_east")),
        ),
        CASES.c.opened_at.between(bindparam("since"), bindparam("until")),
        CASES.c.state.not_in(sorted(state.value for state in ENDED)),
    )


_NEARBY = _nearby()
