"""Information reports 信息报送: an incident is reported once, and each entry feeds every report that needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models.chain import canonical
from models.city import City
from models.flood_event import Happened, Recording
from models.flood_rules import ReportKind, ReportMeans
from models.flood_warning import Hazard
from models.info_report import IncidentReport, IncidentState
from models.info_report_rules import FIGURES, contradictions, more_casualties
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.response_rules import covering_level
from models.tables import table_of
from models.vocabulary import FLOOD_ROLES, UNIT_ROLES, Role
from tasks.flood_events import record_events
from tasks.flood_numbers import INCIDENT, next_number
from tasks.numbers import NumberSeries
from tasks.report_deadlines import INCIDENTS, OWED, begin_incident_reports, give, is_series, reports_stream, withdraw
from tasks.report_notices import tell_of_entry
from tasks.response_rows import in_force_at

ENTRIES = table_of(IncidentReport)

REPORTING_ROLES = frozenset({*UNIT_ROLES, *FLOOD_ROLES, Role.LEADER, Role.SHIFT_LEADER, Role.INSPECTOR})
"""Who may write an entry; an auditor reads."""


@dataclass(frozen=True, slots=True)
class EntryWish:
    """What somebody reports. Figures are cumulative; None is what was reported before."""

    kind: ReportKind
    means: ReportMeans
    by: str
    danger: str = ""
    place: str = ""
    happened_at: datetime | None = None
    extent: str = ""
    dead: int | None = None
    missing: int | None = None
    injured: int | None = None
    evacuated: int | None = None
    affected: int | None = None
    losses_cny: int | None = None
    measures: str = ""
    technical_person: str = ""
    administrative_person: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of an entry."""

    number: str
    """Of the incident, or the subject of a daily report."""
    entry_id: int
    satisfied: int
    """How many reports that were owed it is."""
    contradicts: tuple[str, ...] = ()


def report_incident(
    connection: Connection, city: City, hazard: Hazard, area: str, wish: EntryWish, key: str, recording: Recording
) -> Reported | Refusal:
    """A new incident with its first entry; the same key is the same incident."""
    NumberSeries(connection).lock()  # Whoever sends the same form waits here, and then finds what it wrote.
    again = _by_key(connection, key)
    if again is not None:
        return again
    if area not in city.areas:
        return Refusal("no_such_area", {"area": area})
    refusal = _refuse(city, wish, recording.now) or _refuse_first(wish)
    if refusal is not None:
        return refusal
    territory = territory_of(city, area) or city.posts[wish.by].unit
    number = next_number(connection, city, INCIDENT, recording.now)
    row = {"number": number, "hazard": hazard.value, "area": area, "unit": territory}
    opened = {"opened_at": recording.now, "opened_by": wish.by, "state": IncidentState.OPEN.value}
    connection.execute(insert(INCIDENTS).values(**row, **opened))
    facts = {"hazard": hazard, "area": area, "unit": territory}
    happened = Happened("incident_opened", recording.now, wish.by, facts)
    record_events(connection, reports_stream(number), [happened], recording)
    level = covering_level(in_force_at(connection, recording.now), city, hazard, area)
    begin_incident_reports(connection, city, number, territory, level, recording)
    return _write(connection, city, number, area, None, wish, key, recording)


def add_entry(
    connection: Connection, city: City, number: str, wish: EntryWish, key: str, recording: Recording
) -> Reported | Refusal:
    """A further entry of an incident. One that contradicts an earlier one is kept and said to; nothing is overwritten.

    The same key is the same entry. A final entry ends the incident and its follow-ups.
    """
    incident = connection.execute(select(INCIDENTS).where(INCIDENTS.c.number == number).with_for_update()).first()
    again = _by_key(connection, key)
    if again is not None:
        return again
    if incident is None:
        return Refusal("unknown_incident", {"number": number})
    refusal = _refuse(city, wish, recording.now)
    if refusal is not None:
        return refusal
    if incident.state != IncidentState.OPEN.value and wish.kind is not ReportKind.FINAL:
        return Refusal("incident_ended", {"number": number, "at": incident.ended_at.isoformat()})
    before = last_entry(connection, number)
    ends = wish.kind is ReportKind.FINAL and incident.state == IncidentState.OPEN.value
    if ends:
        # First, so that what the entry satisfies begins no further follow-up.
        ended = {"state": IncidentState.ENDED.value, "ended_at": recording.now}
        connection.execute(update(INCIDENTS).where(INCIDENTS.c.number == number).values(ended))
    told = _write(connection, city, number, incident.area, before, wish, key, recording)
    if ends:
        withdraw(connection, number, recording)
        happened = Happened("incident_ended", recording.now, wish.by, {})
        record_events(connection, reports_stream(number), [happened], recording)
    return told


def report_on(
    connection: Connection, city: City, subject: str, wish: EntryWish, key: str, recording: Recording
) -> Reported | Refusal:
    """What a unit reports on a response or for the day: words only, for whatever it owes on that subject."""
    NumberSeries(connection).lock()
    again = _by_key(connection, key)
    if again is not None:
        return again
    refusal = _refuse(city, wish, recording.now)
    if refusal is not None:
        return refusal
    unit = city.posts[wish.by].unit
    owed = select(OWED.c.id).where(OWED.c.subject == subject, OWED.c.unit == unit)
    # Words alone about an incident would stand as its newest figures; its own form carries those on.
    if not is_series(subject) or connection.execute(owed).first() is None:
        return Refusal("nothing_owed", {"unit": unit})
    return _write(connection, city, subject, "", None, wish, key, recording)


