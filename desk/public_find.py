"""A citizen finds their report again by receipt number and query code."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.context import Desk, city_or_none
from desk.pages import in_language, page
from desk.posted_form import PostedForm
from desk.public_form import SEE_OTHER, UNPROCESSABLE, TooOften, client_of
from desk.session_cookie import comes_from_elsewhere
from tasks.database import reading, transaction
from tasks.links import Link, Purpose, path_of
from tasks.public_codes import LONGEST_TYPED, find_receipt
from tasks.public_limits import What, count_try
from tasks.wording import clean


def public_find_routes(desk: Desk) -> APIRouter:
    """`/report/find`."""
    routes = APIRouter()

    @routes.get("/report/find")
    def ask(request: Request) -> HTMLResponse:
        """The form; it knows nothing of whoever looks at it."""
        return _form(desk, request)

    @routes.post("/report/find")
    def find(request: Request, posted: PostedForm) -> Response:
        """Leads to the report's own page; a wrong code and a report that is not there get the same answer.

        The try is counted before anything is looked up, so that tries at the same moment are not more than allowed.
        """
        now, typed = desk.clock(), posted.get("receipt", "")
        if comes_from_elsewhere(request):
            return _form(desk, request, wrong=True)
        with transaction(desk.engine) as connection:
            personal = desk.settings.secret_key("personal")
            if not count_try(connection, personal, What.FIND, client_of(request), now, desk.public):
                raise TooOften
        key = desk.link_key
        with reading(desk.engine) as connection:
            found = find_receipt(connection, key, typed, posted.get("code", ""))
        if found is None:
            return _form(desk, request, clean(typed, LONGEST_TYPED), wrong=True)
        path = path_of(key, Link(found, Purpose.REPORT, found), now)
        return RedirectResponse(in_language(request, path), SEE_OTHER)

    return routes


def _form(desk: Desk, request: Request, receipt: str = "", *, wrong: bool = False) -> HTMLResponse:
    with reading(desk.engine) as connection:
        city = city_or_none(connection)
    status = UNPROCESSABLE if wrong else 200
    return page(
        request, "public_find.html", status, city=city, receipt=receipt, wrong=wrong, most=LONGEST_TYPED
    )  # fmt: skip
