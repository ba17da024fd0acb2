"""What a reporter sees of their report: how it stands in plain words, why, what was done, what they may still say."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, Row, select

from desk.case_lines import CaseView, HistoryLine
from desk.case_pictures import pictures_view
from desk.case_view import LONGEST_TEXT, CaseTeller
from desk.context import Desk
from desk.form_token import draw_form_token
from desk.opened_case import CASES, REPORTS, OpenedCase
from desk.pages import form_word, language_of, page
from models.refusal import Refusal
from models.vocabulary import ActionName, State
from tasks.case_story import CaseStory, EventTold, explain_case
from tasks.public_reopening import Objection, newest_objection, why_not_reopened
from tasks.refusals import render_refusal
from tasks.satisfaction import Answer, last_answer
from tasks.wording import clean, moment_words
from tasks.words import Language

A = ActionName

TOLD_TO_REPORTERS = frozenset(
    {A.REPORT, A.ACCEPT, A.REJECT, A.FILE, A.DISPATCH, A.REDISPATCH, A.REPORT_HANDLED, A.CLOSE, A.FORCE_CLOSE, A.REOPEN}
    | {A.MERGE, A.UNMERGE, A.VOID, A.SUSPEND, A.RESUME}
)
"""Steps a reporter hears of: what was done, not who did it and what was said inside the city."""

REASONED = frozenset({A.REJECT, A.VOID})
"""Only what ended the report without handling keeps its reason."""

UNDER_WAY = timedelta(seconds=60)
"""An objection that has waited longer than this waits for the engine."""

LONGEST_WORDS = 500
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The part of the page where a reporter answers."""

    given: Answer | None
    given_at: str
    why_no_objection: str
    """Why "not solved" cannot be said any more; empty where it can."""
    objection_until: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a reporter sent that was not taken: shown again, with why not."""

    form: str
    """satisfaction or reopen."""
    fault: str
    """A word of the group `public_fault`, or of the refusals."""
    text: str
    score: str = ""


@dataclass(frozen=True, slots=True)
class ReportView:
    """How a report stands, as plain texts."""

    state: State
    meaning: str
    reason: str
    until: str
    merged: bool
    class_name: str
    place: str
    description: str
    unit: str
    reported_at: str
    round: int
    steps: tuple[HistoryLine, ...]
    objection: str
    """under_way, waits or refused, where the reporter's newest "not solved" is not carried out."""
    objection_refused: str
    answer: AnswerForm | None
    """Only for a closed case, and while no objection of the reporter waits."""


def report_page(
    connection: Connection,
    desk: Desk,
    request: Request,
    opened: OpenedCase,
    *,
    status: int = 200,
    sent: Sent | None = None,
) -> HTMLResponse:
    """The page of a report as it stands now, with a form that was not taken shown as it came."""
    language = language_of(request)
    token = opened.token
    return page(
        request,
        "report.html",
        status,
        city=opened.city,
        receipt=opened.link.subject,
        token=token,
        report=_report_view(connection, desk, opened, language),
        pictures=pictures_view(connection, desk, opened, language),
        proof=draw_form_token(desk.link_key, token),
        sent=sent,
        longest_words=LONGEST_WORDS,
        longest_reason=LONGEST_REASON,
    )


def own_report(connection: Connection, receipt: str) -> Row[tuple[int, int, int | None, str, str, datetime]]:
    """The report of a receipt number with the case it opened: its page shows their own words and no one else's."""
    columns = (REPORTS.c.id, REPORTS.c.place, REPORTS.c.description, REPORTS.c.opened_at)
    return connection.execute(
        select(*columns, CASES.c.id.label("case_id"), CASES.c.merged_into)
        .join(CASES, CASES.c.id == REPORTS.c.case_id)
        .where(REPORTS.c.receipt_number == receipt)
    ).one()


