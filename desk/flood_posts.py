"""What is sent from the pages of the flood season: each form acts once, and who comes second is told who was first."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from desk.consultation_page import KEEP, consultation_page
from desk.context import Desk
from desk.flood_fields import LONGEST, entry_of, moment_typed, where_of, wish_of
from desk.flood_overview import overview_page
from desk.form_token import FormToken
from desk.incident_page import incident_page
from desk.opened_case import FORBIDDEN, opens_nothing
from desk.opened_flood import OpenedFlood, opened_flood
from desk.own_page import go_on
from desk.pages import page
from desk.passing_failures import tried_again
from desk.posted_form import PostedForm, is_our_form
from models.flood_event import Recording
from models.flood_readers import may_read_incident
from models.flood_rules import ReportMeans
from models.notice import Notice, NoticeState, Priority
from models.refusal import Refusal
from models.tables import table_of
from models.vocabulary import Role
from tasks.acknowledge import How, acknowledge_subject
from tasks.consultations import call_consultation
from tasks.daily_report import issue_daily
from tasks.database import transaction
from tasks.incident_rows import read_incident
from tasks.info_reports import add_entry, pass_on, report_incident, report_on
from tasks.response import decide
from tasks.response_notices import subject_of

NOTICES = table_of(Notice)

NOT_POSSIBLE = 409

Posted = Mapping[str, str]
Work = Callable[[Connection, OpenedFlood, Recording], object]
Again = Callable[[Connection, OpenedFlood, Refusal], HTMLResponse]


class Posting:
    """One form that came in: does its work once, or shows its page again with the reason."""

    def __init__(self, desk: Desk, request: Request, token: str, posted: Posted) -> None:
        self.desk, self.request, self.token, self.posted = desk, request, token, posted

    def opened(self, letters: str = "") -> OpenedFlood | HTMLResponse:
        """What the link opens, where it is a page whose number begins so and the form is our own."""
        opened = opened_flood(self.desk, self.request, self.token)
        if isinstance(opened, HTMLResponse):
            return opened
        if not opened.link.subject.startswith(letters):
            return opens_nothing(self.request)
        if not is_our_form(self.desk, self.request, self.posted, self.token):
            return page(self.request, "form_stale.html", FORBIDDEN, city=None, case=f"/flood/{self.token}")
        return opened

    def key(self, form: str) -> str:
        """The idempotency key of one of the page's forms."""
        return FormToken(self.posted.get("key", ""), "").key_of(form)

    def does(self, opened: OpenedFlood, work: Work, again: Again, path: str = "") -> Response:
        """Does it and goes back to the page; a refusal is told on it, and what it wrote is kept."""
        recording = Recording(opened.now, "desk", opened.city.edition)

        def once(connection: Connection) -> HTMLResponse | list[int]:
            found = work(connection, opened, recording)
            return again(connection, opened, found) if isinstance(found, Refusal) else _urgent(connection, opened.now)

        done = tried_again(self.desk.engine, once)
        if isinstance(done, HTMLResponse):
            return done
        for notice_id in done:
            self.desk.send_soon(notice_id)
        return self.back(path)

    def back(self, path: str = "") -> RedirectResponse:
        """Back to the page of the link, in its language."""
        return go_on(self.request, f"/flood/{self.token}{path}")


def _urgent(connection: Connection, now: datetime) -> list[int]:
    """What this very transaction wrote that cannot wait for the next delivery."""
    asked = select(NOTICES.c.id).where(
        NOTICES.c.created_at == now,
        NOTICES.c.subject.is_not(None),
        NOTICES.c.state == NoticeState.WAITING.value,
        NOTICES.c.priority != Priority.ROUTINE.value,
    )
    return list(connection.scalars(asked.order_by(NOTICES.c.id)))


def add_flood_post_routes(desk: Desk, routes: APIRouter) -> None:
    """Everything behind a button of these pages."""
    _consultation_routes(desk, routes)
    _incident_routes(desk, routes)
    _reporting_routes(desk, routes)
    _calling_routes(desk, routes)


def _consultation_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post("/flood/{token}/decide")
    def decided(request: Request, token: str, posted: PostedForm) -> Response:
        """The decision: the row is written at once; the run that waits for it in the engine ends by itself."""
        posting = Posting(desk, request, token, posted)
        opened = posting.opened("HS")
        if isinstance(opened, HTMLResponse):
            return opened
        number = opened.link.subject

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            wish = wish_of(connection, opened, posted, keep=KEEP)
            return wish if isinstance(wish, Refusal) else decide(
                connection, opened.city, wish, posting.key("decide"), recording
            )  # fmt: skip

        def again(connection: Connection, opened: OpenedFlood, refusal: Refusal) -> HTMLResponse:
            return consultation_page(
                connection, desk, request, opened, number, status=NOT_POSSIBLE, refusal=refusal, posted=posted
            )

        return posting.does(opened, work, again)

    @routes.post("/flood/{token}/received")
    def received(request: Request, token: str, posted: PostedForm) -> Response:
        """A post has read what it was told of a consultation or incident."""
        posting = Posting(desk, request, token, posted)
        opened = posting.opened()
        if isinstance(opened, HTMLResponse):
            return opened
        subject, post = subject_of(opened.link.subject), opened.post.code
        with transaction(desk.engine) as connection:
            acknowledge_subject(connection, subject, post, How.PAGE, opened.now, [post])
        return posting.back()


