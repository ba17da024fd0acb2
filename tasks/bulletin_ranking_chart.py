"""Ranking pictures: scores of a group as bars in the colours of their grades, and who is on time beside the city."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from models.evaluation_result import EvaluationResult, UnitResult
from tasks.bulletin_figures import MISSING, percent, score_text, share, unit_share, whole
from tasks.bulletin_look import Look
from tasks.bulletin_svg import (
    BAD,
    GOOD,
    GRADE_COLOURS,
    INK,
    PLAIN,
    SOFT,
    TRACK,
    Canvas,
    Picture,
    fitted,
    in_two,
    text_width,
)
from tasks.words import Language

HEAD, SIZE, SMALL = 54, 13, 10.5


def ranking_chart(look: Look, title: str, units: Sequence[UnitResult], result: EvaluationResult) -> Picture:
    """A row a unit: rank, name, bar from zero, last month's score as a mark, score, grade, and change of rank."""
    width, say, row = look.width, look.say, look.row
    canvas = Canvas(width, HEAD + row * len(units) + 8)
    left, right = 34 + width * 0.29, width - 168
    colours, names = _grade_looks(result, look.language)
    full = max([Decimal(100), *(unit.score for unit in units if unit.score is not None)])
    _grade_legend(canvas, colours, names, say)
    heads = ((30, "rank", "end"), (42, "unit", "start"), (right + 56, "score", "end"), (right + 68, "grade", "start"))
    for x, code, anchor in (*heads, (width - 4, "rank_change", "end")):
        canvas.text(x, HEAD - 8, say(code), 11.5, SOFT, anchor)
    canvas.line(0, HEAD - 1, width, HEAD - 1)
    for number, unit in enumerate(units):
        middle = HEAD + row * number + row / 2
        _row_head(canvas, middle, unit, left - 50)
        if unit.score is None:
            why = say(f"none_{unit.why_none}")
            canvas.text(left, middle + 4.5, fitted(f"{MISSING}　{why}", 11.5, width - left - 8), 11.5, SOFT)
            continue
        colour = colours.get(unit.grade or "", PLAIN)
        canvas.box(left, middle - 6.5, right - left, 13, TRACK, 2)
        canvas.box(left, middle - 6.5, float(max(unit.score, Decimal(0)) / full) * (right - left), 13, colour, 2)
        before = unit.last_month
        if before is not None and before.score is not None:
            at = left + float(max(before.score, Decimal(0)) / full) * (right - left)
            canvas.line(at, middle - 8.5, at, middle + 8.5, INK, 1.6)
        canvas.text(right + 56, middle + 4.5, score_text(unit.score, result.scheme.digits), SIZE, INK, "end")
        canvas.text(right + 68, middle + 4.5, fitted(names.get(unit.grade or "", ""), 12, 56), 12, colour)
        canvas.text(width - 4, middle + 4.5, rank_change(unit, say), 12, SOFT, "end")
    return canvas.picture(title)


def rank_change(unit: UnitResult, say: Callable[[str], str]) -> str:
    """How many places up or down since last month. Example: "▲2"."""
    before = unit.last_month
    if unit.rank is None or before is None or before.rank is None:
        return MISSING
    places = before.rank - unit.rank
    return say("same_rank") if places == 0 else f"▲{places}" if places > 0 else f"▼{-places}"


def on_time_chart(look: Look, title: str, units: Sequence[UnitResult], result: EvaluationResult) -> Picture:
    """A row a unit: its share closed on time as a dot, joined to the city's; better is to the right."""
    width, say, city = look.width, look.say, share(result.scoring, "closed_on_time", "due_to_close")
    shares = [unit_share(unit, "on_time_closure_rate") for unit in units]
    known = [float(each) for each in (*shares, city) if each is not None]
    low = _floor(min(known, default=0.0))
    left, right = 8 + width * 0.30, width - 136
    canvas, row = Canvas(width, HEAD + look.row * len(units) + 8), look.row

    def x(value: Decimal | float) -> float:
        return left + (float(value) - low) / (1.0 - low) * (right - left)

    for tick in (low, (low + 1) / 2, 1.0):
        canvas.line(x(tick), HEAD - 4, x(tick), HEAD + row * len(units), TRACK)
        canvas.text(x(tick), HEAD - 8, f"{tick * 100:g}%", 11, SOFT, "middle")
    canvas.text(width - 4, HEAD - 8, say("due_to_close"), 11.5, SOFT, "end")
    if city is not None:
        canvas.line(x(city), HEAD - 2, x(city), HEAD + row * len(units), INK, 1.4)
        canvas.text(
            *(min(max(x(city), 90), right), 20, f"{say('city')} {percent(city)}", 12.5, INK),
            "middle" if x(city) < right - 60 else "end",
        )
        canvas.line(x(city), 25, x(city), 32, INK, 1.4)
    for number, (unit, value) in enumerate(zip(units, shares, strict=True)):
        middle = HEAD + row * number + row / 2
        _name(canvas, 2, middle, unit.name, left - 20)
        if value is None:
            canvas.text(left, middle + 4.5, MISSING, SIZE, SOFT)
        else:
            colour = GOOD if city is None or value >= city else BAD
            canvas.line(x(city if city is not None else low), middle, x(value), middle, colour, 2.4)
            canvas.dot(x(value), middle, 5, colour)
            canvas.text(width - 66, middle + 4.5, percent(value), SIZE, colour, "end")
        canvas.text(width - 4, middle + 4.5, whole(unit.scoring.get("due_to_close")), 12, SOFT, "end")
    return canvas.picture(title)


def _row_head(canvas: Canvas, middle: float, unit: UnitResult, room: float) -> None:
    canvas.text(30, middle + 4.5, str(unit.rank) if unit.rank is not None else MISSING, SIZE, INK, "end")
    _name(canvas, 42, middle, unit.name, room)


def _name(canvas: Canvas, x: float, middle: float, said: str, room: float) -> None:
    """A name on one line, or on two smaller ones: it is the whole name wherever there is any room."""
    if text_width(said, SIZE) <= room:
        canvas.text(x, middle + 4.5, said, SIZE)
        return
    lines = in_two(said, SMALL, room)
    size = SMALL if len(lines) == 1 else SMALL - 1
    first = middle + 4 if len(lines) == 1 else middle - 1.5
    for number, line in enumerate(lines):
        canvas.text(x, first + number * 10, line, size)


def _grade_looks(result: EvaluationResult, language: Language) -> tuple[Mapping[str, str], Mapping[str, str]]:
    grades = result.scheme.grades
    colours = {each.code: GRADE_COLOURS.get(each.colour or "", PLAIN) for each in grades}
    return colours, {each.code: each.title.zh if language == "zh" else each.title.en for each in grades}


def _grade_legend(
    canvas: Canvas, colours: Mapping[str, str], names: Mapping[str, str], say: Callable[[str], str]
) -> None:
    x = 2.0
    for code, name in names.items():
        said = fitted(name, 12, 90)
        if x + text_width(said, 12) > canvas.width - 130:
            break
        canvas.box(x, 9, 11, 11, colours[code], 2)
        canvas.text(x + 16, 19, said, 12, SOFT)
        x += 16 + text_width(said, 12) + 16
    canvas.line(x + 3, 7, x + 3, 22, INK, 1.6)
    canvas.text(x + 10, 19, say("mark_last_month"), 12, SOFT)


def _floor(lowest: float) -> float:
    """Where the scale begins: a round value below all."""
    return next((step for step in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2) if lowest >= step), 0.0)
