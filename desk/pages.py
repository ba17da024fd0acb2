"""Pages as people read them: templates, their language, and their words."""

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.words import Language, Words, city_words, read_words, word

TEMPLATES = Path(__file__).parent / "templates"

LANGUAGES: tuple[Language, ...] = ("zh", "en")

LONGEST_HEADER = 500
"""Characters of an Accept-Language header that are looked at."""


def language_of(request: Request) -> Language:
    """What the address asks for (`?lang=en`), else what the browser prefers (`Accept-Language`), else Chinese."""
    return _asked_for(request) or preferred_language(request.headers.get("accept-language", ""))


def preferred_language(header: str) -> Language:
    """The one of our languages an `Accept-Language` header likes best; Chinese where it names none of them.

    Example: preferred_language("fr, en-GB;q=0.8, zh;q=0.5") -> "en".
    """
    liked = [
        (_quality(weight), code)
        for part in header[:LONGEST_HEADER].split(",")
        for tag, _, weight in [part.partition(";")]
        for code in LANGUAGES
        if tag.strip().lower().split("-")[0] == code
    ]
    best = max(liked, key=lambda one: one[0], default=(0.0, "zh"))
    return "en" if best[1] == "en" and best[0] > 0 else "zh"


def in_language(request: Request, path: str) -> str:
    """A path with the language its reader asked for, for redirects. Example: /seat?page=2 -> /seat?page=2&lang=en."""
    asked = _asked_for(request)
    joined = "&" if "?" in path else "?"
    return f"{path}{joined}lang={asked}" if asked else path


def _here(request: Request) -> str:
    """The page's own path, for links to itself; one that begins with two slashes would be another host's address."""
    return quote("/" + request.url.path.lstrip("/"), safe="/:@=")


def _asked_for(request: Request) -> Language | None:
    asked = request.query_params.get("lang")
    return "en" if asked == "en" else "zh" if asked == "zh" else None


def _quality(weight: str) -> float:
    """Of one `;q=0.8`; what cannot be read counts as not liked."""
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight)
    return float(found[1]) if found else 0.0 if weight.strip() else 1.0


def page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """A page in the reader's language.

    `say` gives the desk's words, `phrase` those of a part of it, `word` those of states, actions and the like. Links
    on a page go on with `keep_language` (or `and_language` behind another query), empty for whoever never chose.
    """
    language, asked = language_of(request), _asked_for(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            **content,
            language=language,
            say=lambda code: page_word(code, language),
            word=lambda group, code: word(group, code, language),
            phrase=lambda group, code: form_word(group, code, language),
            here=_here(request),
            keep_language=f"?lang={asked}" if asked else "",
            and_language=Markup(f"&amp;lang={asked}") if asked else "",  # noqa: S704 - one of two codes
            other_language="?lang=en" if language == "zh" else "?lang=zh",
        )
    )
    return HTMLResponse(html, status)


def compile_pages() -> None:
    """Read all words and templates now instead of with the first page that needs them."""
    page_words()
    city_words()
    for template in _environment().list_templates(["html"]):
        _environment().get_template(template)


def page_word(code: str, language: Language) -> str:
    """A word of the desk's own pages."""
    return page_words().say("page", code, language)


def form_word(group: str, code: str, language: Language, otherwise: str | None = None) -> str:
    """A word of the forms: a label, a button, a hint; `otherwise` where there is none."""
    if otherwise is not None and not page_words().has(group, code):
        return otherwise
    return page_words().say(group, code, language)


@cache
def page_words() -> Words:
    """All words of the desk's pages: `words.yaml`, and a file beside it for each larger part of the desk."""
    return read_words(*sorted(TEMPLATES.glob("words*.yaml")))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
