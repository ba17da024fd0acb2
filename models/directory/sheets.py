"""The CSV files of a city directory: their columns, their keys and the records they make."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.calendar_of_work import DayOverride
from models.call_rules import LAST_STEP, CallDuty, ChainLink
from models.catalogue import FilingCondition, ResponsibilityRow
from models.city import Area, ContactPoint, DayHours, InspectorDuty, Leave, Post, Seat, Unit
from models.directory import cell, flood_cell
from models.directory.fault import Fault
from models.directory.sheet import Codes, Column, Record, Rows, SheetFormat, read_records, read_rows
from models.directory.water_sheets import STATIONS, THRESHOLDS
from models.flood_rules import ResponseDuty
from models.flood_warning import Hazard
from models.vocabulary import RequestKind, Role
from models.water import Station, Threshold

POST_ROLES = tuple(role for role in Role if role not in (Role.PUBLIC, Role.SOURCE, Role.RULE))
"""Roles somebody can hold."""
SEAT_ROLES = (Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER)
"""Roles that must be filled in every minute of the day."""
UNIT_KINDS = ("township", "subdistrict", "committee", "department", "utility", "centre")
CHANNELS = ("demo", "dingtalk", "wecom", "feishu", "sms", "email", "json")
TERRITORY, ANYWHERE = "territory", "*"


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One row of the catalogue: a filing condition with the names of its subclass."""

    kind: str
    major: str
    minor: str
    condition: FilingCondition


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """Who decides a kind of request in which place of the order."""

    kind: RequestKind
    step: int
    role: Role


@dataclass(frozen=True, slots=True)
class Source:
    """Where reports come from 来源."""

    code: str
    name: str
    english_name: str
    trusted: bool
    note: str


@dataclass(frozen=True, slots=True)
class PoolRow:
    """Who may stand in a place of the duty room; `backup` is the B post of an A/B pair."""

    place: str
    post: str
    backup: str | None


@dataclass(frozen=True)
class Sheets:
    """The records of all CSV files, and their rows as text for what could not be read."""

    rows: Mapping[str, Rows | None]
    codes: Codes
    units: tuple[Record[Unit], ...]
    posts: tuple[Record[Post], ...]
    contact_points: tuple[Record[ContactPoint], ...]
    seats: tuple[Record[Seat], ...]
    areas: tuple[Record[Area], ...]
    inspectors: tuple[Record[InspectorDuty], ...]
    catalogue: tuple[Record[CatalogueRow], ...]
    responsibility: tuple[Record[ResponsibilityRow], ...]
    approvals: tuple[Record[ApprovalStep], ...]
    calendar: tuple[Record[DayOverride], ...]
    sources: tuple[Record[Source], ...]
    leave: tuple[Record[Leave], ...]
    duty_pools: tuple[Record[PoolRow], ...]
    stations: tuple[Record[Station], ...]
    thresholds: tuple[Record[Threshold], ...]
    response_duties: tuple[Record[ResponseDuty], ...]
    call_chains: tuple[Record[ChainLink], ...]

    def texts(self, file: str, column: str) -> frozenset[str]:
        """All texts of a column, also of rows that could not be read."""
        rows = self.rows.get(file)
        return rows.texts(column) if rows else frozenset()

    def unread(self, file: str, records: Iterable[Record[Any]], column: str) -> frozenset[str]:
        """Texts of a column in rows that made no record: what they would have covered is not judged as missing."""
        rows, read = self.rows.get(file), {record.row for record in records}
        return (
            frozenset(row.cells.get(column, "") for row in rows.rows if row.number not in read) if rows else frozenset()
        )


def read_sheets(documents: Mapping[str, str], faults: list[Fault]) -> Sheets:
    """Every CSV file that is there, read as far as it can be."""
    rows = {s.file: read_rows(s, documents[s.file], faults) for s in FORMATS if s.file in documents}
    codes = {file: (found.texts("code") or None) if (found := rows.get(file)) else None for file in _DEFINING}
    tables = {s.file: read_records(s, rows.get(s.file), codes, faults) for s in FORMATS}
    return Sheets(rows, codes, **{file.removesuffix(".csv"): records for file, records in tables.items()})


def _hours(values: dict[str, Any]) -> DayHours:
    return DayHours(values["from"], values["to"])


def _catalogue_row(values: dict[str, Any]) -> CatalogueRow:
    condition = FilingCondition(
        code=values["code"],
        number=values["condition_no"],
        wording=values["condition"],
        closing_condition=values["closing_condition"],
        limit=values["limit"],
        follow_up_limit=values["follow_up_limit"],
        placeholder=values["placeholder"],
    )
    return CatalogueRow(values["kind"], values["major"], values["minor"], condition)


_NAME = Column("name")
_CODE = Column("code", cell.code)
_VALID = (Column("valid_from", cell.day, required=False), Column("valid_until", cell.day, required=False))
_PLACEHOLDER = Column("placeholder", cell.yes, required=False, if_empty=False)
_FROM_TO = (Column("from", cell.start_minute), Column("to", cell.minute_of_day))
_POST = Column("post", refers_to="posts.csv")
_DEFINING = ("units.csv", "posts.csv", "areas.csv", "catalogue.csv", "sources.csv", "stations.csv")

