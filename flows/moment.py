"""The parameter every process takes: the moment it stands at, left empty for the present one."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

CITY_ZONE = ZoneInfo("Asia/Shanghai")


def _in_the_city(moment: datetime | None) -> datetime | None:
    """A time without a zone, as the form's picker may send it, is the city's own time."""
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=CITY_ZONE)
    return moment


def _for_people(schema: dict[str, Any]) -> None:
    """The form as the UI draws it: the moment, which hardly anybody fills in, last; no default that is nothing.

    The server judges what was filled in by this schema: a default of null would not fit the plain type beside it.
    """
    fields = schema["properties"]
    if "now" in fields:
        fields["now"] = fields.pop("now")
    for field in fields.values():
        if field.get("default", "") is None:
            del field["default"]


Moment = Annotated[
    datetime | None, AfterValidator(_in_the_city), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""An optional time that the form shows as one picker, not as a choice between a time and nothing."""

Day = Annotated[date | None, WithJsonSchema({"type": "string", "format": "date"})]
"""An optional day that the form shows as one picker."""

Text = Annotated[str | None, WithJsonSchema({"type": "string"})]
"""An optional text that the form shows as one field."""

Number = Annotated[int | None, WithJsonSchema({"type": "integer"})]
"""An optional number that the form shows as one field."""


class At(BaseModel):
    """The one parameter of a process, shown as a form: at least when."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_for_people)

    now: Moment = Field(
        default=None,
        title="时刻 Moment",
        description="按哪个时刻办理（注意时区）；留空即现在。The moment to act at, mind the time zone; empty for now.",
    )

    def moment(self) -> datetime:
        """The moment to act at."""
        return self.now or datetime.now(UTC)
