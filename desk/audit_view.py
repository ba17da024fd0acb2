"""A case in the auditor's words: the same story everybody reads, with hashes, runs and moments to the second."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from desk.audit_lines import (
    ActionDetail,
    AttemptLine,
    AuditCase,
    EventLine,
    NoticeDetail,
    PictureDetail,
    VerdictLine,
)
from desk.case_lines import RequestLine
from desk.case_view import CaseTeller
from desk.pages import form_word
from models.chain import Broken
from models.city import City
from models.contact_reference import masked_reference
from models.personal_text import without_personal_numbers
from tasks.audit_search import CaseRecords
from tasks.case_story import ActionTold, CaseStory, EventTold, NoticeTold
from tasks.pictures import KeptPicture
from tasks.refusals import render_refusal
from tasks.wording import clean, moment_words
from tasks.words import Language, word

LONGEST_TEXT = 4000
LONGEST_FACT = 300

_PERSONAL_FACTS = ("reporter", "_id")
"""Parts of the names of facts that point at rows or reporters: an auditor needs neither."""


def masked(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text somebody typed, without the numbers of persons."""
    return clean(without_personal_numbers(text), longest)


def exact(at: datetime | None, city: City) -> str:
    """A moment to the second in the city's zone. Example: 2019-05-06 10:00:00."""
    return f"{at.astimezone(city.zone):%Y-%m-%d %H:%M:%S}" if at else ""


