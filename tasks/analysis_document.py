"""The report of an analysis before it is a file: the parts a bulletin has as well, so that one page shows both."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from models.city import City
from models.hot_spots import HotSpot
from models.period_analysis import Analysis
from tasks.analysis_lines import Line, Lines, Value, plain
from tasks.analysis_pictures import days_chart, hot_chart
from tasks.bulletin_document import Bulletin, Part, Section, with_numbers
from tasks.bulletin_figures import MISSING, percent, whole
from tasks.bulletin_look import Look
from tasks.bulletin_page import LIST_OF_CASES
from tasks.bulletin_tables import Align, Table
from tasks.wording import clean, day_words, moment_words
from tasks.words import Language, word

ROWS_SHOWN = 15
"""Rows of a table on the page; the workbook has all."""

TENTH = Decimal("0.1")

CASES_SHOWN = 200
"""Case numbers of one finding on the page; the workbook and the canonical JSON have all."""

_WIDE = frozenset({"place", "cases", "rule", "finding"})
_TEXTS = frozenset({"class", "area", "position", "sources", "verdict", "source", "case", "previous", "figure", *_WIDE})


def compose_analysis(analysis: Analysis, city: City, look: Look) -> Bulletin:
    """The report in the language and width of a look."""
    language = look.language
    text = _Text(analysis, city, look)
    parts = [(code, inside) for code, inside in text.sections() if inside]
    sections = [
        Section(code, word("bulletin_heading", f"number_{number}", language) + _heading(code, language), tuple(inside))
        for number, (code, inside) in enumerate(parts, 1)
    ]
    dated = analysis.counted_until.astimezone(city.zone)
    name = clean(city.name if language == "zh" else city.english_name)
    return Bulletin(
        language=language,
        city=name,
        red_head=text.say("red_head", city=name),
        number=text.number(),
        version=text.part(),
        title=text.title(),
        addressed=text.say("addressed"),
        lead=tuple(text.lead()),
        sections=with_numbers(sections, language),
        annexes=(),
        annex_list=(),
        issuer=text.say("issuer", city=name),
        date=day_words(dated.date(), language),
        proof=text.say("proof", digest=digest_of(analysis), edition=analysis.edition[:16]),
        sealed="",
        dated=dated,
    )


def digest_of(analysis: Analysis) -> str:
    """The digest by which a reader sees that two reports say the same."""
    return sha256(analysis.written()).hexdigest()


def lead_of(analysis: Analysis, city: City, look: Look) -> list[str]:
    """The few sentences that say it all."""
    return list(_Text(analysis, city, look).lead())


def table_of_lines(name: str, lines: Sequence[Line], language: Language, leave_out: Sequence[str] = ()) -> Table:
    """Lines as a table of texts."""
    columns = [column for column in lines[0] if column not in leave_out]
    return Table(
        name,
        word("analysis_table", name, language),
        tuple(word("analysis_column", column, language) for column in columns),
        tuple(tuple(shown(column, line[column], language) for column in columns) for line in lines),
        tuple(_align(column) for column in columns),
        tuple(30.0 if column in _WIDE else 12.0 for column in columns),
    )


def shown(column: str, value: Value, language: Language) -> str:
    """A value as people read it; what is not known is a dash."""
    if value is None:
        return MISSING
    if isinstance(value, tuple):
        rest = len(value) - CASES_SHOWN
        more = [word("analysis", "more_cases", language).format(number=whole(rest))] if rest > 0 else []
        return word("bulletin", "separator", language).join([*value[:CASES_SHOWN], *more])
    if isinstance(value, Decimal):
        words = {"share": percent, "change": signed_words}.get(column, number_words)
        return words(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        weekday = word("weekday", value.weekday(), language)
        return word("analysis", "day", language).format(
            year=value.year, month=value.month, day=value.day, weekday=weekday
        )
    return whole(value) if isinstance(value, int) else clean(value)


def number_words(value: Decimal) -> str:
    """A number of cases, to a tenth. Example: number_words(Decimal("1047.50")) is "1,047.5"."""
    return f"{value.quantize(TENTH):,}".removesuffix(".0")


def signed_words(value: Decimal) -> str:
    """A change in cases. Example: signed_words(Decimal("-2.5")) is "−2.5"."""
    return f"{'+' if value > 0 else ''}{number_words(value)}".replace("-", "−")


def _align(column: str) -> Align:
    return "left" if column in _TEXTS else "center" if column in ("rank", "day", "last") else "right"


def _heading(code: str, language: Language) -> str:
    return word("analysis_heading", code, language)


class _Text:
    """The sentences and parts of one report."""

    def __init__(self, analysis: Analysis, city: City, look: Look) -> None:
        self._analysis, self._city, self._look, self._language = analysis, city, look, look.language
        self._lines = Lines(analysis, city, look.language)
        self.say = self._lines.say

    def title(self) -> str:
        """What the report is called."""
        span, name = self._analysis.span, self._city.name if self._language == "zh" else self._city.english_name
        first, last = (day_words(day, self._language) for day in (span.first, span.last))
        return self.say("title", city=clean(name), first=first, last=last)

    def number(self) -> str:
        """The week, or how long the period is."""
        days = self._analysis.span.days
        if len(days) == 7 and days[0].weekday() == 0:
            year, week, _ = days[0].isocalendar()
            return self.say("week", year=year, week=week)
        return self.say("period", days=len(days))

    def part(self) -> str:
        """Of which part of the city it speaks."""
        span, said = self._analysis.span, []
        if span.area is not None:
            said.append(self.say("of_area", area=self._lines.area_name(span.area)))
        if span.unit is not None:
            found = self._city.units.get(span.unit)
            said.append(self.say("of_unit", unit=clean(found.name) if found else span.unit))
        return "　".join(said) or self.say("whole_city")

    def lead(self) -> Iterator[str]:
        """What a leader reads who reads no further."""
        analysis = self._analysis
        against = self._against(analysis.analysed, analysis.usual)
        totals = {"reported": analysis.reported, "analysed": analysis.analysed, **analysis.left_out}
        told = {name: whole(value) for name, value in totals.items()}
        yield self.say("lead_total", part=self.part(), against=against, **told)
        yield self._lead_hot()
        yield self._lead_back()
        yield from self._lead_rise()
        if analysis.open:
            until = moment_words(analysis.counted_until, self._language, self._city.zone)
            yield self.say("open", until=until)

    def _lead_hot(self) -> str:
        spots = self._analysis.hot_spots
        if not spots.named:
            return self.say("lead_no_hot", least=self._analysis.rules.hot_least)
        top: HotSpot = spots.named[0]
        more = self.say("more_spots", number=whole(spots.unnamed)) if spots.unnamed else ""
        return self.say(
            "lead_hot",
            number=len(spots.named),
            more_spots=more,
            where=self._where(top.class_code, top.area),
            count=whole(top.count),
            share=percent(top.share),
            against=self._against(top.count, top.usual),
        )

    def _lead_back(self) -> str:
        back = self._analysis.recurrences
        if not back.places:
            return self.say("lead_no_back", compared=whole(back.compared))
        top = back.places[0]
        place = clean(top.place) or self._lines.area_name(top.area)
        return self.say(
            "lead_back",
            count=whole(back.count),
            share=percent(back.share),
            places=whole(len(back.places)),
            where=self.say("where", area=place, what=self._lines.class_name(top.class_code)),
            times=len(top.recurrences),
        )

    def _lead_rise(self) -> Iterator[str]:
        rises, not_judged = self._analysis.rises, self._not_judged()
        if rises.found:
            top = rises.found[0]
            day = shown("day", top.day, self._language)
            area = self._lines.area_name(top.area) if top.area else self.say("whole_city")
            what = self._lines.class_name(top.class_code) if top.class_code else self.say("every_class")
            where = self.say("where", area=area, what=what)
            usual, number = number_words(top.usual.median), whole(len(rises.found))
            yield self.say("lead_rise", number=number, day=day, where=where, count=whole(top.count), usual=usual)
        elif len(not_judged) < len(rises.days):
            yield self.say("lead_no_rise")
        if not_judged:
            yield self.say("no_history", days=len(not_judged), least=self._analysis.rules.usual_weeks_least)

    def sections(self) -> Iterator[tuple[str, list[Part]]]:
        """Every section in its order."""
        yield "overview", [self._key_table(), days_chart(self._look, self._analysis.rises.days)]
        yield "hot", list(self._hot())
        yield "recurrences", list(self._recurrences())
        yield "rises", list(self._rises())
        yield "cases", list(self._cases())
        yield "method", [self.say("said_by"), self._table("rules", self._lines.rules())]

    def _hot(self) -> Iterator[Part]:
        rules, lines = self._analysis.rules, self._lines.hot()
        facts = {"least": rules.hot_least, "most": rules.hot_most, "weeks": rules.usual_weeks}
        yield self.say("hot_intro" if self._analysis.spans else "hot_intro_alone", spans=self._analysis.spans, **facts)
        if not lines:
            yield self.say("none")
            return
        yield hot_chart(self._look, lines)
        yield self._table("hot", lines, "cases")

    def _recurrences(self) -> Iterator[Part]:
        analysis, lines = self._analysis, self._lines.recurrences()
        back, points = analysis.recurrences, self._lines.points()
        yield self.say("back_intro", metres=analysis.rules.recurs_metres, days=analysis.rules.recurs_days)
        on_points = sum(len(point.cases) for point in back.default_points)
        apart = {"unplaced": len(back.without_position), "unclassed": len(back.without_class), "default": on_points}
        told = {name: whole(value) for name, value in {**apart, "compared": back.compared}.items()}
        yield self.say("back_apart", **told)
        if len(lines) > ROWS_SHOWN:
            yield self.say("places_shown", number=whole(len(lines)), most=ROWS_SHOWN)
        yield self._table("recurrences", lines[:ROWS_SHOWN], "cases", "position") if lines else self.say("none")
        if points:
            yield self.say("points_intro")
            yield self._table("points", points[:ROWS_SHOWN], "cases")

    def _rises(self) -> Iterator[Part]:
        rules, lines, not_judged = self._analysis.rules, self._lines.rises(), self._not_judged()
        facts = {"weeks": rules.usual_weeks, "over": rules.rise_over, "least": rules.rise_least}
        yield self.say("rise_intro", deviations=plain(rules.deviations), **facts)
        if not_judged:
            which = "、".join(str(day) for day in not_judged[:7]) + ("……" if len(not_judged) > 7 else "")
            yield self.say("rise_not_judged", least=rules.usual_weeks_least, days=len(not_judged), which=which)
        if len(lines) > ROWS_SHOWN:
            yield self.say("rises_shown", number=whole(len(lines)), most=ROWS_SHOWN)
        yield self._table("rises", lines[:ROWS_SHOWN], "cases") if lines else self.say("none")
        yield self._table("days", self._lines.days())

    def _cases(self) -> Iterator[Part]:
        parts: Mapping[str, Sequence[Line]] = {
            "hot": self._lines.hot(),
            "recurrences": self._lines.recurrences()[:ROWS_SHOWN],
            "rises": self._lines.rises()[:ROWS_SHOWN],
            "apart": self._lines.apart(),
        }
        for code, lines in parts.items():
            behind: list[Line] = [
                {"finding": self._lines.finding(line), "count": _number_of(line), "cases": line["cases"]}
                for line in lines
            ]
            if behind:
                yield self._table(f"{LIST_OF_CASES}{code}", behind)

    def _key_table(self) -> Table:
        analysis = self._analysis
        back, usual = analysis.recurrences, analysis.usual
        rises = MISSING if len(self._not_judged()) == len(analysis.rises.days) else whole(len(analysis.rises.found))
        change = "" if usual is None else signed_words(analysis.analysed - usual)
        rows = {
            "reported": (whole(analysis.reported), "", ""),
            "analysed": (whole(analysis.analysed), MISSING if usual is None else number_words(usual), change),
            "hot": (whole(len(analysis.hot_spots.named)), "", ""),
            "recurrences": (whole(back.count), "", ""),
            "recurrence_share": (percent(back.share), "", ""),
            "rises": (rises, "", ""),
        }
        heads = tuple(word("analysis_column", code, self._language) for code in ("figure", "now", "usual", "change"))
        cells = tuple((word("analysis_figure", code, self._language), *values) for code, values in rows.items())
        title = word("analysis_table", "key_figures", self._language)
        aligned: tuple[Align, ...] = ("left", "right", "right", "right")
        return Table("key_figures", title, heads, cells, aligned, (30, 15, 15, 15), tuple(rows))

    def _table(self, name: str, lines: Sequence[Line], *leave_out: str) -> Table:
        return table_of_lines(name, lines, self._language, leave_out)

    def _not_judged(self) -> list[date]:
        return [each.day for each in self._analysis.rises.days if each.usual is None]

    def _against(self, count: int, usual: Decimal | None) -> str:
        if self._analysis.open:
            return self.say("not_over")
        if usual is None:
            return self.say("no_usual")
        if count == usual:
            return self.say("same")
        return self.say("more" if count > usual else "fewer", number=number_words(abs(count - usual)))

    def _where(self, class_code: str | None, area: str | None) -> str:
        return self.say("where", area=self._lines.area_name(area), what=self._lines.class_name(class_code))


def _number_of(line: Line) -> int:
    cases = line["cases"]
    return len(cases) if isinstance(cases, tuple) else 0
