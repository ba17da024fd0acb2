"""Candidates among the open cases of the database, and in which order fresh reports are opened to see each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Executable, Select, bindparam, or_, select, union_all

from models.policy import SimilarRule
from models.similar import JOIN_KEYS, Candidate, Located, NearbyIndex, as_candidate, box_around
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

    One look into the index by class and place for each report that has both, one into those by name for each report
    that names something: the cost does not grow with open cases elsewhere. The reports must not have cases yet;
    `apart` says which of them may be asked for together.
    """
    found: dict[int, list[Candidate]] = {}
    for report in reports:
        spot = Spot.of(report)
        # A case may lie near and carry the same name.
        rows = {row["id"]: row for question in _questions(spot, rule) for row in _rows(connection, *question)}
        near = (
            as_candidate(case_id, Spot.of(row), spot, rule, row["number"] or row["receipt_number"])
            for case_id, row in sorted(rows.items())
        )
        if candidates := [candidate for candidate in near if candidate]:
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


def _questions(spot: Spot, rule: SimilarRule) -> Iterator[tuple[Executable, Row]]:
    """What is to be asked of the database for a report, with the values of each question."""
    if spot.class_code is None:
        return
    within = timedelta(hours=rule.within_hours)
    hours = {"class_code": spot.class_code, "since": spot.opened_at - within, "until": spot.opened_at + within}
    placed = spot.longitude is not None and spot.latitude is not None
    if spot.longitude is not None and spot.latitude is not None:
        box = box_around(spot.longitude, spot.latitude, rule.within_metres)
        (west, east), (other_west, other_east) = box.longitudes
        degrees = {"south": box.south, "north": box.north, "west": west, "east": east}
        yield _NEARBY, hours | degrees | {"other_west": other_west, "other_east": other_east}
    names = {key: getattr(spot, key) or None for key in JOIN_KEYS}
    if any(names.values()):
        yield (_NAMED_UNPLACED if placed else _NAMED), hours | names


def _rows(connection: Connection, statement: Executable, values: Row) -> list[Row]:
    return [dict(row) for row in connection.execute(statement, values).mappings()]


def _open_within_hours() -> Select[Any]:
    names = ("id", "number", "receipt_number", *Spot.__slots__)
    return select(*(CASES.c[name] for name in names)).where(
        CASES.c.class_code == bindparam("class_code"),
        CASES.c.opened_at.between(bindparam("since"), bindparam("until")),
        CASES.c.state.not_in(sorted(state.value for state in ENDED)),
    )


def _nearby() -> Select[Any]:
    longitude = CASES.c.longitude
    return _open_within_hours().where(
        CASES.c.latitude.between(bindparam("south"), bindparam("north")),
        or_(
            longitude.between(bindparam("west"), bindparam("east")),
            longitude.between(bindparam("other_west"), bindparam("other_east")),
        ),
    )


def _named(*conditions: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Open cases that name the same thing, one look into an index for each key; a key without a name finds none."""
    return union_all(*(_open_within_hours().where(CASES.c[key] == bindparam(key), *conditions) for key in JOIN_KEYS))


_NEARBY, _NAMED = _nearby(), _named()
_NAMED_UNPLACED = _named(or_(CASES.c.longitude.is_(None), CASES.c.latitude.is_(None)))
