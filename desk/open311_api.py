"""Open311 GeoReport v2: programs list the services of the city, post service requests and ask how they stand.

docs/open311.md says which choices were made where the specification leaves one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, select

from desk.context import Desk, city_or_none
from desk.open311_answers import Format, NotServed, answer
from desk.open311_rate import PerMinute, seconds_left
from desk.open311_schema import POSTED_FORM, REFUSED, in_both
from desk.open311_shapes import Created, Discovery, Service, ServiceDefinition, ServiceRequest, TokenOf
from desk.open311_told import definition, discovery, service, service_request
from desk.pages import form_word, language_of
from models.city import City
from models.refusal import Refusal
from tasks.city_edition import EDITIONS
from tasks.client_network import network_of
from tasks.database import reading, transaction
from tasks.open311_keys import program_of
from tasks.open311_reading import Fields, Posted, fields_of, read_posted
from tasks.open311_reports import take_request
from tasks.open311_requests import LONGEST_ID, Found, Wanted, find_requests, read_wanted


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]

Jurisdiction = Annotated[
    str | None, Query(max_length=100, description="Code of the city; without it this desk's only one is meant.")
]
ApiKey = Annotated[
    str | None, Query(max_length=200, description="Needed only where the city does not let everybody read.")
]
Extensions = Annotated[
    str | None,
    Query(max_length=10, description="true: with extended_attributes, which are no part of the specification."),
]
Ending = Annotated[Format, Path(description="json or xml.")]
RequestId = Annotated[str, Path(max_length=LONGEST_ID, description="A receipt number.")]
Declared = Annotated[list[str], Query(description="May be declared several times, and with commas.")]
Moment = Annotated[
    str | None, Query(max_length=40, description="With its offset from UTC, for example 2026-01-01T00:00:00Z.")
]


class Counter:
    """What every call passes: its rate, the city, the jurisdiction, the key."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._clients = PerMinute(desk.access.open311_per_client, "client", desk.counts)
        self._keys = PerMinute(desk.access.open311_per_key, "key", desk.counts)

    @contextmanager
    def reading(
        self, request: Request, jurisdiction: str | None, key: str | None = None, *, needs_key: bool = False
    ) -> Iterator[tuple[Connection, City]]:
        """The city, to read from.

        Raises: NotServed.
        """
        self.count_client(request)
        with reading(self.desk.engine) as connection:
            if needs_key and not self.desk.access.open311_open_reading:
                self.program(connection, key)
            yield connection, self.city(connection, jurisdiction)

    def count_client(self, request: Request) -> None:
        """Count a call of whoever sends this request."""
        self._count(self._clients, network_of(request.client.host) if request.client else "")

    def program(self, connection: Connection, key: str | None) -> str:
        """The program a key belongs to."""
        if not key or not key.strip():
            raise NotServed(Refusal("key_missing"))
        program = program_of(connection, key.strip())
        if program is None:
            raise NotServed(Refusal("key_unknown"))
        return program

    def count_program(self, program: str) -> None:
        """Count a service request of a program."""
        self._count(self._keys, program)

    def city(self, connection: Connection, jurisdiction: str | None) -> City:
        """The city in force, where it is the one that is meant."""
        city = city_or_none(connection)
        if city is None:
            raise NotServed(Refusal("no_city"))
        if jurisdiction and jurisdiction.strip() != city.code:
            raise NotServed(Refusal("unknown_jurisdiction", {"jurisdiction_id": jurisdiction.strip()[:LONGEST_ID]}))
        return city

    def _count(self, counter: PerMinute, who: str) -> None:
        now = self.desk.clock()
        if not counter.allows(who, now):
            raise NotServed(Refusal("too_often", {"seconds": seconds_left(now)}))


def open311_routes(desk: Desk) -> APIRouter:
    """`/open311/…`."""
    routes = APIRouter(prefix="/open311", default_response_class=JSONResponse, responses=REFUSED)
    counter = Counter(desk)
    _about_services(routes, counter)
    _about_requests(routes, counter)
    _about_tokens(routes, counter)
    _posting(routes, counter)
    return routes


def _about_services(routes: APIRouter, counter: Counter) -> None:
    @routes.get("/v2/discovery.{format}", response_model=Discovery, responses=in_both("discovery"))
    @routes.get("/discovery.{format}", response_model=Discovery, responses=in_both("discovery"))
    def open311_discovery(request: Request, format: Ending) -> Response:
        """Where the service is, which formats it speaks, whom to ask for a key."""
        with counter.reading(request, None) as (connection, city):
            changed: datetime = connection.scalars(
                select(EDITIONS.c.loaded_at).order_by(EDITIONS.c.id.desc()).limit(1)
            ).one()
        desk = counter.desk
        url, contact = desk.settings.desk_url, desk.access.open311_contact
        return answer(format, "discovery", discovery(city, url, contact, changed, language_of(request)))

    @routes.get("/v2/services.{format}", response_model=list[Service], responses=in_both("services"))
    def open311_services(request: Request, format: Ending, jurisdiction_id: Jurisdiction = None) -> Response:
        """Every kind of problem that can be reported: the minor classes of the city's catalogue."""
        with counter.reading(request, jurisdiction_id) as (_, city):
            language = language_of(request)
            services = [service(each, language) for each in city.catalogue.subclasses.values()]
        return answer(format, "services", services)

    @routes.get(
        "/v2/services/{service_code}.{format}",
        response_model=ServiceDefinition,
        responses=in_both("service_definition"),
    )
    def open311_service_definition(
        request: Request, service_code: RequestId, format: Ending, jurisdiction_id: Jurisdiction = None
    ) -> Response:
        """What else may be said about a problem of this kind: its filing condition, the street or town."""
        with counter.reading(request, jurisdiction_id) as (_, city):
            subclass = city.catalogue.subclasses.get(service_code)
            if subclass is None:
                raise NotServed(Refusal("unknown_service", {"service_code": service_code}))
            told = definition(subclass, city, language_of(request))
        return answer(format, "service_definition", told)


