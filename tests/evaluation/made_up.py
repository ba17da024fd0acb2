"""Made-up cities whose people do anything the rules let them, and try what they do not; facts as visits write them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from models.case import Case
from models.case_state import CaseEvent, CaseState
from models.lifecycle_rules import Action
from models.tables import table_of
from models.told_case import fresh_case
from tasks.case_facts import write_facts
from tests.builders import Story, acting
from tests.models.test_lifecycle_properties import BY_RULE, CALENDARS, GAPS, a_city, asides, decisions, onward

Told = tuple[CaseState, Sequence[CaseEvent]]

CASES = table_of(Case)
SOURCES = ("inspector", "citizen", "video")
CLASSES = (("E0101", 1), ("C0101", 1), ("E0110", 1), ("E0201", 1))
AREAS = ("410184101001001", "410184101", None)
_AS_REPORTED: dict[int, tuple[str | None, str | None]] = {}
"""Class and area of a case before anybody corrected them."""

BEGINNINGS = ("2019-05-06 08:30", "2019-05-28 16:00", "2019-05-31 23:40", "2019-06-27 09:00")


def a_made_up_city(connection: Connection, seed: int, cases: int, policy: int) -> list[Told]:
    """So many cases of a city, each with its whole story; their facts are written visit by visit."""
    chance = Random(seed)
    return [_a_life(connection, chance, policy) for _ in range(cases)]


def before_any_event(case: CaseState, events: Sequence[CaseEvent]) -> CaseState:
    """The case as its report opened it."""
    report = {"receipt_number": case.receipt_number, "source": case.source, "opened_at": case.opened_at}
    fresh = fresh_case(report, case.id, events[0].edition, events[0].facts["calendar_edition"])
    fresh.class_code, fresh.area = _AS_REPORTED[case.id]
    return fresh


def last_moment(stories: Sequence[Told]) -> datetime:
    """When the last thing happened."""
    return max(event.recorded_at for _, events in stories for event in events)


def _a_life(connection: Connection, chance: Random, policy: int) -> Told:
    code, condition = chance.choice(CLASSES)
    beginning = chance.choice(BEGINNINGS)
    where: dict[str, Any] = {
        "class_code": code,
        "condition_no": condition,
        "area": chance.choice(AREAS),
        "at": beginning,
    }
    story = Story(a_city(policy), source=chance.choice(SOURCES), **where)
    _AS_REPORTED[story.case.id] = story.case.class_code, story.case.area
    _keep_case(connection, story.case)
    write_facts(connection, [story.case])
    now = datetime.fromisoformat(beginning).replace(tzinfo=story.city.zone)
    for _ in range(chance.randint(1, 18)):
        waiting: list[Action] = []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            now += timedelta(minutes=chance.choice(GAPS))
            waiting += _something(chance, story, now)
        if policy != BY_RULE and chance.random() < 0.05:
            story.move_to(a_city(policy, chance.randrange(len(CALENDARS))))
        now += timedelta(minutes=chance.choice((0, 0, 0, 2, 200)))
        story._keep(story.life.visit(story.case, waiting, now))
        write_facts(connection, [story.case])
    return story.case, story.events


def _something(chance: Random, story: Story, now: datetime) -> Iterator[Action]:
    case = story.case
    ways = (onward(case, now), decisions(case), asides(case))
    possible = ways[chance.choice((0, 0, 0, 0, 0, 0, 1, 1, 1, 2))] or ways[0]
    if possible:
        post, action, facts = chance.choice(possible)
        yield acting(post, action, now, city=story.city, **facts)


def _keep_case(connection: Connection, case: CaseState) -> None:
    row: dict[str, Any] = {"id": case.id, "receipt_number": case.receipt_number, "state": case.state.value}
    row |= {"source": case.source, "edition": case.edition, "calendar_edition": case.calendar_edition}
    row |= {"opened_at": case.opened_at, "last_event_at": case.opened_at}
    connection.execute(insert(CASES), Case(**row).model_dump())
