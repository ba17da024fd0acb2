"""duty.yaml: how the duty room is kept manned in the flood season. A city without this file has no duty room."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault, quoted
from models.directory.length import length_of_time
from models.directory.sheet import Record
from models.directory.sheets import POST_ROLES, PoolRow
from models.directory.yaml_document import Block, read_yaml
from models.duty_rules import (
    ChangeRule,
    DutyPlace,
    DutyRules,
    DutyRung,
    DutyState,
    ReminderRule,
    Season,
    ShiftSpan,
    SpotCheckRule,
)

FILE = "duty.yaml"

AGAIN, BACKUP, LEADER = "again", "backup", "leader"
HEAD = "head"
CLIMBS_TO = (AGAIN, BACKUP, LEADER)
"""Whom a rung may name besides the roles of posts."""

_KEYS = (
    *("season", "extended_until", "places", "pattern", "rest_after", "sign_in", "handover", "spot_checks"),
    *("contacts_tested_by", "rest_between", "carried_at_most", "overload_hours", "changes", "reminders"),
    "flood_classes",
)
_PLACE_KEYS = ("code", "name", "english_name", "leads", "in_room")
_SPAN_KEYS = ("start", "hours", "night", "work_days", "rest_days")
_CHECK_KEYS = (
    *("least", "most", "answer_within", "night_weight", "handover_weight", "holiday_weight", "station"),
    "reading_within",
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = cell.one_of(_WEEKDAYS, "day of the week")
_APPROVER = cell.one_of((LEADER, HEAD, *POST_ROLES), "approver of changes")
_STATE = cell.one_of(DutyState, "duty state")
_TO = cell.one_of((*CLIMBS_TO, *POST_ROLES), "rung of a duty ladder")


def month_and_day(text: str) -> tuple[int, int]:
    """A day of any year. Example: 05-15."""
    advice = 'Write month and day, such as "05-15"; not 02-29.'
    match = re.fullmatch(r"([0-9]{2})-([0-9]{2})", text)
    if match is None:
        raise Unreadable(f"{quoted(text)} is no day of a year.", advice)
    try:
        found = date(2001, int(match[1]), int(match[2]))
    except ValueError as error:
        raise Unreadable(f"{quoted(text)} is no day of a year.", advice) from error
    return found.month, found.day


def read_duty(content: str, pools: tuple[Record[PoolRow], ...], faults: list[Fault]) -> DutyRules | None:
    """The rules of the duty room, or None with the faults that keep them from being read."""
    before = len(faults)
    page = read_yaml(FILE, content, _KEYS, faults)
    if page is None or not page.needs("season", "places", "pattern"):
        return None
    season, places, spans = _season(page), _places(page, pools), _spans(page)
    values: dict[str, Any] = _sign_in(page) | _handover(page)
    values["spot_checks"] = _spot_checks(page)
    values |= {key: page.value(key, length_of_time) for key in ("rest_after", "rest_between")}
    values["carried_at_most"] = page.value("carried_at_most", cell.whole_number(0, 100))
    values["overload_hours"] = page.value("overload_hours", cell.whole_number(1, 168))
    values |= {"changes": _changes(page), "reminders": _reminders(page)}
    values["contacts_tested_by"] = page.value("contacts_tested_by", month_and_day)
    values["flood_classes"] = page.values("flood_classes", cell.code) or None
    if len(faults) > before or season is None:
        return None
    given = {name: value for name, value in values.items() if value is not None}
    return DutyRules(season, places, spans, **given)


def _season(page: Block) -> Season | None:
    block = page.block("season", ("start", "end", "key_period"))
    if block is None or not block.needs("start", "end"):
        return None
    start, end = block.value("start", month_and_day), block.value("end", month_and_day)
    key = block.values("key_period", month_and_day)
    if start is None or end is None:
        return None
    if start >= end:
        block.fault("end", "", "the season ends before it begins.", "A season lies within one year: start before end.")
        return None
    if key and (len(key) != 2 or key[0] > key[1]):
        block.fault("key_period", "", "it needs a first and a last day.", 'Write ["07-16", "08-15"].')
        return None
    extended = {day.year: day for day in page.values("extended_until", cell.day)}
    for year, day in extended.items():
        if day <= date(year, *end):
            remedy = "Name a day after the season's usual end, or take it out."
            page.fault("extended_until", str(day), f"{day} does not extend the season of {year}.", remedy)
    return Season(start, end, (key[0], key[1]) if key else Season().key_period, extended)


def _places(page: Block, pools: tuple[Record[PoolRow], ...]) -> tuple[DutyPlace, ...]:
    found: dict[str, DutyPlace] = {}
    for block in page.blocks("places", _PLACE_KEYS):
        if not block.needs("code", "name", "english_name"):
            continue
        code = block.value("code", cell.code)
        if code in found:
            block.fault("code", code, f"the place {quoted(code)} stands here twice.", "Keep one of them.")
        elif code:
            found[code] = _place(block, code, pools)
    leading = [place.code for place in found.values() if place.leads]
    if found and len(leading) != 1:
        problem = f"{len(leading)} places lead the others: {', '.join(leading) or 'none'}."
        page.fault("places", "", problem, "Write leads: yes at exactly one place, 带班.")
    return tuple(found.values())


def _place(block: Block, code: str, pools: tuple[Record[PoolRow], ...]) -> DutyPlace:
    mine = [record.value for record in pools if record.value.place == code]
    return DutyPlace(
        code=code,
        name=block.value("name", cell.text) or code,
        english_name=block.value("english_name", cell.text) or code,
        leads=bool(block.value("leads", cell.yes)),
        in_room=frozenset(block.values("in_room", _STATE)) if block.has("in_room") else frozenset(DutyState),
        pool=tuple(row.post for row in mine),
        pairs=tuple((row.post, row.backup) for row in mine if row.backup),
    )


def _spans(page: Block) -> tuple[ShiftSpan, ...]:
    spans = [span for block in page.blocks("pattern", _SPAN_KEYS) if (span := _span(block))]
    for one, following in pairwise(spans):
        if one.start_minute >= following.start_minute:
            page.fault("pattern", "", "the shifts of a day do not stand in order.", "Begin with the earliest.")
    return tuple(spans)


def _span(block: Block) -> ShiftSpan | None:
    if not block.needs("start", "hours"):
        return None
    start, hours = block.value("start", cell.start_minute), block.value("hours", cell.number(most=48))
    if start is None or hours is None:
        return None
    if hours * 60 % 1 or start % 30:
        block.fault("start", "", "handovers are at full or half hours.", 'Write for example start: "08:00", hours: 24.')
        return None
    work_days, rest_days = (block.value(key, cell.yes) for key in ("work_days", "rest_days"))
    return ShiftSpan(
        start,
        timedelta(minutes=int(hours * Decimal(60))),
        night=bool(block.value("night", cell.yes)),
        on_work_days=work_days is None or work_days,
        on_rest_days=rest_days is None or rest_days,
    )


def _changes(page: Block) -> ChangeRule | None:
    block = page.block("changes", ("approved_by",))
    if block is None or not block.needs("approved_by"):
        return None
    named = tuple(str(one) for one in block.values("approved_by", _APPROVER))
    if not named:
        block.fault("approved_by", "", "nobody would approve a change.", "Write approved_by: [leader, head].")
    return ChangeRule(named)


def _reminders(page: Block) -> ReminderRule | None:
    block = page.block("reminders", ("day_before", "week_ahead", "week_ahead_on"))
    if block is None:
        return None
    usual, weekday = ReminderRule(), block.value("week_ahead_on", _WEEKDAY)
    day_before, week_ahead = (block.value(key, cell.start_minute) for key in ("day_before", "week_ahead"))
    return ReminderRule(
        usual.day_before_minute if day_before is None else day_before,
        usual.week_ahead_minute if week_ahead is None else week_ahead,
        usual.week_ahead_on if weekday is None else _WEEKDAYS.index(weekday),
    )


def _sign_in(page: Block) -> dict[str, Any]:
    block = page.block("sign_in", ("within", "vacant_after", "ladder"))
    if block is None:
        return {}
    return {
        "sign_in_within": block.value("within", length_of_time),
        "vacant_after": block.value("vacant_after", length_of_time),
        "sign_in_ladder": _ladder(block),
    }


def _handover(page: Block) -> dict[str, Any]:
    block = page.block("handover", ("accept_within", "ladder"))
    if block is None:
        return {}
    return {
        "accept_handover_within": block.value("accept_within", length_of_time),
        "handover_ladder": _ladder(block),
    }


def _ladder(block: Block) -> tuple[DutyRung, ...]:
    rungs = []
    for rung in block.blocks("ladder", ("after", "to")):
        after, to = rung.value("after", length_of_time), rung.value("to", _TO)
        if rung.needs("after", "to") and after is not None and to is not None:
            rungs.append(DutyRung(after, str(to)))
    if [rung.after for rung in rungs] != sorted(rung.after for rung in rungs):
        block.fault("ladder", "", "the rungs do not stand in order of time.", "Begin with the earliest.")
    return tuple(rungs)


def _spot_checks(page: Block) -> SpotCheckRule | None:
    block = page.block("spot_checks", _CHECK_KEYS)
    if block is None:
        return None
    weights = ("night_weight", "handover_weight", "holiday_weight")
    given: dict[str, Any] = {key: block.value(key, cell.whole_number(1, 100)) for key in weights}
    given |= {key: block.value(key, cell.whole_number(0, 24)) for key in ("least", "most")}
    given["answer_within"] = block.value("answer_within", length_of_time)
    given["station"] = block.value("station", cell.code)
    given["reading_within"] = block.value("reading_within", cell.number(most=1000))
    rule = SpotCheckRule(**{name: value for name, value in given.items() if value is not None})
    if rule.least > rule.most:
        block.fault("most", "", "there would be more checks at least than at most.", "Write least: 1, most: 3.")
    return rule
