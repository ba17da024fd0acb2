"""A service request as a program posted it (Open311 GeoReport v2): its form read and judged, every fault named at once.

The email address is not kept: nobody here writes to reporters by mail. A media URL is kept as text behind the
description and never fetched: a machine of the city must not be sent anywhere by strangers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from models.catalogue import Subclass
from models.city import City
from models.mapped_report import MappedReport, read_position
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from tasks.wording import clean

SOURCE = "open311"

MOST_FIELDS = 100
LONGEST_DESCRIPTION = 4000
"""Characters; the specification says so."""
LONGEST_LINE = 200
LONGEST_URL = 500

CONDITION, AREA = "condition", "area"
"""Codes of the attributes our service definitions have."""

_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,60})\](?:\[\])?")
_PHONE = re.compile(r"\+?[\d\s()（）-]{3,30}")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)

Fields = Mapping[str, tuple[str, ...]]
"""Values by field; only those that hold something."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One service request, ready to become a report."""

    class_code: str
    condition_no: int | None
    description: str = field(repr=False)
    place: str = field(repr=False)
    area: str | None
    longitude: float | None
    latitude: float | None
    reporter_name: str = field(repr=False)
    reporter_phone: str = field(repr=False)
    device_id: str = field(repr=False)
    account_id: str = field(repr=False)

    @property
    def told(self) -> tuple[str, ...]:
        """All it says, as texts: the same again is the same request."""
        position = "" if self.latitude is None else f"{self.latitude!r},{self.longitude!r}"
        sender = (self.device_id, self.account_id, self.reporter_name, self.reporter_phone)
        condition = "" if self.condition_no is None else str(self.condition_no)
        return (self.class_code, condition, self.description, self.place, self.area or "", position, *sender)

    def as_report(self, source_id: str, now: datetime) -> MappedReport:
        """The report it becomes, opened at the moment it came in."""
        return MappedReport(
            source=SOURCE,
            source_id=source_id,
            opened_at=now,
            due_at=None,
            closed_at=None,
            class_code=self.class_code,
            condition_no=self.condition_no,
            description=self.description,
            place=self.place,
            area=self.area,
            longitude=self.longitude,
            latitude=self.latitude,
            component_code=None,
            camera=None,
            source_chain=None,
            unit_hint=None,
            flags=(),
            reporter_name=self.reporter_name or None,
            reporter_phone=self.reporter_phone or None,
        )


def fields_of(body: bytes, content_type: str) -> Fields | Refusal:
    """The fields of a form as the specification has it sent: URL-encoded UTF-8."""
    if content_type.partition(";")[0].strip().lower() not in ("", "application/x-www-form-urlencoded"):
        return Refusal("not_a_form")
    try:
        pairs = parse_qsl(body.decode("utf-8"), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # no UTF-8, or too many fields
        return Refusal("not_a_form")
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if value.strip():  # an empty argument is the same as none
            found[name] = (*found.get(name, ()), value)
    return found


def read_posted(fields: Fields, city: City) -> Posted | Sequence[Refusal]:
    """The service request a form holds, or everything that is wrong with it."""
    form = _Form(fields)
    service = form.service(city)
    longitude, latitude = form.position()
    attributes = form.attributes()
    area = form.area(city, form.line("address_id") or attributes.get(AREA, ""))
    address = form.line("address_string")
    if not form.faults and latitude is None and not address and not form.line("address_id"):
        form.fault("location_missing")
    condition = form.condition(service, attributes.get(CONDITION, ""))
    description, name, phone = form.description(), form.name(), form.phone()
    device, account, _ = (form.line(each) for each in ("device_id", "account_id", "email"))
    if form.faults or service is None:
        return form.faults
    place = address or _place(city, area, longitude, latitude)
    return Posted(
        class_code=service.code,
        condition_no=condition,
        description=without_personal_numbers(description),
        place=without_personal_numbers(place),
        area=area,
        longitude=longitude,
        latitude=latitude,
        reporter_name=name,
        reporter_phone=phone,
        device_id=device,
        account_id=account,
    )


class _Form:
    """The fields of one request, and what was found wrong while they were read."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.faults: list[Refusal] = []

    def fault(self, code: str, **facts: object) -> None:
        """Note what is wrong, once."""
        if (found := Refusal(code, facts)) not in self.faults:
            self.faults.append(found)

    def line(self, name: str, most: int = LONGEST_LINE) -> str:
        """A field of one line, cleaned; what is too long is a fault and cut."""
        return self._bounded(name, clean(self._fields.get(name, ("",))[0], most + 1), most)

    def _bounded(self, name: str, text: str, most: int) -> str:
        if len(text) > most:
            self.fault("too_long", field=name, most=most)
        return text[:most]

    def service(self, city: City) -> Subclass | None:
        """The subclass the service code names."""
        code = self.line("service_code")
        if not code:
            self.fault("service_code_missing")
        elif code not in city.catalogue.subclasses:
            self.fault("unknown_service", service_code=code)
        return city.catalogue.subclasses.get(code)

    def position(self) -> tuple[float | None, float | None]:
        """Longitude and latitude in degrees (WGS 84), or neither."""
        texts = self.line("long"), self.line("lat")
        position = read_position(*texts)
        if position is None and texts != ("", ""):
            self.fault("position_unreadable")
        return position or (None, None)

    def attributes(self) -> dict[str, str]:
        """The attributes by code; ours take one value each."""
        found: dict[str, str] = {}
        for name in self._fields:
            named = _ATTRIBUTE.fullmatch(name)
            if named and named[1] in (CONDITION, AREA):
                found.setdefault(named[1], self.line(name))
            elif named or name.startswith("attribute"):
                self.fault("unknown_attribute", attribute=clean(name, 60))
        return found

    def area(self, city: City, code: str) -> str | None:
        """The area of this code."""
        if code and code not in city.areas:
            self.fault("unknown_address", address_id=code)
        return code or None

    def condition(self, service: Subclass | None, number: str) -> int | None:
        """The filing condition of this number; where there is but one, that one."""
        if service is None:
            return None
        numbers = {str(condition.number): condition.number for condition in service.conditions}
        if number and number not in numbers:
            self.fault("unknown_condition", condition=number, service_code=service.code)
        only = next(iter(numbers.values())) if len(numbers) == 1 else None
        return numbers.get(number, only)

    def description(self) -> str:
        """The description with its lines, the media URL behind it."""
        given = self._fields.get("description", ("",))[0]
        lines = (clean(line, LONGEST_DESCRIPTION + 1) for line in given.splitlines())
        text = self._bounded("description", "\n".join(line for line in lines if line), LONGEST_DESCRIPTION)
        url = self.line("media_url", LONGEST_URL)
        if url and not _URL.fullmatch(url):
            self.fault("media_url_unreadable")
        return "\n".join(part for part in (text, f"[media_url: {url}]" if url else "") if part)

    def name(self) -> str:
        """The reporter's name as it is written where it comes from."""
        first, last = self.line("first_name"), self.line("last_name")
        return f"{first} {last}".strip() if (first + last).isascii() else last + first

    def phone(self) -> str:
        """The reporter's phone."""
        phone = self.line("phone")
        if phone and not _PHONE.fullmatch(phone):
            self.fault("phone_unreadable")
        return phone


def _place(city: City, area: str | None, longitude: float | None, latitude: float | None) -> str:
    """Words for a place given by a code or a position only: whoever goes there reads them."""
    if longitude is not None and latitude is not None:
        return f"经纬度 {longitude:.6f}, {latitude:.6f}"
    return city.areas[area].name if area else ""
