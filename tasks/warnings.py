"""Warnings are raised and ended here: the row, its event and the messages about it in one transaction.

Whoever calls people or decides about a response reads warnings from here too; many at once are a `WarningBatch`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.city import City
from models.flood_event import Recording
from tasks.warning_batch import Raising, WarningBatch, lasting_among
from tasks.warning_rows import (
    WARNINGS,
    RaisedWarning,
    open_warning_of,
    open_warnings,
    warning_numbered,
    warnings_since,
)

__all__ = [
    "WARNINGS",
    "RaisedWarning",
    "Raising",
    "WarningBatch",
    "end_warning",
    "open_warning_of",
    "open_warnings",
    "raise_warning",
    "warning_numbered",
    "warnings_since",
]


def raise_warning(
    connection: Connection, city: City, raising: Raising, recording: Recording, actor: str, *, told: bool = True
) -> RaisedWarning | None:
    """Raise a warning, in the caller's transaction; None where one with its subject lasts already.

    The people on duty are told, unless the caller says that it is over already and tells them that.
    """
    batch = WarningBatch(connection, city, recording, actor)
    number = batch.raise_warning(raising, told=told)
    return None if number is None else batch.write()[number]


def end_warning(
    connection: Connection,
    city: City,
    number: str,
    at: datetime,
    evidence: Mapping[str, Any],
    recording: Recording,
    actor: str,
    *,
    told: bool = True,
) -> bool:
    """End a warning by its evidence and tell the people on duty, in the caller's transaction.

    False where it has ended already. Where another takes its place they are told of that one alone.
    """
    if not lasting_among(connection, [number]):
        return False
    batch = WarningBatch(connection, city, recording, actor)
    batch.end_warning(number, at, evidence, told=told)
    batch.write()
    return True
