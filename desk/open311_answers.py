"""Answers of Open311 in JSON and XML, errors among them: a list of code and description in the format asked for."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree as ET

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from desk.call_counts import SECONDS
from desk.open311_shapes import Fault
from desk.pages import form_word, language_of
from models.refusal import Refusal

PATH = "/open311/"

FORBIDDEN, NOT_FOUND, TOO_MANY = 403, 404, 429

STATUS_OF = {
    "key_missing": FORBIDDEN,
    "key_unknown": FORBIDDEN,
    "unknown_jurisdiction": NOT_FOUND,
    "unknown_service": NOT_FOUND,
    "unknown_request": NOT_FOUND,
    "not_found": NOT_FOUND,
    "not_allowed": 405,
    "too_often": TOO_MANY,
    "broken": 500,
    "away": 503,
}
"""HTTP status of a refusal; every other one is 400, as the specification has it."""

_STATUS_CODES = {404: "not_found", 405: "not_allowed", 500: "broken", 503: "away"}

_ITEMS = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
"""What one element of a list is called in XML."""

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(StrEnum):
    """The ending of an address says in which format the answer comes."""

    JSON = "json"
    XML = "xml"


class NotServed(Exception):
    """A call that cannot be served, with everything that was wrong with it."""

    def __init__(self, *faults: Refusal) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


def answer(form: Format, root: str, content: Any, status: int = 200) -> Response:
    """An object or list in the format asked for. `root` names it in XML; JSON has no name for it.

    Example: answer(Format.XML, "services", [{"service_code": "E0110"}]) -> <services><service>…
    """
    plain = _plain(content)
    if form is Format.JSON:
        text = json.dumps(plain, ensure_ascii=False).encode()
        return Response(text, status, media_type="application/json; charset=utf-8")
    tree = ET.tostring(_element(root, plain), encoding="unicode")
    text = f'<?xml version="1.0" encoding="utf-8"?>\n{tree}'.encode()
    return Response(text, status, media_type="text/xml; charset=utf-8")


def not_served(request: Request, error: Exception) -> Response:
    """Why a call is not served; the status is that of the first fault."""
    faults = error.faults if isinstance(error, NotServed) else (Refusal("broken"),)
    language = language_of(request)
    told = [
        Fault(
            code=STATUS_OF.get(fault.code, 400),
            description=form_word("open311_fault", fault.code, language).format_map(fault.facts),
        )
        for fault in faults
    ]
    said = answer(_format_of(request), "errors", told, told[0].code)
    if told[0].code == TOO_MANY:
        said.headers["Retry-After"] = str(faults[0].facts.get("seconds", SECONDS))
    return said


def not_served_with(request: Request, status: int) -> Response | None:
    """The answer to a call of Open311 that went wrong with this status; None where the call is for a page."""
    if not request.url.path.startswith(PATH):
        return None
    return not_served(request, NotServed(Refusal(_STATUS_CODES.get(status, "unreadable"))))


def _format_of(request: Request) -> Format:
    return Format.XML if request.url.path.endswith(".xml") else Format.JSON


def _plain(content: Any) -> Any:
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    return [_plain(each) for each in content] if isinstance(content, list | tuple) else content


def _element(name: str, content: Any) -> ET.Element:
    """One element; what XML cannot hold is left out of texts."""
    element = ET.Element(name)
    if isinstance(content, Mapping):
        element.extend(_element(key, value) for key, value in content.items())
    elif isinstance(content, Sequence) and not isinstance(content, str):
        element.extend(_element(_ITEMS[name], value) for value in content)
    elif isinstance(content, bool):
        element.text = "true" if content else "false"
    elif content is not None:
        element.text = _NOT_IN_XML.sub("", str(content))
    return element