def _report_view(connection: Connection, desk: Desk, opened: OpenedCase, language: Language) -> ReportView:
    case, receipt = opened.story.case, opened.link.subject
    own = own_report(connection, receipt)
    teller = CaseTeller(opened.story, opened.city, opened.now, language, receipt)
    view = teller.view()
    steps = list(_told(opened.story, view))
    if own.merged_into is not None:
        joined = explain_case(connection, opened.city, own.case_id, opened.now)
        steps = _joined(steps, _told(joined, _view(joined, opened, language)) if joined else ())
    objection = newest_objection(connection, case.id, receipt)
    stands = _objection_stands(objection, case.state, opened.now, desk.bell.engine_away)
    refused = objection.refusal if objection and stands == "refused" else None
    answers = case.state is State.CLOSED and stands not in ("under_way", "waits")
    return ReportView(
        state=case.state,
        meaning=form_word("public_state", case.state.value, language, ""),
        reason=_reason(opened.story, teller),
        until=view.suspended_until,
        merged=own.merged_into is not None,
        class_name=view.class_name,
        place=clean(own.place, LONGEST_TEXT),
        description=own.description,
        unit=view.unit,
        reported_at=moment_words(own.opened_at, language, opened.city.zone, opened.now),
        round=case.round,
        steps=tuple(line for _, line in steps),
        objection=stands,
        objection_refused=refusal_words(refused, opened, language),
        answer=_answer_form(connection, opened, own.id, language) if answers else None,
    )


def refusal_words(refusal: Refusal | None, opened: OpenedCase, language: Language) -> str:
    """Why not, in the words for citizens where there are any."""
    if refusal is None:
        return ""
    words = form_word("public_fault", refusal.code, language, "")
    if not words:
        return render_refusal(refusal.code, refusal.facts, language, opened.city)
    return words.format(last_day=_last_day(opened, language))


def _answer_form(connection: Connection, opened: OpenedCase, report_id: int, language: Language) -> AnswerForm:
    case = opened.story.case
    given = last_answer(connection, report_id, case.round)
    at = moment_words(given.at, language, opened.city.zone, opened.now) if given else ""
    why_not = why_not_reopened(case, opened.city, opened.now)
    return AnswerForm(given, at, refusal_words(why_not, opened, language), _last_day(opened, language))


def _last_day(opened: OpenedCase, language: Language) -> str:
    """Until when a reporter may object."""
    ended = opened.story.case.ended_at or opened.now
    last = ended + timedelta(days=opened.city.policy.objection_days)
    return moment_words(last, language, opened.city.zone, opened.now)


def _objection_stands(objection: Objection | None, state: State, now: datetime, engine_away: bool) -> str:
    """What the page says of the newest objection; nothing once it was carried out, or is overtaken."""
    if objection is None or state is not State.CLOSED or objection.state == "done":
        return ""
    if objection.state == "refused":
        return "refused"
    return "waits" if engine_away or now - objection.at > UNDER_WAY else "under_way"


def _reason(story: CaseStory, teller: CaseTeller) -> str:
    """Why it ended without being handled."""
    if story.case.state not in (State.REJECTED, State.VOID):
        return ""
    ends = [event for event in story.events if event.action in REASONED]
    return dict(teller.history_line(ends[-1]).said).get("reason", "") if ends else ""


def _view(story: CaseStory, opened: OpenedCase, language: Language) -> CaseView:
    return CaseTeller(story, opened.city, opened.now, language, opened.link.subject).view()


def _told(story: CaseStory, view: CaseView) -> Iterable[tuple[EventTold, HistoryLine]]:
    """The steps without the city's own states and what was said inside it."""
    return [
        (event, replace(line, state="", said=line.said if event.action in REASONED else ()))
        for line, event in zip(view.history, story.events, strict=True)
        if event.action in TOLD_TO_REPORTERS
    ]


def _joined(
    steps: Iterable[tuple[EventTold, HistoryLine]], own: Iterable[tuple[EventTold, HistoryLine]]
) -> list[tuple[EventTold, HistoryLine]]:
    """The history of a joined report: its own, and what was done about the problem; the other report is not told of."""
    others = [step for step in steps if step[0].action != A.REPORT]
    return sorted([*own, *others], key=lambda step: step[0].at)
