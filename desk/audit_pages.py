"""The auditor's pages: cases found, one case with its proof, one flow run with its cases. There is nothing to press."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.admin_view import record_lines
from desk.audit_lines import FoundLine
from desk.audit_view import AuditTeller, masked
from desk.context import Desk
from desk.pages import in_language, language_of, page
from desk.seat_page import OnDuty, on_duty_as, sign_in_again
from models.city import City
from models.desk_record import DeskRecordKind
from models.vocabulary import Role, State
from tasks.audit_search import MOST_PAGES, PAGE, Search, Touched, cases_of_run, find_cases, read_records
from tasks.database import reading
from tasks.desk_records import last_records
from tasks.picture_store import PictureStore
from tasks.wording import moment_words
from tasks.words import Language, word

LONGEST_FIELD = 60
LONGEST_PLACE = 80
FIRST_YEAR, LAST_YEAR = 1900, 2199
UNREADABLE, NOT_FOUND = 400, 404

RUN_PATH = "/v2/runs/flow-run/"
"""Where Prefect's interface shows a run."""

PageNumber = Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an auditor filled in: as it came, to be shown again, and as a search; None where it cannot be read."""

    fields: Mapping[str, str]
    search: Search | None

    @property
    def query(self) -> str:
        """The filter as a part of an address."""
        return urlencode({name: value for name, value in self.fields.items() if value})


def audit_routes(desk: Desk) -> APIRouter:
    """`/audit` and below it `case/{name}`, `run/{flow_run_id}`, `records`: for a shift of an auditor's post."""
    routes = APIRouter()
    store = PictureStore(desk.settings.pictures)

    @routes.get("/audit")
    def search(request: Request, number: PageNumber = 1) -> HTMLResponse:
        """The cases that fit, 50 a page."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.AUDITOR)
            return sign_in_again(request) if duty is None else _list(connection, request, duty, number)

    @routes.get("/audit/case/{name:path}")
    def show_case(request: Request, name: str) -> HTMLResponse:
        """The whole story of a case, its proof verified while the page is made."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.AUDITOR)
            if duty is None:
                return sign_in_again(request)
            records = read_records(connection, duty.city, _plain(name), duty.now, store)
            if records is None:
                return audit_page(request, duty, "audit_nothing.html", NOT_FOUND, title="no_case", name=_plain(name))
            case = AuditTeller(records, duty.city, duty.now, language_of(request)).view()
            return audit_page(request, duty, "audit_case.html", case=case, path=case_path)

    @routes.get("/audit/run/{flow_run_id}")
    def show_run(request: Request, flow_run_id: str, number: PageNumber = 1) -> HTMLResponse:
        """The cases of which a flow run wrote events."""
        run, language = _plain(flow_run_id), language_of(request)
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.AUDITOR)
            if duty is None:
                return sign_in_again(request)
            touched, more = cases_of_run(connection, run, number - 1)
        if not touched:
            return audit_page(request, duty, "audit_nothing.html", NOT_FOUND, title="no_run", name=run)
        lines = [_touched_line(duty.city, one, duty.now, language) for one in touched]
        interface = desk.settings.prefect_url.removesuffix("/api") + RUN_PATH + quote(run, safe="")
        return audit_page(
            request, duty, "audit_run.html", run=run, lines=lines, more=more, number=number, interface=interface
        )

    @routes.get("/audit/records")
    def show_records(request: Request, number: PageNumber = 1) -> HTMLResponse:
        """What was changed, revoked, tested and taken out at the desk, the newest first."""
        with reading(desk.engine) as connection:
            duty = on_duty_as(connection, desk, request, Role.AUDITOR)
            if duty is None:
                return sign_in_again(request)
            found = last_records(connection, tuple(DeskRecordKind), PAGE + 1, skip=(number - 1) * PAGE)
        records = record_lines(found[:PAGE], duty.city, duty.now, language_of(request))
        return audit_page(
            request, duty, "audit_records.html", records=records, more=len(found) > PAGE, number=number, links=False
        )

    return routes


def audit_page(request: Request, duty: OnDuty, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """A page of these, with who reads it."""
    post = duty.city.posts[duty.session.post]
    there = str(request.url.query)
    kept = "&".join(part for part in there.split("&") if part and not part.startswith("lang="))
    return page(request, template, status, city=duty.city, post=post, kept_query=kept, **content)


def asked_of(request: Request) -> Asked:
    """The filter of an address: fields cleaned and cut, days read; a state or day that is none cannot be searched."""
    fields = {name: _plain(request.query_params.get(name, "")) for name in ("q", "unit", "state", "first", "last")}
    try:
        first, last = _day(fields["first"]), _day(fields["last"])
    except ValueError:
        return Asked(fields, None)
    if fields["state"] not in {"", *State} or (first and last and first > last):
        return Asked(fields, None)
    return Asked(fields, Search(fields["q"], fields["unit"], fields["state"], first, last))


def case_path(name: str) -> str:
    """Where the page of a case lies."""
    return f"/audit/case/{quote(name, safe='')}"


def _list(connection: Connection, request: Request, duty: OnDuty, number: int) -> HTMLResponse:
    asked, city, language = asked_of(request), duty.city, language_of(request)
    rows: list[Any] = []
    more = False
    if asked.search is not None:
        rows, more = find_cases(connection, asked.search, city.zone, number - 1)
    lines = [_found_line(city, row, duty.now, language) for row in rows]
    units = sorted(city.units.values(), key=lambda unit: unit.name)
    return audit_page(
        request, duty, "audit_search.html", 200 if asked.search is not None else UNREADABLE, asked=asked, lines=lines,
        more=more, number=number, units=units, states=list(State), last_page=number >= MOST_PAGES,
        # The export's form carries the language in a field of its own, as forms lose what their address holds.
        chosen_language=in_language(request, "").partition("=")[2],
    )  # fmt: skip


def _found_line(city: City, row: Any, now: datetime, language: Language) -> FoundLine:
    unit, name = city.units.get(row.unit or ""), row.number or row.receipt_number
    return FoundLine(
        path=case_path(name),
        name=name,
        class_name=_class_name(city, row.class_code),
        unit=unit.name if unit else (row.unit or ""),
        state=row.state,
        state_name=word("state", row.state, language),
        place=masked(row.place, LONGEST_PLACE),
        opened=moment_words(row.opened_at, language, city.zone, now),
        events="",
    )


def _touched_line(city: City, one: Touched, now: datetime, language: Language) -> FoundLine:
    name = one.number or one.receipt_number
    return FoundLine(
        path=case_path(name),
        name=name,
        class_name=_class_name(city, one.class_code),
        unit="",
        state=one.state,
        state_name=word("state", one.state, language),
        place="",
        opened=moment_words(one.first_at, language, city.zone, now),
        events=str(one.events),
    )


def _class_name(city: City, code: str | None) -> str:
    subclass = city.catalogue.subclasses.get(code or "")
    return subclass.minor if subclass else (code or "")


def _plain(text: str) -> str:
    """A short text without what no database takes."""
    return "".join(c for c in text[:LONGEST_FIELD] if c.isprintable()).strip()


def _day(text: str) -> date | None:
    """The day that is written.

    Raises: ValueError where it is none, or so far off that the day beside it may not exist.
    """
    day = date.fromisoformat(text) if text else None
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day
