"""A few days of a small city on virtual time, the same whenever it is told: its reports, its visits, what people do.

Nothing in it depends on a database id or on the real time, so that a story in which processes were killed must end
exactly like the one in which none was.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal
from zlib import crc32

from sqlalchemy import Engine, select

from models.case_state import CaseState
from models.city import City
from models.vocabulary import ENDED, ActionName, RequestState, State
from tasks.case_store import CASES, read_cases
from tasks.database import reading, transaction
from tasks.inbox import Put, put_action
from tests.cities import SMALL_CITY, changed
from tests.stored_cases import at

A = ActionName

Kind = Literal["intake", "sweep", "delivery"]
KINDS: tuple[Kind, ...] = ("intake", "sweep", "delivery")

Row = dict[str, str]

Answer = tuple[ActionName, str, Mapping[str, Any]]
"""Action, post, facts."""

COLUMNS = (
    *("source_id", "opened_at", "source", "class_code", "condition_no", "description", "place", "area"),
    *("source_chain", "reporter_name", "reporter_phone"),
)

SHARES = (
    ("inspector", "E0110", 55),
    ("inspector", "E0101", 10),
    ("inspector", "C0101", 15),
    ("hotline_12345", "E0101", 20),
)
"""Of a hundred reports: three kinds that rules carry to a unit (days, hours, urgent hours), one that people verify."""

SAME_CHAIN_SHARE, BAD_SHARE, REPEATED_SHARE = 0.2, 0.02, 0.02
"""Of the hotline's reports: passed on twice and joined by rule. Of all rows: cannot be taken; stands there twice."""

LAST_DELIVERIES = 4
"""What bundles and broken-off attempts kept back has gone out after so many."""

BETWEEN_DELIVERIES = timedelta(minutes=11)

AFTER_A_KILL = timedelta(minutes=3)
"""Longer than a broken-off attempt counts as under way, and than a bundle gathers in this story."""

INTAKES = ("2019-05-06 08:00", "2019-05-06 10:00")
VISITS = (
    *("2019-05-06 08:10", "2019-05-06 08:40", "2019-05-06 09:30", "2019-05-06 10:15", "2019-05-06 11:00"),
    *("2019-05-06 14:40", "2019-05-06 15:30", "2019-05-06 17:30", "2019-05-07 08:30", "2019-05-07 10:00"),
    *("2019-05-07 15:00", "2019-05-08 09:00", "2019-05-09 09:00", "2019-05-09 17:00"),
)
"""From a Monday to the Thursday on which three work days are over."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one process does at one moment."""

    kind: Kind
    now: datetime
    file: int | None = None
    """Which file of reports an intake takes in."""
    people: int | None = None
    """People act right before it: for which time."""

    def again(self) -> "Step":
        """The same after it was killed: a delivery a little later, when what was broken off is nobody's any more."""
        return replace(self, now=self.now + AFTER_A_KILL) if self.kind == "delivery" else self


