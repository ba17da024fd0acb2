"""Pictures of the course of things: twelve months of the city, the days of the month, and what the cases were about."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tasks.bulletin_figures import MonthPoint, percent, whole
from tasks.bulletin_look import Look
from tasks.bulletin_svg import BAD, FAINT, GOOD, INK, LATE, SOFT, TRACK, Canvas, Picture, fitted, text_width

_TEAL = "#0f8a65"
CLASSES_DRAWN = 12

_Label = tuple[str, str, str]
"""Name, value and colour at the end of a line."""


def trend_chart(look: Look, points: Sequence[MonthPoint]) -> Picture:
    """Closure and closure on time as lines, the cases due as columns below; a month that is not known breaks them."""
    width, say = look.width, look.say
    top, bottom, ground, right = 40.0, 190.0, 268.0, width - 132
    canvas = Canvas(width, 300)
    known = [float(each) for one in points for each in (one.closure, one.on_time) if each is not None]
    low = _low(min(known, default=0.0))
    step = (right - 58) / max(len(points) - 1, 1)
    at = [58 + step * number if len(points) > 1 else (58 + right) / 2 for number in range(len(points))]

    def y(value: Decimal | float) -> float:
        return bottom - (float(value) - low) / (1 - low) * (bottom - top)

    for tick in (low, (low + 1) / 2, 1.0):
        canvas.line(46, y(tick), right + 8, y(tick), TRACK)
        canvas.text(40, y(tick) + 4, f"{tick * 100:g}%", 11, SOFT, "end")
    ends: list[tuple[float, _Label]] = []
    for code, colour in (("closure_rate", _TEAL), ("on_time_closure_rate", GOOD)):
        values = [one.closure if code == "closure_rate" else one.on_time for one in points]
        for part in _unbroken(list(zip(at, values, strict=True))):
            canvas.path([(x, y(value)) for x, value in part], colour, 2.6)
            for x, value in part:
                canvas.dot(x, y(value), 3.2, colour)
        if values and values[-1] is not None:
            ends.append((y(values[-1]), (say(code), percent(values[-1]), colour)))
    for end, (said, shown, colour) in _apart(ends, 30):
        canvas.text(right + 14, end - 2, fitted(said, 11.5, 102), 11.5, colour)
        canvas.text(right + 14, end + 12, shown, 12.5, colour)
    _columns(canvas, points, at, ground, look)
    return canvas.picture(look.caption("trend"))


def _columns(canvas: Canvas, points: Sequence[MonthPoint], at: Sequence[float], ground: float, look: Look) -> None:
    most = max((one.due or 0 for one in points), default=0) or 1
    wide = min(30.0, (canvas.width - 180) / max(len(points), 1) * 0.62)
    fits = text_width(whole(most), 10.5) < (canvas.width - 176) / max(len(points), 1)
    for number, (one, x) in enumerate(zip(points, at, strict=True)):
        last = number == len(points) - 1
        if one.due is not None:
            height = 42 * one.due / most
            canvas.box(x - wide / 2, ground - height, wide, height, INK if last else FAINT, 2)
            if fits or last:
                canvas.text(x, ground - height - 4, whole(one.due), 10.5, INK if last else SOFT, "middle")
        month = int(one.month[5:])
        label = f"{one.month[2:4]}.{month}" if number == 0 or month == 1 else f"{month}"
        canvas.text(x, ground + 16, label, 11.5, INK if last else SOFT, "middle")
    canvas.line(46, ground, canvas.width - 110, ground)
    canvas.text(canvas.width - 104, ground - 4, fitted(look.say("due_to_close"), 11.5, 100), 11.5, SOFT)
    canvas.text(canvas.width - 104, ground + 16, fitted(look.say("month"), 11.5, 100), 11.5, SOFT)


def day_strip(look: Look, by_day: Mapping[str, Mapping[str, int]]) -> Picture:
    """A column a day: filed above the line, closed below it; weekends stand on grey."""
    width, say = look.width, look.say
    canvas, middle, reach = Canvas(width, 218), 112.0, 72.0
    days = sorted(by_day)
    most = max((by_day[day].get(name, 0) for day in days for name in ("filed", "closed")), default=0) or 1
    # A month that has only begun keeps the room of its days to come.
    step = (width - 44) / max(len(days), 28)
    for number, day in enumerate(days):
        x, wide = 40 + step * number, max(step * 0.68, 2)
        filed, closed = by_day[day].get("filed", 0), by_day[day].get("closed", 0)
        if date.fromisoformat(day).weekday() >= 5:
            canvas.box(x - step * 0.16, middle - reach - 8, step, 2 * reach + 34, TRACK)
        canvas.box(x, middle - reach * filed / most, wide, reach * filed / most, GOOD)
        canvas.box(x, middle + 18, wide, reach * closed / most, _TEAL)
        if int(day[8:]) in (1, 5, 10, 15, 20, 25, 30) or len(days) <= 10:
            canvas.text(x + wide / 2, middle + 13.5, str(int(day[8:])), 11, INK, "middle")
    canvas.line(36, middle - reach, 40, middle - reach, SOFT)
    canvas.text(34, middle - reach + 4, whole(most), 11, SOFT, "end")
    canvas.text(34, middle + 4, "0", 11, SOFT, "end")
    x = 40.0
    total = {name: sum(by_day[day].get(name, 0) for day in days) for name in ("filed", "closed")}
    for name, colour in (("filed", GOOD), ("closed", _TEAL)):
        said = f"{say(f'day_{name}')} {whole(total[name])}"
        canvas.box(x, 9, 11, 11, colour, 2)
        canvas.text(x + 16, 19, said, 12, SOFT)
        x += text_width(said, 12) + 40
    canvas.box(x, 9, 11, 11, TRACK, 2)
    canvas.text(x + 16, 19, say("weekend"), 12, SOFT)
    return canvas.picture(look.caption("days"))


def classes_chart(look: Look, by_class: Mapping[str, Mapping[str, int]]) -> Picture:
    """A bar a large class of cases due: closed on time, closed late, still open; the rare ones together."""
    width, say = look.width, look.say
    rows = _largest(by_class, say("other"))
    canvas = Canvas(width, 40 + 25 * len(rows) + 6)
    left, right = 10 + width * 0.22, width - 130
    most = max((due for _, due, _, _ in rows), default=0) or 1
    parts = (("closed_on_time", GOOD), ("closed_late", LATE), ("still_open", BAD))
    x = 2.0
    for code, colour in parts:
        said = say(code)
        canvas.box(x, 9, 11, 11, colour, 2)
        canvas.text(x + 16, 19, said, 12, SOFT)
        x += text_width(said, 12) + 34
    canvas.text(width - 66, 31, say("cases"), 11.5, SOFT, "end")
    canvas.text(width - 4, 31, say("on_time_short"), 11.5, SOFT, "end")
    for number, (name, due, closed, on_time) in enumerate(rows):
        top, start = 38 + 25 * number, left
        canvas.text(left - 10, top + 16.5, fitted(name, 13, left - 12), 13, INK, "end")
        for value, colour in ((on_time, GOOD), (closed - on_time, LATE), (due - closed, BAD)):
            wide = value / most * (right - left)
            canvas.box(start, top + 5, max(wide - 0.8, min(wide, 0.8)), 15, colour)
            start += wide
        canvas.text(width - 66, top + 16.5, whole(due), 12.5, INK, "end")
        canvas.text(width - 4, top + 16.5, percent(Decimal(on_time) / due if due else None), 12.5, SOFT, "end")
    return canvas.picture(look.caption("classes"))


def _largest(by_class: Mapping[str, Mapping[str, int]], other: str) -> list[tuple[str, int, int, int]]:
    rows = [
        (name, counts["due_to_close"], counts.get("closed", 0), counts.get("closed_on_time", 0))
        for name, counts in by_class.items()
        if counts.get("due_to_close")
    ]
    rows.sort(key=lambda row: (-row[1], row[0]))
    rare = rows[CLASSES_DRAWN:]
    if rare:
        due, closed = sum(row[1] for row in rare), sum(row[2] for row in rare)
        rows = [*rows[:CLASSES_DRAWN], (other, due, closed, sum(row[3] for row in rare))]
    return rows


def _unbroken(points: Sequence[tuple[float, Decimal | None]]) -> list[list[tuple[float, Decimal]]]:
    found: list[list[tuple[float, Decimal]]] = [[]]
    for x, value in points:
        if value is None:
            found.append([])
        else:
            found[-1].append((x, value))
    return [part for part in found if part]


def _apart(labels: list[tuple[float, "_Label"]], room: float) -> list[tuple[float, "_Label"]]:
    """Labels at their places, moved down just so far that none lies on another."""
    found: list[tuple[float, _Label]] = []
    for place, said in sorted(labels, key=lambda label: label[0]):
        found.append((max(place, found[-1][0] + room) if found else place, said))
    return found


def _low(lowest: float) -> float:
    return next((step for step in (0.96, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2) if lowest >= step + (1 - step) * 0.1), 0.0)
