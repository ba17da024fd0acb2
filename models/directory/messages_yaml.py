"""messages.yaml: how messages travel. A city without this file, or without one of its keys, has the usual rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from models.directory import cell
from models.directory.cell import Unreadable
from models.directory.fault import Fault
from models.directory.length import length_of_time as length_of_time  # other files take it from here
from models.directory.sheet import Codes
from models.directory.sheets import CHANNELS, POST_ROLES
from models.directory.yaml_document import Block, read_yaml
from models.message_rules import (
    CLIMBS_TO,
    FOREVER,
    ChannelRule,
    MessageRules,
    Patience,
    QuietHours,
    Silence,
    SilenceRung,
)
from models.notice import NoticeKind, Priority

FILE = "messages.yaml"
NEVER = "never"

_KEYS = ("priorities", "kinds", "quiet_hours", "bundling", "channels", "undelivered_to", "silence", "units")
_QUIET_KEYS = ("from", "to", "priorities", "on_duty", "not_on")
_CHANNEL_KEYS = ("per_minute", "urgent_reserve", "at_once", "window", "bundle")
_PRIORITY = cell.one_of(Priority, "priority")
_ROLE = cell.one_of(POST_ROLES, "role of a post")
_CHANNEL = cell.one_of((*CHANNELS, "reporter"), "channel")
_MINUTES_OF_HOURS = (cell.start_minute, cell.minute_of_day)


def read_messages(content: str, codes: Codes, faults: list[Fault]) -> MessageRules:
    """The rules of a city's messages; what the file does not say is as `models.message_rules` says."""
    page, usual = read_yaml(FILE, content, _KEYS, faults), MessageRules()
    if page is None:
        return usual
    priorities = _block(page, "priorities", tuple(Priority))
    values: dict[str, Any] = {}
    if priorities:
        values["priorities"] = {p: _patience(priorities, p, usual.priorities.get(p, Patience())) for p in Priority}
    kinds = _block(page, "kinds", tuple(NoticeKind))
    if kinds:
        values["kinds"] = {kind: _patience(kinds, kind, Patience()) for kind in NoticeKind if kinds.has(kind)}
    if page.has("quiet_hours"):
        values["quiet"] = _quiet(page)
    values |= _bundling(page)
    if page.has("channels"):
        values["channels"] = {**usual.channels, **_channels(page, usual)}
    if page.has("undelivered_to"):
        values["undelivered_to"] = page.values("undelivered_to", _ROLE)
    values["silence"] = _silence(page.block("silence", tuple(Priority)))
    values["silence_of_unit"] = _units(page, codes)
    return MessageRules(**values)


def _block(page: Block, key: str, keys: tuple[str, ...]) -> Block | None:
    return page.block(key, tuple(str(each) for each in keys))


def _patience(block: Block, key: str, usual: Patience) -> Patience:
    item = block.block(key, ("expires", "acknowledge"))
    if item is None:
        return usual
    return Patience(
        item.value("expires", _or_never) or usual.expires, item.value("acknowledge", _or_never) or usual.acknowledge
    )


def _or_never(text: str) -> timedelta:
    """A length of time above nothing, or never."""
    length = FOREVER if text == NEVER else length_of_time(text)
    if not length:
        raise Unreadable("0 is no time to wait.", "Write for example 15 minute, or never.")
    return length


def _quiet(page: Block) -> QuietHours | None:
    if getattr(page.nodes["quiet_hours"], "value", None) == NEVER:
        return None
    block, usual = page.block("quiet_hours", _QUIET_KEYS), QuietHours()
    if block is None or not block.needs("from", "to"):
        return usual
    start, end = (block.value(key, read) for key, read in zip(("from", "to"), _MINUTES_OF_HOURS, strict=True))
    if start is None or end is None:
        return usual
    if start == end:
        block.fault("to", "", "the quiet hours end when they begin.", "Write two times, or quiet_hours: never.")
    return QuietHours(
        start,
        end,
        frozenset(block.values("priorities", _PRIORITY)) if block.has("priorities") else usual.priorities,
        frozenset(block.values("on_duty", _ROLE)) if block.has("on_duty") else usual.on_duty,
        frozenset(block.values("not_on", _CHANNEL)) if block.has("not_on") else usual.not_on,
    )


def _bundling(page: Block) -> dict[str, Any]:
    block = page.block("bundling", ("window", "most"))
    if block is None:
        return {}
    given = {"window": block.value("window", length_of_time), "bundle": block.value("most", cell.whole_number(1, 50))}
    return {name: value for name, value in given.items() if value is not None}


def _channels(page: Block, usual: MessageRules) -> dict[str, ChannelRule]:
    block = page.block("channels", (*CHANNELS, "reporter"))
    found: dict[str, ChannelRule] = {}
    for code in (*CHANNELS, "reporter"):
        item = block.block(code, _CHANNEL_KEYS) if block else None
        if item is not None:
            found[code] = _channel(item, usual.channel(code))
    return found


def _channel(item: Block, usual: ChannelRule) -> ChannelRule:
    readers: dict[str, Callable[[str], Any]] = {
        "per_minute": cell.whole_number(1, 100_000),
        "urgent_reserve": cell.whole_number(0, 100_000),
        "at_once": cell.whole_number(1, 64),
        "window": length_of_time,
        "bundle": cell.whole_number(1, 50),
    }
    given = {name: value for name, read in readers.items() if (value := item.value(name, read)) is not None}
    rule = ChannelRule(**{name: given.get(name, getattr(usual, name)) for name in readers})
    if rule.per_minute is not None and rule.urgent_reserve >= rule.per_minute:
        problem = (
            f"a reserve of {rule.urgent_reserve} leaves nothing of {rule.per_minute} a minute to routine messages."
        )
        item.fault("urgent_reserve", str(rule.urgent_reserve), problem, "Keep fewer than per_minute for urgent ones.")
    return rule


def _silence(block: Block | None) -> Silence:
    found: dict[Priority, tuple[SilenceRung, ...]] = {}
    for priority in Priority:
        if block is None or not block.has(priority):
            continue
        rungs = [_rung(item) for item in block.blocks(priority, ("after", "to"))]
        found[priority] = tuple(rung for rung in rungs if rung is not None)
        lengths = [rung.after for rung in found[priority]]
        if lengths != sorted(lengths):
            problem = "a rung comes before the one above it."
            block.fault(priority, "", problem, "Order the rungs by their time; each counts from the acknowledgement's.")
    return found


def _rung(item: Block) -> SilenceRung | None:
    item.needs("after", "to")
    after = item.value("after", length_of_time)
    to = item.value("to", cell.one_of((*CLIMBS_TO, *POST_ROLES), "recipient of a rung"))
    return SilenceRung(after, str(to)) if after is not None and to is not None else None


def _units(page: Block, codes: Codes) -> dict[str, Silence]:
    known = codes.get("units.csv")
    block = page.block("units", sorted(known)) if known is not None else None
    if block is None:
        return {}
    return {unit: _silence(block.block(unit, tuple(Priority))) for unit in block.nodes}
