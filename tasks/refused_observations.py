"""Rows that are no readings, kept whole with their reason: whoever mends a mapping sees what it did not understand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from models.chain import canonical
from models.observation import RefusedObservation
from models.raw_row import NO_CHARACTER, RawRow
from models.refusal import Refusal
from models.tables import table_of
from tasks.words import Language, word

ROWS = table_of(RefusedObservation)

LONGEST_KEPT = 4_000
"""Characters of a row that are kept: no reading needs more."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row and why it is no reading."""

    row: RawRow
    refusal: Refusal


def keep_refused(connection: Connection, source: str, name: str, refused: Sequence[RefusedRow], now: datetime) -> None:
    """Keep rows that are no readings, each content once."""
    rows: dict[str, dict[str, Any]] = {}
    for one in refused:
        content = _content(one.row)
        mark = sha256(f"{source}\n{one.refusal.code}\n{content}".encode()).hexdigest()
        rows[mark] = {
            **{"source": source, "name": name, "row_number": one.row.number, "content": content},
            **{"code": one.refusal.code, "facts": canonical(dict(one.refusal.facts)), "fingerprint": mark},
            "refused_at": now,
        }
    if not rows:
        return
    known = set(connection.scalars(select(ROWS.c.fingerprint).where(ROWS.c.fingerprint.in_(rows))))
    new = [row for mark, row in rows.items() if mark not in known]
    if new:
        connection.execute(insert(ROWS), new)


def refused_rows(connection: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The rows that were refused last, the newest first."""
    found = connection.execute(select(ROWS).order_by(ROWS.c.id.desc()).limit(limit)).mappings()
    return [dict(row) for row in found]


def explain(refusal: Refusal, language: Language) -> str:
    """Why a row is no reading, as a person reads it."""
    said = word("observation_refusal", refusal.code, language)
    try:
        return said.format_map(dict(refusal.facts))
    except (KeyError, IndexError, ValueError):
        return said


def _content(row: RawRow) -> str:
    # What could not be decoded is half a character, which no database takes.
    text = row.unparsed or canonical({key: NO_CHARACTER.sub("\ufffd", value) for key, value in row.values.items()})
    return NO_CHARACTER.sub("\ufffd", text).replace("\0", "\ufffd")[:LONGEST_KEPT]