def public_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of an event without what points at a reporter or a row, and without personal numbers."""
    return {name: _public(value) for name, value in facts.items() if not any(part in name for part in _PERSONAL_FACTS)}


def actor_name(city: City, actor: str, language: Language) -> str:
    """A post by its name; a rule or source by what it is and its code."""
    kind, _, code = actor.partition(":")
    if code and kind in ("source", "rule"):
        return f"{word('role', kind, language)} {word('source', code, language)}"
    post = city.posts.get(actor)
    return post.name if post else word("role", actor, language)


class AuditTeller:
    """Puts one case into the auditor's words, as of one moment."""

    def __init__(self, records: CaseRecords, city: City, now: datetime, language: Language) -> None:
        self._records, self._city, self._now, self._language = records, city, now, language
        self._story: CaseStory = records.story

    def view(self) -> AuditCase:
        """The page's content."""
        teller = CaseTeller(self._story, self._city, self._now, self._language, "")
        seen = teller.view()
        return AuditCase(
            name=seen.name,
            receipt=seen.receipt,
            class_name=seen.class_name,
            condition=seen.condition,
            place=masked(seen.place),
            description=masked(seen.description),
            unit=seen.unit,
            state=seen.state,
            reported_at=seen.reported_at,
            ended_at=seen.ended_at,
            judged=seen.judged,
            suspended_until=seen.suspended_until,
            unit_deadline=seen.unit_deadline,
            time_left=seen.time_left,
            verdict=self._verdict(),
            events=tuple(
                self._event(event, line.what, line.who, line.state, line.said)
                for event, line in zip(self._story.events, seen.history, strict=True)
            ),
            clocks=tuple(
                replace(line, why=teller.why_lines(told.explanation))
                for line, told in zip(seen.clocks, self._story.clocks, strict=True)
            ),
            requests=tuple(map(_masked_request, seen.requests)),
            notices=tuple(map(self._notice, self._story.notices)),
            pictures=tuple(map(self._picture, self._records.pictures)),
            actions=tuple(map(self._action, self._story.actions)),
            joined=self._records.receipts,
        )

    def _verdict(self) -> VerdictLine:
        verdict = self._records.verdict
        if verdict.broken is not None:
            return VerdictLine(False, self._say("broken"), (self._row(verdict.broken), self._problem(verdict.broken)))
        lines = [self._say("checked").format(events=verdict.events)]
        lines.append(self._say("sealed" if verdict.sealed else "unsealed"))
        if verdict.pictures:
            pictures = self._say("pictures" if verdict.files_read else "files_unread")
            lines.append(pictures.format(pictures=verdict.pictures))
        if not verdict.deadlines_known:
            lines.append(self._say("deadlines_unknown"))
        if self._records.unguarded:
            lines.append(self._say("unguarded").format(tables=", ".join(self._records.unguarded)))
        title = self._say("unguarded_title" if self._records.unguarded else "intact")
        return VerdictLine(not self._records.unguarded, title, tuple(lines))

    def _row(self, broken: Broken) -> str:
        at = f" · {self._say('at_event').format(seq=broken.seq)}" if broken.seq else ""
        return f"{self._say('table')} {broken.table}{at}"

    def _problem(self, broken: Broken) -> str:
        text = form_word("audit_problem", broken.problem.value, self._language)
        shown = (masked(value, LONGEST_FACT) for value in (broken.expected, broken.found))
        expected, found = shown
        return text.format(expected=expected, found=found, column=broken.column)

    def _event(self, event: EventTold, what: str, who: str, state: str, said: tuple[tuple[str, str], ...]) -> EventLine:
        facts = public_facts(event.facts)
        return EventLine(
            seq=event.seq,
            what=masked(what),
            who=who,
            who_code=event.actor,
            origin=word("origin", event.origin, self._language),
            state=state,
            said=tuple((name, masked(text)) for name, text in said),
            at=exact(event.at, self._city),
            recorded=exact(event.recorded_at, self._city),
            edition=event.edition,
            run=event.flow_run_id or "",
            previous_hash=self._records.previous_hashes.get(event.seq, ""),
            hash=event.hash,
            facts=tuple((name, clean(str(value), LONGEST_FACT)) for name, value in facts.items()),
        )

    def _notice(self, notice: NoticeTold) -> NoticeDetail:
        return NoticeDetail(
            kind=self._word("notice", notice.kind),
            to=actor_name(self._city, notice.recipient, self._language) if notice.recipient else "",
            state=self._word("notice_state", notice.state),
            at=exact(notice.created_at, self._city),
            attempts=tuple(self._attempt(*attempt) for attempt in notice.attempts),
        )

    def _attempt(self, channel: str, at: datetime, ok: bool | None, outcome: str) -> AttemptLine:
        code, _, detail = outcome.partition(" ")
        told = f"{self._word('outcome', code)} {masked_reference(detail)}".strip() if code else ""
        return AttemptLine(exact(at, self._city), self._word("channel", channel), masked(told), "" if ok else "refused")

    def _picture(self, picture: KeptPicture) -> PictureDetail:
        return PictureDetail(
            kind=form_word("page", f"picture_{picture.kind.value}", self._language),
            at=exact(picture.at, self._city),
            who=actor_name(self._city, picture.by, self._language),
            size=f"{picture.width} x {picture.height}",
            digest=picture.sha256,
        )

    def _action(self, action: ActionTold) -> ActionDetail:
        refusal = action.outcome
        told = render_refusal(refusal["code"], refusal["facts"], self._language, self._city) if refusal else ""
        return ActionDetail(
            at=exact(action.received_at, self._city),
            what=self._word("action", action.action),
            who=actor_name(self._city, action.by_post, self._language),
            outcome=masked(told),
        )

    def _say(self, code: str) -> str:
        return form_word("audit_verdict", code, self._language)

    def _word(self, group: str, code: object) -> str:
        return word(group, code, self._language)

    def _moment(self, at: datetime | None) -> str:
        return moment_words(at, self._language, self._city.zone, self._now) if at else ""


def _masked_request(line: RequestLine) -> RequestLine:
    return replace(line, reason=masked(line.reason), decisions=tuple(map(masked, line.decisions)))


def _public(value: Any) -> Any:
    if isinstance(value, str):
        return without_personal_numbers(value)
    if isinstance(value, dict):
        return public_facts(value)
    if isinstance(value, list):
        return [_public(each) for each in value]
    return value
