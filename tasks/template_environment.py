"""The Jinja2 environment of everything said to officials: plain text, and filters that put single facts into words.

RenderingError
└── BrokenFact   a fact that should be a moment or a day and is none
"""

from datetime import date, datetime
from typing import Any

from jinja2 import BaseLoader, Environment, Undefined, pass_context
from jinja2.runtime import Context

from tasks.wording import day_words, limit_words, moment_words, share_words
from tasks.words import word


class RenderingError(Exception):
    """Something that cannot be put into words."""


class BrokenFact(RenderingError):
    """A fact that cannot be what its name says."""

    def __init__(self, value: object, wanted: str) -> None:
        super().__init__(value, wanted)
        self.value, self.wanted = value, wanted

    def __str__(self) -> str:
        return (
            f"{str(self.value)[:60]!r} is no {self.wanted}: facts hold moments and days in ISO 8601, "
            "moments with their zone."
        )


def text_environment(loader: BaseLoader | None, undefined: type[Undefined]) -> Environment:
    """An environment for plain text; a template's context holds `language`, `zone` and `said_at` for the filters."""
    environment = Environment(
        loader=loader,
        undefined=undefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - plain text: each channel escapes for itself, the desk's pages escape everything
        finalize=lambda value: "" if value is None else value,
    )
    environment.filters.update(moment=_moment, day=_day, limit=_limit, percent=_percent, words=_words)
    return environment


@pass_context
def _moment(context: Context, value: Any) -> str | None:
    if _missing(value):
        return None
    said_at = context["said_at"]
    said = _read_moment(said_at) if said_at else None
    return moment_words(_read_moment(value), context["language"], context["zone"], said)


@pass_context
def _day(context: Context, value: Any) -> str | None:
    if _missing(value):
        return None
    try:
        return day_words(date.fromisoformat(str(value)[:10]), context["language"])
    except ValueError as error:
        raise BrokenFact(value, "day") from error


@pass_context
def _limit(context: Context, value: Any) -> str | None:
    return None if _missing(value) else limit_words(str(value), context["language"])


@pass_context
def _percent(context: Context, value: Any) -> str | None:
    return None if _missing(value) else share_words(value, context["language"])


@pass_context
def _words(context: Context, codes: Any, group: str) -> str | None:
    """The word of a code, or the words of several."""
    if _missing(codes):
        return None
    several = codes if isinstance(codes, (list, tuple, set, frozenset)) else [codes]
    separator = "、" if context["language"] == "zh" else ", "
    return separator.join(word(group, code, context["language"]) for code in several)


def _missing(value: Any) -> bool:
    return value is None or isinstance(value, Undefined)


def _read_moment(value: Any) -> datetime:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BrokenFact(value, "moment") from error
    if at.tzinfo is None:
        raise BrokenFact(value, "moment with a zone")
    return at
