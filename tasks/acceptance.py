"""The acceptance self-check of a running city: what its data say of each condition, and the checklist in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from sqlalchemy import Connection, and_, func, select

from models.acceptance import Checked, Computed, Conditions, Measured, SelfCheck, read_conditions, self_check
from models.case import Request
from models.city import City
from models.directory.encoding import decode
from models.directory.fault import Fault, Severity
from models.evaluation_counts import CountName
from models.scored import plain, rounded
from models.tables import table_of
from models.vocabulary import RequestKind
from tasks.case_facts import FACTS
from tasks.counted_marks import Period, month_period
from tasks.evaluation_counts import count
from tasks.evaluations import PUBLICATIONS, VERSIONS, last_month_over, month_before
from tasks.period_analysis import day_of_report
from tasks.words import Language, word

REQUESTS = table_of(Request)

SHIPPED = Path(__file__).resolve().parent.parent / "deployments" / "acceptance" / "conditions.yaml"

MONTHS = 6
"""Of the trial run, and of everything that is looked at. Source: Jiangsu rule (B)."""

YEAR = timedelta(days=365)

LEDGERS = (RequestKind.HAND_BACK, RequestKind.VOID, RequestKind.EXTENSION, RequestKind.SUSPENSION)

NAMES_SHOWN = 10
"""Units or months named in a sentence; the JSON has all."""

STAGES = (
    (CountName.VERIFIED_ON_TIME, CountName.VERIFY_DUE),
    (CountName.FILED_ON_TIME, CountName.DUE_TO_FILE),
    (CountName.DISPATCHED_ON_TIME, CountName.DUE_TO_DISPATCH),
    (CountName.CLOSED_ON_TIME, CountName.DUE_TO_CLOSE),
    (CountName.CHECKED_ON_TIME, CountName.CHECK_DUE),
)


class ConditionsFaulty(ValueError):
    """A file of conditions with faults; carries all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def find_conditions(path: Path | None = None) -> Conditions:
    """The conditions of a file, else those that are shipped. Raises: ConditionsFaulty with every fault; OSError."""
    file, faults = path or SHIPPED, list[Fault]()
    content = decode(file.name, file.read_bytes())
    if isinstance(content, Fault):
        raise ConditionsFaulty((content,))
    found = read_conditions(file.name, content, faults)
    if found is None or any(fault.severity is Severity.ERROR for fault in faults):
        raise ConditionsFaulty(tuple(faults))
    return found


def check_acceptance(
    connection: Connection, city: City, conditions: Conditions, answers: Mapping[str, bool], now: datetime
) -> SelfCheck:
    """The checklist as it stands: computed over the last six months that are over, answered by persons elsewhere."""
    wanted = {each.computed for each in conditions.conditions if each.computed is not None}
    months = _months(city, now)
    period = Period(month_period(months[0], city).start, month_period(months[-1], city).end)
    found = {each: _measured(connection, city, each, period, months, now) for each in sorted(wanted)}
    measured = {each: figures for each, figures in found.items() if figures is not None}
    return self_check(conditions, measured, answers)


def _months(city: City, now: datetime) -> list[str]:
    last = last_month_over(city, now)
    return [month_before(last, back) for back in range(MONTHS - 1, -1, -1)]


def _measured(
    connection: Connection, city: City, what: Computed, period: Period, months: list[str], now: datetime
) -> Measured | None:
    match what:
        case Computed.TRIAL_RUN:
            return _trial_run(connection, city, period)
        case Computed.DEPARTMENTS:
            return _departments(connection, city, period)
        case Computed.EVALUATION:
            return _months_with(select(VERSIONS.c.month).distinct(), connection, months)
        case Computed.MONTHLY_REPORTS:
            return _months_with(select(PUBLICATIONS.c.month).distinct(), connection, months)
        case Computed.LEDGERS:
            return _ledgers(connection, period)
        case Computed.DATA_KEPT:
            return _data_kept(connection, now)
        case Computed.STAGES:
            return _stages(connection, city, period, now)


def _trial_run(connection: Connection, city: City, period: Period) -> Measured:
    """The share of days of the six months on which reports came in."""
    day = day_of_report(connection, city, period.start)
    here = and_(FACTS.c.begun_at >= period.start, FACTS.c.begun_at < period.end, FACTS.c.reported_at.is_not(None))
    days = connection.scalar(select(func.count(day.distinct())).where(here)) or 0
    all_days = (period.end - period.start).days
    return Measured(Fraction(days, all_days), {"days": days, "of": all_days})


def _departments(connection: Connection, city: City, period: Period) -> Measured:
    """The share of units with a liaison that had a case in the six months."""
    here = and_(FACTS.c.begun_at >= period.start, FACTS.c.begun_at < period.end, FACTS.c.unit.is_not(None))
    had = set(connection.scalars(select(FACTS.c.unit.distinct()).where(here)))
    first, last = period.start.date(), (period.end - timedelta(microseconds=1)).date()
    units = {
        code
        for code, unit in city.units.items()
        if unit.liaison
        and (unit.valid_from is None or unit.valid_from <= last)
        and (unit.valid_until is None or first < unit.valid_until)
    }
    without = sorted(city.units[code].name for code in units - had)
    share = Fraction(len(units & had), len(units)) if units else Fraction(0)
    return Measured(share, {"units": len(units & had), "of": len(units), "without": without})


