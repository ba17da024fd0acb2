"""The seal of a report: a digest of the row as it was taken in, kept in the `report` event of the case it opened.

The event is chained, so whoever alters the report's row past its seal would have to alter the chain. A reporter's name
and phone are no part of it (they stand in no column here): a reporter may be erased and every seal still fits.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from models.chain import canonical

DIGEST_FACT = "report_digest"
"""The fact of a `report` event that holds the seal; events of older programs have none."""

SEALED_COLUMNS = (
    "receipt_number",
    "source",
    "source_id",
    "batch_id",
    "opened_at",
    "taken_at",
    "class_code",
    "condition_no",
    "description",
    "place",
    "area",
    "longitude",
    "latitude",
    "component_code",
    "camera",
    "source_chain",
    "unit_hint",
    "source_due_at",
    "source_closed_at",
    "flags",
    "reporter_id",
)
"""Every column of a report that never changes, in the order in which they are hashed. Stored seals rest on this list:
a column that comes later needs a fact and a list of its own."""

_DEGREES = frozenset({"longitude", "latitude"})


def report_digest(report: Mapping[str, Any]) -> str:
    """sha256, in hex, over the canonical JSON array of a report's sealed columns; a column not given counts as null.

    Example: facts[DIGEST_FACT] = report_digest(row)
    Raises: NotCanonical for a moment without zone.
    """
    return sha256(canonical([_sealed(name, report.get(name)) for name in SEALED_COLUMNS]).encode()).hexdigest()


def _sealed(name: str, value: Any) -> Any:
    # The database gives 113.0 back where 113 was put in.
    return float(value) if name in _DEGREES and value is not None else value