def _incident_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post("/flood/{token}/entry")
    def entry(request: Request, token: str, posted: PostedForm) -> Response:
        """A further entry about an incident."""
        posting = Posting(desk, request, token, posted)
        opened = posting.opened("XQ")
        if isinstance(opened, HTMLResponse):
            return opened

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            wish = entry_of(opened, posted)
            number = opened.link.subject
            if isinstance(wish, Refusal):
                return wish
            return add_entry(connection, opened.city, number, wish, posting.key("entry"), recording)

        return _on_incident(desk, posting, opened, work)

    @routes.post("/flood/{token}/pass-on")
    def passed_on(request: Request, token: str, posted: PostedForm) -> Response:
        """The duty room has handed the last entry on: the same entry is its own report."""
        posting = Posting(desk, request, token, posted)
        opened = posting.opened("XQ")
        if isinstance(opened, HTMLResponse):
            return opened

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            means = ReportMeans.PHONE if posted.get("means") == ReportMeans.PHONE else ReportMeans.WRITTEN
            return pass_on(connection, opened.city, opened.link.subject, means, opened.post.code, recording)

        return _on_incident(desk, posting, opened, work)


def _on_incident(desk: Desk, posting: Posting, opened: OpenedFlood, work: Work) -> Response:
    number = opened.link.subject

    def of_reader(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
        told = read_incident(connection, number)
        if told is None or not may_read_incident(opened.city, opened.post, told.concerned, told.reporters):
            return Refusal("unknown_incident", {"number": number})
        return work(connection, opened, recording)

    def again(connection: Connection, opened: OpenedFlood, refusal: Refusal) -> HTMLResponse:
        return incident_page(
            connection,
            desk,
            posting.request,
            opened,
            number,
            status=NOT_POSSIBLE,
            refusal=refusal,
            posted=posting.posted,
        )

    return posting.does(opened, of_reader, again)


def _reporting_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post("/flood/{token}/incident")
    def incident(request: Request, token: str, posted: PostedForm) -> Response:
        """A new incident, with its first entry."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            wish = entry_of(opened, posted)
            if isinstance(wish, Refusal):
                return wish
            hazard, area = where_of(posted)
            return report_incident(connection, opened.city, hazard, area, wish, posting.key("incident"), recording)

        posting = Posting(desk, request, token, posted)
        return _on_overview(desk, posting, "incident", work)

    @routes.post("/flood/{token}/report")
    def report(request: Request, token: str, posted: PostedForm) -> Response:
        """What a unit reports on a response, or for the day, in words."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            wish = entry_of(opened, posted)
            if isinstance(wish, Refusal):
                return wish
            key = posting.key(f"report-{posted.get('owed', '')}")
            return report_on(connection, opened.city, posted.get("subject", ""), wish, key, recording)

        posting = Posting(desk, request, token, posted)
        return _on_overview(desk, posting, "report", work)


def _calling_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post("/flood/{token}/call")
    def call(request: Request, token: str, posted: PostedForm) -> Response:
        """Somebody who decides calls a consultation by hand."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            if opened.post.role is Role.AUDITOR:
                return Refusal("may_not_call", {"post": opened.post.code})
            hazard, area = where_of(posted)
            basis = posted.get("basis", "").strip()[:LONGEST]
            return call_consultation(connection, opened.city, hazard, area, basis, opened.post.code, recording)

        return _on_overview(desk, Posting(desk, request, token, posted), "call", work)

    @routes.post("/flood/{token}/issue")
    def issue(request: Request, token: str, posted: PostedForm) -> Response:
        """The daily report is given as it stands."""

        def work(connection: Connection, opened: OpenedFlood, recording: Recording) -> object:
            moment = moment_typed(opened.city, posted.get("at", ""))
            if moment is None:
                return Refusal("nothing_owed", {"unit": opened.post.unit})
            return issue_daily(connection, opened.city, moment, opened.post.code, recording)

        path = f"/daily?at={quote(posted.get('at', ''))}"
        return _on_overview(desk, Posting(desk, request, token, posted), "issue", work, path)


def _on_overview(desk: Desk, posting: Posting, which: str, work: Work, path: str = "") -> Response:
    opened = posting.opened("overview")
    if isinstance(opened, HTMLResponse):
        return opened

    def again(connection: Connection, opened: OpenedFlood, refusal: Refusal) -> HTMLResponse:
        return overview_page(
            connection,
            desk,
            posting.request,
            opened,
            status=NOT_POSSIBLE,
            refusal=refusal,
            posted=posting.posted,
            which=which,
        )

    return posting.does(opened, work, again, path)
