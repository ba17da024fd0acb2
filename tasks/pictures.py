"""Pictures of cases and reports: kept with one row each, shown again, found again where they resemble one another.

Example, as the desk takes an action with pictures:

    with reading(engine) as connection:
        known = handed_in(connection, OfCase(case_id))
    read = read_pictures(uploads, known)            # or a Refusal; takes its time, holds no connection
    stored = store.keep(read)                       # the files lie there before any row names them
    with transaction(engine) as connection:
        digests = add_pictures(connection, stored, OfCase(case_id, round), Handed(...), now)      # or a Refusal
        put_action(connection, ..., facts={"pictures": list(digests)})
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, insert, literal_column, select, text, union

from models.case import Case, Report
from models.picture import OfCase, OfReport, Picture, PictureKind
from models.picture_likeness import BANDS, bands_of, distance, likeness_from, near_band
from models.picture_rules import LIMITS, PictureLimits, refuse_full
from models.refusal import Refusal
from models.tables import table_of
from tasks.bulk_rows import read_rows
from tasks.database import is_postgres
from tasks.picture_store import StoredPicture

PICTURES: Table = table_of(Picture)
_CASES, _REPORTS = table_of(Case), table_of(Report)

_BAND_COLUMNS = tuple(PICTURES.c[f"band_{band}"] for band in range(BANDS))

# "pict" in ASCII: the first of the two numbers of a lock, the second is the case or report.
_LOCK = 0x70696374
_LOCKS = 1 << 31

MOST_RESEMBLING = 10


@dataclass(frozen=True, slots=True)
class Handed:
    """What a picture shows, who handed it in (a post's code, `source:NAME`, `public`) and where (`desk`, ...)."""

    kind: PictureKind
    by: str
    origin: str


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture as its row tells it."""

    case_id: int | None
    report_id: int | None
    round: int
    kind: PictureKind
    by: str
    at: datetime
    sha256: str
    small_sha256: str
    width: int
    height: int
    likeness: int | None


@dataclass(frozen=True, slots=True)
class Resembling:
    """An after-picture of another case that is nearly the same."""

    case_id: int
    case: str
    """Number, or receipt number before filing."""
    sha256: str
    small_sha256: str
    at: datetime
    distance: int
    """Bits of 64 that differ; 0 is the same picture, whatever its size."""


def handed_in(connection: Connection, subject: OfCase | OfReport) -> dict[str, int]:
    """The originals of a case (with its reports) or of a report: digest -> bytes."""
    rows = connection.execute(
        select(PICTURES.c.original_sha256, PICTURES.c.original_bytes).where(_belongs_to(subject)).distinct()
    )
    return {digest: size for digest, size in rows}


def add_pictures(
    connection: Connection,
    stored: Sequence[StoredPicture],
    subject: OfCase | OfReport,
    handed: Handed,
    now: datetime,
    limits: PictureLimits = LIMITS,
) -> tuple[str, ...] | Refusal:
    """The rows of pictures whose files are stored; returns the digests by which events and pages name them.

    What was handed in before for the same case, round and kind keeps its row and the digest of then. The room of the
    case is judged again here, where nobody else can add to it.
    """
    _alone_with(connection, subject)
    originals = {picture.original_sha256: picture.original_bytes for picture in stored}
    refusal = refuse_full(handed_in(connection, subject), originals, limits)
    if refusal:
        return refusal
    keys = {subject.key(handed.kind, picture.original_sha256): picture for picture in stored}
    rows = connection.execute(select(PICTURES.c.key, PICTURES.c.sha256).where(PICTURES.c.key.in_(keys)))
    known = {key: digest for key, digest in rows}
    new = [_row(key, picture, subject, handed, now) for key, picture in keys.items() if key not in known]
    if new:
        connection.execute(insert(PICTURES), new)
    return tuple(known.get(key, picture.sha256) for key, picture in keys.items())


def pictures_of_cases(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[KeptPicture]]:
    """The pictures of each case in the order they came, those of its reports among them."""
    case_of = dict(read_rows(connection, _REPORTS, ("id", "case_id"), "case_id", case_ids, "id"))
    own = [(row[1], row) for row in _rows_of(connection, "case_id", case_ids)]
    reported = [(case_of[row[2]], row) for row in _rows_of(connection, "report_id", list(case_of))]
    return _by_owner(case_ids, sorted(own + reported, key=lambda pair: pair[1][0]))


def pictures_of_reports(connection: Connection, report_ids: Sequence[int]) -> dict[int, list[KeptPicture]]:
    """The pictures that came with each report, in their order."""
    return _by_owner(report_ids, [(row[2], row) for row in _rows_of(connection, "report_id", report_ids)])


def resembling(connection: Connection, likeness: int | None, case_id: int, within: int) -> tuple[Resembling, ...]:
    """After-pictures of other cases at most `within` bits away, the most alike first, then the oldest; ten at most.

    Each band of 16 bits is looked up under the few values it can have (`near_band`), so that the cost follows what is
    alike and never what is stored. Where ten are the very same picture, nothing else is looked for: a camera that
    stands still, or somebody who always sends one picture, would bring thousands.
    A picture of one plain colour has no likeness and resembles nothing.
    """
    if likeness is None:
        return ()
    bands = bands_of(likeness)
    same = [column == band for column, band in zip(_BAND_COLUMNS, bands, strict=True)]
    found = connection.execute(_candidates(case_id, *same).order_by(PICTURES.c.id).limit(MOST_RESEMBLING)).all()
    if len(found) < MOST_RESEMBLING:
        looks = (
            _candidates(case_id, column.in_(near_band(band, within)))
            for column, band in zip(_BAND_COLUMNS, bands, strict=True)
        )
        found = connection.execute(union(*looks)).all()
    near = ((distance(likeness, likeness_from(row[2:])), row.id) for row in found)
    nearest = sorted(each for each in near if each[0] <= within)[:MOST_RESEMBLING]
    return _told(connection, dict((row_id, bits) for bits, row_id in nearest))


def _candidates(case_id: int, *conditions: ColumnElement[bool]) -> Select[Any]:
    # Written out, not bound: only so do both databases see that the indexes over after-pictures fit.
    after = PICTURES.c.kind == literal_column(f"'{PictureKind.AFTER}'")
    return select(PICTURES.c.id, PICTURES.c.case_id, *_BAND_COLUMNS).where(
        after, PICTURES.c.case_id != case_id, *conditions
    )


def _told(connection: Connection, distances: dict[int, int]) -> tuple[Resembling, ...]:
    """The pictures of these rows with their cases, in the order given."""
    if not distances:
        return ()
    rows = connection.execute(
        select(
            PICTURES.c.id,
            PICTURES.c.case_id,
            func.coalesce(_CASES.c.number, _CASES.c.receipt_number).label("case"),
            *(PICTURES.c.sha256, PICTURES.c.small_sha256, PICTURES.c.at),
        )
        .join(_CASES, _CASES.c.id == PICTURES.c.case_id)
        .where(PICTURES.c.id.in_(distances))
    )
    told = {
        row.id: Resembling(row.case_id, row.case, row.sha256, row.small_sha256, row.at, distances[row.id])
        for row in rows
    }
    return tuple(told[row_id] for row_id in distances)


_SHOWN = (
    *("id", "case_id", "report_id", "round", "kind", "by", "at", "sha256", "small_sha256", "width", "height"),
    *(column.name for column in _BAND_COLUMNS),
)


def _rows_of(connection: Connection, match: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    return read_rows(connection, PICTURES, _SHOWN, match, ids, "id")


def _by_owner(owners: Iterable[int], found: Iterable[tuple[int, tuple[Any, ...]]]) -> dict[int, list[KeptPicture]]:
    pictures: dict[int, list[KeptPicture]] = {owner: [] for owner in owners}
    for owner, row in found:
        pictures[owner].append(_kept(row))
    return pictures


def _kept(row: tuple[Any, ...]) -> KeptPicture:
    bands = row[-BANDS:]
    likeness = None if bands[0] is None else likeness_from(bands)
    _, case_id, report_id, round_, kind, by, at, sha256, small_sha256, width, height = row[:-BANDS]
    return KeptPicture(
        case_id, report_id, round_, PictureKind(kind), by, at, sha256, small_sha256, width, height, likeness
    )


def _row(key: str, picture: StoredPicture, subject: OfCase | OfReport, handed: Handed, now: datetime) -> dict[str, Any]:
    bands = [None] * BANDS if picture.likeness is None else bands_of(picture.likeness)
    return {
        "key": key,
        "case_id": subject.case_id if isinstance(subject, OfCase) else None,
        "report_id": subject.report_id if isinstance(subject, OfReport) else None,
        "round": subject.round,
        **{"kind": handed.kind.value, "by": handed.by, "origin": handed.origin, "at": now},
        "original_sha256": picture.original_sha256,
        "original_bytes": picture.original_bytes,
        "original_format": picture.original_format,
        **{"sha256": picture.sha256, "bytes": picture.bytes, "small_sha256": picture.small_sha256},
        **{"width": picture.width, "height": picture.height},
        **{column.name: band for column, band in zip(_BAND_COLUMNS, bands, strict=True)},
    }


def _belongs_to(subject: OfCase | OfReport) -> ColumnElement[bool]:
    if isinstance(subject, OfReport):
        return PICTURES.c.report_id == subject.report_id
    reports = select(_REPORTS.c.id).where(_REPORTS.c.case_id == subject.case_id)
    return (PICTURES.c.case_id == subject.case_id) | PICTURES.c.report_id.in_(reports)


def _alone_with(connection: Connection, subject: OfCase | OfReport) -> None:
    """From here on nobody else adds pictures to this case; on SQLite a transaction that writes is alone anyway.

    The case's own row is not locked: a tap would wait for a visit that moves five hundred cases.
    """
    if is_postgres(connection):
        number = subject.case_id if isinstance(subject, OfCase) else -subject.report_id
        values = {"first": _LOCK, "second": number % _LOCKS}
        connection.execute(text("SELECT pg_advisory_xact_lock(:first, :second)"), values)
