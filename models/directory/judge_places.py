"""What must hold among areas and inspectors beyond the single row."""

from collections.abc import Iterable

from models.city import DayHours
from models.directory.fault import Fault, listed, quoted
from models.directory.judge_people import judge_holder, times, uncovered
from models.directory.sheets import TERRITORY, Sheets
from models.vocabulary import Role

LEVELS = (15, 12, 9, 6)


def judge_places(sheets: Sheets, city_code: str | None, faults: list[Fault]) -> None:
    """Every fault among the places of the city."""
    _judge_parents(sheets, city_code, faults)
    _judge_territory(sheets, faults)
    _judge_inspectors(sheets, faults)


def chain(area: str) -> tuple[str, ...]:
    """An area's code and those of its parents, narrowest first."""
    return tuple(area[:length] for length in LEVELS if len(area) >= length)


def _judge_parents(sheets: Sheets, city_code: str | None, faults: list[Fault]) -> None:
    known = sheets.texts("areas.csv", "code")
    for record in sheets.areas:
        code = record.value.code
        parent = code[:-3] if len(code) > LEVELS[-1] else None
        if parent is not None and parent not in known:
            problem = f"the area above {quoted(code)}, {parent}, is missing."
            remedy = f"Add a row with the code {parent}, or correct this code."
            faults.append(Fault("areas.csv", record.row, "code", code, problem, remedy))
        elif parent is None and city_code is not None and code != city_code:
            problem = f"{quoted(code)} is no area of the city {city_code}."
            remedy = "Every area code begins with the city's code of city.yaml."
            faults.append(Fault("areas.csv", record.row, "code", code, problem, remedy))


def _judge_territory(sheets: Sheets, faults: list[Fault]) -> None:
    """Rows that say `territory` need a unit for every area, its own or that of an area above it."""
    if TERRITORY not in sheets.texts("responsibility.csv", "unit"):
        return
    rows = sheets.rows.get("areas.csv")
    with_unit = {row.cells.get("code", "") for row in rows.rows if row.cells.get("unit")} if rows else set()
    for record in sheets.areas:
        code = record.value.code
        if with_unit.isdisjoint(chain(code)):
            problem = f"no unit answers for area {quoted(code)}, but responsibility.csv hands cases to the territory."
            remedy = "Write the code of a unit of units.csv here or in the row of the area above."
            faults.append(Fault("areas.csv", record.row, "unit", "", problem, remedy))


def _judge_inspectors(sheets: Sheets, faults: list[Fault]) -> None:
    posts = {record.value.code: record.value for record in sheets.posts}
    for record in sheets.inspectors:
        judge_holder("inspectors.csv", record.row, record.value.post, Role.INSPECTOR, posts, faults)
    if sheets.rows.get("inspectors.csv") is None:
        return
    unread = sheets.unread("inspectors.csv", sheets.inspectors, "area")
    duties: dict[str, list[DayHours]] = {}
    for record in sheets.inspectors:
        duties.setdefault(record.value.area, []).append(record.value.hours)
    for where, grids in _grids_by_duties(sheets, duties).items():
        walked, _ = where
        gaps = uncovered(hours for area in walked for hours in duties[area])
        if gaps and all(unread.isdisjoint(chain(code)) for code in grids):
            faults.append(_unwalked(grids, times(gaps)))


def _grids_by_duties(sheets: Sheets, duties: Iterable[str]) -> dict[tuple[tuple[str, ...], str], dict[str, int]]:
    """Grids of one village with the same inspectors: they lack the same hours, and one fault tells of all of them."""
    with_duty = frozenset(duties)
    found: dict[tuple[tuple[str, ...], str], dict[str, int]] = {}
    for record in sheets.areas:
        code = record.value.code
        if len(code) == LEVELS[0]:
            walked = tuple(area for area in chain(code) if area in with_duty)
            found.setdefault((walked, code[:12]), {})[code] = record.row
    return found


def _unwalked(grids: dict[str, int], hours: str) -> Fault:
    code, row = next(iter(grids.items()))
    others = f" (also {listed(set(grids) - {code})})" if len(grids) > 1 else ""
    problem = f"no inspector walks grid {quoted(code)} at {hours}{others}."
    remedy = "Add a row to inspectors.csv for the grid or an area above it and these hours."
    return Fault("areas.csv", row, "code", code, problem, remedy)
