"""A reporter says that the problem is not solved: an action like all others, by whoever holds the report's link."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from models.case_state import CaseState
from models.chain import canonical
from models.city import City
from models.lifecycle_refusals import first_refusal
from models.lifecycle_rules import Action, Actor, Asked
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.vocabulary import ActionName, Role
from tasks.inbox import INBOX
from tasks.public_reports import ORIGIN, PUBLIC

RECEIPT = "receipt_number"
"""The fact that says whose word it was; the inbox keeps it, the event does not."""

REPORTER = Actor(PUBLIC, Role.PUBLIC)


@dataclass(frozen=True, slots=True)
class Objection:
    """What became of a reporter's "not solved": waiting, done, or refused with its reason."""

    state: str
    at: datetime
    refusal: Refusal | None


def objection(reason: str, now: datetime, key: str = "") -> Action:
    """The action as the rules judge it."""
    return Action(ActionName.REOPEN, REPORTER, {"reason": reason}, now, ORIGIN, key)


def why_not_reopened(case: CaseState, city: City, now: datetime) -> Refusal | None:
    """Why a closed case may not be reopened by its reporter now, before a word is typed; None where it may."""
    return first_refusal(Asked(case, objection("…", now), city, now, {"reason": "…"}))


def put_objection(connection: Connection, case_id: int, receipt: str, reason: str, key: str, now: datetime) -> None:
    """Puts the action into the inbox; the caller has judged it, and knows that the key is new."""
    facts = {"reason": without_personal_numbers(reason), RECEIPT: receipt}
    connection.execute(
        insert(INBOX).values(
            key=key,
            case_id=case_id,
            action=ActionName.REOPEN.value,
            by_post=PUBLIC,
            facts=canonical(facts),
            origin=ORIGIN,
            received_at=now,
            state="waiting",
        )
    )


def newest_objection(connection: Connection, case_id: int, receipt: str) -> Objection | None:
    """The newest "not solved" of one reporter about a case."""
    rows = connection.execute(
        select(INBOX.c.state, INBOX.c.received_at, INBOX.c.facts, INBOX.c.outcome)
        .where(INBOX.c.case_id == case_id, INBOX.c.by_post == PUBLIC)
        .order_by(INBOX.c.id.desc())
    )
    row = next((row for row in rows if json.loads(row.facts).get(RECEIPT) == receipt), None)
    if row is None:
        return None
    told = json.loads(row.outcome) if row.outcome else None
    return Objection(row.state, row.received_at, Refusal(told["code"], told["facts"]) if told else None)
