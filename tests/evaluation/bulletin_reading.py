"""Reading the documents of a bulletin back: their texts, and every part that must be well-formed."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import docx
from openpyxl import Workbook, load_workbook

SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
ADDRESS = re.compile(r"(?:https?:)?//[a-z0-9]", re.IGNORECASE)
NAMESPACES = ("http://schemas.", "http://www.w3.org/", "http://purl.org/", "https://schemas.")


class PageText(HTMLParser):
    """The texts of a page, and every attribute that could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.fetched: list[tuple[str, str | None]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag with what it refers to."""
        self.tags.add(tag)
        self.fetched += [
            (name, value) for name, value in attrs if name in ("src", "href", "srcset", "style", "xlink:href")
        ]

    def handle_data(self, data: str) -> None:
        """A text."""
        self.texts.append(data)


def page_of(content: bytes) -> PageText:
    """A page, read."""
    page = PageText()
    page.feed(content.decode())
    return page


def workbook_of(content: bytes) -> Workbook:
    """A workbook, read."""
    return load_workbook(BytesIO(content))


def texts_of_docx(content: bytes) -> Iterator[str]:
    """Every paragraph and cell of a Word document, in order."""
    file: Any = docx.Document(BytesIO(content))
    for node in file.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"):
        yield node.text or ""


def texts_of_workbook(content: bytes) -> Iterator[str]:
    """Every text of a workbook."""
    for sheet in workbook_of(content).worksheets:
        yield sheet.title
        for row in sheet.iter_rows():
            yield from (str(cell.value) for cell in row if isinstance(cell.value, str))


def parts_of(packed: bytes) -> dict[str, bytes]:
    """The parts of an Office file; each that is XML must be well-formed."""
    with ZipFile(BytesIO(packed)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for name, content in parts.items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(content)  # noqa: S314 our own file
    return parts


def drawings_of(page: bytes) -> list[ElementTree.Element]:
    """The drawings of a page, each well-formed."""
    return [ElementTree.fromstring(found) for found in SVG.findall(page.decode())]  # noqa: S314 our own file
