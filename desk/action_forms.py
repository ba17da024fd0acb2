"""The forms on a case's page: one for each action its reader may take, with exactly the fields that action needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.form_facts import (
    CONDITION,
    LONGEST_LINE,
    LONGEST_TEXT,
    PICTURES,
    TEXTS,
    FormCode,
    Typed,
    field_names,
    most_pictures,
)
from desk.pages import form_word
from models.case_state import CaseState
from models.city import City
from models.lifecycle_table import RESULT_FACT
from models.possible_actions import PossibleAction
from models.vocabulary import ActionName, RequestKind
from tasks.wording import clean, moment_words
from tasks.words import Language, word

A = ActionName

BRINGS_ON = (
    *(A.DECIDE, A.VERIFY, A.CHECK, A.RECEIVE, A.REPORT_HANDLED, A.ARBITRATE, A.DISPATCH),
    *(A.ACCEPT, A.FILE, A.CLOSE, A.ORDER_CHECK, A.RESUME),
)
"""What brings a case on: the first of these that is possible stands open on top of the page."""

ENDS = frozenset({A.REJECT, A.FORCE_CLOSE})
"""What cannot be taken back: the button says so by its colour."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field, ready for the template."""

    name: str
    shape: str
    """text (several lines), line, pick, condition, moment or picture."""
    label: str
    required: bool
    optional: bool = False
    """Neither required nor needed by one of the results or beside other fields."""
    help: str = ""
    value: str = ""
    longest: int = LONGEST_LINE
    options: tuple[tuple[str, str], ...] = ()
    """(value, words) to pick from, or to propose for a line."""
    earliest: str = ""
    latest: str = ""
    several: bool = False
    """Whether it takes more than one picture."""


@dataclass(frozen=True, slots=True)
class FormButton:
    """One button; where several results are possible each has its own."""

    label: str
    name: str = ""
    value: str = ""
    look: str = ""
    """plain or ends, beside the usual one."""
    free: bool = False
    """Whether this result needs none of the fields."""


@dataclass(frozen=True, slots=True)
class ActionForm:
    """One form."""

    code: str
    title: str
    help: str
    about: tuple[str, ...]
    """What a decision is about, line by line."""
    fields: tuple[FormField, ...]
    buttons: tuple[FormButton, ...]
    primary: bool = False
    open: bool = False
    on_its_own: bool = False
    """Whether it is too long for the page and is reached by a link."""
    fault: tuple[str, ...] = ()
    """Why it was not taken as it came."""

    @property
    def picks_condition(self) -> bool:
        """Whether it needs the list of all filing conditions."""
        return not self.on_its_own and any(field.shape == "condition" for field in self.fields)

    @property
    def takes_files(self) -> bool:
        """Whether it has a field for pictures."""
        return any(field.shape == "picture" for field in self.fields)


def action_title(action: ActionName, kind: RequestKind | None, language: Language) -> str:
    """What an action is called on forms and buttons. Example: 接收; 申请延期; 审批：挂账."""
    if kind is not None and action is A.ASK:
        return form_word("ask_for", kind.value, language)
    if kind is not None:
        name = form_word("page", "about_request", language)
        name = name.format(action=word("action", action, language), request=word("request", kind, language))
    else:
        name = word("action", action, language)
    return name[:1].upper() + name[1:]


