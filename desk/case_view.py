"""A case's story in the words of one reader's page. Pure: nothing is read but the story and the city."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from desk.case_lines import (
    ActionLine,
    CaseView,
    ClockLine,
    HistoryLine,
    NoticeLine,
    RequestLine,
    TimeLeft,
    WhyLine,
)
from desk.pages import form_word
from models.case_state import CaseEvent
from models.city import City
from models.clock import CaseClock
from models.vocabulary import ENDED, ActionName, ClockKind, ClockState, Role, State
from models.worktime import Basis, ExplainedLine
from tasks.case_story import ActionTold, CaseStory, ClockTold, EventTold, NoticeTold
from tasks.refusals import render_refusal
from tasks.wording import clean, duration_words, limit_words, moment_words
from tasks.words import Language, word

LONGEST_TEXT = 4000

_SHOWN_FACTS = ("reason", "note", "opinion", "into", "wanted_until")
"""Facts of an event that are shown below it, under the page's word of the same name."""

CLOSINGS = (ActionName.CLOSE, ActionName.FORCE_CLOSE)

_QUALIFIERS = {
    ActionName.ASK: ("kind", "request"),
    ActionName.WITHDRAW: ("kind", "request"),
    ActionName.LAPSE: ("kind", "request"),
    ActionName.REMIND_REQUEST: ("kind", "request"),
    ActionName.VERIFY: ("result", "result"),
    ActionName.CHECK: ("result", "result"),
    ActionName.ALARM_SEAT: ("clock", "clock"),
    ActionName.CLIMB_SILENCE: ("rung", "climbs_to"),
}
"""What an action is about: the fact, and the group of words it is taken from."""


