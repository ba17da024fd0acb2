"""Charts of the bulletin's workbook: drawn by the program that opens it, from the cells beside them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tasks.bulletin_svg import FAINT, GOOD, GRADE_COLOURS, PLAIN

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


def trend_lines(sheet: "Worksheet", head: int, months: int, title: str, place: str) -> None:
    """Closure and closure on time over the months; nothing for a single month."""
    from openpyxl.chart import LineChart, Reference

    if months < 2:
        return
    chart: Any = LineChart()
    chart.title, chart.height, chart.width = title, 9, 20
    chart.y_axis.number_format, chart.y_axis.majorGridlines = "0%", chart.y_axis.majorGridlines
    chart.add_data(Reference(sheet, min_col=3, max_col=4, min_row=head, max_row=head + months), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 1, max_row=head + months))
    for series, colour in zip(chart.series, (GRADE_COLOURS["green"], GOOD), strict=True):
        series.graphicalProperties.line.solidFill, series.graphicalProperties.line.width = colour[1:], 28_000
        series.marker.symbol, series.smooth = "circle", False
    _visible(chart)
    sheet.add_chart(chart, place)


def ranking_bars(
    sheet: "Worksheet", scores: Sequence[Decimal], colours: Sequence[str | None], title: str, score: str, place: str
) -> None:
    """Scores as bars, the best on top, each in the colour of its grade; nothing without a score."""
    from openpyxl.chart import BarChart, Reference
    from openpyxl.chart.label import DataLabelList
    from openpyxl.chart.marker import DataPoint

    if not scores:
        return
    units = len(scores)
    chart: Any = BarChart()
    chart.type, chart.gapWidth, chart.legend = "bar", 40, None
    chart.title, chart.width, chart.height = title, 27, max(7.0, 2.5 + 0.62 * units)
    chart.add_data(Reference(sheet, min_col=3, min_row=2, max_row=1 + units))
    chart.set_categories(Reference(sheet, min_col=2, min_row=2, max_row=1 + units))
    chart.x_axis.scaling.orientation, chart.y_axis.scaling.min = "maxMin", 0
    chart.y_axis.scaling.max = 100 if max(scores) <= 100 else None
    chart.y_axis.title, chart.y_axis.majorGridlines, chart.y_axis.number_format = score, None, "0"
    series = chart.series[0]
    series.graphicalProperties.solidFill = PLAIN[1:]
    for number, colour in enumerate(colours):
        point: Any = DataPoint(idx=number)
        point.graphicalProperties.solidFill = (colour or PLAIN)[1:]
        series.dPt.append(point)
    series.dLbls = DataLabelList()
    series.dLbls.showVal = True
    series.dLbls.showSerName = series.dLbls.showCatName = series.dLbls.showLegendKey = False
    _visible(chart)
    sheet.add_chart(chart, place)


def day_columns(sheet: "Worksheet", days: int, title: str, place: str) -> None:
    """Filed and closed as columns, a pair a day; nothing for an empty month."""
    from openpyxl.chart import BarChart, Reference

    if not days:
        return
    chart: Any = BarChart()
    chart.type, chart.gapWidth, chart.overlap = "col", 40, 0
    chart.title, chart.width, chart.height = title, 28, 9
    chart.add_data(Reference(sheet, min_col=3, max_col=4, min_row=1, max_row=1 + days), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=1 + days))
    for series, colour in zip(chart.series, (GOOD, GRADE_COLOURS["green"]), strict=True):
        series.graphicalProperties.solidFill = colour[1:]
    _visible(chart)
    sheet.add_chart(chart, place)


def _visible(chart: Any) -> None:
    """Newer programs hide axes that do not say that they are there."""
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
    if chart.y_axis.majorGridlines is not None:
        from openpyxl.chart.shapes import GraphicalProperties

        chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=None)
        chart.y_axis.majorGridlines.spPr.ln = _line(FAINT)


def _line(colour: str) -> Any:
    from openpyxl.drawing.line import LineProperties

    return LineProperties(solidFill=colour[1:])
