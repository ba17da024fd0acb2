"""`/evaluation/{token}`: a month of the evaluation; a unit sees its own figures and their cases, then the ranking."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from desk.context import Desk
from desk.evaluation_cases import BEHIND_DUE, attached
from desk.evaluation_months import months_page
from desk.opened_case import opens_nothing
from desk.opened_month import (
    MONTHS,
    OpenedMonth,
    month_words,
    months_link,
    opened_month,
    opened_months,
    sees_drafts,
)
from desk.pages import language_of, page
from models.evaluation_result import EvaluationResult, ManualInput, UnitResult
from tasks.bulletin_store import newest_documents
from tasks.database import reading
from tasks.evaluation_course import appeals_of
from tasks.evaluation_entries import StoredEntry, entries_of
from tasks.evaluation_notices import shown_score
from tasks.evaluations import StoredVersion, versions
from tasks.links import Link, Purpose, path_of
from tasks.words import Language, word

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A count in the words of officials, with the address of its cases."""

    name: str
    number: int
    cases: str


def evaluation_routes(desk: Desk) -> APIRouter:
    """The page of a month, the list of all months, and the cases behind a number."""
    routes = APIRouter()

    @routes.get("/evaluation/{token}")
    def show(request: Request, token: str, unit: str = "") -> HTMLResponse:
        """A unit's own figures, and the ranking as far as its reader may see it."""
        with reading(desk.engine) as connection:
            opened = opened_months(connection, desk, request, token)
            if isinstance(opened, HTMLResponse):
                return opened
            if opened.subject == MONTHS:
                return months_page(connection, desk, request, opened)
            month = opened_month(connection, desk, request, token)
            if isinstance(month, HTMLResponse):
                return month
            own = month.unit(unit)
            if own is None and month.ranking is None:
                return opens_nothing(request)
            return page(request, "evaluation.html", **_month_page(connection, desk, month, own, language_of(request)))

    @routes.get("/evaluation/{token}/result.json", responses={200: {"content": {"application/json": {}}}})
    def result(request: Request, token: str) -> Response:
        """The frozen figures as they are stored, byte for byte: to whoever sees every unit's."""
        with reading(desk.engine) as connection:
            opened = opened_month(connection, desk, request, token)
        if isinstance(opened, HTMLResponse):
            return opened
        if not opened.oversees:
            return opens_nothing(request)
        file = f"zhihui-{opened.subject}-v{opened.version.version}.json"
        return Response(opened.version.result.written(), media_type="application/json", headers=attached(file))

    return routes


def _month_page(
    connection: Connection, desk: Desk, opened: OpenedMonth, own: UnitResult | None, language: Language
) -> dict[str, Any]:
    version, ranking = opened.version, opened.ranking
    return {
        "city": opened.city,
        "reader": opened.post.name,
        "token": opened.token,
        "month": month_words(version.month, language),
        "version": version,
        "draft": version.published_at is None,
        "why": word("evaluation_why", version.why, language),
        "made_at": opened.moment(version.made_at, language),
        "window_until": opened.moment(version.window_until, language),
        "window_open": opened.now <= version.window_until,
        "scheme": version.result.scheme,
        "oversees": opened.oversees,
        "months": path_of(desk.link_key, months_link(opened.post.code), opened.now),
        "documents": list(newest_documents(connection, opened.subject)),
        "versions": _versions(connection, opened, own, language) if sees_drafts(opened.post) else (),
        "appeals": _appeals(connection, desk, opened, own, language) if sees_drafts(opened.post) else (),
        **(_own_part(connection, opened, own, language) if own else {"own": None}),
        "ranking": _ranking(ranking, opened, language) if ranking else (),
    }


def _own_part(connection: Connection, opened: OpenedMonth, own: UnitResult, language: Language) -> dict[str, Any]:
    result = opened.version.result
    entries = {f"#{entry.number}": entry for entry in entries_of(connection, opened.subject, own.unit)}
    return {
        "own": own,
        "score": shown_score(result, own.score),
        "grade": _grade(result, own, language),
        "none": word("evaluation_none", own.why_none, language) if own.why_none else "",
        "figures": _figures(own, opened.token, language),
        "inputs": [
            _input(opened, each, entries, language) for each in own.inputs if each.value is None or each.entries
        ],
        "steps": _steps(result, own, language),
        "before": [
            {"label": label, "score": shown_score(result, each.score), "rank": each.rank}
            for label, each in (("last_month", own.last_month), ("last_year", own.last_year))
            if each is not None and each.score is not None
        ],
    }