def _about_requests(routes: APIRouter, counter: Counter) -> None:
    def told(
        request: Request, format: Ending, wanted: Wanted, given: tuple[str | None, str | None, str | None], one: bool
    ) -> Response:
        jurisdiction, key, extensions = given
        with counter.reading(request, jurisdiction, key, needs_key=True) as (connection, city):
            found = find_requests(connection, wanted)
        if one and not found:
            raise NotServed(Refusal("unknown_request", {"service_request_id": wanted.ids[0]}))
        extended = (extensions or "").strip().lower() == "true"
        rows = [_row(each, city, request, counter.desk, extended) for each in found]
        return answer(format, "service_requests", rows)

    @routes.get("/v2/requests.{format}", response_model=list[ServiceRequest], responses=in_both("service_requests"))
    def open311_requests(
        request: Request,
        format: Ending,
        service_request_id: Declared = [],  # noqa: B006 - FastAPI copies it
        service_code: Declared = [],  # noqa: B006
        status: Declared = [],  # noqa: B006
        start_date: Moment = None,
        end_date: Moment = None,
        jurisdiction_id: Jurisdiction = None,
        api_key: ApiKey = None,
        extensions: Extensions = None,
    ) -> Response:
        """How service requests stand: those named (50 at most), or those made in a time of at most 90 days.

        Without dates the last 90 days; the newest first, 1,000 at most. `status` is open or closed.
        """
        wanted = read_wanted(service_request_id, service_code, status, start_date, end_date, counter.desk.clock())
        if not isinstance(wanted, Wanted):
            raise NotServed(*wanted)
        return told(request, format, wanted, (jurisdiction_id, api_key, extensions), one=False)

    @routes.get(
        "/v2/requests/{service_request_id}.{format}",
        response_model=list[ServiceRequest],
        responses=in_both("service_requests"),
    )
    def open311_request(
        request: Request,
        service_request_id: RequestId,
        format: Ending,
        jurisdiction_id: Jurisdiction = None,
        api_key: ApiKey = None,
        extensions: Extensions = None,
    ) -> Response:
        """How one service request stands: a list of one."""
        wanted = _named(service_request_id, counter)
        return told(request, format, wanted, (jurisdiction_id, api_key, extensions), one=True)


def _about_tokens(routes: APIRouter, counter: Counter) -> None:
    @routes.get("/v2/tokens/{token}.{format}", response_model=list[TokenOf], responses=in_both("service_requests"))
    def open311_token(
        request: Request, token: RequestId, format: Ending, jurisdiction_id: Jurisdiction = None
    ) -> Response:
        """The id behind a token. Ids are given at once, so that a token is the id itself."""
        wanted = _named(token, counter)
        with counter.reading(request, jurisdiction_id) as (connection, _):
            found = find_requests(connection, wanted)
        if not found:
            raise NotServed(Refusal("unknown_request", {"service_request_id": wanted.ids[0]}))
        receipt = found[0].case.receipt_number
        return answer(format, "service_requests", [TokenOf(service_request_id=receipt, token=receipt)])


def _posting(routes: APIRouter, counter: Counter) -> None:
    @routes.post(
        "/v2/requests.{format}",
        response_model=list[Created],
        responses=in_both("service_requests"),
        openapi_extra=POSTED_FORM,
    )
    def open311_post(request: Request, format: Ending, body: Body) -> Response:
        """Report a problem. The id is given at once; the same within ten minutes has the same id and is one report.

        The report goes the way of all reports: receipt, case, the seat or rule that accepts it.
        """
        counter.count_client(request)
        fields = fields_of(body, request.headers.get("content-type", ""))
        if isinstance(fields, Refusal):
            raise NotServed(fields)
        receipt = _taken(counter, fields)
        counter.desk.bell.ring()
        notice = form_word("open311", "service_notice", language_of(request))
        return answer(
            format,
            "service_requests",
            [Created(service_request_id=receipt, service_notice=notice, account_id=None)],
        )


def _taken(counter: Counter, fields: Fields) -> str:
    """The receipt of a posted service request, in one transaction.

    What is wrong with it is found in a transaction that only reads, so that nobody who cannot report waits for a lock.
    """
    desk, now = counter.desk, counter.desk.clock()
    with reading(desk.engine) as connection:
        program = counter.program(connection, _first(fields, "api_key"))
        counter.count_program(program)
        city = counter.city(connection, _first(fields, "jurisdiction_id"))
    posted = read_posted(fields, city)
    if not isinstance(posted, Posted):
        raise NotServed(*posted)
    with transaction(desk.engine) as connection:
        return take_request(connection, city, desk.settings.secret_key("personal"), program, posted, now)


def _row(found: Found, city: City, request: Request, desk: Desk, extended: bool) -> dict[str, Any]:
    told = service_request(
        found, city, language_of(request), descriptions=desk.access.open311_descriptions, extensions=extended
    )
    return told.model_dump(mode="json", exclude=None if extended else {"extended_attributes"})


def _named(receipt: str, counter: Counter) -> Wanted:
    """The one service request of this id; a comma makes no list here."""
    wanted = read_wanted([receipt.replace(",", " ")], (), (), None, None, counter.desk.clock())
    if not isinstance(wanted, Wanted) or not wanted.ids:
        raise NotServed(Refusal("unknown_request", {"service_request_id": receipt}))
    return wanted


def _first(fields: Fields, name: str) -> str:
    return fields.get(name, ("",))[0]
