"""What became of the last thing a reader wanted done with a case: under way, done, or refused and why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.action_forms import action_title
from desk.case_view import CaseTeller
from desk.foreseen import Foreseen
from desk.pages import form_word, page_word
from models.case_state import CaseEvent
from models.city import City
from models.refusal import Refusal
from models.vocabulary import ActionName, RequestKind
from tasks.case_story import CaseStory, EventTold
from tasks.inbox import InboxRow
from tasks.refusals import render_refusal
from tasks.wording import moment_words
from tasks.words import Language

SOON = timedelta(seconds=60)
"""An action that has waited longer than this is not under way: the engine is away."""

REMEMBERED: Mapping[str, timedelta] = {"done": timedelta(minutes=10), "refused": timedelta(days=1)}
"""How long the page says on top what became of the last action; later the history does."""

OVERTAKEN = frozenset(
    {
        *("not_now", "no_open_request", "one_open_request", "not_your_step", "wrong_unit", "not_assigned"),
        *("assigned_already", "no_assignment", "sent_already", "request_cap", "needs_arbitration"),
    }
)
"""Refusals that may come from what somebody else has done meanwhile: then it is said who did what and when."""

TAKEN_AWAY = frozenset({"wrong_unit", "not_assigned", "needs_arbitration"})
"""Of these, the ones where the case has gone elsewhere: who did the same before has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class OwnAction:
    """The newest action of a post on a case, as the inbox holds it."""

    key: str
    action: ActionName
    kind: RequestKind | None
    received_at: datetime
    state: str
    """waiting, done or refused."""
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Banner:
    """What the page says of it, on top."""

    look: str
    """under_way, waits, done or refused."""
    title: str
    lines: tuple[str, ...]
    form: str = ""
    """The form on this page in which it may be mended."""
    refresh_seconds: int | None = None
    """How soon the page asks again by itself; forms are shown only where it does not."""


def newest_action(inbox: Sequence[InboxRow], post: str, now: datetime) -> OwnAction | None:
    """The last thing this post wanted done with a case, as long as it is worth telling."""
    row = next((put for put in reversed(inbox) if put.by_post == post), None)
    if row is None or (row.state in REMEMBERED and row.received_at < now - REMEMBERED[row.state]):
        return None
    told = json.loads(row.outcome) if row.outcome else None
    return OwnAction(
        row.key,
        ActionName(row.action),
        _kind_of(json.loads(row.facts)),
        row.received_at,
        row.state,
        Refusal(told["code"], told["facts"]) if told else None,
    )


def _kind_of(facts: Mapping[str, Any]) -> RequestKind | None:
    """The request an action is about; other ways into the inbox check nothing of what they put."""
    kind = str(facts.get("kind", ""))
    return RequestKind(kind) if kind in set(RequestKind) else None


class OwnTeller:
    """Tells it in one language."""

    def __init__(
        self, story: CaseStory, foreseen: Foreseen, city: City, now: datetime, language: Language, reader: str
    ) -> None:
        self._story, self._foreseen, self._city, self._now, self._language = story, foreseen, city, now, language
        self._teller = CaseTeller(story, city, now, language, reader)

    def banner(self, own: OwnAction, engine_away: bool) -> Banner:
        """What became of an action that was put."""
        what = action_title(own.action, own.kind, self._language)
        refusal = own.refusal or (self._foreseen.refusals.get(own.key) if own.state == "waiting" else None)
        if refusal is not None:
            return self.refused(own.action, own.kind, refusal)
        title = f"{what} · {moment_words(own.received_at, self._language, self._city.zone, self._now)}"
        if own.state == "done":
            return Banner("done", title, (self._say("act_done"), self._next()))
        if engine_away or self._now - own.received_at > SOON:
            return Banner("waits", title, (self._say("act_waits"),))
        return Banner("under_way", title, (self._say("act_under_way"),), refresh_seconds=2)

    def refused(self, action: ActionName, kind: RequestKind | None, refusal: Refusal | None, form: str = "") -> Banner:
        """Something that is not done, and why not."""
        title = f"{self._say('act_refused')}{action_title(action, kind, self._language)}"
        return Banner("refused", title, self.why_not(action, kind, refusal), form)

    def why_not(self, action: ActionName, kind: RequestKind | None, refusal: Refusal | None) -> tuple[str, ...]:
        """Who was quicker, and what is allowed now in the refusal's own words; without one a text was too long."""
        if refusal is None:
            return (self._say("too_long"),)
        words = render_refusal(refusal.code, refusal.facts, self._language, self._city)
        meanwhile = ""
        if refusal.code in OVERTAKEN:
            meanwhile = self._meanwhile(None if refusal.code in TAKEN_AWAY else action, kind)
        return tuple(filter(None, (meanwhile, words)))

    def _meanwhile(self, action: ActionName | None, kind: RequestKind | None) -> str:
        """Who did the same, or else moved the case last, and when."""
        events: list[EventTold | CaseEvent] = [*self._story.events, *self._foreseen.events]
        same = [e for e in events if e.action == action and e.facts.get("kind") == kind]
        moved = [e for e in events if e.from_state != e.to_state or "unit" in e.facts]
        last = next(reversed(same or moved), None)
        if last is None:
            return ""
        line = self._teller.history_line(last)
        return self._say("act_meanwhile").format(who=line.who, at=line.at, what=line.what)

    def _next(self) -> str:
        """What happens next to a case that stands where this one does."""
        return form_word("next", self._foreseen.case.state.value, self._language)

    def _say(self, code: str) -> str:
        return page_word(code, self._language)
