"""Events as rows, chained as the program chains them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from models.case import Case, CaseEvent, Report
from models.case_fact import CaseFact
from models.chain import GENESIS, canonical, event_hash
from models.report_seal import DIGEST_FACT, report_digest

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


def a_chain(case_id: int, *, length: int, seal: str = "") -> list[dict[str, Any]]:
    """The events of one case, from its report on; without a seal of the report as an older program wrote them."""
    opening = {"receipt_number": _receipt(case_id), "opened_at": MOMENT.isoformat(), "limit": "1 urgent_hour"}
    opening |= {"calendar_edition": "edition-1"} | ({DIGEST_FACT: seal} if seal else {})
    chain: list[dict[str, Any]] = []
    for seq in range(1, length + 1):
        fields: dict[str, Any] = {"action": "add_note", "from_state": "reported", "facts": '{"note":"看过"}'}
        if seq == 1:
            fields = {"action": "report", "from_state": None, "facts": canonical(opening)}
        fields |= {"case_id": case_id, "seq": seq, "at": MOMENT + timedelta(hours=seq), "to_state": "reported"}
        chain.append(an_event(**fields, previous_hash=chain[-1]["hash"] if chain else GENESIS))
    return chain


def write_case(
    connection: Connection, case_id: int, *, length: int, sealed: bool = True, reporter_id: int | None = None
) -> list[dict[str, Any]]:
    """Write a case with its report and a chain of events, as a visit would."""
    report = {
        **{"id": case_id, "receipt_number": _receipt(case_id), "source": "hotline", "source_id": f"A{case_id}"},
        **{"opened_at": MOMENT, "taken_at": MOMENT, "longitude": 113.7, "latitude": 34.4, "reporter_id": reporter_id},
        **{"description": "垃圾桶旁有垃圾", "place": "", "flags": "", "case_id": case_id},
    }
    chain = a_chain(case_id, length=length, seal=report_digest(report) if sealed else "")
    case = Case(
        id=case_id,
        receipt_number=_receipt(case_id),
        state="reported",
        source="hotline",
        description="垃圾桶旁有垃圾",
        edition="edition-1",
        calendar_edition="edition-1",
        opened_at=MOMENT,
        last_event_at=MOMENT,
        events=length,
        head_hash=chain[-1]["hash"] if chain else GENESIS,
    )
    connection.execute(insert(Case), case.model_dump())
    connection.execute(insert(Report), report)
    if chain:
        connection.execute(insert(CaseEvent), chain)
        begun = chain[0]["at"]
        fact = {"case_id": case_id, "round": 1, "part": 1, "source": "hotline", "begun_at": begun, "reported_at": begun}
        connection.execute(insert(CaseFact), fact)
    return chain


def _receipt(case_id: int) -> str:
    return f"R20190505{case_id:06d}"
