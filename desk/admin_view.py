"""Posts, contact points and the last changes in the administrator's words."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from desk.admin_lines import Banner, LeaveLine, PointLine, PostLine, RecordLine
from desk.pages import form_word, page_words
from models.city import City, Post
from models.contact_reference import masked_reference
from models.desk_record import DeskRecordKind
from tasks.contact_tests import Contact
from tasks.desk_records import Recorded
from tasks.directory import Fault, Severity
from tasks.directory_changes import CHANGEABLE, How, Outcome, rows_about
from tasks.wording import clean, moment_words
from tasks.words import Language, word

MOST_SHOWN = 100
"""Posts of a list; who looks for another one types more of its name."""

CHANGES_SHOWN = 20
LONGEST_REASON = 200


def found_posts(city: City, wanted: str, role: str, now: datetime, language: Language) -> tuple[list[PostLine], int]:
    """The posts whose code, name or unit holds what is typed, the first hundred, and how many there are."""
    day, sought = now.astimezone(city.zone).date(), wanted.casefold()
    fitting = [
        post for post in city.posts.values() if role in ("", post.role.value) and sought in _haystack(city, post)
    ]
    return [post_line(city, post, day, language) for post in fitting[:MOST_SHOWN]], len(fitting)


def post_line(city: City, post: Post, day: date, language: Language) -> PostLine:
    """One post of the list."""
    deputy = city.posts.get(post.deputy or "")
    return PostLine(
        path=post_path(post.code),
        code=post.code,
        name=post.name,
        unit=city.units[post.unit].name if post.unit in city.units else post.unit,
        role=word("role", post.role, language),
        deputy=deputy.name if deputy else "",
        away=any(leave.covers(day) for leave in city.leave_of(post.code)),
        ended=not post.exists_on(day),
    )


def point_lines(
    documents: Mapping[str, str], contacts: Sequence[Contact], city: City, post: str, now: datetime, language: Language
) -> list[PointLine]:
    """The contact points of a post as the edition in force writes them."""
    verified = {str(one.order): one.verified_at for one in contacts}
    lines = []
    for row in rows_about(documents, "contact_points.csv", post):
        order, channel, address = (row.cells.get(name, "") for name in ("order", "channel", "address"))
        at = verified.get(str(int(order)) if order.isdecimal() else order)
        name, told = word("channel", channel, language), moment_words(at, language, city.zone, now) if at else ""
        lines.append(PointLine(order, channel, name, masked_reference(address), told))
    return lines


def leave_lines(documents: Mapping[str, str], post: str) -> list[LeaveLine]:
    """The leave of a post, in the order of the file."""
    rows = rows_about(documents, "leave.csv", post)
    return [LeaveLine(row.cells.get("from", ""), row.cells.get("to", "")) for row in rows]


def record_lines(records: Sequence[Recorded], city: City, now: datetime, language: Language) -> list[RecordLine]:
    """What was done at the desk, the newest first."""
    return [_record_line(record, city, now, language) for record in records]


def outcome_banner(outcome: Outcome, language: Language) -> Banner:
    """What became of a change; faults in the words of `zhihui city check`, in Chinese with a sentence before them."""
    look = {How.FAULTY: "refused", How.STALE: "waits"}.get(outcome.how, "done")
    lines = [_say(f"{outcome.how.value}_help", language)] if outcome.how in (How.STALE, How.FAULTY) else []
    for fault in outcome.faults:
        lines += _fault_lines(fault, language)
    return Banner(look, _say(outcome.how.value, language), tuple(lines))


def post_path(code: str) -> str:
    """Where the page of a post lies."""
    return f"/admin/post/{quote(code, safe='')}"


def _haystack(city: City, post: Post) -> str:
    unit = city.units.get(post.unit)
    return f"{post.code} {post.name} {unit.name if unit else post.unit}".casefold()


def _record_line(record: Recorded, city: City, now: datetime, language: Language) -> RecordLine:
    who, about = city.posts.get(record.by), city.posts.get(record.subject)
    before, after = _told(record)
    return RecordLine(
        at=moment_words(record.at, language, city.zone, now),
        who=who.name if who else record.by,
        what=_what(record, language),
        post=about.name if about else record.subject,
        path=post_path(record.subject) if about else "",
        before=before,
        after=after,
    )


def _what(record: Recorded, language: Language) -> str:
    if record.kind != DeskRecordKind.DIRECTORY_CHANGED:
        return form_word("desk_record", record.kind, language)
    file = form_word("admin_file", str(record.facts["file"]), language)
    before, after = record.facts["before"], record.facts["after"]
    verb = "added" if before is None else "removed" if after is None else "changed"
    return f"{file} · {form_word('desk_record', verb, language)}"


def _told(record: Recorded) -> tuple[str, str]:
    """What was before and after, for a change only what differs; of other records what they say beside."""
    if record.kind != DeskRecordKind.DIRECTORY_CHANGED:
        return "", clean(_aside(record.facts), LONGEST_REASON)
    before, after = record.facts["before"], record.facts["after"]
    names = [name for name in CHANGEABLE[record.facts["file"]].names if name not in ("code", "post")]
    if before is not None and after is not None:
        names = [name for name in names if before.get(name) != after.get(name)]
    return _shown(before, names), _shown(after, names)


def _aside(facts: Mapping[str, Any]) -> str:
    """The reason of a revocation, the contact point of a test, the filter of an export and how many rows left."""
    parts = [facts.get("reason"), facts.get("order"), facts.get("channel"), *facts.get("filter", {}).values()]
    return " · ".join(str(part) for part in (*parts, facts.get("rows")) if part is not None)


def _shown(row: Mapping[str, str] | None, names: Sequence[str]) -> str:
    return ", ".join(row.get(name) or "-" for name in names) if row else ""


def _fault_lines(fault: Fault, language: Language) -> list[str]:
    code = f"{fault.file}/{fault.column}"
    known = language == "zh" and code in page_words().codes("admin_fault")
    severity = _say("warning", language) if fault.severity is Severity.WARNING else ""
    lead = [severity + form_word("admin_fault", code, language)] if known else []
    return [*lead, f"{'' if known else severity}{fault}"]


def _say(code: str, language: Language) -> str:
    return form_word("admin_outcome", code, language)
