"""The findings of an analysis as lines: what tables of a run, page and workbook are made of, the words left to each."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal

from models.analysis_rules import AnalysisRules
from models.city import City
from models.period_analysis import Analysis
from tasks.wording import clean
from tasks.words import Language, word

Value = str | int | Decimal | date | datetime | tuple[str, ...] | None
Line = dict[str, Value]
"""Column -> value: a share is in [0, 1], `cases` are all numbers behind the finding, None is not known."""

_NO_RULES = frozenset({"told_to"})


class Lines:
    """The lines of one analysis in one language."""

    def __init__(self, analysis: Analysis, city: City, language: Language) -> None:
        self._analysis, self._city, self._language = analysis, city, language

    def hot(self) -> list[Line]:
        """Each hot spot."""
        return [
            {
                "rank": number,
                "class": self.class_name(spot.class_code),
                "area": self.area_name(spot.area),
                "count": spot.count,
                "share": spot.share,
                "usual": spot.usual,
                "change": _change(spot.count, spot.usual),
                "cases": spot.cases,
            }
            for number, spot in enumerate(self._analysis.hot_spots.named, 1)
        ]

    def recurrences(self) -> list[Line]:
        """Each place where something came back."""
        return [
            {
                "rank": number,
                "class": self.class_name(place.class_code),
                "area": self.area_name(place.area),
                "place": clean(place.place),
                "times": len(place.recurrences),
                "in_all": len(place.cases),
                "last": self.day_of(place.recurrences[-1].reported_at),
                "points": place.points,
                "position": _position(place.longitude, place.latitude),
                "cases": place.cases,
            }
            for number, place in enumerate(self._analysis.recurrences.places, 1)
        ]

    def back(self) -> list[Line]:
        """Each case that came back, with the one before it."""
        return [
            {
                "rank": number,
                "class": self.class_name(place.class_code),
                "area": self.area_name(place.area),
                "case": back.case,
                "reported_at": back.reported_at.astimezone(self._city.zone),
                "previous": back.previous,
                "closed_at": back.closed_at.astimezone(self._city.zone),
                "days": back.days,
                "metres": back.metres,
            }
            for number, place in enumerate(self._analysis.recurrences.places, 1)
            for back in place.recurrences
        ]

    def points(self) -> list[Line]:
        """Each point that seems to be a default address."""
        return [
            {
                "position": _position(point.longitude, point.latitude),
                "count": point.count,
                "classes": point.classes,
                "sources": "、".join(self.source_name(code) for code in point.sources),
                "cases": point.cases,
            }
            for point in self._analysis.recurrences.default_points
        ]

    def rises(self) -> list[Line]:
        """Each day on which something rose."""
        return [
            {
                "rank": number,
                "day": rise.day,
                "class": self.class_name(rise.class_code) if rise.class_code else self.say("every_class"),
                "area": self.area_name(rise.area) if rise.area else self.say("every_area"),
                "count": rise.count,
                "usual": rise.usual.median,
                "bound": rise.usual.bound,
                "change": _change(rise.count, rise.usual.median),
                "cases": rise.cases,
            }
            for number, rise in enumerate(self._analysis.rises.found, 1)
        ]

    def days(self) -> list[Line]:
        """Each day of the period."""
        return [
            {
                "day": each.day,
                "count": each.count,
                "usual": each.usual.median if each.usual else None,
                "bound": each.usual.bound if each.usual else None,
                "weeks": each.weeks,
                "verdict": word(
                    "analysis_verdict",
                    "risen" if each.risen else "usual" if each.usual else "no_history",
                    self._language,
                ),
            }
            for each in self._analysis.rises.days
        ]

    def apart(self) -> list[Line]:
        """What recurrences could not be looked for among."""
        found = self._analysis.recurrences
        on_points = tuple(name for point in found.default_points for name in point.cases)
        parts = {
            "without_position": found.without_position,
            "without_class": found.without_class,
            "default_point": on_points,
        }
        return [
            {"finding": word("analysis_apart", code, self._language), "count": len(names), "cases": names}
            for code, names in parts.items()
            if names
        ]

    def rules(self) -> list[Line]:
        """Each parameter with where it comes from."""
        proposed, rules = AnalysisRules(), self._analysis.rules
        lines: list[Line] = []
        for each in fields(rules):
            if each.name not in _NO_RULES:
                value = getattr(rules, each.name)
                ours = "yuncheng" if each.name == "recurs_metres" else "ours"
                source = ours if value == getattr(proposed, each.name) else "city"
                said = word("analysis_rule", each.name, self._language)
                lines.append({"rule": said, "value": value, "source": word("analysis_source", source, self._language)})
        return lines

    def cases_of(self, lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
        """Each finding with each of its cases."""
        for line in lines:
            cases = line["cases"]
            for name in cases if isinstance(cases, tuple) else ():
                yield self.finding(line), name

    def finding(self, line: Line) -> str:
        """What a line is about, in short."""
        if "finding" in line:
            return str(line["finding"])
        if "class" not in line:
            return str(line["position"])
        day = f"{line['day']} " if "day" in line else ""
        return f"{line['rank']}. {day}{self.say('where', area=line['area'], what=line['class'])}"

    def say(self, code: str, **facts: object) -> str:
        """A sentence of the report."""
        return word("analysis", code, self._language).format(**facts)

    def class_name(self, code: str | None) -> str:
        """What a small class is called."""
        return clean(self._city.catalogue.minor_name(code)) if code else self.say("no_class")

    def area_name(self, code: str | None) -> str:
        """What an area is called; its code where the directory has none of it."""
        found = self._city.areas.get(code or "")
        return clean(found.name) if found else code or self.say("no_area")

    def source_name(self, code: str) -> str:
        """What a source is called."""
        return word("source", code, self._language)

    def day_of(self, moment: datetime) -> date:
        """The day in the city."""
        return moment.astimezone(self._city.zone).date()


def plain(value: Decimal) -> str:
    """A decimal without zeros that say nothing. Example: plain(Decimal("3.50")) is "3.5"."""
    return f"{value.normalize():f}"


def _change(count: int, usual: Decimal | None) -> Decimal | None:
    return None if usual is None else count - usual


def _position(longitude: float, latitude: float) -> str:
    return f"{longitude:.5f}, {latitude:.5f}"
