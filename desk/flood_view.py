"""What all pages of the flood season put into words the same way: levels, people, moments, links for their reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import Row

from desk.context import Desk
from desk.form_token import FormToken, draw_form_token
from desk.opened_flood import OpenedFlood
from desk.pages import form_word, in_language, language_of
from desk.season_ways import Way, season_ways
from models.flood_rules import ReportKind
from models.info_report import OwedState
from models.response_rules import InForce
from tasks.links import Link, Purpose, path_of
from tasks.report_notices import OVERVIEW, page_of
from tasks.response_notices import area_name, named
from tasks.wording import moment_words
from tasks.words import Language, word


@dataclass(frozen=True, slots=True)
class InForceLine:
    """A response in force, in words."""

    hazard: str
    area: str
    level: str
    code: str
    """For its colour."""
    since: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A report that is or was owed, in words."""

    id: int
    subject: str
    what: str
    unit: str
    to: str
    due: str
    state: str
    look: str
    given: str
    link: str
    series: bool
    """Whether words alone can be given for it on the overview."""
    kind: str


class FloodTeller:
    """Tells one reader in one language."""

    def __init__(self, desk: Desk, request: Request, opened: OpenedFlood) -> None:
        self._desk, self._request, self.opened = desk, request, opened
        self.city, self.now = opened.city, opened.now
        self.language: Language = language_of(request)

    def say(self, code: str) -> str:
        """A word of these pages."""
        return form_word("flood_page", code, self.language)

    def word(self, group: str, code: object) -> str:
        """A word everybody shares."""
        return word(group, code, self.language)

    def moment(self, at: datetime | None) -> str:
        """A moment in words; empty without one."""
        return moment_words(at, self.language, self.city.zone, self.now) if at else ""

    def area(self, code: str) -> str:
        """An area by its name."""
        return area_name(self.city, code)

    def post(self, code: str | None) -> str:
        """A post by its name; a rule as the system."""
        if not code or code.startswith("rule:"):
            return self.say("by_rule")
        return named(self.city.posts, code)

    def unit(self, code: str) -> str:
        """A unit by its name."""
        return named(self.city.units, code)

    def link(self, subject: str) -> str:
        """The path of another page of the season, signed for this reader."""
        key = self._desk.settings.secret_key("link")
        path = path_of(key, Link(self.opened.link.recipient, Purpose.FLOOD, subject), self.now)
        return in_language(self._request, path)

    def ways(self, here: str = "") -> list[Way]:
        """The reader's other pages of the season."""
        return season_ways(self._desk, self._request, self.city, self.opened.post.code, self.now, here)

    def form(self) -> FormToken:
        """What the page's forms carry."""
        return draw_form_token(self._desk.settings.secret_key("link"), self.opened.token)

    def in_force(self, current: Sequence[InForce]) -> list[InForceLine]:
        """The responses in force, the gravest first."""
        return [
            InForceLine(
                self.word("response_hazard", one.hazard),
                self.area(one.area),
                self.word("response_level", one.level.name),
                one.level.name,
                self.moment(one.since),
                self.post(one.signed_by),
            )
            for one in sorted(current, key=lambda one: (-one.level.gravity, one.area))
        ]

    def owed(self, rows: Sequence[Row[Any]]) -> list[OwedLine]:
        """Reports that are or were owed."""
        return [self._owed(row) for row in rows]

    def _owed(self, row: Row[Any]) -> OwedLine:
        overdue = row.given_at is None and row.due_at <= self.now and row.state == OwedState.OWED.value
        state = OwedState.LATE.value if overdue else row.state
        page = page_of(row.subject)
        kind, means = self.word("report_kind", row.kind), self.word("report_means", row.means)
        given = self.say("given_by").format(at=self.moment(row.given_at), by=self.post(row.given_by))
        return OwedLine(
            row.id,
            row.subject,
            f"{self._subject(row.subject)} {kind}（{means}）"
            if self.language == "zh"
            else f"{self._subject(row.subject)} {kind} ({means})",
            self.unit(row.unit),
            self.unit(row.to),
            self.moment(row.due_at),
            self.word("report_state", state),
            state if row.given_at is None else "done",
            given if row.given_at else "",
            self.link(page) if page != OVERVIEW else "",
            row.kind in (ReportKind.FOLLOW_UP.value, ReportKind.FINAL.value, ReportKind.DAILY.value)
            and page == OVERVIEW,
            row.kind,
        )

    def _subject(self, subject: str) -> str:
        what, _, rest = subject.partition(":")
        if what == "response":
            hazard, _, area = rest.partition(":")
            return f"{self.area(area)}{self.word('response_hazard', hazard)}"
        return "" if what == "daily" else subject
