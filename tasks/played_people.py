"""Let the people of a demo act on the cases that wait for them, through everybody's inbox, marked as played."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from models.case import Similarity
from models.case_state import CaseState
from models.city import City
from models.played_people import PLAYED, STATES, PlayedAction, PlayedPeople
from models.refusal import Refusal
from models.tables import table_of
from models.vocabulary import ENDED, State
from tasks.case_store import CASES, read_cases
from tasks.database import reading, transaction
from tasks.inbox import INBOX, put_action
from tasks.sample_ingredients import ingredients

SIMILARITIES = table_of(Similarity)

LOG = logging.getLogger("zhihui.played")

DEMO_PACE = 300.0
"""An hour of work in 12 seconds: a limit of four work hours is used up in under a minute."""

WAITING = "waiting"

MOST_ACTIONS = 500
PAGE = 500
"""Cases looked at with one question."""


def play(
    engine: Engine, city: City, *, now: datetime, seed: int = 1, pace: float = DEMO_PACE, limit: int = MOST_ACTIONS
) -> int:
    """Puts what played people have done by `now` into the inbox, at most so many actions; returns how many.

    Doing it twice puts nothing twice: each action has one key for what it answers to. What the rules say of it is
    known after the next visit. With pace 1 people take as long as people do.
    """
    people = PlayedPeople(city, seed, pace, ingredients().reasons)
    with reading(engine) as connection:
        actions = _due_actions(connection, people, now, limit)
    if not actions:
        return 0
    with transaction(engine) as connection:
        return sum(_put(connection, city, action) for action in actions)


def _due_actions(connection: Connection, people: PlayedPeople, now: datetime, limit: int) -> list[PlayedAction]:
    """The first action of each waiting case that is due and not in the inbox yet."""
    due: list[PlayedAction] = []
    for page in _pages(connection):
        similar = _similar(connection, [case.id for case in page if case.state is State.REPORTED])
        all_actions = [people.actions_for(case, similar.get(case.id)) for case in page]
        answers = [[action for action in actions if action.at <= now] for actions in all_actions]
        known = _known(connection, [action.key for actions in answers for action in actions])
        due += [action for actions in answers if (action := _first(actions, known)) is not None]
        if len(due) >= limit:
            break
    return sorted(due, key=lambda action: action.at)[:limit]


def _first(actions: Sequence[PlayedAction], known: Mapping[str, str]) -> PlayedAction | None:
    """The first action that was not put yet; none while the one before it still waits for a visit."""
    for action in actions:
        if action.key not in known:
            return action
        if known[action.key] == WAITING:
            return None
    return None


def _pages(connection: Connection) -> Iterator[list[CaseState]]:
    """All waiting cases, page by page."""
    states = sorted(state.value for state in STATES)
    waiting = select(CASES.c.id).where(CASES.c.state.in_(states)).order_by(CASES.c.id).limit(PAGE)
    last = 0
    while ids := connection.execute(waiting.where(CASES.c.id > last)).scalars().all():
        yield [loaded.case for loaded in read_cases(connection, ids).values()]
        last = ids[-1]


def _similar(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Case id -> the name of the oldest open case it may be the same problem as."""
    candidate = CASES.alias()
    rows = connection.execute(
        select(SIMILARITIES.c.case_id, candidate.c.number, candidate.c.receipt_number)
        .join(candidate, candidate.c.id == SIMILARITIES.c.candidate_id)
        .where(SIMILARITIES.c.case_id.in_(ids), candidate.c.state.not_in(sorted(state.value for state in ENDED)))
        .order_by(candidate.c.id.desc())
    )
    return {row.case_id: row.number or row.receipt_number for row in rows}


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Key -> state of those of these actions that were put before."""
    rows = connection.execute(select(INBOX.c.key, INBOX.c.state).where(INBOX.c.key.in_(keys)))
    return {row.key: row.state for row in rows}


def _put(connection: Connection, city: City, action: PlayedAction) -> bool:
    """Puts one action; False where it lies there already, or makes no sense any more."""
    put = put_action(
        connection,
        city,
        case=action.case,
        action=action.action,
        by_post=action.by_post,
        facts=action.facts,
        origin=PLAYED,
        now=action.at,
        key=action.key,
    )
    if isinstance(put, Refusal):
        LOG.warning("played action %s was refused: %s", action.key, put.code, extra={"action": "played_refused"})
        return False
    return not put.already
