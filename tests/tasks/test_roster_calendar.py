"""The roster as iCalendar: a strict reader understands every line of it (RFC 5545)."""

import re
from datetime import UTC, datetime

from models.city import City
from models.duty import ShiftState
from models.roster_proposal import propose_plainly
from tasks.roster_calendar import calendar_of
from tasks.roster_reading import Place
from tests.flood_cities import a_flood_city
from tests.rosters import FOUR_WEEKS, problem_of, standings_of, twenty_people
from tests.stored_cases import at

NOW = at("2021-06-20 09:00")


def places_of(city: City) -> list[Place]:
    problem = problem_of(city, *FOUR_WEEKS)
    standings = standings_of(problem, propose_plainly(problem))
    return [Place(number, "ZB2021-1", one, ShiftState.PLANNED) for number, one in enumerate(standings, 1)]


def events_of(text: str) -> list[dict[str, str]]:
    """The events of a calendar, read as strictly as the standard says."""
    assert text.endswith("\r\n")
    raw = text.split("\r\n")[:-1]
    assert not any("\n" in line or "\r" in line for line in raw)
    assert all(len(line.encode()) <= 75 for line in raw)
    lines = "\r\n".join(raw).replace("\r\n ", "").split("\r\n")
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert {"VERSION:2.0", "CALSCALE:GREGORIAN"} <= set(lines)
    assert sum(line.startswith("PRODID:") for line in lines) == 1
    events: list[dict[str, str]] = []
    for line in lines[1:-1]:
        assert re.fullmatch(r"[A-Z-]+:.+", line), line
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif line != "END:VEVENT" and events:
            assert name not in events[-1]
            events[-1][name] = value
    return events


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def test_the_whole_roster_is_an_event_a_shift_with_everybody_in_it() -> None:
    city = a_flood_city(twenty_people())
    places = places_of(city)
    events = events_of(calendar_of(city, places, None, NOW))
    assert len(events) == 28
    assert len({event["UID"] for event in events}) == 28
    first = events[0]
    assert (moment(first["DTSTART"]), moment(first["DTEND"])) == (at("2021-07-01 08:00"), at("2021-07-02 08:00"))
    assert moment(first["DTSTAMP"]) == NOW
    for place in places[:3]:
        assert f"{place.post} 岗位" in first["DESCRIPTION"]
    assert "\\n" in first["DESCRIPTION"]


def test_one_person_gets_their_shifts_alone_under_names_that_never_change() -> None:
    city = a_flood_city(twenty_people())
    places = places_of(city)
    mine = [place for place in places if place.post == "officer-3"]
    events = events_of(calendar_of(city, places, "officer-3", NOW))
    assert [moment(event["DTSTART"]) for event in events] == [place.shift.starts_at for place in mine]
    assert events[0]["UID"] == f"{mine[0].shift.code}-officer@410184.zhihui"
    assert events[0]["SUMMARY"] == "防汛值班 值班员"
    later = events_of(calendar_of(city, places, "officer-3", at("2021-07-03 10:00")))
    assert [event["UID"] for event in later] == [event["UID"] for event in events]


def test_nobodys_calendar_is_still_a_calendar() -> None:
    city = a_flood_city(twenty_people())
    assert events_of(calendar_of(city, [], "officer-3", NOW)) == []


def test_marks_that_mean_something_are_escaped() -> None:
    city = a_flood_city(twenty_people())
    documents = twenty_people()
    renamed = documents["posts.csv"].replace("leader-1 岗位", "领导；甲;乙\\丙")
    city = a_flood_city({**documents, "posts.csv": renamed})
    text = "\n".join(event["DESCRIPTION"] for event in events_of(calendar_of(city, places_of(city), None, NOW)))
    assert "领导；甲\\;乙\\\\丙" in text
