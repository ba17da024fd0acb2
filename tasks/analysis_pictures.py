"""Pictures of an analysis: each day against its usual, and the hot spots."""

from collections.abc import Sequence

from models.rises import Day
from tasks.analysis_lines import Line
from tasks.bulletin_figures import whole
from tasks.bulletin_look import Look
from tasks.bulletin_svg import BAD, FAINT, GOOD, INK, SOFT, TRACK, Canvas, Picture, fitted, text_width
from tasks.words import word

MOST_LABELS = 10
"""Days up to which each column carries its number and weekday."""


def days_chart(look: Look, days: Sequence[Day]) -> Picture:
    """A column a day, those that rose in another colour; a line across each shows what is usual on that weekday."""
    language, ground, reach = look.language, 190.0, 132.0
    canvas = Canvas(look.width, 240)
    usual_of = {each.day: each.usual.median for each in days if each.usual}
    most = max([1, *(each.count for each in days), *(int(value) + 1 for value in usual_of.values())])
    step = (look.width - 48) / max(len(days), 7)
    few = len(days) <= MOST_LABELS
    for number, each in enumerate(days):
        x, wide = 44 + step * number, max(step * 0.62, 1)
        middle, top = x + wide / 2, ground - reach * each.count / most
        canvas.box(x, top, wide, ground - top, BAD if each.risen else GOOD, 2 if few else 0)
        if each.day in usual_of:
            level = ground - reach * float(usual_of[each.day]) / most
            canvas.line(x - step * 0.12, level, x + wide + step * 0.12, level, INK, 2)
        if few:
            above = min(top, ground - reach * float(usual_of.get(each.day, 0)) / most)
            canvas.text(middle, above - 6, whole(each.count), 12, BAD if each.risen else INK, "middle")
            canvas.text(middle, ground + 32, word("weekday", each.day.weekday(), language), 11.5, SOFT, "middle")
        if few or number % -(-len(days) // MOST_LABELS) == 0:
            canvas.text(middle, ground + 16, f"{each.day.month}.{each.day.day}", 11.5, INK, "middle")
    canvas.line(36, ground, look.width, ground, FAINT)
    canvas.text(32, ground + 4, "0", 11, SOFT, "end")
    canvas.text(32, ground - reach + 4, whole(most), 11, SOFT, "end")
    _legend(canvas, look, "cases", "risen", "usual")
    return canvas.picture(word("analysis_table", "days", language))


def _legend(canvas: Canvas, look: Look, *codes: str) -> None:
    x = 44.0
    for code in codes:
        said = word("analysis_legend", code, look.language)
        if code.startswith("usual"):
            canvas.line(x, 16, x + 14, 16, INK, 2)
        else:
            canvas.box(x, 10, 11, 11, BAD if code == "risen" else GOOD, 2)
        canvas.text(x + 18, 20, said, 12, SOFT)
        x += text_width(said, 12) + 38


def hot_chart(look: Look, lines: Sequence[Line]) -> Picture:
    """A bar a hot spot, with a mark for what is usual."""
    row, left, right = look.row, look.width * 0.42, 46.0
    shown = lines[: look.rows]
    canvas = Canvas(look.width, 36 + row * len(shown))
    values = [float(str(value)) for line in shown for value in (line["count"], line["usual"]) if value is not None]
    most, room = max(values, default=1.0) or 1.0, look.width - left - right
    for number, line in enumerate(shown):
        y = 30 + row * number
        name = word("analysis", "where", look.language).format(area=line["area"], what=line["class"])
        canvas.text(left - 8, y + row * 0.66, fitted(name, 12, left - 12), 12, INK, "end")
        canvas.box(left, y + row * 0.2, room, row * 0.6, TRACK, 2)
        count = float(str(line["count"]))
        canvas.box(left, y + row * 0.2, room * count / most, row * 0.6, GOOD, 2)
        if line["usual"] is not None:
            x = left + room * float(str(line["usual"])) / most
            canvas.line(x, y + row * 0.08, x, y + row * 0.92, INK, 2)
        canvas.text(look.width - right + 6, y + row * 0.66, whole(int(count)), 12, INK)
    _legend(canvas, look, "cases_of_period", "usual_of_period")
    return canvas.picture(word("analysis_table", "hot", look.language))
