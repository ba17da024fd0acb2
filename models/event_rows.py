"""Events between the hand of the rules and the rows the database keeps of them: chained going out, whole coming back.

The replay, which stores nothing, chains its events here too: so the same history has the same hashes everywhere.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from models.case_state import CaseEvent, CaseState
from models.chain import canonical, event_hash
from models.vocabulary import ActionName, Role, State


def chain_events(case: CaseState, events: Sequence[CaseEvent], flow_run_id: str | None = None) -> list[dict[str, Any]]:
    """The rows of a case's newest events, each with the hash of the one before it; the case's head goes on with them.

    Example: connection.execute(insert(EVENTS), chain_events(visit.case, visit.events))
    """
    seq = case.events - len(events)
    rows = []
    for event in events:
        seq += 1
        row = {
            "case_id": case.id,
            "seq": seq,
            "action": event.action.value,
            "at": event.at,
            "recorded_at": event.recorded_at,
            "actor": event.actor,
            "role": event.role.value,
            "origin": event.origin,
            "from_state": event.from_state.value if event.from_state else None,
            "to_state": event.to_state.value,
            "facts": canonical(event.facts),
            "edition": event.edition,
            "flow_run_id": flow_run_id,
            "previous_hash": case.head_hash,
        }
        row["hash"] = case.head_hash = event_hash(case.head_hash, row)
        rows.append(row)
    return rows


def event_of(row: Mapping[str, Any]) -> CaseEvent:
    """The event a row was written of.

    Raises: ValueError where the row names an action, role or state this program does not know, or facts that are none.
    """
    return CaseEvent(
        action=ActionName(row["action"]),
        at=row["at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        role=Role(row["role"]),
        origin=row["origin"],
        from_state=State(row["from_state"]) if row["from_state"] else None,
        to_state=State(row["to_state"]),
        facts=json.loads(row["facts"]),
        edition=row["edition"],
    )
