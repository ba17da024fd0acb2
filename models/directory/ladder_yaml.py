"""ladder.yaml: the rungs on which a late case climbs, and those of a request that nobody decides.

`priorities` and `units` give cases of a priority, or of a unit, a whole ladder of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from models.directory import cell
from models.directory.fault import Fault, Severity, quoted, suggestion
from models.directory.sheet import Codes
from models.directory.sheets import POST_ROLES
from models.directory.yaml_document import Block, read_yaml
from models.notice import NoticeKind, Priority
from models.policy import Policy, RequestRung, Rung
from models.vocabulary import FLOOD_ROLES, UNIT_ROLES

FILE = "ladder.yaml"
_KEYS = (
    "code",
    "notice",
    "to",
    "priority",
    "share",
    "after",
    "follows",
    "or_one_limit",
    "supervises",
    "bulletin",
)
_TO = ("liaison", "head", "supervising_leader", *POST_ROLES)
_REQUEST_KEYS = ("code", "to", "times", "priority")
_REQUEST_TO = ("decider", *(role for role in POST_ROLES if role not in UNIT_ROLES | FLOOD_ROLES))
_PRIORITIES = (Priority.ROUTINE.value, Priority.URGENT.value)
"""Those a case can have: urgent while its limit counts urgent hours (`models.lifecycle_clocks.priority_of`)."""

MOST_REMINDERS = 20
"""Nobody reads the twenty-first reminder of one decision."""


Ladder = tuple[Rung, ...]


@dataclass(frozen=True)
class LadderPage:
    """What ladder.yaml says; a city that says nothing of requests keeps the defaults of `models.policy.Policy`."""

    rungs: Ladder = ()
    of_priority: Mapping[str, Ladder] = field(default_factory=dict)
    of_unit: Mapping[str, Mapping[str, Ladder]] = field(default_factory=dict)
    requests: tuple[RequestRung, ...] = Policy.request_ladder

    def ladders(self) -> Iterator[tuple[str, Ladder]]:
        """Each ladder of late cases under the key where it stands."""
        yield "rungs", self.rungs
        for priority, ladder in self.of_priority.items():
            yield f"priorities.{priority}", ladder
        for unit, ladders in self.of_unit.items():
            for priority, ladder in ladders.items():
                yield f"units.{unit}.{priority}", ladder


def read_ladder(content: str, codes: Codes, faults: list[Fault]) -> LadderPage:
    """The rungs in the order of the file."""
    page = read_yaml(FILE, content, ("rungs", "priorities", "units", "requests"), faults)
    if page is None or not page.needs("rungs"):
        return LadderPage()
    meant: dict[str, str] = {}
    return LadderPage(
        _rungs(page, "rungs", meant),
        _by_priority(page.block("priorities", _PRIORITIES), meant),
        _by_unit(page, codes, meant),
        _request_rungs(page) if page.has("requests") else Policy.request_ladder,
    )


def _by_priority(block: Block | None, meant: dict[str, str]) -> dict[str, Ladder]:
    return {key: _rungs(block, key, meant) for key in _PRIORITIES if block is not None and block.has(key)}


def _by_unit(page: Block, codes: Codes, meant: dict[str, str]) -> dict[str, dict[str, Ladder]]:
    known = codes.get("units.csv")
    block = page.block("units", sorted(known)) if known is not None else None
    if block is None:
        return {}
    return {unit: _by_priority(block.block(unit, _PRIORITIES), meant) for unit in block.nodes}


def _rungs(page: Block, key: str, meant: dict[str, str]) -> Ladder:
    blocks = page.blocks(key, _KEYS)
    rungs = [(block, _rung(block)) for block in blocks]
    if not rungs:
        remedy = "Name at least a reminder and an overdue notice, or accept that late cases stay unseen."
        page.fault(key, "", "the ladder has no rung.", remedy, severity=Severity.WARNING)
    _judge_order(rungs)
    _judge_meaning(rungs, meant)
    return tuple(rung for _, rung in rungs)


def _rung(block: Block) -> Rung:
    block.needs("code", "notice", "to")
    share, after = block.value("share", cell.number(most=100)), block.value("after", cell.step_limit)
    if block.has("share") == block.has("after"):
        problem = "a rung stands either at a share of the limit or some time after another rung."
        block.fault("share", "", problem, 'Write share: 0.8, or after: "1 work_day" with follows.')
    elif block.has("after") != block.has("follows"):
        problem = "after and follows belong together."
        block.fault("follows", "", problem, "Name in follows the rung it comes after.")
    notice = block.value("notice", cell.one_of(NoticeKind, "kind of notice"))
    return Rung(
        code=block.value("code", cell.code) or "",
        notice=str(notice or ""),
        to=tuple(str(to) for to in block.values("to", cell.one_of(_TO, "recipient of a rung"))),
        priority=str(block.value("priority", cell.one_of(Priority, "priority")) or Priority.ROUTINE),
        share=share,
        after=after,
        follows=block.value("follows", cell.text),
        or_one_limit=bool(block.value("or_one_limit", cell.yes)),
        supervises=bool(block.value("supervises", cell.yes)),
        bulletin=bool(block.value("bulletin", cell.yes)),
    )


def _request_rungs(page: Block) -> tuple[RequestRung, ...]:
    """Who hears of a request that nobody decides; the time between two is the request's own decide_within."""
    rungs = [(block, _request_rung(block)) for block in page.blocks("requests", _REQUEST_KEYS)]
    _judge_codes(rungs)
    reminders = sum(rung.times for _, rung in rungs)
    if not rungs:
        remedy = "Name at least who decides, as to: [decider], and who is told when that does not help."
        page.fault("requests", "", "nobody hears of a request left lying.", remedy, severity=Severity.WARNING)
    if reminders > MOST_REMINDERS:
        problem = f"these rungs speak {reminders} times of one decision; {MOST_REMINDERS} is the most."
        page.fault("requests", str(reminders), problem, "Lower times.")
    return tuple(rung for _, rung in rungs)


