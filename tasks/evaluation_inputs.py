"""What is put into a scheme beside the counts of cases: what persons entered, and what was counted elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from models.city import City
from models.evaluation_result import ManualInput, Titled
from models.scheme import ManualItem, Scheme
from models.scheme_entries import total_of
from models.scored import plain
from tasks.counted_marks import Period
from tasks.evaluation_counted import occurrences
from tasks.evaluation_entries import StoredEntry, entries_of

NOTHING, ENTERED, COUNTED, BOTH = "nothing", "entered", "counted", "both"
"""Where a value comes from."""


def inputs_of(
    connection: Connection, city: City, scheme: Scheme, month: str, period: Period, now: datetime
) -> Mapping[str, tuple[ManualInput, ...]]:
    """Every item of the scheme that is no count of cases, for each unit of the directory, up to `now`.

    Each says of which entries (their numbers) and occurrences (shift, check, report, case) it was made.
    """
    entered: dict[tuple[str, str], list[StoredEntry]] = defaultdict(list)
    for entry in entries_of(connection, month):
        if entry.stands:
            entered[entry.unit, entry.item].append(entry)
    kinds = {item.counted for item in scheme.manual.values() if item.counted is not None}
    happened = {kind: occurrences(connection, city, kind, period.until(now)) for kind in sorted(kinds)}
    return {
        unit: tuple(
            _input(item, entered[unit, code], happened[item.counted].get(unit, ()) if item.counted else ())
            for code, item in scheme.manual.items()
        )
        for unit in city.units
    }


def _input(item: ManualItem, entered: Sequence[StoredEntry], happened: Sequence[str]) -> ManualInput:
    value = total_of(item, [entry.value for entry in entered], len(happened))
    # Of a figure or of points only the newest entry stands.
    used = entered if item.whole else entered[-1:]
    return ManualInput(
        code=item.code,
        title=Titled(zh=item.title.zh, en=item.title.en),
        value=None if value is None else Decimal(plain(value)),
        origin=_origin(bool(entered), bool(happened)),
        entries=(*(f"#{entry.number}" for entry in used), *happened),
    )


def _origin(entered: bool, happened: bool) -> str:
    if entered and happened:
        return BOTH
    return ENTERED if entered else COUNTED if happened else NOTHING
