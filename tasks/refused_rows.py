"""Rows that could not be taken in: kept whole and sealed, listed, mended, taken in again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from models.case import RefusedRow
from models.chain import canonical
from models.city import City
from models.mapped_report import read_report
from models.raw_row import RawRow, value_fault
from models.refusal import Refusal
from models.source_mapping import SourceMapping
from models.tables import table_of
from tasks.numbers import NumberSeries
from tasks.personal_data import fingerprint, seal, unseal
from tasks.reports import known_ids, write_reports

ROWS = table_of(RefusedRow)


@dataclass(frozen=True, slots=True)
class RefusedContent:
    """What a refused row holds. It may name a citizen: never log it, never put it into facts."""

    values: dict[str, str] = field(repr=False)
    unparsed: str | None = field(default=None, repr=False)
    """The row's text where the values do not hold all of it."""
    mended: bool = False


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A refused row as it is listed: where it stood and what was wrong, nothing of its content."""

    id: int
    source: str
    row_number: int
    refusal: Refusal
    state: str
    refused_at: datetime


def keep_refused(
    connection: Connection,
    key: bytes,
    source: str,
    refused: Sequence[tuple[RawRow, Refusal]],
    *,
    batch_id: int,
    now: datetime,
) -> int:
    """Keep refused rows, each content once; returns how many of them were mended and taken in before."""
    rows: dict[str, dict[str, Any]] = {}
    prints = []
    for row, refusal in refused:
        content = _as_text(RefusedContent(dict(row.values), row.unparsed))
        mark = fingerprint(key, source, content)
        prints.append(mark)
        rows[mark] = {
            "batch_id": batch_id,
            "source": source,
            "row_number": row.number,
            "code": refusal.code,
            "facts": canonical(dict(refusal.facts)),
            "content_sealed": seal(key, content),
            "fingerprint": mark,
            "state": "open",
            "refused_at": now,
        }
    known = select(ROWS.c.fingerprint, ROWS.c.state).where(ROWS.c.source == source, ROWS.c.fingerprint.in_(rows))
    states = {row.fingerprint: row.state for row in connection.execute(known)}
    new = [row for mark, row in rows.items() if mark not in states]
    if new:
        connection.execute(insert(ROWS), new)
    return sum(states.get(mark) == "taken" for mark in prints)


def list_refused(
    connection: Connection, source: str | None = None, state: str = "open", limit: int = 200
) -> list[KeptRow]:
    """Refused rows in the order they came, without their content."""
    wanted = select(ROWS).where(ROWS.c.state == state).order_by(ROWS.c.id).limit(limit)
    if source is not None:
        wanted = wanted.where(ROWS.c.source == source)
    return [_kept(dict(row)) for row in connection.execute(wanted).mappings()]


def read_refused(connection: Connection, key: bytes, row_id: int) -> RefusedContent | Refusal:
    """The whole content of a refused row, for the person who mends it."""
    row = connection.execute(select(ROWS).where(ROWS.c.id == row_id)).mappings().first()
    return _content(key, row["content_sealed"]) if row else Refusal("no_such_refused_row", {"id": row_id})


def mend_refused(connection: Connection, key: bytes, row_id: int, changes: Mapping[str, str]) -> Refusal | None:
    """Write other values into columns of a refused row; its fingerprint stays that of what the file said.

    A row whose text is no row at all has no columns yet: any column may be given.
    """
    row = _open_row(connection, row_id)
    if isinstance(row, Refusal):
        return row
    content = _content(key, row["content_sealed"])
    unknown = [column for column in changes if column not in content.values]
    if unknown and content.values:
        return Refusal("no_such_column", {"column": ", ".join(unknown), "known": ", ".join(content.values)})
    mended = RefusedContent({**content.values, **changes}, content.unparsed, mended=True)
    sealed = seal(key, _as_text(mended))
    connection.execute(update(ROWS).where(ROWS.c.id == row_id).values(content_sealed=sealed))
    return None


def drop_refused(connection: Connection, row_id: int, now: datetime) -> Refusal | None:
    """Settle a refused row that nobody will mend; its content stays."""
    row = _open_row(connection, row_id)
    if isinstance(row, Refusal):
        return row
    connection.execute(update(ROWS).where(ROWS.c.id == row_id).values(state="dropped", settled_at=now))
    return None


def retry_refused(
    connection: Connection,
    city: City,
    key: bytes,
    mapping: SourceMapping,
    row_ids: Iterable[int],
    *,
    now: datetime,
    flow_run_id: str | None = None,
) -> dict[int, Refusal | None]:
    """Take refused rows of one source in again: row id -> None where taken, else what is still wrong."""
    NumberSeries(connection).lock()
    return {row_id: _retry(connection, city, key, mapping, row_id, now, flow_run_id) for row_id in row_ids}


def _retry(
    connection: Connection,
    city: City,
    key: bytes,
    mapping: SourceMapping,
    row_id: int,
    now: datetime,
    flow_run_id: str | None,
) -> Refusal | None:
    row = _open_row(connection, row_id)
    if isinstance(row, Refusal):
        return row
    if row["source"] != mapping.source:
        return Refusal("no_such_refused_row", {"id": row_id})
    content = _content(key, row["content_sealed"])
    if content.unparsed and not content.mended:  # its text is no row, and nobody has said what its columns are
        return _kept(row).refusal
    report = value_fault(content.values) or read_report(mapping, content.values, city, now)
    if not isinstance(report, Refusal) and known_ids(connection, [report]):
        report = Refusal("taken_already")
    if isinstance(report, Refusal):
        values = {"code": report.code, "facts": canonical(dict(report.facts))}
        connection.execute(update(ROWS).where(ROWS.c.id == row_id).values(values))
        return report
    write_reports(connection, city, key, [report], batch_id=row["batch_id"], now=now, flow_run_id=flow_run_id)
    connection.execute(update(ROWS).where(ROWS.c.id == row_id).values(state="taken", settled_at=now))
    return None


def _open_row(connection: Connection, row_id: int) -> Mapping[str, Any] | Refusal:
    """A refused row nobody has settled, or why there is none."""
    row = connection.execute(select(ROWS).where(ROWS.c.id == row_id)).mappings().first()
    if row is None:
        return Refusal("no_such_refused_row", {"id": row_id})
    if row["state"] != "open":
        return Refusal("refused_row_settled", {"id": row_id, "state": row["state"]})
    return dict(row)


def _kept(row: Mapping[str, Any]) -> KeptRow:
    refusal = Refusal(row["code"], json.loads(row["facts"]))
    return KeptRow(row["id"], row["source"], row["row_number"], refusal, row["state"], row["refused_at"])


def _as_text(content: RefusedContent) -> str:
    """ASCII, so that also what is no text in any encoding is kept to the byte."""
    return json.dumps({"values": content.values, "unparsed": content.unparsed, "mended": content.mended})


def _content(key: bytes, sealed: bytes) -> RefusedContent:
    return RefusedContent(**json.loads(unseal(key, sealed)))