def _figures(own: UnitResult, token: str, language: Language) -> tuple[FigureLine, ...]:
    return tuple(
        FigureLine(word("count", name, language), own.scoring[name], f"/evaluation/{token}/cases/{name}")
        for name in BEHIND_DUE
    )


def _input(
    opened: OpenedMonth, told: ManualInput, entries: Mapping[str, StoredEntry], language: Language
) -> dict[str, Any]:
    """What was entered or counted beside the cases: each entry with who made it and what shows it."""
    made = [(name, entries.get(name)) for name in told.entries]
    return {
        "title": told.title.zh if language == "zh" else told.title.en,
        "value": None if told.value is None else str(told.value),
        "made": [name if entry is None else _entry_words(opened, name, entry, language) for name, entry in made],
    }


def _entry_words(opened: OpenedMonth, name: str, entry: StoredEntry, language: Language) -> str:
    holder = opened.city.posts.get(entry.by)
    who = holder.name if holder else entry.by
    parts = (name, opened.moment(entry.at, language), who, entry.evidence, entry.words)
    return " · ".join(part for part in parts if part)


def _versions(
    connection: Connection, opened: OpenedMonth, own: UnitResult | None, language: Language
) -> list[dict[str, Any]]:
    """The versions of the month side by side: of a unit its own figures, else those of the city."""
    told = []
    for version in versions(connection, opened.subject):
        result = version.result
        unit = next((each for each in result.units() if own is not None and each.unit == own.unit), None)
        counts = unit.scoring if unit is not None else result.scoring
        told.append(
            {
                "version": version.version,
                "made_at": opened.moment(version.made_at, language),
                "why": word("evaluation_why", version.why, language),
                "published": version.published_at is not None,
                "score": (shown_score(result, unit.score) if unit else None) or "–",
                "rank": (unit.rank if unit else None) or "–",
                "due": counts["due_to_close"],
                "on_time": counts["closed_on_time"],
                "exempt": counts["exempt"],
                "overdue": counts["overdue_open"],
            }
        )
    return told


def _appeals(
    connection: Connection, desk: Desk, opened: OpenedMonth, own: UnitResult | None, language: Language
) -> list[dict[str, Any]]:
    """Appeals against cases of the month as they stand now: of a unit its own, else all."""
    if own is None and not opened.oversees:
        return []
    found = appeals_of(connection, opened.version, own.unit if own else None)
    return [
        {
            "case": appeal.case,
            "unit": opened.city.units[appeal.unit].name if appeal.unit in opened.city.units else appeal.unit,
            "state": word("request_state", appeal.state, language),
            "asked_at": opened.moment(appeal.asked_at, language),
            "reason": appeal.reason,
            "path": path_of(desk.link_key, Link(opened.post.code, Purpose.CASE, appeal.case), opened.now),
        }
        for appeal in found
    ]


def _steps(result: EvaluationResult, own: UnitResult, language: Language) -> tuple[dict[str, Any], ...]:
    """Each step in words: what it is called, how it is reckoned, what was put in, what came out."""
    names = _names(result, own, language)
    told = []
    for step in own.steps:
        called = step.get("name")
        put_in = "; ".join(
            f"{names.get(name, name)} = {_number(value)}" for name, value in (step.get("values") or {}).items()
        )
        told.append(
            {
                "kind": word("score_step", step["kind"], language),
                "name": called[language] if called else names.get(step["item"], step["item"]),
                "formula": _in_words(step.get("formula") or "", names),
                "values": put_in,
                "result": _number(step.get("result")),
                "note": step.get("note", ""),
            }
        )
    return tuple(told)


def _names(result: EvaluationResult, own: UnitResult, language: Language) -> dict[str, str]:
    """What the names of formulas are called: counts, ratios, what is entered, the system score and the score."""
    titles = [(each.code, each.title) for each in result.scheme.ratios]
    titles += [(each.code, each.title) for each in own.inputs]
    return {
        **{name: word("count", name, language) for name in own.scoring},
        **{code: title.zh if language == "zh" else title.en for code, title in titles},
        **{kind: word("score_step", kind, language) for kind in ("system", "score")},
    }


def _in_words(formula: str, names: Mapping[str, str]) -> str:
    """A formula with what its names are called. Example: 60 * on_time_closure_rate -> 60 × 按期结案率."""
    return _NAME.sub(lambda found: names.get(found[0], found[0]), formula).replace("*", "×")


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
            "opens": opened.oversees,
        }
        for group in result.groups
        if group.units
    )


def _grade(result: EvaluationResult, unit: UnitResult, language: Language) -> str:
    found = next((g.title for g in result.scheme.grades if g.code == unit.grade), None)
    return "" if found is None else found.zh if language == "zh" else found.en