def pass_on(
    connection: Connection, city: City, number: str, means: ReportMeans, by: str, recording: Recording
) -> int | Refusal:
    """A unit hands the last entry on to those it owes a report itself: no second entry, the same one feeds both."""
    entry = last_entry(connection, number)
    if entry is None:
        return Refusal("unknown_incident", {"number": number})
    if not may_report(city, by, recording.now):
        return Refusal("may_not_report", {"post": by})
    unit = city.posts[by].unit
    done = give(connection, city, number, unit, ReportKind(entry.kind), means, by, entry.id, recording)
    if done:
        return len(done)
    given = connection.execute(
        select(OWED)
        .where(OWED.c.subject == number, OWED.c.unit == unit, OWED.c.given_at.is_not(None))
        .order_by(OWED.c.given_at.desc())
    ).first()
    if given is None:
        return Refusal("nothing_owed", {"unit": unit})
    return Refusal("given_already", {"unit": unit, "by": given.given_by, "at": given.given_at.isoformat()})


def may_report(city: City, post: str, now: datetime) -> bool:
    """Whether a post may write entries."""
    found = city.posts.get(post)
    day = now.astimezone(city.zone).date()
    return found is not None and found.role in REPORTING_ROLES and found.exists_on(day)


def territory_of(city: City, area: str) -> str | None:
    """The unit that answers for an area: the narrowest around it that has one."""
    chain = (city.areas[code] for code in city.area_chain(area) if code in city.areas)
    return next((found.unit for found in chain if found.unit), None)


def last_entry(connection: Connection, number: str) -> Row[Any] | None:
    """The newest entry of an incident."""
    newest = select(ENTRIES).where(ENTRIES.c.subject == number).order_by(ENTRIES.c.id.desc()).limit(1)
    return connection.execute(newest).first()


def _refuse(city: City, wish: EntryWish, now: datetime) -> Refusal | None:
    if not may_report(city, wish.by, now):
        return Refusal("may_not_report", {"post": wish.by})
    if wish.happened_at is not None and wish.happened_at > now:
        return Refusal("happened_in_future", {"at": wish.happened_at.isoformat()})
    for name in FIGURES:
        figure = getattr(wish, name)
        if figure is not None and figure < 0:
            return Refusal("no_figure", {"field": name, "value": figure})
    for post in (wish.technical_person, wish.administrative_person):
        if post and post not in city.posts:
            return Refusal("unknown_post", {"post": post})
    return None


def _refuse_first(wish: EntryWish) -> Refusal | None:
    """The first entry says what happened and where; everything else may follow."""
    missing = [name for name in ("danger", "place") if not getattr(wish, name).strip()]
    return Refusal("entry_lacks", {"fields": missing}) if missing else None


def _by_key(connection: Connection, key: str) -> Reported | None:
    row = connection.execute(select(ENTRIES).where(ENTRIES.c.key == key)).first()
    return Reported(row.subject, row.id, 0) if row else None


def _write(
    connection: Connection,
    city: City,
    subject: str,
    area: str,
    before: Row[Any] | None,
    wish: EntryWish,
    key: str,
    recording: Recording,
) -> Reported:
    """The entry, what it contradicts, what it satisfies, and who hears of it."""
    earlier = dict(before._mapping) if before is not None else None
    entry = _entry(city, subject, earlier, wish, key, recording)
    against = contradictions(earlier, entry)
    casualties = more_casualties(earlier, entry)
    row = entry | {"contradicts": canonical(against)}
    made = connection.execute(insert(ENTRIES).values(row).returning(ENTRIES.c.id)).scalar_one()
    entry_id = int(made)
    facts = {name: entry[name] for name in ("kind", "means", "unit", "danger", "place", *FIGURES)}
    happened = [Happened("entry", recording.now, wish.by, facts | {"entry": entry_id, "key": key})]
    if against:
        about = {"entry": entry_id, "earlier": earlier["id"] if earlier else None, "fields": against}
        happened.append(Happened("contradiction", recording.now, wish.by, about))
    if casualties:
        people = {name: entry[name] for name in ("dead", "missing", "injured")}
        happened.append(Happened("casualties", recording.now, wish.by, {"entry": entry_id, **people}))
    record_events(connection, reports_stream(subject), happened, recording)
    done = give(connection, city, subject, entry["unit"], wish.kind, wish.means, wish.by, entry_id, recording)
    if area:
        tell_of_entry(connection, city, subject, area, entry_id, entry, against, casualties, recording.now)
    return Reported(subject, entry_id, len(done), tuple(str(one["field"]) for one in against))


def _entry(
    city: City, subject: str, before: Mapping[str, Any] | None, wish: EntryWish, key: str, recording: Recording
) -> dict[str, Any]:
    """A whole entry: what was not said stands as it was said before. Phone and identity numbers are no part of it."""

    def carried(name: str, empty: Any) -> Any:
        said = getattr(wish, name)
        said = without_personal_numbers(said) if isinstance(said, str) else said
        return said if said not in (None, "") else before[name] if before else empty

    return {
        "subject": subject,
        "kind": wish.kind.value,
        "means": wish.means.value,
        "unit": city.posts[wish.by].unit,
        "by": wish.by,
        "at": recording.now,
        "recorded_at": recording.now,
        "key": key,
        "origin": recording.origin,
        **{name: carried(name, "") for name in ("danger", "place", "extent")},
        "happened_at": carried("happened_at", None),
        **{name: carried(name, 0) for name in FIGURES},
        "measures": without_personal_numbers(wish.measures),
        **{name: carried(name, None) for name in ("technical_person", "administrative_person")},
        "words": without_personal_numbers(wish.words),
    }
