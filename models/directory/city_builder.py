"""From the documents of a city directory to the city, or to everything that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from models.analysis_rules import AnalysisRules
from models.call_rules import CallRules
from models.catalogue import Catalogue, Responsibility, Subclass
from models.city import City
from models.directory.analysis_yaml import read_analysis
from models.directory.calls_yaml import read_calls
from models.directory.city_yaml import CityHead, build_calendar, read_city_head
from models.directory.duty_yaml import read_duty
from models.directory.edition import calendar_digest, edition_digest
from models.directory.evaluation_yaml import read_evaluation
from models.directory.fault import Fault, Severity
from models.directory.flood_yaml import read_flood
from models.directory.judge_calls import judge_calls
from models.directory.judge_city_schemes import judge_city_schemes
from models.directory.judge_dates import judge_calendar, judge_validity
from models.directory.judge_duty import judge_duty
from models.directory.judge_flood import judge_flood
from models.directory.judge_messages import judge_messages
from models.directory.judge_people import judge_people
from models.directory.judge_places import judge_places
from models.directory.judge_rules import (
    judge_approvals,
    judge_catalogue,
    judge_ladder,
    judge_responsibility,
)
from models.directory.judge_water import judge_water
from models.directory.ladder_yaml import LadderPage, read_ladder
from models.directory.messages_yaml import read_messages
from models.directory.policy_yaml import PolicyPage, read_policy
from models.directory.scheme_yaml import SCHEMES_FOLDER, read_scheme
from models.directory.sheet import Record, unknown_code
from models.directory.sheets import FORMATS, ApprovalStep, CatalogueRow, Sheets, read_sheets
from models.directory.water_yaml import WaterPage, read_water
from models.duty_rules import DutyRules
from models.evaluation_rules import EvaluationRules
from models.flood_rules import FloodRules
from models.limits import Limit
from models.message_rules import MessageRules
from models.policy import Policy
from models.scheme import Scheme
from models.source_mapping import SourceMapping, read_mapping, unknown_classes
from models.vocabulary import RequestKind, Role
from models.water import WaterRules
from models.worktime import WorkCalendar

YAML_FILES = (
    *("city.yaml", "policy.yaml", "ladder.yaml", "messages.yaml"),
    *("duty.yaml", "water.yaml", "calls.yaml", "flood.yaml", "evaluation.yaml", "analysis.yaml"),
)
FILES = ("city.yaml", *(sheet.file for sheet in FORMATS), *YAML_FILES[1:])
"""Every file a city directory may have; mappings of its own sources may lie in `sources/`, schemes in `schemes/`."""
OPTIONAL = frozenset(
    {
        *("leave.csv", "messages.yaml"),
        *("duty_pools.csv", "duty.yaml"),
        *("stations.csv", "thresholds.csv", "water.yaml"),
        *("call_chains.csv", "calls.yaml"),
        *("response_duties.csv", "flood.yaml"),
        *("evaluation.yaml", "analysis.yaml"),
    }
)
"""Files a city can do without: nobody is on leave, messages travel by the usual rules, there is no duty room."""
SOURCES_FOLDER = "sources/"
FOLDERS = (SOURCES_FOLDER, SCHEMES_FOLDER)
"""Folders of a city directory that hold any number of YAML files."""
NO_FOLDER = "."
"""File of a fault that says that there is no folder to read at all; then no file is missing beside it."""


@dataclass(frozen=True)
class DirectoryFiles:
    """The files of a directory as normalised texts, with what was wrong with their bytes."""

    documents: Mapping[str, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class _Pages:
    """Everything that was read, before it becomes a city."""

    sheets: Sheets
    head: CityHead | None
    calendar: WorkCalendar | None
    policy: PolicyPage | None
    ladder: LadderPage
    mappings: tuple[SourceMapping, ...]
    messages: MessageRules
    duty: DutyRules | None
    water: WaterPage
    flood: FloodRules | None
    calls: CallRules | None
    schemes: tuple[Scheme, ...]
    evaluation: EvaluationRules
    analysis: AnalysisRules


def build_city(files: DirectoryFiles, today: date | None = None) -> tuple[City | None, list[Fault]]:
    """The city, or None where a fault is an error; all faults at once, in the order of files and rows.

    With `today` the faults of that day stand among them: units and posts that do not exist, a calendar that ends
    too early. They keep no city from being built, or it would fall silent on the day its calendar ends.
    """
    faults = [*files.faults, *_missing(files)]
    pages = _read(files.documents, faults)
    _judge(pages, faults)
    sound = not any(fault.severity is Severity.ERROR for fault in faults)
    if today is not None:
        _judge_day(pages, today, faults)
    return _city(files.documents, pages) if sound else None, sorted(faults, key=_place)


def _missing(files: DirectoryFiles) -> list[Fault]:
    there = set(files.documents) | {fault.file for fault in files.faults}
    if NO_FOLDER in there:
        return []
    remedy = "Add it, at least with its header or keys."
    missing = [file for file in FILES if file not in there | OPTIONAL]
    return [Fault(file, None, None, "", "the file is missing.", remedy) for file in missing]


def _read(documents: Mapping[str, str], faults: list[Fault]) -> _Pages:
    sheets = read_sheets(documents, faults)
    head = read_city_head(documents["city.yaml"], faults) if "city.yaml" in documents else None
    overrides = tuple(record.value for record in sheets.calendar)
    policy = None
    if "policy.yaml" in documents:
        policy = read_policy(documents["policy.yaml"], sheets.codes, _steps(sheets.approvals), faults)
    schemes = [read_scheme(name, documents[name], faults) for name in documents if name.startswith(SCHEMES_FOLDER)]
    mappings = [read_mapping(name, documents[name], faults) for name in documents if name.startswith(SOURCES_FOLDER)]
    return _Pages(
        sheets,
        head,
        build_calendar(head, overrides, faults) if head else None,
        policy,
        read_ladder(documents["ladder.yaml"], sheets.codes, faults) if "ladder.yaml" in documents else LadderPage(),
        tuple(mapping for mapping in mappings if mapping),
        read_messages(documents["messages.yaml"], sheets.codes, faults)
        if "messages.yaml" in documents
        else MessageRules(),
        read_duty(documents["duty.yaml"], sheets.duty_pools, faults) if "duty.yaml" in documents else None,
        read_water(documents["water.yaml"], faults) if "water.yaml" in documents else WaterPage(),
        read_flood(documents["flood.yaml"], sheets.response_duties, faults) if "flood.yaml" in documents else None,
        read_calls(documents["calls.yaml"], sheets.call_chains, sheets.stations, faults)
        if "calls.yaml" in documents
        else None,
        tuple(scheme for scheme in schemes if scheme),
        read_evaluation(documents["evaluation.yaml"], sheets.codes.get("units.csv") or (), faults)
        if "evaluation.yaml" in documents
        else EvaluationRules(),
        read_analysis(documents["analysis.yaml"], faults) if "analysis.yaml" in documents else AnalysisRules(),
    )


def _judge(pages: _Pages, faults: list[Fault]) -> None:
    sheets = pages.sheets
    judge_people(sheets, faults)
    judge_places(sheets, pages.head.code if pages.head else None, faults)
    judge_catalogue(sheets, faults)
    judge_responsibility(sheets, faults)
    judge_approvals(sheets, pages.policy.enabled_at if pages.policy else {}, faults)
    judge_ladder(sheets, pages.ladder, faults)
    judge_messages(sheets, pages.messages, faults)
    judge_duty(sheets, pages.duty, faults)
    judge_water(sheets, pages.water, faults)
    judge_flood(sheets, pages.duty, pages.flood, faults)
    judge_calls(sheets, pages.calls, pages.duty, faults)
    judge_city_schemes(pages.schemes, {record.value.group for record in sheets.units if record.value.group}, faults)
    _judge_mappings(pages, faults)


def _judge_mappings(pages: _Pages, faults: list[Fault]) -> None:
    """A mapping of the city's own names a source of sources.csv and classes of the catalogue."""
    sources, policy = pages.sheets.codes.get("sources.csv"), pages.policy
    for mapping in pages.mappings:
        if sources is not None and mapping.source not in sources:
            faults.append(unknown_code(mapping.file, None, "source", mapping.source, "sources.csv", sources))
        if pages.sheets.catalogue and policy and policy.default_limit:
            faults.extend(unknown_classes(mapping, _catalogue("", pages.sheets.catalogue, policy.default_limit)))


