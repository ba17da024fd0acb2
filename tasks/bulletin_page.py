"""The bulletin as one page that needs nothing else: no script, no address, drawings inside; for phone and paper."""

import base64
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.bulletin_document import Bulletin, Part, Section
from tasks.bulletin_svg import Picture
from tasks.bulletin_tables import Table
from tasks.words import TEMPLATES

FOLDED_FROM = 24
"""Rows from which on a table is folded behind its title: a phone would scroll through it for minutes."""

_TILES = (
    *("due_to_close", "closure_rate", "on_time_closure_rate", "overdue_open", "system_score"),
    *("analysed", "hot", "recurrences", "recurrence_share", "rises"),
)
"""Of a month's bulletin, and of an analysis."""

LIST_OF_CASES = "cases_"
"""What the name of a table begins with that only lists what stands behind others: it is folded, however short."""


def bulletin_page(bulletin: Bulletin) -> bytes:
    """The page, in UTF-8."""
    style = _style()
    return (
        _environment()
        .get_template("bulletin.html.jinja")
        .render(
            b=_laid_out(bulletin),
            tiles=_tiles(bulletin),
            style=style,
            style_source=_source_of(style.encode()),
        )
        .encode()
    )


def style_source(page: bytes) -> str:
    """What a Content-Security-Policy must allow under style-src, where a page is served: its one style, by digest.

    It is that of the page itself: one that was published by an older program keeps its own style.
    """
    return _source_of(page.partition(b"<style>")[2].partition(b"</style>")[0])


def _source_of(style: bytes) -> str:
    return f"'sha256-{base64.b64encode(sha256(style).digest()).decode()}'"


@cache
def _style() -> str:
    return (TEMPLATES / "bulletin.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _laid_out(bulletin: Bulletin) -> dict[str, Any]:
    names = (
        "language",
        "red_head",
        "number",
        "version",
        "date",
        "title",
        "addressed",
        "lead",
        "issuer",
        "proof",
        "sealed",
    )
    sections = [{"code": section.code, "title": section.title, "rows": _rows(section)} for section in bulletin.sections]
    return {name: getattr(bulletin, name) for name in names} | {"sections": sections}


def _rows(section: Section) -> list[dict[str, Any]]:
    """Texts one below the other; a picture and what follows it side by side, where the screen has room."""
    found: list[dict[str, Any]] = []
    waiting: list[Part] = []
    for part in section.parts:
        if isinstance(part, str):
            found += _side_by_side(waiting)
            waiting = []
            found.append({"kind": "text", "text": part})
        else:
            waiting.append(part)
    return [*found, *_side_by_side(waiting)]


def _side_by_side(parts: Sequence[Part]) -> list[dict[str, Any]]:
    narrow: list[Part] = [part for part in parts if isinstance(part, Picture)]
    tables: list[Part] = [part for part in parts if isinstance(part, Table)]
    pairs = len(narrow) == 1 and len(tables) == 1
    rows = [[*narrow, *tables]] if pairs else [narrow, *([table] for table in tables)]
    return [{"kind": "parts", "parts": [_told(part) for part in row]} for row in rows if row]


def _told(part: Part) -> dict[str, Any]:
    if isinstance(part, Picture):
        return {"title": part.title, "svg": part.svg}
    if isinstance(part, Table):
        ranked, listed = part.name.startswith("ranking"), part.name.startswith(LIST_OF_CASES)
        folded = listed or (not ranked and len(part.rows) > FOLDED_FROM)
        return {"title": part.title, "svg": "", "table": part, "folded": folded}
    return {"title": part, "svg": ""}


def _tiles(bulletin: Bulletin) -> list[dict[str, str]]:
    """The figures everybody asks for first."""
    table = next((table for table in bulletin.tables() if table.name == "key_figures"), None)
    if table is None:
        return []
    found = []
    for code in _TILES:
        row = next((cells for key, cells in zip(table.keys, table.rows, strict=True) if key == code), None)
        if row is not None:
            change = f"{table.heads[3]} {row[3]}" if row[3] else ""
            found.append({"name": row[0], "value": row[1], "change": change})
    return found
