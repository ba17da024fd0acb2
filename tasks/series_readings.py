"""The readings of many series that may be used, each from its own moment on, with one statement; or their sums."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from models.quiet import Stretch
from models.thresholds import Reading
from tasks.bulk_rows import text_of_moment
from tasks.database import is_postgres

_ON_POSTGRES = (
    "SELECT w.series_id, o.at, o.value FROM unnest(%s::bigint[], %s::timestamptz[]) AS w(series_id, since) "
    "CROSS JOIN LATERAL (SELECT o.at, o.value FROM observation o "
    "WHERE o.series_id = w.series_id AND o.at >= w.since AND o.doubt = '' ORDER BY o.at) o ORDER BY w.series_id, o.at"
)
"""The order inside keeps each series one stretch of the key: else all rows there are were read to find these."""

_ON_SQLITE = (
    "SELECT o.series_id, o.at, o.value FROM json_each(?) w "
    "CROSS JOIN observation o ON o.series_id = w.value ->> 0 AND o.at >= w.value ->> 1 "
    "WHERE o.doubt = '' ORDER BY o.series_id, o.at"
)
"""The cross join keeps the order of the tables: each series is one stretch of the key."""

_SUMS_ON_POSTGRES = (
    "SELECT s.* FROM unnest(%s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS w(series_id, since, number) "
    "CROSS JOIN LATERAL (SELECT count(*), min(o.value), max(o.value), sum(o.value) FROM observation o "
    "WHERE o.series_id = w.series_id AND o.at >= w.since AND o.doubt = '') s ORDER BY w.number"
)
_SUMS_ON_SQLITE = (
    "SELECT (SELECT json_array(count(*), min(o.value), max(o.value), sum(o.value)) FROM observation o "
    "WHERE o.series_id = w.value ->> 0 AND o.at >= w.value ->> 1 AND o.doubt = '') FROM json_each(?) w ORDER BY w.key"
)
"""One value a stretch: SQLite looks each up where it lies, without sorting readings by stretch."""

_STRETCH = "SELECT at, value, doubt, late FROM observation WHERE series_id = ? AND at >= ? AND at <= ? ORDER BY at"

HANDED_OUT_AT_ONCE = 500


def read_since(connection: Connection, wanted: Sequence[tuple[int, datetime]]) -> dict[int, list[Reading]]:
    """The good readings of each series from its moment on, in order; a series without any is missing.

    Example: read_since(connection, [(1, midnight), (2, noon)]) -> {1: [Reading(...), ...], 2: [...]}
    """
    found: dict[int, list[Reading]] = defaultdict(list)
    if not wanted:
        return found
    if is_postgres(connection):
        arrays = [series_id for series_id, _ in wanted], [since for _, since in wanted]
        for series_id, at, value in connection.exec_driver_sql(_ON_POSTGRES, arrays).all():
            found[series_id].append(Reading(at, value))
        return found
    pairs = json.dumps([[series_id, text_of_moment(since)] for series_id, since in wanted])
    moments: dict[str, datetime] = {}  # Stations report at the same minutes: each text is read once.
    for series_id, text, value in connection.exec_driver_sql(_ON_SQLITE, (pairs,)).all():
        at = moments.get(text)
        if at is None:
            at = moments[text] = moment_stored(text)
        found[series_id].append(Reading(at, value))
    return found


def sums_since(connection: Connection, wanted: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime], Stretch]:
    """What the good readings of each series from its moment on say together; a series may be asked for several times.

    The database adds up what it never has to hand out: of a hundred gauges and twelve hours 72,000 readings a minute.
    """
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    if is_postgres(connection):
        arrays = [series_id for series_id, _ in asked], [since for _, since in asked]
        rows = [Stretch(*row) for row in connection.exec_driver_sql(_SUMS_ON_POSTGRES, arrays).all()]
    else:
        pairs = json.dumps([[series_id, text_of_moment(since)] for series_id, since in asked])
        found = connection.exec_driver_sql(_SUMS_ON_SQLITE, (pairs,)).scalars()
        rows = [Stretch(*json.loads(one)) for one in found]
    return dict(zip(asked, rows, strict=True))


def read_stretch(
    connection: Connection, series_id: int, since: datetime, until: datetime
) -> Iterator[tuple[datetime, float, str, bool]]:
    """When, value, doubt and lateness of every reading of one series in [since, until], in order.

    Days of minutes are thousands of rows: what SQLAlchemy adds to each would be most of their cost, so some hundreds
    at a time are had from it, and gone when the next come.
    """
    if is_postgres(connection):
        asked = connection.exec_driver_sql(_STRETCH.replace("?", "%s"), (series_id, since, until))
        for part in asked.partitions(HANDED_OUT_AT_ONCE):
            for at, value, doubt, late in part:
                yield at, value, doubt, late
        return
    moments = (text_of_moment(since), text_of_moment(until))
    for part in connection.exec_driver_sql(_STRETCH, (series_id, *moments)).partitions(HANDED_OUT_AT_ONCE):
        for text, value, doubt, late in part:
            yield moment_stored(text), value, doubt, bool(late)


def moment_stored(text: str) -> datetime:
    """A moment as SQLite keeps it: UTC, without saying so."""
    return datetime.fromisoformat(f"{text}+00:00")
