"""Pages as people read them: templates, their language, and their words."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.words import Language, Words, read_words, word

TEMPLATES = Path(__file__).parent / "templates"


def language_of(request: Request) -> Language:
    """Chinese, unless the address asks for English (`?lang=en`)."""
    return "en" if request.query_params.get("lang") == "en" else "zh"


def page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """A page in the reader's language; `say` gives the desk's words, `word` those of states, actions and the like."""
    language = language_of(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            **content,
            language=language,
            say=lambda code: page_word(code, language),
            word=lambda group, code: word(group, code, language),
            here=request.url.path,
            keep_language="?lang=en" if language == "en" else "",
        )
    )
    return HTMLResponse(html, status)


def page_word(code: str, language: Language) -> str:
    """A word of the desk's own pages."""
    return page_words().say("page", code, language)


def form_word(group: str, code: str, language: Language, otherwise: str | None = None) -> str:
    """A word of the forms: a label, a button, a hint; `otherwise` where there is none."""
    if otherwise is not None and code not in page_words().codes(group):
        return otherwise
    return page_words().say(group, code, language)


@cache
def page_words() -> Words:
    """All words of the desk's pages."""
    return read_words(TEMPLATES / "words.yaml")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
