"""Leave asked for at the desk: every shift in its days is first somebody else's; a leader always names a substitute."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from models.city import City
from models.duty import ChangeKind
from models.flood_event import Happened, Recording
from models.refusal import Refusal
from models.roster_change import leave_days_refused
from models.roster_check import rules_against
from models.roster_problem import Standing
from tasks.flood_events import record_events
from tasks.roster_change_rows import StoredChange
from tasks.roster_changes import SHORTEST_REASON, Ask, ask_change
from tasks.roster_leave_entry import enter_leave, leave_text, shifts_in_leave
from tasks.roster_reading import Place


@dataclass(frozen=True, slots=True)
class LeaveAsked:
    """Days somebody wants to be away, and who stands in for them meanwhile."""

    post: str
    first: date
    last: date
    reason: str
    substitute: str | None
    key: str


@dataclass(frozen=True, slots=True)
class LeaveTaken:
    """What became of it: the substitutions that were asked, or none and the leave is entered."""

    changes: tuple[StoredChange, ...]


def ask_leave(connection: Connection, city: City, asked: LeaveAsked, recording: Recording) -> LeaveTaken | Refusal:
    """Ask for leave: one substitution for each shift in its days, all or none; without a shift it is entered at once.

    A leader who goes away names a substitute leader also where no shift is touched. The leave counts once all its
    substitutions are granted (`enter_leave_if_ready`).
    """
    if city.duty is None:
        return Refusal("no_duty_room")
    today = recording.now.astimezone(city.zone).date()
    refusal = leave_days_refused(asked.first, asked.last, today)
    if refusal is None and len(asked.reason.strip()) < SHORTEST_REASON:
        refusal = Refusal("change_reason_missing")
    if refusal is not None:
        return refusal
    mine = shifts_in_leave(connection, city, asked.post, asked.first, asked.last, recording.now)
    leading = city.duty.leading_place
    leads = leading is not None and asked.post in leading.pool
    if asked.substitute is None and (mine or leads):
        named = [f"{place.shift.starts_at:%m-%d %H:%M}" for place in mine[:5]]
        return Refusal("leave_needs_substitute", {"count": len(mine), "shifts": named})
    if asked.substitute is not None and asked.substitute not in city.posts:
        return Refusal("unknown_post", {"post": asked.substitute})
    if not mine:
        return _enter_at_once(connection, city, asked, recording)
    return _ask_each(connection, city, asked, mine, recording)


def _ask_each(
    connection: Connection, city: City, asked: LeaveAsked, mine: list[Place], recording: Recording
) -> LeaveTaken | Refusal:
    """One substitution each; where one is not possible, none is asked."""
    together = _not_all_together(connection, city, asked, mine)
    if together is not None:
        return together
    changes: list[StoredChange] = []
    with connection.begin_nested() as savepoint:
        for place in mine:
            ask = Ask(
                ChangeKind.SUBSTITUTION,
                place.assignment_id,
                asked.substitute or "",
                asked.reason,
                asked.post,
                f"{asked.key}-{place.shift.code}",
                because_of_leave=leave_text(asked.first, asked.last),
            )
            found = ask_change(connection, city, ask, recording)
            if isinstance(found, Refusal):
                savepoint.rollback()
                return found
            changes.append(found)
    return LeaveTaken(tuple(changes))


def _not_all_together(connection: Connection, city: City, asked: LeaveAsked, mine: list[Place]) -> Refusal | None:
    """Why one substitute cannot take all the shifts: each alone may fit, two of them may not go together."""
    duty, substitute = city.duty, asked.substitute or ""
    if duty is None:
        return Refusal("no_duty_room")
    taken = [Standing(place.shift, place.place, substitute) for place in mine]
    for one in taken:
        others = [other for other in taken if other is not one]
        broken = rules_against(city, duty, substitute, one.place, one.shift, others)
        if broken:
            rule, other_code = broken[0]
            facts = {"post": substitute, "rule": rule.value, "other": other_code}
            return Refusal("change_breaks_rule", facts | {"starts_at": one.shift.starts_at})
    return None


def _enter_at_once(connection: Connection, city: City, asked: LeaveAsked, recording: Recording) -> LeaveTaken | Refusal:
    """Nobody has to stand in: the leave is entered, and who stands in for a leader is kept with it."""
    if asked.substitute == asked.post:
        return Refusal("change_same_person")
    facts = {"first_day": asked.first, "last_day": asked.last, "reason": asked.reason}
    if asked.substitute is not None:
        facts["substitute"] = asked.substitute
    happened = Happened("leave_asked", recording.now, asked.post, facts)
    record_events(connection, f"leave:{asked.post}", [happened], recording)
    refusal = enter_leave(connection, city, asked.post, (asked.first, asked.last), asked.post, recording)
    return refusal or LeaveTaken(())
