"""What the desk offers to programs and browsers: `/openapi.json`, and the same for people at `/docs`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

from desk.context import Desk, city_or_none
from desk.pages import page
from tasks.database import reading

PAGES = "Pages"
"""The tag of what people open in a browser; everything else is for programs."""

METHODS = ("get", "post")

_FORM, _WITH_FILES = "application/x-www-form-urlencoded", "multipart/form-data"
_WITH_PICTURES = ("/c/{token}/act", "/report")
"""Forms that also take files."""

_HTML = {"text/html": {"schema": {"type": "string"}}}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}

PAGE_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"description": "What was sent cannot be read.", "content": _HTML},
    401: {"description": "No shift, or it has ended: the page says how to sign in again.", "content": _HTML},
    403: {"description": "The link opens nothing, whether there is such a case or not; or the form is not ours.",
          "content": _HTML},
    404: {"description": "There is no such page.", "content": _HTML},
    410: {"description": "The link was good once and is too old now.", "content": _HTML},
    429: {"description": "Too often.", "content": _HTML},
    503: {"description": "No city is loaded, or the database cannot be used.", "content": _HTML},
}  # fmt: skip
"""What any page may answer instead of itself."""

_FORM_ANSWERS: dict[str, dict[str, Any]] = {
    "303": {"description": "Done; leads to the page that says how it stands."},
    "409": {"description": "Not possible any more; the page says who was faster, or what is possible.",
            "content": _HTML},
    "422": {"description": "The form, with what was typed and what is wrong with it.", "content": _HTML},
}  # fmt: skip
"""What sending a form may answer besides."""

_TOO_LARGE = {"description": "The body is too large.", "content": {**_HTML, **_TEXT}}


def api_routes(desk: Desk) -> APIRouter:
    """`/openapi.json` and `/docs`."""
    routes = APIRouter()

    @routes.get("/openapi.json", response_model=dict[str, Any])
    def openapi_document(request: Request) -> JSONResponse:
        """This description, for programs (OpenAPI 3.1)."""
        return JSONResponse(document_of(request.app))

    @routes.get("/docs", response_class=HTMLResponse)
    def api_page(request: Request) -> HTMLResponse:
        """This description, for people: every address of the desk, what it takes and what it gives."""
        with reading(desk.engine) as connection:
            city = city_or_none(connection)
        document = document_of(request.app)
        return page(request, "api.html", city=city, api=document["info"], groups=list(groups_of(document)))

    return routes


def document_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of all routes, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        for path, method, operation in _operations(document):
            _complete(path, method, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """What pages have in common and no route says: forms, where they lead, what a body may not be."""
    answers = operation["responses"]
    # FastAPI's own description of bad input; the desk's answer to it is 400.
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    if method != "post":
        return
    answers["413"] = _TOO_LARGE
    if PAGES in operation["tags"]:
        operation["responses"] = answers = {**_FORM_ANSWERS, **answers}
        operation.setdefault("requestBody", _form_of(path))


def _form_of(path: str) -> dict[str, Any]:
    fields = {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
    kinds = (_FORM, _WITH_FILES) if path in _WITH_PICTURES else (_FORM,)
    told = "The fields of the form as its page drew it, with `key` and `proof`, without which nothing is done."
    return {"description": told, "content": {kind: fields for kind in kinds}}


@dataclass(frozen=True, slots=True)
class OperationLine:
    """One address with its method, as the page lists it."""

    method: str
    path: str
    anchor: str
    description: str
    parameters: tuple[tuple[str, str, str, bool], ...]
    """Name, where it stands, what it is, whether it is needed."""
    body: tuple[tuple[str, str, bool], ...]
    """Fields of the body: name, what it is, whether it is needed."""
    body_types: tuple[str, ...]
    body_description: str
    answers: tuple[tuple[str, str, str], ...]
    """Status, in which formats, what it means."""


def groups_of(document: Mapping[str, Any]) -> Iterator[tuple[str, list[OperationLine]]]:
    """Operations by their tag; programs' first, pages last."""
    found: dict[str, list[OperationLine]] = {}
    for path, method, operation in _operations(document):
        found.setdefault(operation["tags"][0], []).append(_line(path, method, operation))
    for tag in sorted(found, key=lambda name: name == PAGES):
        yield tag, found[tag]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def _line(path: str, method: str, operation: Mapping[str, Any]) -> OperationLine:
    parameters = tuple(
        (each["name"], each["in"], each.get("description", "") or _values(each["schema"]), each.get("required", False))
        for each in operation.get("parameters", ())
    )
    body = operation.get("requestBody", {})
    content = body.get("content", {})
    schema: Mapping[str, Any] = next((each["schema"] for each in content.values()), {})
    needed = schema.get("required", ())
    fields = tuple(
        (name, told.get("description", ""), name in needed) for name, told in schema.get("properties", {}).items()
    )
    answers = tuple(
        (status, ", ".join(told.get("content", {})), told["description"])
        for status, told in sorted(operation["responses"].items())
    )
    return OperationLine(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        description=operation.get("description", operation.get("summary", "")),
        parameters=parameters,
        body=fields,
        body_types=tuple(content),
        body_description=body.get("description", ""),
        answers=answers,
    )


def _values(schema: Mapping[str, Any]) -> str:
    """The values a parameter may have, where these are few."""
    return ", ".join(map(str, schema.get("enum", ())))
