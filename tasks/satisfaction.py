"""How satisfied reporters are with how their case ended: one to five, recorded for good, counted by period.

A reporter may change their mind: a later answer is a new row and the last one counts, once a report and round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from models.citizens import HIGHEST, LOWEST, Satisfaction
from models.personal_text import without_personal_numbers
from models.refusal import Refusal
from models.tables import table_of

ANSWERS = table_of(Satisfaction)

MOST_ANSWERS = 10
"""Of one reporter about one round: rows are kept for good, so there is an end to changing one's mind."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Which report, case and round somebody answers about."""

    report_id: int
    case_id: int
    round: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer to a round."""

    score: int
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answered in a period, and how."""

    answers: int
    total: int
    """Sum of the scores: divided by `answers` it is their mean."""
    by_score: Mapping[int, int]
    """Number of answers by score; every score from 1 to 5 is there."""


def record_answer(
    connection: Connection, key: str, about: Answered, score: int, words: str, now: datetime
) -> Refusal | None:
    """Records an answer; the same key again changes nothing. Phone and identity numbers in the words are masked.

    Refused: `score_out_of_range`, `too_many_answers`.
    """
    if not LOWEST <= score <= HIGHEST:
        return Refusal("score_out_of_range", {"score": score, "lowest": LOWEST, "highest": HIGHEST})
    if connection.scalar(select(ANSWERS.c.id).where(ANSWERS.c.key == key)) is not None:
        return None
    given = select(func.count()).where(ANSWERS.c.report_id == about.report_id, ANSWERS.c.round == about.round)
    if (connection.scalar(given) or 0) >= MOST_ANSWERS:
        return Refusal("too_many_answers", {"most": MOST_ANSWERS})
    connection.execute(
        insert(ANSWERS).values(
            key=key,
            report_id=about.report_id,
            case_id=about.case_id,
            round=about.round,
            score=score,
            words=without_personal_numbers(words),
            at=now,
        )
    )
    return None


def last_answer(connection: Connection, report_id: int, round: int) -> Answer | None:
    """What a reporter said last about a round."""
    of_round = select(ANSWERS).where(ANSWERS.c.report_id == report_id, ANSWERS.c.round == round)
    row = connection.execute(of_round.order_by(ANSWERS.c.id.desc()).limit(1)).first()
    return Answer(row.score, row.words, row.at) if row else None


def last_answers(since: datetime, until: datetime) -> Select[Any]:
    """The answers given from `since` on and before `until`, each reporter's last one of that time a round.

    What is answered later counts later: a month that was counted stays as it was counted.
    """
    later = ANSWERS.alias()
    changed = select(later.c.id).where(
        later.c.report_id == ANSWERS.c.report_id,
        later.c.round == ANSWERS.c.round,
        later.c.id > ANSWERS.c.id,
        later.c.at < until,
    )
    return select(ANSWERS).where(ANSWERS.c.at >= since, ANSWERS.c.at < until, ~changed.exists())


def counts(connection: Connection, since: datetime, until: datetime) -> Counts:
    """How many answers of `last_answers` there are, by their score."""
    answers = last_answers(since, until).subquery()
    rows = connection.execute(select(answers.c.score, func.count()).group_by(answers.c.score))
    by_score = dict.fromkeys(range(LOWEST, HIGHEST + 1), 0) | {score: number for score, number in rows}
    total = sum(score * number for score, number in by_score.items())
    return Counts(sum(by_score.values()), total, by_score)
