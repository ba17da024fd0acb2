"""From the fields of a form to what is decided or reported; what cannot be read is refused with its field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from desk.opened_flood import OpenedFlood
from models.city import City
from models.flood_rules import ReportKind, ReportMeans, ResponseLevel
from models.flood_warning import Hazard
from models.info_report_rules import FIGURES
from models.refusal import Refusal
from models.response_rules import DecisionWish
from tasks.info_reports import EntryWish
from tasks.response_rows import find_consultation

TEXTS = ("danger", "place", "extent", "measures", "words")
LONGEST = 4_000
MOST = 1_000_000_000_000
LONGEST_FIGURE = 13
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
"""Years a form or address may name; beyond them no moment has a place in every zone."""


def wish_of(
    connection: Connection, opened: OpenedFlood, posted: Mapping[str, str], keep: str
) -> DecisionWish | Refusal:
    """The decision a form asks for; its hazard is that of the consultation."""
    number = opened.link.subject
    told = find_consultation(connection, number)
    if told is None:
        return Refusal("unknown_consultation", {"number": number})
    chosen = posted.get("level", "")
    if chosen != keep and chosen not in ResponseLevel.__members__:
        return Refusal("unreadable_field", {"field": "level", "value": chosen})
    return DecisionWish(
        number,
        told.hazard,
        posted.get("area", "").strip() or told.area,
        None if chosen == keep else ResponseLevel[chosen],
        posted.get("basis", "")[:LONGEST],
        posted.get("issuer", "").strip(),
        posted.get("signed_by", "").strip(),
        opened.post.code,
    )


def entry_of(opened: OpenedFlood, posted: Mapping[str, str]) -> EntryWish | Refusal:
    """The entry a form holds; an empty field says nothing."""
    figures: dict[str, int | None] = {}
    for name in FIGURES:
        said = posted.get(name, "").strip()
        if said and not (said.isascii() and said.isdigit() and len(said) <= LONGEST_FIGURE and int(said) <= MOST):
            return Refusal("no_figure", {"field": name, "value": said[:20]})
        figures[name] = int(said) if said else None
    happened_at = None
    if said := posted.get("happened_at", "").strip():
        happened_at = moment_typed(opened.city, said)
        if happened_at is None:
            return Refusal("unreadable_field", {"field": "happened_at", "value": said[:40]})
    kind, means = posted.get("kind") or ReportKind.INITIAL, posted.get("means") or ReportMeans.WRITTEN
    if kind not in set(ReportKind) or means not in set(ReportMeans):
        return Refusal("unreadable_field", {"field": "kind", "value": f"{kind} {means}"[:40]})
    said_of = {name: posted.get(name, "").strip()[:LONGEST] for name in TEXTS}
    people = {name: posted.get(name, "").strip()[:60] for name in ("technical_person", "administrative_person")}
    given: dict[str, Any] = {**said_of, **figures, **people, "happened_at": happened_at}
    return EntryWish(ReportKind(kind), ReportMeans(means), opened.post.code, **given)


def where_of(posted: Mapping[str, str]) -> tuple[Hazard, str]:
    """Hazard and area of a form; a hazard there is not is a flood."""
    hazard = posted.get("hazard", "")
    return Hazard(hazard) if hazard in set(Hazard) else Hazard.FLOOD, posted.get("area", "").strip()


def moment_typed(city: City, text: str) -> datetime | None:
    """A moment in the city's zone as a form or an address names it; None where it names none that can be.

    Example: 2021-07-20T08:00.
    """
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=city.zone)
    except ValueError:
        return None
    return found if EARLIEST_YEAR <= found.year <= LATEST_YEAR else None