def _request_rung(block: Block) -> RequestRung:
    block.needs("code", "to")
    return RequestRung(
        code=block.value("code", cell.code) or "",
        to=tuple(str(to) for to in block.values("to", cell.one_of(_REQUEST_TO, "recipient of a rung"))),
        times=block.value("times", cell.whole_number(1, MOST_REMINDERS)) or 1,
        priority=str(block.value("priority", cell.one_of(Priority, "priority")) or Priority.URGENT),
    )


def _judge_codes(rungs: Sequence[tuple[Block, Rung | RequestRung]]) -> None:
    """Each rung has its own code."""
    known: set[str] = set()
    for block, rung in rungs:
        if rung.code in known:
            block.fault("code", rung.code, f"another rung is called {quoted(rung.code)}.", "Give each its own code.")
        known.add(rung.code)


def _judge_meaning(rungs: Sequence[tuple[Block, Rung]], meant: dict[str, str]) -> None:
    """A code tells the same in every ladder: events and pages name a rung by its code alone."""
    for block, rung in rungs:
        first = meant.get(rung.code, rung.notice)
        if rung.notice and rung.notice != first:
            problem = f"rung {quoted(rung.code)} of another ladder gives the notice {quoted(first)}."
            block.fault("notice", rung.notice, problem, f"Write notice: {first}, or give this rung a code of its own.")
    meant.update((rung.code, rung.notice) for _, rung in rungs if rung.notice and rung.code not in meant)


def _judge_order(rungs: list[tuple[Block, Rung]]) -> None:
    """Following the rungs upward comes to an end."""
    _judge_codes(rungs)
    by_code: dict[str, Rung] = {}
    for _, rung in rungs:
        by_code.setdefault(rung.code, rung)
    for block, rung in rungs:
        if rung.follows is None:
            continue
        if rung.follows not in by_code:
            remedy = suggestion(rung.follows, list(by_code))
            block.fault("follows", rung.follows, f"{quoted(rung.follows)} is no rung of this ladder.", remedy)
        elif _follows_itself(rung, by_code):
            problem = f"rung {quoted(rung.code)} comes after itself through the rungs it follows."
            block.fault("follows", rung.follows, problem, "Let one of them stand at a share of the limit.")


def _follows_itself(rung: Rung, by_code: dict[str, Rung]) -> bool:
    seen: set[str] = set()
    at: Rung | None = rung
    while at is not None and at.follows and at.follows not in seen:
        seen.add(at.follows)
        at = by_code.get(at.follows)
    return rung.code in seen
