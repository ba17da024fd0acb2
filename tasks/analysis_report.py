"""An analysis in the words of officials: lines of tables, and the page that a leader reads first."""

from collections.abc import Mapping, Sequence

from models.city import City
from models.period_analysis import Analysis
from tasks.words import Language, word

Line = Mapping[str, object]

CASES_SHOWN = 200
"""Case numbers in one cell; the JSON of an analysis has all."""


def hot_lines(analysis: Analysis, city: City) -> list[dict[str, object]]:
    """Each hot spot with its cases."""
    return [
        {
            "class": city.catalogue.minor_name(spot.class_code),
            "area": area_name(city, spot.area),
            "count": len(spot.cases),
            "share": f"{100 * spot.share:.1f}%",
            "usual": None if spot.usual is None else round(spot.usual, 1),
            "cases": _numbers(spot.cases),
        }
        for spot in analysis.hot_spots
    ]


def recurrence_lines(analysis: Analysis, city: City) -> list[dict[str, object]]:
    """Each place where something came back, with its chain of cases."""
    return [
        {
            "class": city.catalogue.minor_name(each.class_code),
            "area": area_name(city, each.area),
            "times": len(each.cases),
            "place": f"{each.longitude:.5f}, {each.latitude:.5f}",
            "cases": _numbers(each.cases),
        }
        for each in analysis.recurrences
    ]


def rise_lines(analysis: Analysis, city: City) -> list[dict[str, object]]:
    """Each day that rose above its usual, with its cases."""
    return [
        {
            "day": rise.day.isoformat(),
            "class": city.catalogue.minor_name(rise.class_code) if rise.class_code else "",
            "area": area_name(city, rise.area) if rise.area else "",
            "count": rise.count,
            "usual": rise.usual,
            "spread": rise.spread,
            "cases": _numbers(rise.cases),
        }
        for rise in analysis.rises
    ]


def area_name(city: City, code: str | None) -> str:
    """What a town is called; its code where the directory has none of it."""
    found = city.areas.get(code or "")
    return found.name if found else code or ""


def report_page(analysis: Analysis, city: City, language: Language = "zh") -> str:
    """The analysis as Markdown: what was found in sentences, then the tables."""

    def say(code: str, **facts: object) -> str:
        return word("analysis", code, language).format(**facts)

    hot, back, rises = hot_lines(analysis, city), recurrence_lines(analysis, city), rise_lines(analysis, city)
    parts = [
        f"# {say('title', city=city.name, first=analysis.first, last=analysis.last)}",
        say("total", cases=analysis.cases),
        f"## {say('hot')}",
        _table(hot, language) if hot else say("none"),
        f"## {say('recurrences')}",
        say("recurring", cases=analysis.recurring, places=len(back), unplaced=analysis.without_position),
        *(say("one_point", point=point, cases=number) for point, number in analysis.one_points.items()),
        _table(back, language) if back else say("none"),
        f"## {say('rises')}",
    ]
    if not analysis.enough_history:
        parts.append(say("no_history", weeks=analysis.weeks_of_history))
    else:
        parts.append(_table(rises, language) if rises else say("none"))
    return "\n\n".join([*parts, say("method")]) + "\n"


def _table(lines: Sequence[Line], language: Language) -> str:
    columns = list(lines[0])
    heads = [word("analysis_column", column, language) for column in columns]
    rows = [f"| {' | '.join(_cell(line[column]) for column in columns)} |" for line in lines]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *rows])


def _cell(value: object) -> str:
    return "–" if value is None else str(value).replace("|", "/").replace("\n", " ")


def _numbers(cases: Sequence[str]) -> str:
    shown = "、".join(cases[:CASES_SHOWN])
    return f"{shown} … +{len(cases) - CASES_SHOWN}" if len(cases) > CASES_SHOWN else shown
