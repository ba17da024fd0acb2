"""What somebody typed into a form, as facts of an action: fields by name, cleaned, never more than the form has."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from models.city import City
from models.lifecycle_table import RESULT_FACT, ROWS_OF
from models.picture_rules import LIMITS
from models.possible_actions import CORRECTABLE
from models.told_pictures import KIND_OF_FACT
from models.vocabulary import ActionName, RequestKind

A = ActionName

MOST_FIELDS = 40
LONGEST_TEXT = 1000
"""Characters of a text somebody writes; what is longer belongs into a picture or a letter."""
LONGEST_LINE = 200
TEXTS = ("reason", "note")

PICTURES = KIND_OF_FACT
"""Facts that are given as files, and what these show. The first takes several, the others one each."""

MAY_ADD: Mapping[ActionName, tuple[str, ...]] = {
    A.VERIFY: ("reason",),
    A.CHECK: ("reason",),
    A.DECIDE: ("reason",),
    A.RESUME: ("reason",),
    A.REPORT_HANDLED: ("pictures", "note"),
    A.ADD_PICTURE: ("note",),
    A.ASSIGN: ("note",),
    A.ORDER_VERIFY: ("note",),
    A.ORDER_CHECK: ("note",),
}
"""What a form offers beside what its action needs."""

ABOUT_REQUESTS = (A.ASK, A.DECIDE, A.WITHDRAW)
"""Actions that have a form for each kind of request."""

CONDITION = "condition"
"""The one field in which subclass and filing condition are picked together. Example: E0110/1."""


class NoSuchForm(ValueError):
    """A form that no page of this desk has."""


@dataclass(frozen=True, slots=True)
class FormCode:
    """Which form: its action, and the kind of request it is about. Written "receive", "ask-extension"."""

    action: ActionName
    kind: RequestKind | None = None

    def __str__(self) -> str:
        return f"{self.action.value}-{self.kind.value}" if self.kind else self.action.value

    @classmethod
    def read(cls, text: str) -> "FormCode":
        """The form of this name.

        Raises: NoSuchForm.
        """
        name, _, kind = text.partition("-")
        try:
            code = cls(ActionName(name), RequestKind(kind) if kind else None)
        except ValueError as unknown:
            raise NoSuchForm(text[:40]) from unknown
        if (code.action in ABOUT_REQUESTS) is not (code.kind is not None):
            raise NoSuchForm(text[:40])
        return code


def form_named(name: str) -> FormCode | None:
    """The form of this name; None where no page has such a form."""
    try:
        return FormCode.read(name)
    except NoSuchForm:
        return None


@dataclass(frozen=True, slots=True)
class Typed:
    """One form as it came: what was typed, to be shown again, and the facts it says."""

    form: FormCode
    values: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    too_long: str | None = None
    """The first field that holds more than it may."""


def posted_fields(body: bytes, most: int = MOST_FIELDS) -> dict[str, str]:
    """The fields of a submitted form; of two with one name the first counts.

    What is no form, or far too much of one, has no fields. No database takes a NUL, so none is passed on.
    """
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        return {}
    return {name: value.replace("\0", "") for name, value in reversed(pairs)}


def read_typed(form: FormCode, posted: Mapping[str, str], city: City) -> Typed:
    """The facts a form says. What the form has no field for is left out, whoever added it."""
    names = [name for name in field_names(form) if name not in PICTURES]
    values = {name: _plain(posted[name], lines=name in TEXTS) for name in names if posted.get(name)}
    too_long = next((n for n, v in values.items() if len(v) > (LONGEST_TEXT if n in TEXTS else LONGEST_LINE)), None)
    facts: dict[str, Any] = {name: value for name, value in values.items() if name != CONDITION}
    if form.kind is not None:
        facts["kind"] = form.kind.value
    if CONDITION in values:
        facts["class_code"], _, facts["condition_no"] = values[CONDITION].partition("/")
    if "wanted_until" in facts:
        facts["wanted_until"] = _moment(facts["wanted_until"], city.zone)
    if "area" in facts:
        facts["area"] = _area_code(facts["area"], city)
    return Typed(form, values, facts, too_long)


def field_names(form: FormCode) -> tuple[str, ...]:
    """The fields of a form in the order a person fills them in, with the button that says the result."""
    rows = [row for row in ROWS_OF[form.action] if form.action is not A.ASK or row.result == form.kind]
    names = [name for row in rows for name in row.needs if name != "kind"]
    if form.action is A.CORRECT or (form.action is A.ASK and form.kind is RequestKind.CORRECTION):
        names = [CONDITION, *(name for name in CORRECTABLE if name not in ("class_code", "condition_no")), *names]
    told = RESULT_FACT.get(form.action, "kind")
    return tuple(dict.fromkeys((*names, *MAY_ADD.get(form.action, ()), *((told,) if told != "kind" else ()))))


def picture_names(form: FormCode) -> tuple[str, ...]:
    """The fields of a form that take files, in their order."""
    return tuple(name for name in field_names(form) if name in PICTURES)


def most_pictures(name: str) -> int:
    """How many pictures a field takes."""
    return LIMITS.pictures if name == "pictures" else 1


def _plain(text: str, *, lines: bool) -> str:
    """A text without what no database or page can hold: control characters, halves of characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c if c == "\n" and lines else " " if c in "\n\t" else c for c in text)
    return "".join(c for c in kept if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _moment(text: str, zone: ZoneInfo) -> str:
    """A local time of the city as a moment; what is none stays as it is, and the rules say so."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
    except ValueError:
        return text


def _area_code(text: str, city: City) -> str:
    """The code of an area called by its name, where only one is called so."""
    named = [area.code for area in city.areas.values() if area.name == text]
    return named[0] if len(named) == 1 else text
