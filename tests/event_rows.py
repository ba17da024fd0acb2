"""Events as rows, chained as the program chains them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from models.case import Case, CaseEvent
from models.chain import GENESIS, event_hash

MOMENT = datetime(2019, 5, 5, 3, tzinfo=UTC)
"""5 May 2019 11:00 in Shanghai, the make-up Sunday after May Day."""


def an_event(**fields: Any) -> dict[str, Any]:
    """One event of case 7, hashed; any field can be given."""
    event: dict[str, Any] = {
        "case_id": 7,
        "seq": 1,
        "action": "dispatch",
        "at": MOMENT,
        "recorded_at": MOMENT + timedelta(seconds=1.5),
        "actor": "rule:auto_dispatch",
        "role": "rule",
        "origin": "rule",
        "from_state": "filed",
        "to_state": "dispatched",
        "facts": '{"unit":"梨河镇"}',
        "edition": "edition-1",
        "flow_run_id": None,
        "previous_hash": GENESIS,
    } | fields
    return {"id": event["case_id"] * 100 + event["seq"], **event, "hash": event_hash(event["previous_hash"], event)}


def a_chain(case_id: int, *, length: int) -> list[dict[str, Any]]:
    """The events of one case, from the first on."""
    chain: list[dict[str, Any]] = []
    for seq in range(1, length + 1):
        previous_hash = chain[-1]["hash"] if chain else GENESIS
        chain.append(an_event(case_id=case_id, seq=seq, at=MOMENT + timedelta(hours=seq), previous_hash=previous_hash))
    return chain


def write_case(connection: Connection, case_id: int, *, length: int) -> list[dict[str, Any]]:
    """Write a case with a chain of events, as a visit would."""
    chain = a_chain(case_id, length=length)
    case = Case(
        id=case_id,
        receipt_number=f"R20190505{case_id:06d}",
        state="dispatched",
        source="hotline",
        edition="edition-1",
        calendar_edition="edition-1",
        opened_at=MOMENT,
        last_event_at=MOMENT,
        events=length,
        head_hash=chain[-1]["hash"] if chain else GENESIS,
    )
    connection.execute(insert(Case), case.model_dump())
    if chain:
        connection.execute(insert(CaseEvent), chain)
    return chain