@dataclass(frozen=True, slots=True)
class Story:
    """How much happens, and by which dice."""

    seed: int
    reports: int
    """In each file."""
    visits: int = len(VISITS)

    def steps(self) -> tuple[Step, ...]:
        """Everything processes do, in order."""
        moments = [(at(text), number) for number, text in enumerate(VISITS[: self.visits])]
        intakes = [(at(text), file) for file, text in enumerate(INTAKES) if at(text) < moments[-1][0]]
        steps = [Step("intake", moment, file=file) for moment, file in intakes]
        steps += [Step("sweep", moment, people=number) for moment, number in moments]
        steps += [Step("delivery", moment + timedelta(minutes=1)) for moment, _ in moments]
        last = moments[-1][0]
        steps += [Step("delivery", last + n * BETWEEN_DELIVERIES) for n in range(1, LAST_DELIVERIES + 1)]
        return tuple(sorted(steps, key=lambda step: step.now))

    def write_files(self, folder: Path) -> list[Path]:
        """The files of reports."""
        paths = []
        for number, text in enumerate(INTAKES):
            path = folder / f"reports-{number}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(self._rows(number, at(text)))
            paths.append(path)
        return paths

    def _rows(self, file: int, now: datetime) -> Iterator[Row]:
        dice, chain = Random(f"{self.seed}:{file}"), ""
        for number in range(self.reports):
            source, class_code = dice.choices([s[:2] for s in SHARES], [s[2] for s in SHARES])[0]
            name = f"S{self.seed}-{file}-{number:05d}"
            opened_at = now - timedelta(minutes=dice.randrange(1, 60))
            row = dict.fromkeys(COLUMNS, "") | {
                "source_id": name,
                "opened_at": f"{opened_at:%Y-%m-%d %H:%M:%S}",
                "source": source,
                "class_code": class_code,
                "condition_no": "1",
                "description": f"第{number}件",
                "place": f"梨河镇{file}路{number}号",
                "area": "410184101001001",
            }
            if source == "hotline_12345":
                chain = chain if chain and dice.random() < SAME_CHAIN_SHARE else f"CHAIN-{name}"
                row |= {"source_chain": chain, "reporter_name": "市民甲", "reporter_phone": f"000{number:08d}"}
            yield row | ({"opened_at": "昨天"} if dice.random() < BAD_SHARE else {})
            if dice.random() < REPEATED_SHARE:
                yield row

    def people_act(self, engine: Engine, city: City, step: Step) -> list[str]:
        """Put into the inbox what people did up to a visit, each action under a key of its own; returns the keys."""
        if step.people is None:
            return []
        when, keys = step.now - timedelta(minutes=2), []
        with reading(engine) as connection:
            open_cases = select(CASES.c.id).where(CASES.c.state.not_in(sorted(ENDED))).order_by(CASES.c.receipt_number)
            cases = read_cases(connection, connection.execute(open_cases).scalars().all())
        answers = [(one.case, self._answer(one.case, step.people, when)) for one in cases.values()]
        with transaction(engine) as connection:
            for case, answer in answers:
                if answer is None:
                    continue
                action, post, facts = answer
                put = put_action(
                    connection, city, case=case.receipt_number, action=action, by_post=post, facts=facts, origin="act",
                    now=when, key=f"{case.receipt_number}:{case.events}:{action}",
                )  # fmt: skip
                if not isinstance(put, Put):
                    raise ValueError(f"{action} on {case.receipt_number} never reached the inbox: {put}")
                keys.append(put.key)
        return keys

    def _answer(self, case: CaseState, time: int, when: datetime) -> Answer | None:
        """What somebody does about a case; now and then something the rules refuse."""
        dice = self._dice(case, case.events)
        slow = self._dice(case, 0) < 12 and time < 10
        if any(request.state is RequestState.OPEN for request in case.requests):
            verdict = "granted" if dice < 70 else "refused"
            return A.DECIDE, "dispatcher", {"kind": "extension", "verdict": verdict, "reason": "等配件"}
        if dice < 3:
            return A.CLOSE, "lihe-liaison", {}  # never theirs to do
        unit = f"{case.unit}-liaison"
        if case.state is State.DISPATCHED and 3 <= dice < 8 and not case.hand_backs:
            return A.HAND_BACK, unit, {"reason": "越界"}
        if case.state is State.HANDLING and slow:
            ask = {"kind": "extension", "reason": "等配件"}
            return (A.ASK, unit, ask) if dice < 40 and not case.extensions else None
        if case.state is State.CHECKING and dice < 12 and not case.reworks:
            return A.CHECK, "inspector-a", {"result": "failed", "reason": "未修好"}
        if case.state is State.REPORTED:
            return self._reported(case)
        return {
            State.VERIFYING: (A.VERIFY, "inspector-a", {"result": "true"}),
            State.ACCEPTED: (A.FILE, "shift-leader", {}),
            State.FILED: (A.DISPATCH, "dispatcher", {"unit": "lihe"}),
            State.DISPATCHED: (A.RECEIVE, unit, {}),
            State.HANDLING: (A.REPORT_HANDLED, unit, {}),
            State.CHECKING: (A.CHECK, "inspector-a", {"result": "passed"}),
            State.CLOSING: (A.CLOSE, "shift-leader", {}),
        }.get(case.state)

    def _reported(self, case: CaseState) -> Answer | None:
        """What rules take in is left to them."""
        if case.source == "inspector":
            return None
        if case.verified is None:
            return A.ORDER_VERIFY, "acceptor-a", {"inspector": "inspector-a"}
        return A.ACCEPT, "acceptor-a", {}

    def _dice(self, case: CaseState, event: int) -> int:
        """0 to 99, always the same for a case at one point of its life."""
        return crc32(f"{self.seed}:{case.receipt_number}:{event}".encode()) % 100


def city_documents() -> dict[str, str]:
    """The small city, where everybody is reached by two channels: those who sit at the centre by bundled mail first."""
    documents = changed("policy.yaml", "  share: 0.2", "  share: 1")  # the brake has tests of its own
    documents = changed("policy.yaml", "seat_alarm_share: 2", "seat_alarm_share: 20", documents)
    posts = [line.split(",") for line in SMALL_CITY["posts.csv"].splitlines()[1:]]
    lines = ["post,order,channel,address"]
    for code, _, unit, *_ in posts:
        first = "email" if unit == "centre" and "inspector" not in code else "json"
        lines += [f"{code},1,{first},env:{variable(code, 1)}", f"{code},2,sms,env:{variable(code, 2)}"]
    messages = "channels:\n  json: {window: 0 minute, bundle: 1}\n  email: {window: 2 minute, bundle: 50}\n"
    return documents | {"contact_points.csv": "\n".join(lines) + "\n", "messages.yaml": messages}


def variable(post: str, order: int) -> str:
    """The environment variable that holds an address of a post."""
    return f"CHAOS_{order}_{post.upper().replace('-', '_')}"


def addresses(city: City, url_of: Callable[[str], str]) -> dict[str, str]:
    """The environment that leads every contact point to a path of its own: `url_of(path)` gives the address."""
    points: Iterable[tuple[str, int]] = ((post, order) for post in city.posts for order in (1, 2))
    return {variable(post, order): url_of(f"ok/{post}/{order}") for post, order in points}


def taken_twice(steps: Sequence[Step]) -> list[Step]:
    """The intakes once more, at the end of everything: none of them may take anything."""
    return [Step("intake", steps[-1].now, step.file) for step in steps if step.kind == "intake"]
