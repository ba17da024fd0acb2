"""The story of a case as the command line tells it: lines for people, plain values for programs."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from models.case_state import CaseState
from models.city import City
from models.worktime import ExplainedLine
from tasks.case_story import CaseStory, ClockTold, EventTold, NoticeTold
from tasks.refusals import render_refusal
from tasks.settings import Settings
from tasks.wording import limit_words, moment_words
from tasks.words import word

RUN_PATH = "/v2/runs/flow-run/"

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def story_lines(story: CaseStory, city: City, settings: Settings) -> Iterator[str]:
    """The story line by line, Chinese words with codes and numbers an auditor can search for."""
    case = story.case
    yield f"{case.name}  {_said('state', case.state)}  {_class_words(case, city)}"
    unit = city.units.get(case.unit or "")
    yield f"  receipt {case.receipt_number}, round {case.round}, {case.place or '-'}, {unit.name if unit else '-'}"
    for name, metres, hours in story.similar:
        distance = "" if metres is None else f"{metres:.0f} m, "
        yield f"  similar: {name}, {distance}{hours:.1f} h apart"
    for told in story.clocks:
        if told.explanation:
            yield from _clock_lines(told, city)
    yield "Events"
    for event in story.events:
        yield _event_line(event, city, settings)
    for request in story.requests:
        yield f"Request {_said('request', request.kind)}: {_said('request_state', request.state)}, {request.reason}"
    for notice in story.notices:
        yield _notice_line(notice)
    for action in story.actions:
        why = render_refusal(action.outcome["code"], action.outcome["facts"], "zh", city) if action.outcome else ""
        yield f"Inbox {_said('action', action.action)} by {action.by_post}: {action.state} {why}".rstrip()


def _clock_lines(told: ClockTold, city: City) -> Iterator[str]:
    clock = told.clock
    late = f"left {_length(told.left)}" if told.left >= timedelta(0) else f"overdue by {_length(-told.left)}"
    limit = limit_words(clock.limit_text, "zh")
    yield (
        f"Clock {_said('clock', clock.kind)} {_said('clock_state', clock.state)}: {limit}, "
        f"due {moment_words(clock.due_at, 'zh', city.zone)}, {late}{' (provisional)' if clock.provisional else ''}"
    )
    for line in told.explanation:
        yield "  " + explained_line(line)


def explained_line(line: ExplainedLine) -> str:
    """One line of an explained deadline. Example: 2019-04-30 17:00 - 18:00  +1:00:00  工作时间 working hours."""
    end = f"{line.end:%Y-%m-%d %H:%M}" if line.end else "…"
    return f"{line.start:%Y-%m-%d %H:%M} - {end}  +{_length(line.counted)}  {line.name}"


def _notice_line(notice: NoticeTold) -> str:
    tries = "; ".join(_try_words(channel, outcome) for channel, _, _, outcome in notice.attempts)
    told = f"Notice {_said('notice', notice.kind)} -> {notice.recipient or 'reporter'}: "
    return f"{told}{_said('notice_state', notice.state)} {tries}".rstrip()


def _try_words(channel: str, outcome: str) -> str:
    """One try of a channel. Example: 钉钉 通道返回错误 503."""
    code, _, detail = (outcome or "under_way").partition(" ")
    return f"{_said('channel', channel)} {_said('outcome', code)} {detail}".rstrip()


def _event_line(event: EventTold, city: City, settings: Settings) -> str:
    at = event.at.astimezone(city.zone)
    post = city.posts.get(event.actor)
    facts = ", ".join(f"{name}={_DIGEST.sub(_shortened, str(value))}" for name, value in event.facts.items())
    run = f"  http://127.0.0.1:{settings.prefect_port}{RUN_PATH}{event.flow_run_id}" if event.flow_run_id else ""
    played = " (played)" if event.origin == "played" else ""
    return (
        f"  {event.seq:3} {at:%Y-%m-%d %H:%M:%S} {_said('action', event.action)} -> {_said('state', event.to_state)}, "
        f"{post.name if post else event.actor}{played}{f' [{facts}]' if facts else ''}{run}"
    )


def _shortened(digest: re.Match[str]) -> str:
    """The beginning of a picture's digest, enough to find it; `--json` has the whole."""
    return f"{digest[0][:12]}…"


def row_line(row: Mapping[str, Any], city: City) -> str:
    """One case of a list."""
    unit = city.units.get(row["unit"] or "")
    due = row["due_at"].astimezone(city.zone).strftime("%Y-%m-%d %H:%M") if row["due_at"] else "-"
    return (
        f"{row['number'] or row['receipt_number']}  {_said('state', row['state'])}  {unit.name if unit else '-'}  "
        f"{row['class_code'] or '-'}  due {due}  {row['place']}"
    )


def story_json(story: CaseStory, city: City, settings: Settings) -> dict[str, Any]:
    """The story as one JSON object; moments with their zone, lengths of time in seconds."""
    case = story.case
    plain = {name: getattr(case, name) for name in case.__dataclass_fields__ if name not in _OWN_LISTS}
    return {
        "case": plain,
        "clocks": [
            {
                "kind": told.clock.kind.value,
                "state": told.clock.state.value,
                "limit": told.clock.limit_text,
                "due_at": told.clock.due_at.astimezone(city.zone),
                "used": told.used,
                "provisional": told.clock.provisional,
                "explanation": [explained_line(line) for line in told.explanation],
            }
            for told in story.clocks
        ],
        "events": [_as_dict(event) for event in story.events],
        "requests": [_as_dict(request) for request in story.requests],
        "notices": [_as_dict(notice) for notice in story.notices],
        "actions": [_as_dict(action) for action in story.actions],
        "runs": f"http://127.0.0.1:{settings.prefect_port}{RUN_PATH}",
    }


_OWN_LISTS = frozenset({"clocks", "assignments", "requests", "reporters"})


def _as_dict(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def plain_value(value: object) -> object:
    """Values JSON does not know: moments as ISO 8601 with their zone, lengths of time in seconds."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def _said(group: str, code: object) -> str:
    return word(group, code, "zh")


def _class_words(case: CaseState, city: City) -> str:
    subclass = city.catalogue.subclasses.get(case.class_code or "")
    return f"{subclass.code} {subclass.minor}" if subclass else "-"


def _length(length: timedelta) -> str:
    hours, rest = divmod(int(length.total_seconds()), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
