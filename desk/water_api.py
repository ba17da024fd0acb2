"""`POST /water/observations`: programs with a key of their own send readings, judged before they are answered.

Body: {"observations": [{"station": "…", "element": "level", "at": "2021-07-20T08:00:00+08:00", "value": 105.12}]}, in
the units of `models.water`. The same readings again change nothing, so that a program may send until it is answered.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, select

from desk.context import Desk, city_or_none
from desk.open311_rate import PerMinute, seconds_left
from desk.pages import form_word, language_of
from desk.passing_failures import tried_again
from models.city import City
from models.flood_event import Recording
from models.notice import Notice, NoticeKind, NoticeState
from models.open311_key import KeyPurpose
from models.tables import table_of
from models.water_source import NATIVE
from tasks.call_sending import first_of_calls
from tasks.calls import Started
from tasks.client_network import network_of
from tasks.database import reading, transaction
from tasks.judging import Judged, judge_waiting
from tasks.observations import Taken, take_observations
from tasks.open311_keys import program_of
from tasks.refused_observations import RefusedRow, explain, keep_refused
from tasks.warning_calls import end_calls_of_ended_warnings, start_calls_for_warnings
from tasks.water_intake import read_chunk, row_of
from tasks.words import Language

NOTICES = table_of(Notice)

MOST = 2_000
"""Readings a call may send; the limit on bodies comes first."""

STATUS_OF = {"key_missing": 401, "key_unknown": 403, "too_often": 429, "no_city": 503}
"""Every other fault is 400."""


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]

POSTED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["observations"],
                    "properties": {
                        "observations": {
                            "type": "array",
                            "maxItems": MOST,
                            "items": {
                                "type": "object",
                                "required": ["station", "element", "at", "value"],
                                "properties": {
                                    "station": {"type": "string", "description": "Code or name of stations.csv."},
                                    "element": {"type": "string", "description": "level, flow, storage, rain, …"},
                                    "at": {"type": "string", "format": "date-time"},
                                    "value": {"type": "number", "description": "In the element's own unit."},
                                },
                            },
                        }
                    },
                }
            }
        },
    }
}


class Refused(Exception):
    """A call that is not served: a code, and what its sentence needs."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def water_api_routes(desk: Desk) -> APIRouter:
    """`/water/observations`."""
    routes = APIRouter()
    clients, keys = PerMinute(desk.access.open311_per_client), PerMinute(desk.access.water_per_key)

    @routes.post("/water/observations", openapi_extra=POSTED, responses={400: {}, 401: {}, 403: {}, 429: {}})
    def observations(request: Request, body: Body) -> JSONResponse:
        """Send readings of water, with `Authorization: Bearer KEY`. Each is taken in once; the same again is repeated.

        What is no reading is answered with its reason and kept; readings that cannot be right are kept and not used.
        """
        language = language_of(request)
        try:
            _count(desk, clients, network_of(request.client.host) if request.client else "")
            city, program = _allowed(desk, request, keys)
            return _taken(desk, city, program, body, language)
        except Refused as refused:
            return _refusal(refused, language)

    return routes


def _count(desk: Desk, counter: PerMinute, who: str) -> None:
    now = desk.clock()
    if not counter.allows(who, now):
        raise Refused("too_often", seconds=seconds_left(now))


def _allowed(desk: Desk, request: Request, keys: PerMinute) -> tuple[City, str]:
    """The city, and the program whose key this is."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused("key_missing")
    with reading(desk.engine) as connection:
        program, city = program_of(connection, key.strip(), KeyPurpose.WATER), city_or_none(connection)
    if program is None:
        raise Refused("key_unknown")
    if city is None:
        raise Refused("no_city")
    _count(desk, keys, program)
    return city, program


def _taken(desk: Desk, city: City, program: str, body: bytes, language: Language) -> JSONResponse:
    now = desk.clock()
    rows = [row_of(number, values) for number, values in enumerate(_listed(body), 1)]
    readings, refused = read_chunk(city, NATIVE, rows)
    with transaction(desk.engine) as connection:
        taken = take_observations(connection, city, readings, program, now)
        keep_refused(connection, program, "POST", refused, now)
    recording = Recording(now, "desk", city.edition)
    judged = judge_waiting(desk.engine, city, recording)
    if judged.raised or judged.ended:
        _call(desk, city, recording)
        _send(desk, judged)
    return JSONResponse(_told(taken, refused, judged, language))


def _listed(body: bytes) -> list[Any]:
    try:
        content = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise Refused("not_json") from error
    found = content.get("observations") if isinstance(content, Mapping) else None
    if not isinstance(found, list):
        raise Refused("no_list")
    if len(found) > MOST:
        raise Refused("too_many", most=MOST)
    return found


def _call(desk: Desk, city: City, recording: Recording) -> None:
    """Start and end calls by the warnings, send the first messages from here and wake the engine for the rest."""

    def calls(connection: Connection) -> tuple[object, tuple[Started, ...]]:
        ended = end_calls_of_ended_warnings(connection, city, recording)
        return ended, start_calls_for_warnings(connection, city, recording.now, recording)

    ended, started = tried_again(desk.engine, calls)
    if not started and not ended:
        return
    with reading(desk.engine) as connection:
        # Of these calls, not the oldest that wait: in a storm others may still be on their way.
        first = first_of_calls(connection, [one.number for one in started])
    for notice_id in first:
        desk.send_soon(notice_id)
    desk.call_bell.ring()


def _send(desk: Desk, judged: Judged) -> None:
    """Hand what the people on duty are told over at once, without the minute the engine would take."""
    subjects = [f"flood:{one.number}" for one in (*judged.raised, *judged.ended)]
    kinds = (NoticeKind.FLOOD_WARNING.value, NoticeKind.FLOOD_WARNING_ENDED.value)
    asked = select(NOTICES.c.id).where(
        NOTICES.c.subject.in_(subjects), NOTICES.c.kind.in_(kinds), NOTICES.c.state == NoticeState.WAITING.value
    )
    with reading(desk.engine) as connection:
        waiting = list(connection.scalars(asked))
    for notice_id in waiting:
        desk.send_soon(notice_id)


def _told(taken: Taken, refused: list[RefusedRow], judged: Judged, language: Language) -> dict[str, Any]:
    return {
        **{name: getattr(taken, name) for name in ("taken", "repeated", "corrected", "late")},
        "doubtful": [
            {"station": one.station, "element": one.element.value, "at": one.at.isoformat(), "why": one.doubt.value}
            for one in taken.doubtful
        ],
        "refused": [
            {"row": one.row.number, "code": one.refusal.code, "why": explain(one.refusal, language)} for one in refused
        ],
        "warnings_raised": [one.number for one in judged.raised],
        "warnings_ended": [one.number for one in judged.ended],
    }


def _refusal(refused: Refused, language: Language) -> JSONResponse:
    status = STATUS_OF.get(refused.code, 400)
    said = form_word("water_fault", refused.code, language).format_map(refused.facts)
    headers = {"Retry-After": str(refused.facts["seconds"])} if refused.code == "too_often" else {}
    return JSONResponse({"code": refused.code, "description": said}, status, headers)
