"""The sentences of a bulletin: one macro a section in `templates/bulletin.<language>.jinja`, one line a paragraph."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.bulletin_facts import Facts
from tasks.bulletin_figures import Figure, Kind, percent, rounded, score_text, whole
from tasks.words import TEMPLATES, Language, word


class BulletinText:
    """The paragraphs of one bulletin."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._macros: Any = _environment(facts.language, facts.digits).get_template(f"bulletin.{facts.language}.jinja")

    def paragraphs(self, section: str) -> tuple[str, ...]:
        """The paragraphs of a section.

        Raises: jinja2.UndefinedError where a template names what is no fact.
        """
        return _lines(getattr(self._macros.module, section)(self._facts))

    def of_group(self, group: dict[str, Any]) -> tuple[str, ...]:
        """What is said of a group of units."""
        return _lines(self._macros.module.group(group))


def _lines(said: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in said.splitlines() if line.strip())


@cache
def _environment(language: Language, digits: int) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - plain text: each kind of document escapes for itself
    )
    filters: dict[str, Callable[..., Any]] = {
        "whole": whole,
        "percent": percent,
        "score": lambda value: score_text(value, digits),
        "signed": lambda value: f"{value:+}",
        "far_month": lambda figure: _far(figure, figure.last_month, digits),
        "far_year": lambda figure: _far(figure, figure.last_year, digits),
        "listed": lambda units: _listed(units, language, digits),
    }
    environment.filters.update(filters)
    return environment


def _far(figure: Figure, before: Any, digits: int) -> Decimal:
    """How far a figure is from before, as shown. Units: ratios in percentage points."""
    if figure.kind is Kind.RATIO:
        return rounded(Decimal(figure.now or 0) * 100, 2) - rounded(Decimal(before) * 100, 2)
    return rounded(Decimal(figure.now or 0), digits) - rounded(Decimal(before), digits)


def _listed(units: Sequence[dict[str, Any]], language: Language, digits: int) -> str:
    """Units with their scores. Example: "梨河镇（93.46分）、新村镇（88.00分）"."""
    pattern = word("bulletin", "listed", language)
    said = (pattern.format(name=unit["name"], score=score_text(unit["score"], digits)) for unit in units)
    return word("bulletin", "separator", language).join(said)
