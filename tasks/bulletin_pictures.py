"""Which pictures a bulletin shows; none is drawn where there is nothing to see."""

from collections.abc import Sequence

from models.evaluation_result import EvaluationResult, GroupResult, UnitResult
from tasks.bulletin_course_chart import classes_chart, day_strip, trend_chart
from tasks.bulletin_figures import trend, unit_share
from tasks.bulletin_look import Look
from tasks.bulletin_ranking_chart import on_time_chart, ranking_chart
from tasks.bulletin_svg import Picture
from tasks.wording import clean


def month_pictures(look: Look, result: EvaluationResult, previous: Sequence[EvaluationResult]) -> list[Picture]:
    """The course of the months and of the days."""
    points = trend(result, previous)
    found = [trend_chart(look, points)] if sum(one.closure is not None for one in points) > 1 else []
    if any(counts.get(name) for counts in result.by_day.values() for name in ("filed", "closed")):
        found.append(day_strip(look, result.by_day))
    return found


def ranking_pictures(look: Look, result: EvaluationResult, group: GroupResult) -> list[Picture]:
    """The ranking of a group; nothing where nobody has a score."""
    if not any(unit.score is not None for unit in group.units):
        return []
    name = clean(group.title.zh if look.language == "zh" else group.title.en)
    title, parts = look.caption("ranking").format(group=name), split(group.units, look.rows)
    titles = [_part(look, title, number, len(parts)) for number in range(1, len(parts) + 1)]
    return [ranking_chart(look, title, rows, result) for title, rows in zip(titles, parts, strict=True)]


def on_time_pictures(look: Look, result: EvaluationResult) -> list[Picture]:
    """Every unit beside the whole city; nothing for a single one."""
    units = [unit for unit in result.units() if unit.scoring.get("due_to_close")]
    if len(units) < 2:
        return []
    units.sort(key=lambda unit: (-(unit_share(unit, "on_time_closure_rate") or 0), unit.unit))
    parts = split(units, look.rows)
    titles = [_part(look, look.caption("on_time"), number, len(parts)) for number in range(1, len(parts) + 1)]
    return [on_time_chart(look, title, rows, result) for title, rows in zip(titles, parts, strict=True)]


def class_pictures(look: Look, result: EvaluationResult) -> list[Picture]:
    """What the cases were about."""
    drawn = any(counts.get("due_to_close") for counts in result.by_class.values())
    return [classes_chart(look, result.by_class)] if drawn else []


def split(rows: Sequence[UnitResult], most: int) -> list[Sequence[UnitResult]]:
    """Rows in even parts of at most so many. Example: 60 rows, at most 32 -> 30 and 30."""
    parts = -(-len(rows) // most) or 1
    size = -(-len(rows) // parts) or 1
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _part(look: Look, title: str, number: int, parts: int) -> str:
    return title if parts == 1 else look.caption("part").format(title=title, part=number, parts=parts)
