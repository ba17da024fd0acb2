"""What Open311 tells of the city: its services, their attributes, and how service requests stand.

Anybody may read a class, a place, times, a state and the unit that answers for it; never who reported, and what a
reporter wrote only where the city says so.
"""

from datetime import datetime

from desk.open311_shapes import (
    Attribute,
    AttributeValue,
    Discovery,
    Endpoint,
    ExtendedAttributes,
    Service,
    ServiceDefinition,
    ServiceRequest,
)
from desk.pages import form_word
from models.catalogue import Subclass
from models.city import City
from models.vocabulary import ENDED, State
from tasks.open311_reading import AREA, CONDITION
from tasks.open311_requests import CLOSED, OPEN, Found
from tasks.wording import clean
from tasks.words import Language, word

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

STREET_DIGITS = 9
"""Digits of an area's code at the level people know: street, town."""

_LONGEST = 4000


def discovery(city: City, desk_url: str, contact: str, changed: datetime, language: Language) -> Discovery:
    """The discovery file."""
    name = city.name if language == "zh" else city.english_name
    changeset = changed.astimezone(city.zone).isoformat(timespec="seconds")
    endpoint = Endpoint(
        specification=SPECIFICATION,
        url=f"{desk_url}/open311/v2",
        changeset=changeset,
        type="production",
        formats=["text/xml", "application/json"],
    )
    return Discovery(
        changeset=changeset,
        contact=contact or _say("contact", language).format(city=name),
        key_service=contact or _say("key_service", language).format(city=name),
        endpoints=[endpoint],
    )


def service(subclass: Subclass, language: Language) -> Service:
    """A minor class as a service; its filing conditions describe it."""
    kind = _say(f"kind_{subclass.kind}", language)
    return Service(
        service_code=subclass.code,
        service_name=subclass.minor,
        description="；".join(condition.wording for condition in subclass.conditions),
        metadata=True,
        type="realtime",
        keywords=f"{kind},{subclass.major}",
        group=subclass.major,
    )


def definition(subclass: Subclass, city: City, language: Language) -> ServiceDefinition:
    """What may be said beside the service code: the filing condition, the street or town."""
    conditions = [AttributeValue(key=str(each.number), name=each.wording) for each in subclass.conditions]
    areas = [
        AttributeValue(key=area.code, name=area.name) for area in city.areas.values() if len(area.code) == STREET_DIGITS
    ]
    lists = ((CONDITION, conditions), (AREA, areas))
    attributes = [
        Attribute(
            variable=True,
            code=code,
            datatype="singlevaluelist",
            required=False,
            datatype_description=None,
            order=order,
            description=_say(f"attribute_{code}", language),
            values=values,
        )
        for order, (code, values) in enumerate(lists, start=1)
    ]
    return ServiceDefinition(service_code=subclass.code, attributes=attributes)


def service_request(
    found: Found, city: City, language: Language, *, descriptions: bool, extensions: bool
) -> ServiceRequest:
    """How a service request stands."""
    case = found.case
    state, ended = State(case.state), State(case.state) in ENDED
    subclass, unit = city.catalogue.subclasses.get(case.class_code or ""), city.units.get(case.unit or "")
    return ServiceRequest(
        service_request_id=case.receipt_number,
        status=CLOSED if ended else OPEN,
        status_notes=word("reporter_state", state, language),
        service_name=subclass.minor if subclass else None,
        service_code=case.class_code,
        description=clean(case.description, _LONGEST) or None if descriptions else None,
        agency_responsible=unit.name if unit else None,
        service_notice=None,
        requested_datetime=_local(case.opened_at, city),
        updated_datetime=_local(case.ended_at if ended and case.ended_at else case.last_event_at, city),
        expected_datetime=_local(case.handle_due_at, city) if case.handle_due_at else None,
        address=clean(case.place) or None,
        address_id=case.area,
        zipcode=None,
        lat=case.latitude,
        long=case.longitude,
        media_url=None,
        extended_attributes=_extended(found, state, city) if extensions else None,
    )


def _extended(found: Found, state: State, city: City) -> ExtendedAttributes:
    case = found.case
    return ExtendedAttributes(
        state=state.value,
        state_zh=word("reporter_state", state, "zh"),
        state_en=word("reporter_state", state, "en"),
        stage=case.stage,
        due_datetime=_local(case.due_at, city) if case.due_at else None,
        suspended_until=_local(case.suspended_until, city) if case.suspended_until else None,
        on_time=found.on_time,
        joined_request_id=case.joined,
    )


def _local(moment: datetime, city: City) -> datetime:
    """A moment with the city's offset, to the second."""
    return moment.astimezone(city.zone).replace(microsecond=0)


def _say(code: str, language: Language) -> str:
    return form_word("open311", code, language)
