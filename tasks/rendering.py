"""Notices into messages: one template per kind and language in `templates/`, nothing but facts goes in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.city import City, ContactPoint
from models.notice import NoticeKind
from tasks.template_environment import text_environment
from tasks.wording import clean
from tasks.words import TEMPLATES, Language, word

FACTS = frozenset(
    (
        *("number", "receipt_number", "class_code", "minor", "condition", "place", "description"),
        *("unit", "state", "stage", "reason", "due_at", "former_due_at", "provisional", "limit", "act_by"),
        *("kind", "verdict", "wanted_until", "decide_by", "share", "clock", "hand_backs", "reworks"),
        *("result", "count", "ends_on", "said_at"),
        *("lines", "about", "post", "climbs_to", "told_at", "valid_until"),
        # Roster.
        *("roster", "shifts", "shift", "other_shift", "change", "step", "asker", "colleagues", "stand_by", "gained"),
        *("decided_by", "words"),
        # Duty.
        *("duty_state", "duty_place", "shift_starts_at", "shift_ends_at", "in_room", "handover_side", "station"),
        "contacts",
        # Water.
        *("drill", "hazard", "severity", "area", "raised_at", "ended_at", "why", "signal", "text"),
        *("station", "threshold", "measure", "hours", "reading", "limit_value", "silent_stations"),
        # Call and confirm.
        *("drill", "warning", "severity", "answer_by", "call_places", "call_count", "silent", "silent_count"),
        "ended_why",
        # Response and reports.
        *("hazard", "area", "level", "former_level", "suggested_level", "warnings", "human_decides", "kept", "basis"),
        *("issuer", "signed_by", "duty", "english_duty", "report_kind", "means", "receiver", "danger", "figures"),
        *("happened_at", "measures", "contradicts"),
        # Monthly evaluation.
        *("month", "version", "score", "rank", "of_units", "grade", "window_until", "why_none", "best", "version_why"),
        *("due_count", "on_time_count", "overdue_count", "unscored_count", "open_appeals"),
        *("first_day", "last_day", "findings"),
    )
)
"""What a template may name. A fact that is missing is None, and its line is left out; others are not looked at.

`due_at` is the unit's deadline, `act_by` that of a seat's or inspector's own step, `decide_by` that of a decision;
`said_at` is when the notice was written, so that Chinese leaves out the year where it is the same.
"""

ENGLISH_PART = "— English —"
"""Stands between the two languages of a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads: a title that says it all, and a few lines below it."""

    title: str
    body: str

    @property
    def text(self) -> str:
        """Title and body as one text."""
        return f"{self.title}\n{self.body}" if self.body else self.title


def message_of(text: str) -> Message:
    """The message a text was made of; undoes `Message.text`."""
    title, _, body = text.partition("\n")
    return Message(title, body)


def render(kind: NoticeKind, facts: Mapping[str, Any], language: Language, zone: tzinfo) -> Message:
    """The message of a notice in one language.

    Example: the title of a task in Chinese is "【新任务】E01102018… 暴露垃圾，7月3日（周二）16:00前".
    Raises: BrokenFact.
    """
    known = {name: _cleaned(facts.get(name)) for name in FACTS}
    if known["reason"]:
        known["reason"] = word("reason", known["reason"], language)  # A rule gives a code, a person a text.
    template = _environment().get_template(f"{kind}.{language}.txt")
    text = template.render(**known, notice=str(kind), language=language, zone=zone)
    message = message_of("\n".join(line for line in map(str.strip, text.split("\n")) if line))
    return _of_a_drill(message, language) if known["drill"] else message


def _of_a_drill(message: Message, language: Language) -> Message:
    """The message of a drill 演练: title and body say so before anything else, whatever its template says."""
    return Message(
        f"{word('drill', 'title', language)}{message.title}",
        f"{word('drill', 'body', language)}\n{message.body}".strip(),
    )


def render_both(kind: NoticeKind, facts: Mapping[str, Any], zone: tzinfo) -> Message:
    """The message as it is sent: Chinese first, English below it.

    Raises: BrokenFact.
    """
    chinese = render(kind, facts, "zh", zone)
    english = render(kind, facts, "en", zone)
    return Message(chinese.title, _environment().get_template("_both.txt").render(zh=chinese, en=english))


@dataclass(frozen=True, slots=True)
class BundleLine:
    """One notice of a bundle: its titles in both languages and its own link."""

    title: str
    english: str
    link: str | None
    repeat: bool


def render_sent(
    message: Message, link: str | None, repeat: bool, on_behalf_of: str | None = None, *, below: str = "case"
) -> Message:
    """The message as it goes out: its link below, marked where it may have arrived before or is meant for another.

    `below` says what the link opens, by the words' group of that name. A one-time code is given like a link, and stands
    first: phones show no more of a message.
    """
    label = f"{word('below', below, 'zh')} {word('below', below, 'en')}"
    template = _environment().get_template("_sent.txt")
    code, link = (link, None) if below == "code" else (None, link)
    said = template.render(message=message, code=code, link=link, label=label, repeat=repeat, on_behalf_of=on_behalf_of)
    return message_of(said.strip())


def render_bundle(items: Sequence[tuple[Message, str | None, bool]], on_behalf_of: str | None = None) -> Message:
    """Several messages as one: each with its title and its own link; the link tells the rest.

    Example: three tasks give "【3条消息】【新任务】E0110… 等" and a numbered line for each.
    """
    lines = [BundleLine(message.title, _english_title(message), link, repeat) for message, link, repeat in items]
    message = message_of(_environment().get_template("_bundle.txt").render(items=lines).strip())
    return render_sent(message, None, False, on_behalf_of)


def render_contact_test(city: City, point: ContactPoint) -> Message:
    """The message that shows whether a contact point works."""
    text = (
        _environment()
        .get_template("_contact_test.txt")
        .render(
            city=city.name,
            english=city.english_name,
            post=city.posts[point.post].name,
            order=point.order,
            channel=point.channel,
            language="zh",
        )
    )
    return message_of(text.strip())


def _english_title(message: Message) -> str:
    _, _, english = message.body.partition(ENGLISH_PART)
    return english.strip().partition("\n")[0]


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


@cache
def _environment() -> Environment:
    return text_environment(FileSystemLoader(TEMPLATES), StrictUndefined)
