"""Drawing in SVG: a canvas whose texts never run out of their room, and the colours of grades."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from tasks.wording import clean

FONTS = "Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"

INK, SOFT, FAINT, TRACK, PAPER = "#1f2933", "#5b6773", "#c9d1d8", "#eef1f4", "#ffffff"
GOOD, BAD, LATE = "#0b6fb0", "#c2410c", "#e09f1f"
"""Blue against vermilion and amber: told apart also by those who do not see red and green. Source: Okabe and Ito."""

GRADE_COLOURS: Mapping[str, str] = {
    "green": "#0f8a65",
    "blue": "#0b6fb0",
    "yellow": "#d99a10",
    "red": "#c2410c",
    "black": "#3b3b3b",
}
"""The colours of a scheme's grades, in shades of their own lightness; each grade is written beside its bar as well."""

PLAIN = "#8794a0"


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished drawing. Units: width and height in its own points."""

    title: str
    """What it shows: caption, and what a screen reader says."""
    svg: str
    width: float
    height: float


def text_width(text: str, size: float) -> float:
    """About how wide a text is: a Chinese character is a full square, others a little over half of one."""
    return size * sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.58 for sign in text)


def fitted(text: str, size: float, room: float) -> str:
    """The text, shortened with an ellipsis where it is wider than its room."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(kept, size) + size > room:
        kept = kept[:-1]
    return kept + "…"


def in_two(text: str, size: float, room: float) -> tuple[str, ...]:
    """The text on one line or two, the second shortened."""
    if text_width(text, size) <= room:
        return (text,)
    first = text
    while first and text_width(first, size) > room:
        first = first[:-1]
    return (first, fitted(text[len(first) :].strip(), size, room))


class Canvas:
    """A drawing in the making."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def text(self, x: float, y: float, said: str, size: float = 13, colour: str = INK, anchor: str = "start") -> None:
        """A text with its base line at y."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        shown = escape(clean(said), quote=False)
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{colour}"{place}>{shown}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str, corner: float = 0) -> None:
        """A filled rectangle; nothing where it has no size."""
        if width > 0 and height > 0:
            round_ = f' rx="{_n(corner)}"' if corner else ""
            at = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
            self._parts.append(f'<rect {at} fill="{colour}"{round_}/>')

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str = FAINT, thick: float = 1) -> None:
        """A straight line."""
        ends = f'x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}"'
        self._parts.append(f'<line {ends} stroke="{colour}" stroke-width="{_n(thick)}"/>')

    def path(self, points: list[tuple[float, float]], colour: str, thick: float = 2.2) -> None:
        """A line through points; nothing through fewer than two."""
        if len(points) > 1:
            along = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            look = f'fill="none" stroke="{colour}" stroke-width="{_n(thick)}" stroke-linejoin="round"'
            self._parts.append(f'<polyline points="{along}" {look}/>')

    def dot(self, x: float, y: float, radius: float, colour: str, edge: str = PAPER) -> None:
        """A filled circle with an edge."""
        at = f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"'
        self._parts.append(f'<circle {at} fill="{colour}" stroke="{edge}" stroke-width="1.2"/>')

    def picture(self, title: str) -> Picture:
        """The finished drawing."""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" width="{_n(self.width)}" height="{_n(self.height)}"'
        said = escape(clean(title))
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}" role="img" aria-label="{said}">'
        return Picture(title, "".join([head, *self._parts, "</svg>"]), self.width, self.height)


def _n(value: float) -> str:
    """A number to a tenth, the same on every machine."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"
