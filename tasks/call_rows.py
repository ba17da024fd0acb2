"""Calls and their targets as rows: read, grouped by chain, written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from models.call import Call, CallTarget, CallWarning, TargetState
from models.call_climbing import Place, is_awake
from models.call_rules import Wanted
from models.city import City
from models.tables import table_of

CALLS, TARGETS, COVERED = table_of(Call), table_of(CallTarget), table_of(CallWarning)

NOBODY_NAMED = "none"
"""Chain of a call for a place that has none: the duty leader alone."""

ChainKey = tuple[str, str]
"""Subject and chain."""


def stream_of(number: str) -> str:
    """The stream of a call's events."""
    return f"call:{number}"


def subject_of(number: str) -> str:
    """What a notice about a call speaks of: it gives the message its link."""
    return f"flood:{number}"


def find_call(connection: Connection, number: str) -> Row[Any] | None:
    """The call with this number."""
    return connection.execute(select(CALLS).where(CALLS.c.number == number)).first()


def hold_call(connection: Connection, call_id: int) -> Row[Any]:
    """A call, kept for this transaction: its places change by one hand at a time."""
    return connection.execute(select(CALLS).where(CALLS.c.id == call_id).with_for_update()).one()


def open_calls(connection: Connection) -> Sequence[Row[Any]]:
    """The calls that last, the oldest first."""
    return connection.execute(select(CALLS).where(CALLS.c.ended_at.is_(None)).order_by(CALLS.c.id)).all()


def read_targets(connection: Connection, call_id: int) -> list[Row[Any]]:
    """Everybody of a call, in the order of its chains."""
    rows = connection.execute(select(TARGETS).where(TARGETS.c.call_id == call_id).order_by(TARGETS.c.id))
    return list(rows)


def warnings_of(connection: Connection, call_id: int) -> list[str]:
    """Numbers of the warnings a call covers, in the order in which they came to it."""
    mine = select(COVERED.c.warning).where(COVERED.c.call_id == call_id)
    return list(connection.scalars(mine.order_by(COVERED.c.id)))


def by_chain(targets: Iterable[Row[Any]]) -> dict[ChainKey, list[Row[Any]]]:
    """Targets by the chain they stand in."""
    found: dict[ChainKey, list[Row[Any]]] = {}
    for row in targets:
        found.setdefault((row.subject, row.chain), []).append(row)
    return found


def places_of(targets: Sequence[Row[Any]]) -> list[Place]:
    """Targets of one chain as climbing asks for them."""
    return [Place(r.id, r.step, r.post, TargetState(r.state), r.due_at, r.rung, r.climbs_at) for r in targets]


def wanted_of(city: City, chain: str) -> Wanted:
    """When a kind of chain is awake; one that the city does not know any more needs everybody."""
    rule = city.calls.chain(chain) if city.calls else None
    return rule.wanted if rule else Wanted.EACH


def awake_chains(city: City, targets: Iterable[Row[Any]]) -> tuple[set[ChainKey], set[ChainKey]]:
    """The chains for which a human has answered, and the others."""
    awake: set[ChainKey] = set()
    silent: set[ChainKey] = set()
    for key, rows in by_chain(targets).items():
        (awake if is_awake(places_of(rows), wanted_of(city, key[1])) else silent).add(key)
    return awake, silent


def change_targets(connection: Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Write what changed: each row holds `id` and the same columns as the others."""
    if not changes:
        return
    columns = [name for name in changes[0] if name != "id"]
    statement = update(TARGETS).where(TARGETS.c.id == bindparam("_id"))
    statement = statement.values({name: bindparam(f"_{name}") for name in columns})
    connection.execute(statement, [{f"_{name}": value for name, value in row.items()} for row in changes])


def silence_chains(connection: Connection, call_id: int, keys: Iterable[ChainKey]) -> None:
    """Let nothing of these chains climb any more: somebody has answered for them."""
    for subject, chain in sorted(keys):
        connection.execute(
            update(TARGETS)
            .where(TARGETS.c.call_id == call_id, TARGETS.c.subject == subject, TARGETS.c.chain == chain)
            .where(TARGETS.c.climbs_at.is_not(None))
            .values(climbs_at=None)
        )


def local_time(city: City, at: datetime) -> str:
    """A moment as facts hold it: ISO 8601 in the city's zone."""
    return at.astimezone(city.zone).isoformat()
