"""Every table of the city in one place: importing this module makes `SQLModel.metadata` complete."""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from models import (
    call,
    case,
    case_fact,
    citizens,
    city_edition,
    demo_inbox,
    desk_access,
    desk_record,
    duty,
    evaluation,
    flood_event,
    flood_response,
    flood_warning,
    info_report,
    notice,
    observation,
    open311_key,
    picture,
    sweeps,
)

TABLE_MODULES = (
    case,
    case_fact,
    notice,
    city_edition,
    demo_inbox,
    picture,
    desk_access,
    citizens,
    open311_key,
    sweeps,
    desk_record,
    flood_event,
    duty,
    flood_warning,
    observation,
    call,
    flood_response,
    info_report,
    evaluation,
)
"""The modules that define tables; a new one is added here and in a new migration."""


def all_tables() -> MetaData:
    """The tables as the models say they should be; the migrations are tested to make exactly these."""
    return SQLModel.metadata


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that work on rows rather than objects.

    Example: connection.execute(insert(table_of(CaseEvent)), rows)
    """
    return SQLModel.metadata.tables[str(model.__tablename__)]
