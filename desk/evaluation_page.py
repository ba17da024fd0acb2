"""`/evaluation/{token}`: a month of the evaluation; a unit sees its own figures and their cases, then the ranking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from desk.context import Desk
from desk.opened_case import opens_nothing
from desk.opened_month import OVERSEE, OpenedMonth, opened_month
from desk.pages import form_word, language_of, page
from models.evaluation_counts import COUNTS, CountName
from models.evaluation_marks import Due
from models.evaluation_result import EvaluationResult, UnitResult
from models.vocabulary import UNIT_ROLES
from tasks.database import reading
from tasks.evaluation_notices import shown_score
from tasks.evaluations import StoredVersion, cases_behind
from tasks.links import Link, Purpose, path_of
from tasks.wording import moment_words
from tasks.words import Language, word

BEHIND_DUE = tuple(count.name for count in COUNTS if isinstance(count.scoring.marks, Due))
"""Counts whose cases are kept with a version."""

ROWS = 200
"""Cases a page lists; the number above them says how many there are."""


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A count in the words of officials, with the address of its cases."""

    name: str
    number: int
    cases: str


def evaluation_routes(desk: Desk) -> APIRouter:
    """The page of a month, and the cases behind a number of it."""
    routes = APIRouter()

    @routes.get("/evaluation/{token}")
    def show(request: Request, token: str, unit: str = "") -> HTMLResponse:
        """A unit's own figures, and the ranking as far as its reader may see it."""
        with reading(desk.engine) as connection:
            opened = opened_month(connection, desk, request, token)
            if isinstance(opened, HTMLResponse):
                return opened
            own = _unit_of(opened, unit)
            if own is None and opened.ranking is None:
                return opens_nothing(request)
            return page(request, "evaluation.html", **_month_page(opened, own, token, language_of(request)))

    @routes.get("/evaluation/{token}/cases/{count}")
    def cases(request: Request, token: str, count: str, unit: str = "") -> HTMLResponse:
        """The cases one number was made of, as they were frozen."""
        with reading(desk.engine) as connection:
            opened = opened_month(connection, desk, request, token)
            if isinstance(opened, HTMLResponse):
                return opened
            own = _unit_of(opened, unit)
            if own is None or count not in BEHIND_DUE:
                return opens_nothing(request)
            told = _cases_page(connection, desk, opened, own, CountName(count), language_of(request))
            return page(request, "evaluation_cases.html", token=token, unit=unit, **told)

    return routes


def _unit_of(opened: OpenedMonth, asked: str) -> UnitResult | None:
    """The unit whose figures are shown in full: a unit's own, or for whoever oversees the one that was asked for."""
    code = opened.post.unit if opened.post.role in UNIT_ROLES else asked if opened.post.role in OVERSEE else ""
    return next((unit for unit in opened.version.result.units() if code and unit.unit == code), None)


def _month_page(opened: OpenedMonth, own: UnitResult | None, token: str, language: Language) -> dict[str, Any]:
    version, ranking = opened.version, opened.ranking
    return {
        "city": opened.city,
        "reader": opened.post.name,
        "token": token,
        "month": month_words(version.month, language),
        "version": version,
        "draft": version.published_at is None,
        "why": word("evaluation_why", version.why, language),
        "made_at": _moment(opened, version.made_at, language),
        "window_until": _moment(opened, version.window_until, language),
        "window_open": opened.now <= version.window_until,
        "scheme": version.result.scheme,
        "own": own,
        "score": shown_score(version.result, own.score) if own else None,
        "grade": _grade(version.result, own, language),
        "none": word("evaluation_none", own.why_none, language) if own and own.why_none else "",
        "figures": _figures(own, token, language) if own else (),
        "steps": _steps(own, language) if own else (),
        "before": [
            {"label": label, "score": shown_score(version.result, each.score), "rank": each.rank}
            for label, each in (("last_month", own.last_month), ("last_year", own.last_year))
            if each is not None and each.score is not None
        ]
        if own
        else [],
        "ranking": _ranking(ranking, opened, language) if ranking else (),
    }


def _figures(own: UnitResult, token: str, language: Language) -> tuple[FigureLine, ...]:
    return tuple(
        FigureLine(word("count", name, language), own.scoring[name], f"/evaluation/{token}/cases/{name}")
        for name in BEHIND_DUE
    )


def _steps(own: UnitResult, language: Language) -> tuple[dict[str, Any], ...]:
    """Each step in words: what it is called, how it is reckoned, what was put in, what came out."""
    told = []
    for step in own.steps:
        names = step.get("name")
        put_in = "; ".join(f"{name} = {_number(value)}" for name, value in (step.get("values") or {}).items())
        told.append(
            {
                "kind": word("score_step", step["kind"], language),
                "name": names[language] if names else step["item"],
                "formula": step.get("formula", ""),
                "values": put_in,
                "result": _number(step.get("result")),
                "note": step.get("note", ""),
            }
        )
    return tuple(told)


def _number(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _ranking(version: StoredVersion, opened: OpenedMonth, language: Language) -> tuple[dict[str, Any], ...]:
    result = version.result
    return tuple(
        {
            "title": group.title.zh if language == "zh" else group.title.en,
            "units": [
                {
                    "code": unit.unit,
                    "rank": unit.rank or "–",
                    "name": unit.name,
                    "mine": unit.unit == opened.post.unit,
                    "score": shown_score(result, unit.score) or "–",
                    "grade": _grade(result, unit, language),
                    "due": unit.scoring["due_to_close"],
                    "overdue": unit.scoring["overdue_open"],
                }
                for unit in group.units
            ],
            "opens": opened.post.role in OVERSEE,
        }
        for group in result.groups
        if group.units
    )


def _cases_page(
    connection: Connection, desk: Desk, opened: OpenedMonth, own: UnitResult, count: CountName, language: Language
) -> dict[str, Any]:
    rows = cases_behind(connection, opened.version.id, own.unit, count, limit=ROWS)
    return {
        "city": opened.city,
        "reader": opened.post.name,
        "month": month_words(opened.version.month, language),
        "name": own.name,
        "count": word("count", count, language),
        "number": own.scoring[count],
        "window_open": opened.now <= opened.version.window_until,
        "window_until": _moment(opened, opened.version.window_until, language),
        "cases": [
            {
                "number": row.number,
                "class_name": opened.city.catalogue.minor_name(row.class_code),
                "due_at": _moment(opened, row.due_at, language) if row.due_at else "",
                "handled_at": _moment(opened, row.handled_at, language) if row.handled_at else "",
                "late": row.on_time is False,
                "path": path_of(desk.link_key, Link(opened.post.code, Purpose.CASE, row.number), opened.now),
            }
            for row in rows
        ],
    }


def month_words(month: str, language: Language) -> str:
    """A month as people say it. Example: 2026年8月; 2026-08."""
    year, number = month.split("-")
    return form_word("evaluation", "month", language).format(year=year, month=int(number), code=month)


def _grade(result: EvaluationResult, unit: UnitResult | None, language: Language) -> str:
    found = next((g.title for g in result.scheme.grades if unit is not None and g.code == unit.grade), None)
    return "" if found is None else found.zh if language == "zh" else found.en


def _moment(opened: OpenedMonth, at: datetime, language: Language) -> str:
    return moment_words(at, language, opened.city.zone, opened.now)
