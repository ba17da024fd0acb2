"""Digests of a city directory: the same content has the same digest on every machine."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import chinese_calendar

from models.calendar_of_work import LAST_TABLED_DATE
from models.directory.city_yaml import CityHead


def document_digest(content: str) -> str:
    """The digest of one normalised document."""
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def manifest_of(documents: Mapping[str, str]) -> dict[str, str]:
    """File name -> digest of its document, in the order of the names."""
    return {name: document_digest(documents[name]) for name in sorted(documents)}


def edition_digest(documents: Mapping[str, str]) -> str:
    """The digest of a whole directory."""
    return _digest(manifest_of(documents))


def calendar_digest(head: CityHead, calendar_csv: str) -> str:
    """The digest of all that decides which hours count.

    The official table's version is part of it: a newly installed table is a correction of the calendar, and
    deadlines are computed anew.
    """
    until = head.calendar_official_until
    return _digest(
        {
            "zone": str(head.zone),
            "sessions": [[f"{begin:%H:%M}", f"{end:%H:%M}"] for begin, end in head.hours.sessions],
            "hours_per_work_day": f"{head.hours.hours_per_work_day.normalize():f}",
            "calendar.csv": document_digest(calendar_csv),
            "official_until": until.isoformat() if until else None,
            "official_table": [chinese_calendar.__version__, LAST_TABLED_DATE.isoformat()],
        }
    )


def _digest(content: Any) -> str:
    return document_digest(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
