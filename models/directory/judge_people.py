"""What must hold among units, posts, contact points and seats beyond the single row."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from models.city import DayHours, Post, Unit
from models.directory.circle import circles
from models.directory.fault import Fault, Severity, quoted
from models.directory.sheet import Record
from models.directory.sheets import SEAT_ROLES, Sheets
from models.vocabulary import Role

_Dated = TypeVar("_Dated", Unit, Post)
_MINUTES = 24 * 60


def judge_people(sheets: Sheets, faults: list[Fault]) -> None:
    """Every fault among the people of the city."""
    _judge_unit_parents(sheets, faults)
    _judge_spellings(sheets.units, faults)
    _judge_unit_officers(sheets, faults)
    _judge_deputies(sheets, faults)
    _judge_contacts(sheets, faults)
    _judge_seats(sheets, faults)
    _judge_periods("units.csv", sheets.units, faults)
    _judge_periods("posts.csv", sheets.posts, faults)


def uncovered(hours: Iterable[DayHours]) -> list[DayHours]:
    """The parts of the day that none of the hours cover, in order.

    Example: 08:00-20:00 alone leaves 00:00-08:00 and 20:00-24:00; with 20:00-08:00 nothing is left.
    """
    spans: list[tuple[int, int]] = []
    for each in hours:
        begin, end = each.start_minute, each.end_minute
        spans += [(begin, end)] if begin < end else [(begin, _MINUTES), (0, end)]
    gaps, reached = [], 0
    for begin, end in sorted(spans):
        if begin > reached:
            gaps.append(DayHours(reached, begin))
        reached = max(reached, end)
    return gaps + ([DayHours(reached, _MINUTES)] if reached < _MINUTES else [])


def times(gaps: Sequence[DayHours]) -> str:
    """Hours of the day in words. Example: `00:00-08:00 and 20:00-24:00`."""
    return " and ".join(f"{_clock(gap.start_minute)}-{_clock(gap.end_minute)}" for gap in gaps)


def judge_holder(file: str, row: int, code: str, role: Role, posts: dict[str, Post], faults: list[Fault]) -> None:
    """The post that fills a place must have its role, or it may not do the work of the place."""
    post = posts.get(code)
    if post is not None and post.role is not role:
        problem = f"{quoted(code)} is a post of role {post.role}, not {role}."
        remedy = f"Name a post whose role in posts.csv is {role}."
        faults.append(Fault(file, row, "post", code, problem, remedy))


def _judge_unit_parents(sheets: Sheets, faults: list[Fault]) -> None:
    rows = {record.value.code: record.row for record in sheets.units}
    for circle in circles({record.value.code: record.value.parent for record in sheets.units}):
        if circle[0] in rows:
            problem = f"units stand above each other in a circle: {' -> '.join((*circle, circle[0]))}."
            remedy = "Empty the parent of the one that stands highest."
            faults.append(Fault("units.csv", rows[circle[0]], "parent", circle[1 % len(circle)], problem, remedy))


def _judge_spellings(units: Sequence[Record[Unit]], faults: list[Fault]) -> None:
    """Sources name units by code, name or alias, so that no spelling may mean two units."""
    owner: dict[str, str] = {}
    for record in units:
        unit = record.value
        for spelling in (unit.code, unit.name, *unit.aliases):
            other = owner.setdefault(spelling, unit.code)
            if other != unit.code:
                column = "aliases" if spelling in unit.aliases else "name"
                problem = f"{quoted(spelling)} also means unit {other}."
                remedy = "Give each spelling to one unit only, or reports of a source would go to either."
                faults.append(Fault("units.csv", record.row, column, spelling, problem, remedy))


def _judge_unit_officers(sheets: Sheets, faults: list[Fault]) -> None:
    """A liaison or head that belongs elsewhere or has another role could not act on the unit's cases."""
    posts = {record.value.code: record.value for record in sheets.posts}
    for record in sheets.units:
        unit = record.value
        for column, code, role in (
            ("liaison", unit.liaison, Role.UNIT_LIAISON),
            ("head", unit.head, Role.UNIT_HEAD),
        ):
            post = posts.get(code or "")
            if post is not None and (post.role is not role or post.unit != unit.code):
                problem = f"post {quoted(post.code)} is {post.role} of unit {post.unit} and cannot act for {unit.code}."
                remedy = f"Name a post of unit {unit.code} with the role {role}."
                faults.append(Fault("units.csv", record.row, column, post.code, problem, remedy, Severity.WARNING))


def _judge_deputies(sheets: Sheets, faults: list[Fault]) -> None:
    """Two posts that stand in for each other (AB岗) are usual; in a longer circle a task could go round for long."""
    rows = {record.value.code: record.row for record in sheets.posts}
    for circle in circles({record.value.code: record.value.deputy for record in sheets.posts}):
        first = circle[0]
        if len(circle) == 1:
            problem, remedy = f"post {quoted(first)} is its own deputy.", "Name another post, or leave the cell empty."
            faults.append(Fault("posts.csv", rows[first], "deputy", first, problem, remedy))
        elif len(circle) > 2:
            problem = f"posts stand in for each other in a circle: {' -> '.join((*circle, first))}."
            remedy = "Let two of them stand in for each other, and the others be represented by one of the two."
            fault = Fault("posts.csv", rows[first], "deputy", circle[1], problem, remedy, Severity.WARNING)
            faults.append(fault)


def _judge_contacts(sheets: Sheets, faults: list[Fault]) -> None:
    if sheets.rows.get("contact_points.csv") is None:
        return
    reached = sheets.texts("contact_points.csv", "post")
    rows = sheets.rows.get("posts.csv")
    for row in rows.rows if rows else ():
        code = row.cells.get("code", "")
        if code and code not in reached:
            problem = f"post {quoted(code)} has no contact point: no message would reach it."
            remedy = f"Add a row to contact_points.csv, such as {code},1,demo,demo."
            faults.append(Fault("posts.csv", row.number, "code", code, problem, remedy))


def _judge_seats(sheets: Sheets, faults: list[Fault]) -> None:
    posts = {record.value.code: record.value for record in sheets.posts}
    for record in sheets.seats:
        judge_holder("seats.csv", record.row, record.value.post, record.value.role, posts, faults)
    unread = sheets.unread("seats.csv", sheets.seats, "role")
    if sheets.rows.get("seats.csv") is None:
        return
    for role in SEAT_ROLES:
        gaps = uncovered(record.value.hours for record in sheets.seats if record.value.role is role)
        if gaps and role not in unread:
            problem = f"nobody sits as {role} at {times(gaps)}."
            remedy = f"Add a row for {role} and these hours, such as {role},POST,{times(gaps[:1]).replace('-', ',')}."
            faults.append(Fault("seats.csv", None, "role", role, problem, remedy))


def _judge_periods(file: str, records: Sequence[Record[_Dated]], faults: list[Fault]) -> None:
    for record in records:
        begin, end = record.value.valid_from, record.value.valid_until
        if begin is not None and end is not None and begin >= end:
            problem = f"valid_until {end} is not after valid_from {begin}."
            remedy = "valid_until is the first day on which it no longer exists; leave it empty while that is unknown."
            faults.append(Fault(file, record.row, "valid_until", str(end), problem, remedy))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