class FormMaker:
    """Makes the forms of one page in one language."""

    def __init__(self, case: CaseState, city: City, now: datetime, language: Language, similar: Sequence[str]) -> None:
        self._case, self._city, self._now, self._language = case, city, now, language
        self._similar = similar

    def forms(
        self,
        possible: Sequence[PossibleAction],
        typed: Typed | None = None,
        fault: tuple[str, ...] = (),
        wanted: str = "",
    ) -> list[ActionForm]:
        """All forms: what brings the case on first, then in the order of the state table.

        `typed` came back with a fault and is shown as it was; `wanted` is the form that a link opens.
        """
        rows: dict[FormCode, list[PossibleAction]] = {}
        for one in possible:
            rows.setdefault(FormCode(one.action, one.kind), []).append(one)
        first = next((code for name in BRINGS_ON for code in rows if code.action is name), None)
        codes = sorted(rows, key=lambda code: code != first)
        back = typed if typed is not None else Typed(FormCode.read(wanted)) if wanted in map(str, rows) else None
        return [self._form(code, rows[code], code == first, back, fault) for code in codes]

    def _form(
        self, code: FormCode, rows: list[PossibleAction], primary: bool, typed: Typed | None, fault: tuple[str, ...]
    ) -> ActionForm:
        again = typed if typed is not None and typed.form == code else None
        names = self._names(code)
        return ActionForm(
            code=str(code),
            title=action_title(code.action, code.kind, self._language),
            help=form_word("form_help", str(code), self._language, ""),
            about=self._about(code),
            fields=tuple(self._field(name, code, rows, again) for name in names),
            buttons=self._buttons(code, rows, primary),
            primary=primary,
            open=primary or again is not None,
            on_its_own=CONDITION in names and again is None,
            fault=fault if again is not None else (),
        )

    def _names(self, code: FormCode) -> list[str]:
        told = RESULT_FACT.get(code.action)
        return [name for name in field_names(code) if name != told]

    def _about(self, code: FormCode) -> tuple[str, ...]:
        """The request that is decided or withdrawn, in words."""
        request = self._case.open_request(code.kind) if code.kind and code.action is not A.ASK else None
        if request is None:
            return ()
        asker = self._city.posts.get(request.asked_by)
        asked = moment_words(request.asked_at, self._language, self._city.zone, self._now)
        lines = [f"{asker.name if asker else request.asked_by} · {asked}", clean(request.reason, LONGEST_TEXT)]
        if request.wanted_until is not None:
            until = moment_words(request.wanted_until, self._language, self._city.zone, self._now)
            lines.append(f"{form_word('field', 'wanted_until', self._language)} {until}")
        lines += self._corrected(request.facts)
        if len(request.steps) > 1:
            step = form_word("page", "step_of", self._language)
            lines.append(step.format(step=len(request.decisions) + 1, steps=len(request.steps)))
        return tuple(lines)

    def _corrected(self, facts: Mapping[str, object]) -> list[str]:
        """What a correction would change."""
        lines = []
        if "class_code" in facts or "condition_no" in facts:
            code, number = str(facts.get("class_code") or self._case.class_code), facts.get("condition_no")
            known = self._city.catalogue.condition(code, int(str(number)) if number else None)
            lines.append(f"{_class_name(code, self._city)} · {known.wording if known else number or ''}")
        area = self._city.areas.get(str(facts.get("area", "")))
        lines += [area.name] if area else []
        lines += [clean(str(facts["place"]))] if facts.get("place") else []
        return lines

    def _field(self, name: str, code: FormCode, rows: list[PossibleAction], typed: Typed | None) -> FormField:
        options = self._options(name, rows)
        needed = all(name in row.needs for row in rows)
        sometimes = any(name in row.needs or row.needs_one_of for row in rows)
        latest = rows[0].latest
        return FormField(
            name=name,
            shape=_shape(name),
            label=form_word("field", name, self._language),
            required=needed,
            optional=not needed and not sometimes,
            help=self._picture_help(name, typed) if name in PICTURES else self._field_help(name, code, rows, needed),
            value=typed.values.get(name, "") if typed and typed.values else self._proposed(name, code, options),
            longest=LONGEST_TEXT if name in TEXTS else LONGEST_LINE,
            options=options,
            earliest=self._local(self._now + timedelta(minutes=1)) if name == "wanted_until" else "",
            latest=self._local(latest) if name == "wanted_until" and latest else "",
            several=most_pictures(name) > 1,
        )

    def _picture_help(self, name: str, typed: Typed | None) -> str:
        """What may be chosen; no browser keeps a chosen file in a form that comes back."""
        several = form_word("field_help", name, self._language, "")
        again = form_word("field_help", "picture_again", self._language) if typed and typed.values else ""
        gap = " " if self._language == "en" else ""
        return gap.join(filter(None, (again, several, form_word("field_help", "picture_kinds", self._language))))

    def _field_help(self, name: str, code: FormCode, rows: list[PossibleAction], needed: bool) -> str:
        """What to write here; another hint where only one of the results needs it."""
        sometimes = not needed and any(name in row.needs for row in rows)
        return form_word("field_help", f"{code.action.value}-{name}" if sometimes else name, self._language, "")

    def _options(self, name: str, rows: list[PossibleAction]) -> tuple[tuple[str, str], ...]:
        if name == "unit":
            return tuple((unit, self._city.units[unit].name) for unit in rows[0].choices)
        if name == "inspector":
            on_duty = self._city.inspectors_for(self._case.area, self._now)
            found = sorted(rows[0].choices, key=lambda post: post not in on_duty)
            return tuple((post, self._inspector(post, post in on_duty)) for post in found)
        if name == "into":
            return tuple((similar, similar) for similar in self._similar)
        return ()

    def _inspector(self, post: str, on_duty: bool) -> str:
        told = form_word("page", "on_duty", self._language)
        return f"{self._city.posts[post].name} · {told}" if on_duty else self._city.posts[post].name

    def _proposed(self, name: str, code: FormCode, options: tuple[tuple[str, str], ...]) -> str:
        """The unit that answers for class and place, the inspector on duty there; a person may pick another."""
        codes = [value for value, _ in options]
        if name == "unit" and code.action is A.DISPATCH:
            unit = self._city.responsibility.unit_for(self._case.class_code, self._case.area)
            return unit if unit in codes and unit is not None else ""
        first = name == "inspector" or code.action is A.REVOKE_ASSIGN
        return codes[0] if first and codes else ""

    def _buttons(self, code: FormCode, rows: list[PossibleAction], primary: bool) -> tuple[FormButton, ...]:
        told = RESULT_FACT.get(code.action)
        if told is None or code.action is A.ASK:
            look = "ends" if code.action in ENDS else "" if primary else "plain"
            return (FormButton(action_title(code.action, code.kind, self._language), look=look),)
        return tuple(self._button(code, told, row) for row in rows)

    def _button(self, code: FormCode, told: str, row: PossibleAction) -> FormButton:
        """The button of one result."""
        value = row.given[told]
        decides = code.action is A.DECIDE
        label = form_word("button", value, self._language) if decides else word("result", value, self._language)
        look = "" if value in ("true", "passed", "made_safe", "granted") else "plain"
        return FormButton(label[:1].upper() + label[1:], told, value, look, free=not row.needs)

    def _local(self, at: datetime) -> str:
        """A moment as a field of date and time wants it: the city's own clock, no zone."""
        return f"{at.astimezone(self._city.zone):%Y-%m-%dT%H:%M}"


def _shape(name: str) -> str:
    if name in TEXTS:
        return "text"
    if name in PICTURES:
        return "picture"
    if name in ("unit", "inspector"):
        return "pick"
    return {"wanted_until": "moment", CONDITION: "condition"}.get(name, "line")


def _class_name(code: str, city: City) -> str:
    subclass = city.catalogue.subclasses.get(code)
    return subclass.minor if subclass else code