class CaseTeller:
    """Puts the story of one case into the words of one language, as of one moment."""

    def __init__(self, story: CaseStory, city: City, now: datetime, language: Language, reader: str) -> None:
        self._story, self._city, self._now, self._language = story, city, now, language
        self._reader = reader

    def view(self) -> CaseView:
        """The page's content."""
        case, catalogue = self._story.case, self._city.catalogue
        subclass = catalogue.subclasses.get(case.class_code or "")
        condition = catalogue.condition(case.class_code, case.condition_no)
        return CaseView(
            name=case.name,
            receipt=case.receipt_number,
            class_name=subclass.minor if subclass else (case.class_code or ""),
            condition=condition.wording if condition else "",
            place=clean(case.place, LONGEST_TEXT),
            description=clean(case.description, LONGEST_TEXT),
            unit=self._unit(case.unit),
            state=case.state,
            reported_at=self._moment(case.opened_at),
            ended_at=self._moment(case.ended_at) if case.state in ENDED else "",
            judged=self._judged(),
            suspended_until=self._moment(case.suspended_until) if case.state is State.SUSPENDED else "",
            unit_deadline=self._unit_deadline(),
            time_left=self._time_left(),
            history=tuple(map(self.history_line, self._story.events)),
            clocks=tuple(map(self._clock_line, self._story.clocks)),
            requests=self._requests(),
            notices=tuple(map(self._notice_line, self._story.notices)),
            # A refusal speaks to the one who asked, so everybody sees their own only.
            actions=tuple(self._action_line(a) for a in self._story.actions if a.by_post == self._reader),
        )

    def _time_left(self) -> TimeLeft | None:
        told = self._story.running
        if told is None:
            return None
        return TimeLeft(
            clock=self._word("clock", told.clock.kind),
            overdue=told.left < timedelta(0),
            left=duration_words(told.left, self._language),
            until=self._moment(told.clock.due_at),
            limit=limit_words(told.clock.limit_text, self._language),
            allowed=self._allowed(told.clock),
            basis="working_basis" if told.clock.basis is Basis.WORKING else "continuous_basis",
            provisional=told.clock.provisional,
            why=self.why_lines(told.explanation),
        )

    def _allowed(self, clock: CaseClock) -> str:
        return duration_words(clock.amount, self._language) if clock.amount != clock.original else ""

    def _unit_deadline(self) -> str:
        handle = self._story.case.last_clock(ClockKind.HANDLE)
        if handle is None or handle.state is not ClockState.PAUSED:
            return ""
        return self._moment(handle.due_at)

    def _judged(self) -> str:
        """Whether the unit was in time, as its last closing says; a forced closing says nothing."""
        if self._story.case.state is not State.CLOSED:
            return ""
        closings = [e.facts.get("handled_on_time") for e in self._story.events if e.action in CLOSINGS]
        on_time = closings[-1] if closings else None
        return "" if on_time is None else "on_time" if on_time else "late"

    def why_lines(self, explanation: Iterable[ExplainedLine]) -> tuple[WhyLine, ...]:
        """A deadline's explanation, line by line."""
        return tuple(map(self._why_line, explanation))

    def _why_line(self, line: ExplainedLine) -> WhyLine:
        return WhyLine(
            self._moment(line.start),
            self._moment(line.end),
            duration_words(line.counted, self._language) if line.counted else "",
            line.name,
        )

    def history_line(self, event: EventTold | CaseEvent) -> HistoryLine:
        """One event in words, also one that is only foreseen."""
        facts = {name: event.facts[name] for name in _SHOWN_FACTS if event.facts.get(name)}
        if event.actor.startswith("rule:") and "reason" in facts:
            facts["reason"] = self._word("reason", facts["reason"])
        said = [(name, self._said(name, value)) for name, value in facts.items()]
        return HistoryLine(
            at=self._moment(event.at),
            what=self._what(event),
            who=self._who(event.actor),
            state=self._word("state", event.to_state) if event.to_state != event.from_state else "",
            played=event.origin == "played",
            said=tuple(said),
        )

    def _what(self, event: EventTold | CaseEvent) -> str:
        """The action and what it is about. Example: 派遣 · 梨河镇; 核查 · 未通过; 审批 · 延期 已批准."""
        action = self._word("action", event.action)
        about = self._about(event)
        return f"{action} · {about}" if about else action

    def _about(self, event: EventTold | CaseEvent) -> str:
        facts = event.facts
        if event.action == ActionName.DECIDE:
            kind, verdict = self._word("request", facts["kind"]), self._word("request_state", facts["verdict"])
            return f"{kind} {verdict}"
        if event.action == ActionName.CLIMB:
            rung = self._city.policy.rung(str(facts.get("rung")))
            return self._word("notice", rung.notice) if rung else str(facts.get("rung", ""))
        if event.action in _QUALIFIERS:
            fact, group = _QUALIFIERS[ActionName(event.action)]
            return self._word(group, facts.get(fact, ""))
        return self._unit(facts.get("unit")) or self._post(facts.get("inspector"))

    def _said(self, name: str, value: Any) -> str:
        if name == "wanted_until":
            return self._moment(datetime.fromisoformat(str(value)))
        return clean(str(value), LONGEST_TEXT)

    def _clock_line(self, told: ClockTold) -> ClockLine:
        clock = told.clock
        return ClockLine(
            kind=self._word("clock", clock.kind),
            state=self._word("clock_state", clock.state),
            limit=limit_words(clock.limit_text, self._language),
            started=self._moment(clock.started_at),
            until=self._moment(clock.due_at),
            used=duration_words(told.used, self._language),
        )

    def _requests(self) -> tuple[RequestLine, ...]:
        return tuple(
            RequestLine(
                kind=self._word("request", request.kind),
                state=self._word("request_state", request.state),
                asked=self._moment(request.asked_at),
                asked_by=self._who(request.asked_by),
                reason=clean(request.reason, LONGEST_TEXT),
                wanted_until=self._moment(request.wanted_until),
                decisions=tuple(map(self._decision, request.decisions)),
            )
            for request in self._story.requests
        )

    def _decision(self, decision: dict[str, Any]) -> str:
        parts = [
            self._moment(datetime.fromisoformat(decision["at"])),
            self._who(decision["by"]),
            self._word("request_state", decision["verdict"]),
            clean(decision.get("reason") or "", LONGEST_TEXT),
        ]
        return " · ".join(filter(None, parts))

    def _notice_line(self, notice: NoticeTold) -> NoticeLine:
        _, _, _, outcome = notice.attempts[-1] if notice.attempts else ("", None, None, "")
        code, _, detail = outcome.partition(" ")
        told = f"{self._word('outcome', code)} {detail}".strip() if code else ""
        return NoticeLine(
            at=self._moment(notice.created_at),
            kind=self._word("notice", notice.kind),
            to=self._post(notice.recipient) if notice.recipient else "",
            state=self._word("notice_state", notice.state),
            outcome=told if notice.state not in ("sent", "acknowledged") else "",
        )

    def _action_line(self, action: ActionTold) -> ActionLine:
        refusal = action.outcome
        return ActionLine(
            at=self._moment(action.received_at),
            what=self._word("action", action.action),
            outcome=render_refusal(refusal["code"], refusal["facts"], self._language, self._city) if refusal else "",
        )

    def _who(self, actor: str) -> str:
        """A post by its name; a rule or source by what it is and its code."""
        if actor == Role.PUBLIC:
            return self._word("role", actor)
        kind, _, code = actor.partition(":")
        if code and kind == "source":
            return f"{self._word('role', kind)} {self._word('source', code)}"
        if code and kind == "rule":
            return f"{self._word('role', kind)} {self._rule(code)}"
        return self._post(actor)

    def _rule(self, code: str) -> str:
        """What a rule is called: by the city, or as a part of the lifecycle itself."""
        rung = self._city.policy.rung(code.removeprefix("ladder.")) if code.startswith("ladder.") else None
        if rung is not None:
            return self._word("notice", rung.notice)
        return form_word("rule", code, self._language, self._city.policy.rule_title(code))

    def _post(self, code: str | None) -> str:
        post = self._city.posts.get(code or "")
        return post.name if post else (code or "")

    def _unit(self, code: str | None) -> str:
        unit = self._city.units.get(code or "")
        return unit.name if unit else (code or "")

    def _word(self, group: str, code: object) -> str:
        return word(group, code, self._language)

    def _moment(self, at: datetime | None) -> str:
        return moment_words(at, self._language, self._city.zone, self._now) if at else ""