def _judge_day(pages: _Pages, today: date, faults: list[Fault]) -> None:
    judge_validity(pages.sheets, today, faults)
    if pages.calendar is None:
        return
    limits: list[tuple[str, Limit]] = []
    values = pages.policy.values if pages.policy else {}
    if pages.policy and pages.policy.default_limit:
        limits.append(("policy.yaml default_limit", pages.policy.default_limit))
    for record in pages.sheets.catalogue:
        condition, where = record.value.condition, f"catalogue.csv row {record.row}"
        limits += [(where, limit) for limit in (condition.limit, condition.follow_up_limit) if limit]
    warning_days = values.get("calendar_warning_days", Policy.calendar_warning_days)
    judge_calendar(pages.calendar, limits, warning_days, today, faults)


def _city(documents: Mapping[str, str], pages: _Pages) -> City | None:
    head, policy, calendar, sheets = pages.head, pages.policy, pages.calendar, pages.sheets
    if head is None or policy is None or calendar is None or policy.default_limit is None:
        return None  # never without an error among the faults
    return City(
        edition=edition_digest(documents),
        code=head.code,
        name=head.name,
        english_name=head.english_name,
        zone=head.zone,
        calendar=calendar,
        calendar_edition=calendar_digest(head, documents["calendar.csv"]),
        catalogue=_catalogue(head.catalogue_edition, sheets.catalogue, policy.default_limit),
        responsibility=_responsibility(sheets),
        policy=_policy(pages.ladder, policy),
        units={record.value.code: record.value for record in sheets.units},
        posts={record.value.code: record.value for record in sheets.posts},
        areas={record.value.code: record.value for record in sheets.areas},
        contact_points=tuple(record.value for record in sheets.contact_points),
        seats=tuple(record.value for record in sheets.seats),
        inspectors=tuple(record.value for record in sheets.inspectors),
        leave=tuple(record.value for record in sheets.leave),
        messages=pages.messages,
        duty=pages.duty,
        water=_water(sheets, pages.water),
        water_sources=pages.water.sources,
        flood=pages.flood,
        calls=pages.calls,
        schemes=pages.schemes,
        evaluation=pages.evaluation,
        analysis=pages.analysis,
        **head.patterns,
    )


