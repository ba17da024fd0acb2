"""How the OpenAPI document describes Open311: two formats, one form, one list of errors."""

from typing import Any

from desk.open311_shapes import Fault
from tasks.open311_reading import LONGEST_DESCRIPTION, LONGEST_LINE, LONGEST_URL

_XML = {"text/xml": {"schema": {"type": "string", "description": "The same fields as elements, below <errors>."}}}


def in_both(root: str) -> dict[int | str, dict[str, Any]]:
    """The answer 200 in XML beside JSON. `root` is the outermost element."""
    schema = {"type": "string", "description": f"The same fields as elements, below <{root}>."}
    return {200: {"description": "JSON or XML, as the address ends.", "content": {"text/xml": {"schema": schema}}}}


def _refused(description: str) -> dict[str, Any]:
    return {"description": description, "model": list[Fault], "content": _XML}


REFUSED: dict[int | str, dict[str, Any]] = {
    400: _refused("What is wrong with the call: everything at once, one error each."),
    403: _refused("No api_key, or none that is in force."),
    404: _refused("No such jurisdiction_id, service_code or service_request_id."),
    429: _refused("Too many calls this minute (Retry-After says when it ends)."),
}
"""Errors of every call."""


def _text(description: str, most: int = LONGEST_LINE) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, "description": description}


POSTED_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["api_key", "service_code"],
                    "properties": {
                        "api_key": _text("The program's key."),
                        "jurisdiction_id": _text("Code of the city; may be left out."),
                        "service_code": _text("A code of the service list."),
                        "lat": {"type": "number", "description": "Latitude (WGS 84); together with long."},
                        "long": {"type": "number", "description": "Longitude (WGS 84); together with lat."},
                        "address_string": _text("The place in words. One of position, words or address_id is needed."),
                        "address_id": _text("Code of an area."),
                        "attribute[condition]": _text("Number of a filing condition of the service definition."),
                        "attribute[area]": _text("Code of a street or town of the service definition."),
                        "description": _text("What the problem is; may have lines.", LONGEST_DESCRIPTION),
                        "media_url": _text("Kept as text behind the description, never fetched.", LONGEST_URL),
                        "first_name": _text("Kept sealed."),
                        "last_name": _text("Kept sealed."),
                        "phone": _text("Kept sealed."),
                        "email": _text("Taken and not kept."),
                        "device_id": _text("Not kept; tells one double tap from two reports."),
                        "account_id": _text("Not kept; tells one double tap from two reports."),
                    },
                }
            }
        },
    },
}
"""The form of POST requests."""
