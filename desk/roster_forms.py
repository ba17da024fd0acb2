"""What the forms of the roster page do: ask for a change or for leave, amend, answer."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from desk.form_facts import LONGEST_LINE
from desk.form_token import FormToken
from desk.opened_duty import OpenedDuty
from models.duty import ChangeKind
from models.flood_event import Recording
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.roster_change import LONGEST_LEAVE_DAYS
from tasks.roster_changes import (
    Ask,
    accept_change,
    amend_roster,
    ask_change,
    decide_change,
    withdraw_change,
)
from tasks.roster_leave import LeaveAsked, ask_leave
from tasks.roster_reading import place_called
from tasks.wording import clean

KINDS = {kind.value: kind for kind in ChangeKind}


def ask_for(connection: Connection, opened: OpenedDuty, posted: Mapping[str, str]) -> str | Refusal:
    """Ask for what the form says; gives back what to say on the page."""
    if posted.get("form") == "leave":
        return _leave(connection, opened, posted)
    kind = KINDS.get(posted.get("form", ""), ChangeKind.SUBSTITUTION)
    given = place_called(connection, opened.city, posted.get("given", ""))
    taken = place_called(connection, opened.city, posted.get("taken", "")) if kind is ChangeKind.SWAP else None
    if given is None or (kind is ChangeKind.SWAP and (taken is None or taken.post is None)):
        return Refusal("unknown_duty_shift", {"shift": _line(posted, "given")})
    to_post = taken.post if taken is not None else _line(posted, "to")
    ask = Ask(
        kind,
        given.assignment_id,
        to_post or "",
        _line(posted, "reason"),
        opened.post.code,
        _key(posted, kind.value),
        taken.assignment_id if taken else None,
    )
    if kind is ChangeKind.AMENDMENT:
        found = amend_roster(connection, opened.city, ask, _recording(opened))
        return found if isinstance(found, Refusal) else "amended"
    found = ask_change(connection, opened.city, ask, _recording(opened))
    return found if isinstance(found, Refusal) else "asked"


def answer_change(connection: Connection, opened: OpenedDuty, posted: Mapping[str, str]) -> str | Refusal:
    """Agree or not, grant or not, withdraw."""
    code, what, words = _line(posted, "change"), posted.get("do", ""), _line(posted, "words")
    by, recording = opened.post.code, _recording(opened)
    found: object
    if what in ("agree", "disagree"):
        found = accept_change(connection, opened.city, code, by, what == "agree", recording, words)
    elif what in ("grant", "refuse"):
        found = decide_change(connection, opened.city, code, by, what == "grant", recording, words)
    else:
        what = "withdraw"
        found = withdraw_change(connection, opened.city, code, by, recording)
    return found if isinstance(found, Refusal) else what


def _leave(connection: Connection, opened: OpenedDuty, posted: Mapping[str, str]) -> str | Refusal:
    first, last = _day(posted.get("first", "")), _day(posted.get("last", ""))
    if first is None or last is None:
        return Refusal("leave_days_wrong", {"most": LONGEST_LEAVE_DAYS})
    asked = LeaveAsked(
        opened.post.code, first, last, _line(posted, "reason"), _line(posted, "to") or None, _key(posted, "leave")
    )
    found = ask_leave(connection, opened.city, asked, _recording(opened))
    if isinstance(found, Refusal):
        return found
    return "leave_asked" if found.changes else "leave_entered"


def _recording(opened: OpenedDuty) -> Recording:
    return Recording(opened.now, "desk", opened.city.edition)


def _key(posted: Mapping[str, str], form: str) -> str:
    return FormToken(posted.get("key", ""), "").key_of(form)


def _line(posted: Mapping[str, str], name: str) -> str:
    """One line as somebody typed it, without a citizen's numbers."""
    return without_personal_numbers(clean(posted.get(name, ""), LONGEST_LINE))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