def _months_with(wanted: object, connection: Connection, months: list[str]) -> Measured:
    found = set(connection.scalars(wanted))  # type: ignore[call-overload]
    missing = [month for month in months if month not in found]
    return Measured(
        Fraction(len(months) - len(missing), len(months)),
        {"months": len(months) - len(missing), "of": len(months), "missing": missing},
    )


def _ledgers(connection: Connection, period: Period) -> Measured | None:
    """The share of requests that were settled in their time; each of them is in the ledger with its steps.

    None where nobody asked for anything: then the rows show nothing, and a person answers.
    """
    asked = and_(
        REQUESTS.c.kind.in_([kind.value for kind in LEDGERS]),
        REQUESTS.c.asked_at >= period.start,
        REQUESTS.c.asked_at < period.end,
        REQUESTS.c.due_at < period.end,
    )
    wanted = select(
        REQUESTS.c.kind, func.count(), func.count().filter(REQUESTS.c.settled_at <= REQUESTS.c.due_at)
    ).where(asked)
    rows = {kind: (all_of, in_time) for kind, all_of, in_time in connection.execute(wanted.group_by(REQUESTS.c.kind))}
    asked_in_all, in_time = (sum(pair[side] for pair in rows.values()) for side in (0, 1))
    if not asked_in_all:
        return None
    share = Fraction(in_time, asked_in_all)
    return Measured(share, {"in_time": in_time, "of": asked_in_all, "kinds": {k: list(v) for k, v in rows.items()}})


def _data_kept(connection: Connection, now: datetime) -> Measured:
    oldest = connection.scalar(select(func.min(FACTS.c.begun_at)))
    days = (now - oldest).days if oldest else 0
    return Measured(min(Fraction(1), Fraction(days, YEAR.days)), {"days": days, "of": YEAR.days})


def _stages(connection: Connection, city: City, period: Period, now: datetime) -> Measured:
    """The mean of what share of each stage's tasks was done in time; a stage without a task is left out."""
    counted = count(connection, city, period, now=now).total.scoring
    shares = {due.value: Fraction(counted[in_time], counted[due]) for in_time, due in STAGES if counted[due]}
    mean = sum(shares.values(), Fraction(0)) / len(shares) if shares else Fraction(0)
    return Measured(
        min(Fraction(1), mean), {"stages": {name: float(round(share, 4)) for name, share in shares.items()}}
    )


def check_lines(check: SelfCheck, language: Language = "zh") -> list[dict[str, object]]:
    """The checklist as lines of a table: condition, what is found, points reached and possible."""
    return [
        {
            "condition": line.condition.title.zh if language == "zh" else line.condition.title.en,
            "found": found_words(line, language),
            "points": shown_points(line.points) if line.points is not None else "–",
            "of": shown_points(line.condition.points),
            "source": line.condition.source,
        }
        for line in check.lines
    ]


def found_words(line: Checked, language: Language) -> str:
    """What was found of one condition, in a sentence."""
    if line.measured is None:
        code = {None: "asked", True: "yes", False: "no"}[line.answered]
        return word("acceptance", code, language)
    computed = line.condition.computed
    said = dict(line.measured.said)
    if computed is Computed.STAGES:
        stages = said["stages"]
        assert isinstance(stages, dict)  # noqa: S101 it is made a few lines above
        each = "；".join(
            f"{word('acceptance_stage', name, language)} {100 * share:.1f}%" for name, share in stages.items()
        )
        return each or word("acceptance", "no_tasks", language)
    for name in ("without", "missing"):
        if name in said:
            shown = said[name]
            said[name] = _named(shown, language) if isinstance(shown, list) else "–"
    return word("acceptance", f"found_{computed}", language).format(**said)


def _named(names: Sequence[str], language: Language) -> str:
    if not names:
        return "–"
    shown = "、".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return shown if more <= 0 else shown + word("acceptance", "more", language).format(more=more)


def shown_points(points: Fraction) -> str:
    """Points to two digits. Example: 5/3 is 1.67."""
    return plain(Fraction(rounded(points, 2)))


def check_page(check: SelfCheck, city: City, now: datetime, language: Language = "zh") -> str:
    """The checklist as Markdown, with what it is not."""

    def say(code: str, **facts: object) -> str:
        return word("acceptance", code, language).format(**facts)

    to_beat, passes = check.conditions.to_beat, check.conditions.passes_from
    lines = check_lines(check, language)
    heads = [say(f"column_{name}") for name in lines[0]] if lines else []
    rows = [f"| {' | '.join(str(value).replace('|', '/') for value in line.values())} |" for line in lines]
    parts = [
        f"# {say('title', city=city.name, day=now.astimezone(city.zone).date())}",
        say(
            "sum",
            reached=shown_points(check.reached),
            total=plain(check.conditions.total),
            attainable=shown_points(check.attainable),
        ),
        *([say("to_beat", figure=plain(to_beat))] if to_beat is not None else []),
        *([say("passes", figure=plain(passes))] if passes is not None else []),
        "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *rows]) if lines else "",
        say("caution"),
    ]
    return "\n\n".join(parts) + "\n"
