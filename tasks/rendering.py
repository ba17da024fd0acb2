"""Notices into messages: one template per kind and language in `templates/`, nothing but facts goes in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

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
    )
)
"""What a template may name. A fact that is missing is None, and its line is left out; others are not looked at.

`due_at` is the unit's deadline, `act_by` that of a seat's or inspector's own step, `decide_by` that of a decision;
`said_at` is when the notice was written, so that Chinese leaves out the year where it is the same.
"""


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
    return message_of("\n".join(line for line in map(str.strip, text.split("\n")) if line))


def render_both(kind: NoticeKind, facts: Mapping[str, Any], zone: tzinfo) -> Message:
    """The message as it is sent: Chinese first, English below it.

    Raises: BrokenFact.
    """
    chinese = render(kind, facts, "zh", zone)
    english = render(kind, facts, "en", zone)
    return Message(chinese.title, _environment().get_template("_both.txt").render(zh=chinese, en=english))


def render_sent(message: Message, link: str | None, repeat: bool) -> Message:
    """The message as it goes out: with its link below, and marked where it may have arrived before."""
    text = _environment().get_template("_sent.txt").render(message=message, link=link, repeat=repeat)
    return message_of(text.strip())


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


@cache
def _environment() -> Environment:
    return text_environment(FileSystemLoader(TEMPLATES), StrictUndefined)
