"""The answers of Open311 GeoReport v2, field by field as the specification has them.

Whatever is not in the specification stands in `ExtendedAttributes` and is given only where it is asked for.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class Endpoint(BaseModel):
    """One service endpoint of the discovery file."""

    specification: str
    url: str
    changeset: str
    type: Literal["production", "test"]
    formats: list[str]


class Discovery(BaseModel):
    """The discovery file."""

    changeset: str = Field(
        description="When the city directory was last changed: refresh what was kept of the services."
    )
    contact: str
    key_service: str
    endpoints: list[Endpoint]


class Service(BaseModel):
    """One kind of service request: a minor class of the city's catalogue."""

    service_code: str = Field(description="Code of the minor class, for example E0110.")
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str = Field(description="The major class.")


class AttributeValue(BaseModel):
    """One value to choose."""

    key: str
    name: str


class Attribute(BaseModel):
    """One thing to say beside the service code."""

    variable: bool
    code: str
    datatype: Literal["singlevaluelist"]
    required: bool
    datatype_description: str | None
    order: int
    description: str
    values: list[AttributeValue]


class ServiceDefinition(BaseModel):
    """The attributes of a service."""

    service_code: str
    attributes: list[Attribute]


class Created(BaseModel):
    """A service request that was taken in."""

    service_request_id: str = Field(description="The receipt number.")
    service_notice: str | None
    account_id: str | None = Field(description="Always null: accounts of programs are not kept.")


class TokenOf(BaseModel):
    """A token is the id itself: it is given at once."""

    service_request_id: str
    token: str


class ExtendedAttributes(BaseModel):
    """Our own: how the case behind a service request stands, beyond open and closed."""

    state: str = Field(description="reported, verifying, accepted, filed, dispatched, handling, checking, closing, …")
    state_zh: str
    state_en: str
    stage: Literal["whole", "make_safe", "repair"] = Field(description="Urgent problems are made safe, then repaired.")
    due_datetime: datetime | None = Field(description="When the present step should be done.")
    suspended_until: datetime | None
    on_time: bool | None = Field(description="How the handling was judged at closing; null until then.")
    joined_request_id: str | None = Field(description="The service request about the same problem it was joined with.")


class ServiceRequest(BaseModel):
    """How one service request stands."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str | None
    service_code: str | None
    description: str | None = Field(description="Null unless the city shows what reporters wrote, numbers masked.")
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None = Field(description="The responsible unit's deadline.")
    address: str | None
    address_id: str | None = Field(description="Code of the area.")
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None
    extended_attributes: ExtendedAttributes | None = Field(default=None, description="Only with extensions=true.")


class Fault(BaseModel):
    """One thing that was wrong."""

    code: int = Field(description="The HTTP status it has.")
    description: str