UNITS = SheetFormat(
    "units.csv",
    (
        _CODE,
        _NAME,
        Column("kind", cell.one_of(UNIT_KINDS, "kind of unit")),
        Column("parent", required=False, refers_to="units.csv"),
        Column("group", required=False),
        Column("liaison", refers_to="posts.csv"),
        Column("head", refers_to="posts.csv"),
        Column("supervising_leader", refers_to="posts.csv"),
        *_VALID,
        Column("aliases", cell.names, required=False, if_empty=()),
        _PLACEHOLDER,
    ),
    ("code",),
    lambda values: Unit(**values),
)
POSTS = SheetFormat(
    "posts.csv",
    (
        _CODE,
        _NAME,
        Column("unit", refers_to="units.csv"),
        Column("role", cell.one_of(POST_ROLES, "role of a post")),
        Column("area", cell.area_code, required=False, refers_to="areas.csv"),
        Column("deputy", required=False, refers_to="posts.csv"),
        *_VALID,
    ),
    ("code",),
    lambda values: Post(**values),
)
CONTACT_POINTS = SheetFormat(
    "contact_points.csv",
    (
        _POST,
        Column("order", cell.whole_number(1, 99)),
        Column("channel", cell.one_of(CHANNELS, "channel")),
        Column("address", cell.contact_address),
    ),
    ("post", "order"),
    lambda values: ContactPoint(**values),
)
SEATS = SheetFormat(
    "seats.csv",
    (Column("role", cell.one_of(POST_ROLES, "role of a seat")), _POST, *_FROM_TO),
    ("role", "post", "from"),
    lambda values: Seat(values["role"], values["post"], _hours(values)),
)
AREAS = SheetFormat(
    "areas.csv",
    (
        Column("code", cell.area_code),
        _NAME,
        Column("unit", required=False, refers_to="units.csv"),
        _PLACEHOLDER,
    ),
    ("code",),
    lambda values: Area(**values),
)
INSPECTORS = SheetFormat(
    "inspectors.csv",
    (Column("area", cell.area_code, refers_to="areas.csv"), _POST, *_FROM_TO),
    ("area", "post", "from"),
    lambda values: InspectorDuty(values["area"], values["post"], _hours(values)),
    may_be_empty=True,
)
CATALOGUE = SheetFormat(
    "catalogue.csv",
    (
        Column("code", cell.subclass_code),
        Column("kind", cell.one_of(("C", "E"), "kind of subclass")),
        Column("major"),
        Column("minor"),
        Column("condition_no", cell.whole_number(1, 99)),
        Column("condition"),
        Column("closing_condition", required=False, if_empty=""),
        Column("limit", cell.handling_limit),
        Column("follow_up_limit", cell.handling_limit, required=False),
        _PLACEHOLDER,
    ),
    ("code", "condition_no"),
    _catalogue_row,
)
RESPONSIBILITY = SheetFormat(
    "responsibility.csv",
    (
        Column("classes"),
        Column("area", cell.area_or_anywhere, refers_to="areas.csv", also=frozenset({ANYWHERE})),
        Column("unit", refers_to="units.csv", also=frozenset({TERRITORY})),
    ),
    ("classes", "area"),
    lambda values: ResponsibilityRow(**values),
)
APPROVALS = SheetFormat(
    "approvals.csv",
    (
        Column("kind", cell.one_of(RequestKind, "kind of request")),
        Column("step", cell.whole_number(1, 9)),
        Column("role", cell.one_of(POST_ROLES, "role of a post")),
    ),
    ("kind", "step"),
    lambda values: ApprovalStep(**values),
    may_be_empty=True,
)
CALENDAR = SheetFormat(
    "calendar.csv",
    (
        Column("date", cell.day),
        Column("working", cell.yes, required=False, if_empty=False),
        Column("name", required=False, if_empty=""),
    ),
    ("date",),
    lambda values: DayOverride(**values),
    may_be_empty=True,
)
SOURCES = SheetFormat(
    "sources.csv",
    (
        _CODE,
        _NAME,
        Column("english_name", required=False, if_empty=""),
        Column("trusted", cell.yes, required=False, if_empty=False),
        Column("note", required=False, if_empty=""),
    ),
    ("code",),
    lambda values: Source(**values),
)
LEAVE = SheetFormat(
    "leave.csv",
    (_POST, Column("from", cell.day), Column("to", cell.day)),
    ("post", "from"),
    lambda values: Leave(values["post"], values["from"], values["to"]),
    may_be_empty=True,
)
DUTY_POOLS = SheetFormat(
    "duty_pools.csv",
    (Column("place", cell.code), _POST, Column("backup", required=False, refers_to="posts.csv")),
    ("place", "post"),
    lambda values: PoolRow(**values),
    may_be_empty=True,
)
RESPONSE_DUTIES = SheetFormat(
    "response_duties.csv",
    (
        Column("hazard", cell.one_of(Hazard, "hazard")),
        Column("level", flood_cell.level_of_response),
        Column("unit", refers_to="units.csv"),
        Column("duty"),
        Column("english_duty"),
    ),
    ("hazard", "level", "unit"),
    lambda values: ResponseDuty(**{**values, "hazard": Hazard(values["hazard"])}),
    may_be_empty=True,
)
CALL_CHAINS = SheetFormat(
    "call_chains.csv",
    (
        Column("subject", cell.code),
        Column("chain", cell.code),
        Column("step", cell.whole_number(1, LAST_STEP)),
        Column("duty", cell.one_of(CallDuty, "duty in a chain")),
        _POST,
    ),
    ("subject", "chain", "step", "post"),
    lambda values: ChainLink(**values),
    may_be_empty=True,
)
FORMATS: tuple[SheetFormat[Any], ...] = (
    UNITS,
    POSTS,
    CONTACT_POINTS,
    SEATS,
    AREAS,
    INSPECTORS,
    CATALOGUE,
    RESPONSIBILITY,
    APPROVALS,
    CALENDAR,
    SOURCES,
    LEAVE,
    DUTY_POOLS,
    STATIONS,
    THRESHOLDS,
    CALL_CHAINS,
    RESPONSE_DUTIES,
)
