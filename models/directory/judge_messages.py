"""What must hold for messages beyond the single row: somebody is told, and by more than one channel."""

from collections.abc import Iterable

from models.directory.fault import Fault, Severity, listed, quoted
from models.directory.sheets import Sheets
from models.message_rules import CLIMBS_TO, MessageRules, Silence

MESSAGES, CONTACTS = "messages.yaml", "contact_points.csv"


def judge_messages(sheets: Sheets, rules: MessageRules, faults: list[Fault]) -> None:
    """Every fault of what the city says about its messages."""
    _judge_roles(sheets, rules, faults)
    _judge_leave(sheets, faults)
    _judge_single_channels(sheets, faults)


def _judge_roles(sheets: Sheets, rules: MessageRules, faults: list[Fault]) -> None:
    """Whom the file names must be held by somebody. The usual rules are not judged: nobody wrote them here."""
    if sheets.rows.get("posts.csv") is None:
        return
    held = sheets.texts("posts.csv", "role")
    named = {("undelivered_to", str(role)) for role in rules.undelivered_to if rules.undelivered_to != _USUAL}
    for key, silence in (("silence", rules.silence), *(("units", s) for s in rules.silence_of_unit.values())):
        named |= {(key, role) for role in _roles_of(silence)}
    for key, role in sorted(named):
        if role not in held:
            problem = f"no post has the role {quoted(role)}."
            remedy = "Add such a post to posts.csv, or name another role."
            faults.append(Fault(MESSAGES, None, key, role, problem, remedy))


def _roles_of(silence: Silence) -> Iterable[str]:
    return {rung.to for rungs in silence.values() for rung in rungs} - set(CLIMBS_TO)


def _judge_leave(sheets: Sheets, faults: list[Fault]) -> None:
    for record in sheets.leave:
        leave = record.value
        if leave.last_day < leave.first_day:
            problem = f"the last day {leave.last_day} lies before the first day {leave.first_day}."
            remedy = "Write the first and the last day of the leave, both included."
            faults.append(Fault("leave.csv", record.row, "to", str(leave.last_day), problem, remedy))


def _judge_single_channels(sheets: Sheets, faults: list[Fault]) -> None:
    """Posts that one channel alone reaches, in one warning: where it fails, they are told by nobody.

    Posts that are reached by the demo inbox alone are a demo, which has no other channel.
    """
    channels: dict[str, set[str]] = {}
    for record in sheets.contact_points:
        channels.setdefault(record.value.post, set()).add(record.value.channel)
    single = {post: next(iter(found)) for post, found in channels.items() if len(found) == 1}
    unread = sheets.unread(CONTACTS, sheets.contact_points, "post")
    alone = sorted(post for post, channel in single.items() if channel != "demo" and post not in unread)
    if not alone:
        return
    problem = f"{len(alone)} of {len(channels)} posts are reached by one channel only: {listed(alone)}."
    remedy = "Add a row with another channel for each, such as sms; where the one fails, nobody could tell them."
    faults.append(Fault(CONTACTS, None, "channel", "", problem, remedy, Severity.WARNING))


_USUAL = MessageRules().undelivered_to