def _water(sheets: Sheets, page: WaterPage) -> WaterRules:
    stations = {record.value.code: record.value for record in sheets.stations}
    return WaterRules(stations, tuple(record.value for record in sheets.thresholds), **page.values)


def _policy(ladder: LadderPage, page: PolicyPage) -> Policy:
    return Policy(
        ladder=ladder.rungs,
        ladder_of_priority=ladder.of_priority,
        ladder_of_unit=ladder.of_unit,
        request_ladder=ladder.requests,
        **page.values,
    )


def _catalogue(edition: str, rows: tuple[Record[CatalogueRow], ...], default_limit: Limit) -> Catalogue:
    by_code: dict[str, list[CatalogueRow]] = {}
    for record in rows:
        by_code.setdefault(record.value.condition.code, []).append(record.value)
    subclasses = {
        code: Subclass(
            code,
            found[0].kind,
            found[0].major,
            found[0].minor,
            tuple(sorted((row.condition for row in found), key=lambda condition: condition.number)),
        )
        for code, found in by_code.items()
    }
    return Catalogue(edition, subclasses, default_limit)


def _responsibility(sheets: Sheets) -> Responsibility:
    territory = {record.value.code: record.value.unit for record in sheets.areas if record.value.unit}
    return Responsibility(tuple(record.value for record in sheets.responsibility), territory)


def _steps(approvals: tuple[Record[ApprovalStep], ...]) -> dict[RequestKind, tuple[Role, ...]]:
    steps: dict[RequestKind, list[Role]] = {}
    for record in sorted(approvals, key=lambda record: record.value.step):
        steps.setdefault(record.value.kind, []).append(record.value.role)
    return {kind: tuple(roles) for kind, roles in steps.items()}


def _place(fault: Fault) -> tuple[int, str, int, str]:
    at = FILES.index(fault.file) if fault.file in FILES else len(FILES)
    return at, fault.file, fault.row or 0, fault.column or ""
