"""What a form of the desk posted, and whether one of our own pages drew it for this very reader."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

from desk.context import Desk
from desk.form_facts import posted_fields
from desk.form_token import FormToken, is_genuine
from desk.session_cookie import comes_from_elsewhere


async def _fields(request: Request) -> dict[str, str]:
    return posted_fields(await request.body())


PostedForm = Annotated[dict[str, str], Depends(_fields)]
"""The fields of the request's form."""


def is_our_form(desk: Desk, request: Request, posted: Mapping[str, str], bound_to: str) -> bool:
    """Whether the form was drawn for the reader of a link, or for a shift, and sent from our own page."""
    drawn = FormToken(posted.get("key", ""), posted.get("proof", ""))
    return not comes_from_elsewhere(request) and is_genuine(desk.link_key, bound_to, drawn)
