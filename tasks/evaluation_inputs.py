"""What is put into a scheme beside the counts: what persons entered, and what was counted elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from models.city import City
from models.evaluation_result import ManualInput, Titled
from models.scheme import Scheme
from tasks.counted_marks import Period

NOTHING = "nothing"


def inputs_of(
    connection: Connection, city: City, scheme: Scheme, period: Period, now: datetime
) -> Mapping[str, tuple[ManualInput, ...]]:
    """Every item of the scheme that is not a count, for each unit of the directory."""
    nothing = tuple(
        ManualInput(
            code=item.code,
            title=Titled(zh=item.title.zh, en=item.title.en),
            value=None if item.required else Decimal(0),
            origin=NOTHING,
        )
        for item in scheme.manual.values()
    )
    return dict.fromkeys(city.units, nothing)
